//! What one address has on a chain that counts balances.

use std::collections::BTreeMap;

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Account {
    /// The next one, counting transfers that wait.
    pub nonce: u64,
    /// What may be spent.
    pub settled: BTreeMap<String, u128>,
    /// Arrives with its block.
    incoming: Vec<Incoming>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Incoming {
    block: u64,
    ticker: String,
    base: u128,
}

impl Account {
    pub fn expect(&mut self, block: u64, ticker: &str, base: u128) {
        self.incoming.push(Incoming {
            block,
            ticker: ticker.to_owned(),
            base,
        });
    }

    /// Moves what has arrived by this height to what may be spent.
    pub fn settle(&mut self, height: u64) {
        let arrived = |incoming: &Incoming| incoming.block <= height;
        let (now, later) = std::mem::take(&mut self.incoming)
            .into_iter()
            .partition::<Vec<_>, _>(arrived);
        self.incoming = later;
        for incoming in now {
            self.credit(&incoming.ticker, incoming.base);
        }
    }

    /// Cannot overflow: there is never more of an asset than was issued.
    pub fn credit(&mut self, ticker: &str, base: u128) {
        let balance = self.settled.entry(ticker.to_owned()).or_default();
        *balance = balance.saturating_add(base);
    }

    /// Cannot go below zero: checked when the transfer was received.
    pub fn debit(&mut self, ticker: &str, base: u128) {
        let balance = self.settled.entry(ticker.to_owned()).or_default();
        *balance = balance.saturating_sub(base);
    }
}

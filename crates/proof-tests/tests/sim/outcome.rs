//! How a story ended, and what has to be true of every end.

use crate::{
    plot::Plot,
    story::{BOUGHT, FUNDS, usdt},
};
use proof_store::Balance;
use serde_json::{Value, json};

pub struct Outcome {
    pub plot: Plot,
    pub status: String,
    pub history: String,
    pub crashes: u64,
    /// Places at which the server could have died.
    pub points: u64,
    pub lost: u64,
    pub webhooks: Vec<Value>,
    pub balances: Vec<Balance>,
    pub postings: Vec<(String, i128)>,
    /// What the chain says that the hot wallet has left.
    pub chain_left: u128,
    /// Payouts that the processor made, by its own count.
    pub payouts: u64,
}

impl Outcome {
    /// Safety: the books are whole, agree with the chain, and owe nobody anything.
    pub fn check(&self, seed: u64) {
        let wallet = |prefix: &str| -> i128 {
            let own = self.balances.iter().filter(|b| b.key.starts_with(prefix));
            own.map(|b| b.amount).sum()
        };
        for balance in &self.balances {
            let sum: i128 = self
                .postings
                .iter()
                .filter(|(k, _)| *k == balance.key)
                .map(|(_, a)| a)
                .sum();
            assert_eq!(sum, balance.amount, "seed {seed}: {}", balance.key);
        }
        for open in ["customer:", "reserved:", "in_transit:"] {
            assert_eq!(wallet(open), 0, "seed {seed}: {open} is not settled");
        }
        let left = i128::try_from(self.chain_left).unwrap();
        assert_eq!(
            wallet("wallet:USDT/TRC20"),
            left,
            "seed {seed}: books and chain differ"
        );
        match self.plot {
            Plot::Buy => self.check_buy(seed, left, wallet("psp:")),
            Plot::Sell { .. } => self.check_sell(seed, left, wallet("payout:"), wallet("deposit:")),
        }
        let last = self.webhooks.last().map(|event| event["status"].clone());
        assert_eq!(
            last,
            Some(json!(self.status)),
            "seed {seed}: the partner's last news"
        );
        let numbers: Vec<i64> = self
            .webhooks
            .iter()
            .map(|e| e["sequence"].as_i64().unwrap())
            .collect();
        assert!(
            numbers.is_sorted(),
            "seed {seed}: webhooks out of order: {numbers:?}"
        );
    }

    /// What came in is either paid for or gone back, to the last unit, and never both.
    fn check_sell(&self, seed: u64, left: i128, paid_out: i128, held: i128) {
        let plot = self.plot;
        let sold = i128::try_from(usdt(BOUGHT).base()).unwrap();
        let funds = i128::try_from(usdt(FUNDS).base()).unwrap();
        let completed = self.status == "completed";
        assert_eq!(self.payouts, u64::from(completed), "seed {seed}: {plot:?}");
        assert_eq!(paid_out < 0, completed, "seed {seed}: {plot:?}");
        let kept = if completed { sold } else { 0 };
        assert_eq!(
            (funds - left) + kept,
            held,
            "seed {seed}: {plot:?} {}: what came is not what was paid for and what went back",
            self.status
        );
    }

    fn check_buy(&self, seed: u64, left: i128, earned: i128) {
        let bought = i128::try_from(usdt(BOUGHT).base()).unwrap();
        let funds = i128::try_from(usdt(FUNDS).base()).unwrap();
        let sold = self.status == "completed";
        assert_eq!(
            funds - left,
            if sold { bought } else { 0 },
            "seed {seed}: {}",
            self.status
        );
        assert_eq!(
            earned > 0,
            sold,
            "seed {seed}: {} with {earned} captured",
            self.status
        );
    }
}

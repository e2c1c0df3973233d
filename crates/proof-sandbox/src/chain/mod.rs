//! One simulated chain: blocks by the clock, transfers by signature, nothing taken back.

mod account;
mod early;
mod outside;
mod signed;

pub use signed::{Body, Coin, Signed};

use self::{
    account::Account,
    early::{Early, Kept},
};
use crate::{journal::Machine, refusal::Refusal};
use proof_core::{Address, Asset, Network, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// More than any wallet has to gather for one payment.
const COINS_MAX: usize = 200;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SimChain {
    network: Network,
    genesis: Option<Timestamp>,
    /// The chain's time never runs back, whatever its clock does.
    latest: Timestamp,
    accounts: BTreeMap<String, Account>,
    coins: BTreeMap<(String, u32), Output>,
    transfers: BTreeMap<String, Transfer>,
    /// Not their turn yet.
    early: Early,
    /// Left out by a re-org.
    dropped: BTreeMap<String, Transfer>,
    /// Hashes of the transfers of each block.
    blocks: BTreeMap<u64, Vec<String>>,
    /// All there is of each asset. It fits the integer, so every balance does.
    issued: BTreeMap<String, u128>,
    faucets: u64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Output {
    owner: String,
    base: u128,
    block: u64,
    /// Change of a transfer: its owner may count on it before its block.
    change: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Transfer {
    body: Body,
    block: u64,
    seen_at: Timestamp,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    Genesis {
        at: Timestamp,
    },
    Received {
        at: Timestamp,
        hash: String,
        body: Body,
    },
    Faucet {
        at: Timestamp,
        address: String,
        ticker: String,
        #[serde(with = "proof_core::money::as_text")]
        base: u128,
    },
    /// Somebody outside sent something to somebody.
    Sent {
        at: Timestamp,
        hash: String,
        body: Body,
    },
    /// A re-org left a transfer out.
    Dropped {
        hash: String,
    },
    /// No block has it before this one, whatever had it so far.
    Later {
        hash: String,
        block: u64,
    },
    /// It is in a block after all.
    MinedAgain {
        at: Timestamp,
        hash: String,
    },
}

/// What can be looked up about a transfer.
pub struct TransferView {
    pub body: Body,
    pub block: Option<u64>,
    pub confirmations: u64,
}

pub struct AccountView {
    pub nonce: u64,
    pub balances: BTreeMap<String, u128>,
}

impl SimChain {
    pub const NETWORKS: [Network; 4] = [
        Network::Trc20,
        Network::Erc20,
        Network::Bep20,
        Network::Bitcoin,
    ];

    pub const fn new(network: Network) -> Self {
        Self {
            network,
            genesis: None,
            latest: Timestamp::from_micros(i64::MIN),
            accounts: BTreeMap::new(),
            coins: BTreeMap::new(),
            transfers: BTreeMap::new(),
            early: Early::new(),
            dropped: BTreeMap::new(),
            blocks: BTreeMap::new(),
            issued: BTreeMap::new(),
            faucets: 0,
        }
    }

    /// The first block's time is a fact like any other.
    pub fn begin(&self, now: Timestamp) -> Option<Event> {
        self.genesis.is_none().then_some(Event::Genesis { at: now })
    }

    pub fn height(&self, now: Timestamp) -> u64 {
        let interval_ms = match self.network {
            Network::Bitcoin => 5_000,
            _ => 2_000,
        };
        let genesis = self.genesis.unwrap_or(now);
        let age_ms = now.max(self.latest).millis_since(genesis);
        u64::try_from(age_ms / interval_ms).unwrap_or(0)
    }

    /// What a transfer costs now, in the native coin.
    pub const fn fee_base(&self) -> u128 {
        match self.network {
            Network::Trc20 => 13_500_000,
            Network::Erc20 => 600_000_000_000_000,
            Network::Bep20 | Network::Evm(_) => 20_000_000_000_000,
            Network::Bitcoin => 2_000,
            Network::Solana => 5_000,
        }
    }

    pub fn account(&self, address: &str, now: Timestamp) -> AccountView {
        let height = self.height(now);
        if self.network == Network::Bitcoin {
            let mine = self.unspent(address);
            let base = mine
                .filter(|(_, coin)| coin.block <= height)
                .map(|(_, coin)| coin.base)
                .sum();
            return AccountView {
                nonce: 0,
                balances: BTreeMap::from([("BTC".to_owned(), base)]),
            };
        }
        let mut account = self.accounts.get(address).cloned().unwrap_or_default();
        account.settle(height);
        AccountView {
            nonce: account.nonce,
            balances: account.settled,
        }
    }

    /// What this address may spend: mined coins, and its own change at once.
    pub fn coins(&self, address: &str, now: Timestamp) -> Vec<Coin> {
        let height = self.height(now);
        self.unspent(address)
            .filter(|(_, coin)| coin.block <= height || coin.change)
            .map(|((hash, index), coin)| Coin {
                hash: hash.clone(),
                index: *index,
                base: coin.base,
            })
            .collect()
    }

    pub fn transfer(&self, hash: &str, now: Timestamp) -> Result<TransferView, Refusal> {
        if let Some(kept) = self.early.find(hash) {
            return Ok(TransferView {
                body: kept.body.clone(),
                block: None,
                confirmations: 0,
            });
        }
        let found = self.transfers.get(hash);
        let transfer = found.ok_or_else(|| Refusal::not_found("transfer"))?;
        let confirmations = (self.height(now) + 1).saturating_sub(transfer.block);
        Ok(TransferView {
            body: transfer.body.clone(),
            block: (confirmations > 0).then_some(transfer.block),
            confirmations,
        })
    }

    /// A transfer whose signature was checked, on its way into the next block or, if others of its
    /// sender come before it, into a later one.
    pub fn receive(&self, signed: Signed, now: Timestamp) -> Result<Option<Event>, Refusal> {
        if self.transfers.contains_key(&signed.hash) || self.early.find(&signed.hash).is_some() {
            return Ok(None);
        }
        let body = &signed.body;
        self.check_form(body)?;
        match (&body.nonce, &body.coins) {
            (Some(nonce), None) if self.network != Network::Bitcoin => {
                self.check_account(body, *nonce, now)?;
            }
            (None, Some(coins)) if self.network == Network::Bitcoin => {
                self.check_coins(body, coins)?;
            }
            _ => return Err(malformed("neither the right nonce nor coins")),
        }
        Ok(Some(Event::Received {
            at: now.max(self.latest),
            hash: signed.hash,
            body: signed.body,
        }))
    }

    pub fn faucet(
        &self,
        address: &str,
        ticker: &str,
        base: u128,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        let address = Address::parse(self.network, address).map_err(Refusal::invalid)?;
        if self.asset(ticker).is_none() || base == 0 {
            return Err(Refusal::invalid("no such asset, or nothing of it"));
        }
        self.check_issue(ticker, base)?;
        Ok(Event::Faucet {
            at: now.max(self.latest),
            address: address.to_string(),
            ticker: ticker.to_owned(),
            base,
        })
    }

    /// On `BITCOIN` only the native coin exists.
    fn asset(&self, ticker: &str) -> Option<Asset> {
        Asset::find(ticker, self.network)
    }

    fn check_form(&self, body: &Body) -> Result<(), Refusal> {
        let recipient = Address::parse(self.network, &body.recipient).map_err(malformed)?;
        if recipient.as_str() != body.recipient {
            return Err(malformed("the recipient is not in its canonical spelling"));
        }
        if self.asset(&body.ticker).is_none() {
            return Err(malformed("no such asset on this network"));
        }
        if body.base == 0 || body.fee == 0 {
            return Err(malformed("amount and fee must be above zero"));
        }
        Ok(())
    }

    fn check_account(&self, body: &Body, nonce: u64, now: Timestamp) -> Result<(), Refusal> {
        let next = self.account(&body.sender, now).nonce;
        self.check_turn(&body.sender, nonce, next)?;
        self.check_funds(body, now)
    }

    fn check_funds(&self, body: &Body, now: Timestamp) -> Result<(), Refusal> {
        let account = self.account(&body.sender, now);
        let native = self.network.native().ticker();
        let have = |ticker: &str| account.balances.get(ticker).copied().unwrap_or(0);
        let enough = if body.ticker == native {
            let need = body.base.checked_add(body.fee);
            need.is_some_and(|need| need <= have(native))
        } else {
            body.base <= have(&body.ticker) && body.fee <= have(native)
        };
        if enough { Ok(()) } else { Err(insufficient()) }
    }

    fn check_coins(&self, body: &Body, coins: &[Coin]) -> Result<(), Refusal> {
        if coins.is_empty() || coins.len() > COINS_MAX {
            return Err(malformed("no coins, or too many"));
        }
        let mut named = BTreeMap::new();
        for coin in coins {
            let place = (coin.hash.clone(), coin.index);
            match self.coins.get(&place) {
                Some(known) if known.owner == body.sender && known.base == coin.base => {}
                // Spent coins are forgotten; what is not there is spent, or never was.
                _ => return Err(Refusal::unprocessable("spent_coin", "no such unspent coin")),
            }
            if named.insert(place, coin.base).is_some() {
                return Err(malformed("one coin is named twice"));
            }
        }
        // They are all different and exist, so the sum is at most what was issued.
        let have: u128 = named.values().sum();
        let need = body.base.checked_add(body.fee);
        if need.is_some_and(|need| need <= have) {
            Ok(())
        } else {
            Err(insufficient())
        }
    }

    fn unspent(&self, address: &str) -> impl Iterator<Item = (&(String, u32), &Output)> {
        self.coins
            .iter()
            .filter(move |(_, coin)| coin.owner == address)
    }

    fn apply_received(&mut self, hash: &str, body: &Body, at: Timestamp) {
        let height = self.height(at);
        let next = self.accounts.get(&body.sender).map_or(0, |a| a.nonce);
        match (&body.coins, body.nonce) {
            (Some(coins), _) => self.apply_coins(hash, body, coins, height),
            (None, Some(nonce)) if nonce > next => {
                let kept = Kept {
                    hash: hash.to_owned(),
                    body: body.clone(),
                    seen_at: at,
                };
                return self.early.keep(nonce, kept);
            }
            (None, _) => self.apply_account(body, height),
        }
        self.list(hash, body, height + 1, at);
        self.promote(&body.sender, at);
    }

    fn apply_account(&mut self, body: &Body, height: u64) {
        let native = self.network.native().ticker();
        let sender = self.accounts.entry(body.sender.clone()).or_default();
        sender.settle(height);
        sender.nonce += 1;
        sender.debit(&body.ticker, body.base);
        sender.debit(native, body.fee);
        let recipient = self.accounts.entry(body.recipient.clone()).or_default();
        recipient.expect(height + 1, &body.ticker, body.base);
    }

    fn apply_coins(&mut self, hash: &str, body: &Body, coins: &[Coin], height: u64) {
        let mut change = 0_u128;
        for coin in coins {
            if self
                .coins
                .remove(&(coin.hash.clone(), coin.index))
                .is_some()
            {
                change += coin.base;
            }
        }
        // Checked when it was received: the coins cover both.
        change = change.saturating_sub(body.base).saturating_sub(body.fee);
        let mut add = |index, owner: &str, base, change| {
            let output = Output {
                owner: owner.to_owned(),
                base,
                block: height + 1,
                change,
            };
            self.coins.insert((hash.to_owned(), index), output);
        };
        add(0, &body.recipient, body.base, false);
        if change > 0 {
            add(1, &body.sender, change, true);
        }
    }

    fn apply_faucet(&mut self, address: &str, ticker: &str, base: u128, height: u64) {
        self.faucets += 1;
        self.issue(ticker, base);
        if self.network == Network::Bitcoin {
            let seed = format!("proof-simchain/faucet/{}", self.faucets);
            let output = Output {
                owner: address.to_owned(),
                base,
                block: height,
                change: false,
            };
            let hash = hex::encode(Sha256::digest(seed));
            self.coins.insert((hash, 0), output);
        } else {
            let account = self.accounts.entry(address.to_owned()).or_default();
            account.credit(ticker, base);
        }
    }
}

impl Machine for SimChain {
    type Event = Event;

    fn apply(&mut self, event: &Event) {
        match event {
            Event::Genesis { at } => {
                self.genesis = Some(*at);
                self.latest = *at;
            }
            Event::Received { at, hash, body } => {
                self.latest = *at;
                self.apply_received(hash, body, *at);
            }
            Event::Sent { at, hash, body } => {
                self.latest = *at;
                let block = self.height(*at) + 1;
                self.issue(&body.ticker, body.base);
                self.credit(hash, body, block);
                self.list(hash, body, block, *at);
            }
            Event::Dropped { hash } => self.drop_transfer(hash),
            Event::Later { hash, block } => self.move_later(hash, *block),
            Event::MinedAgain { at, hash } => {
                self.latest = *at;
                self.mine_again(hash, self.height(*at) + 1);
            }
            Event::Faucet {
                at,
                address,
                ticker,
                base,
            } => {
                self.latest = *at;
                let height = self.height(*at);
                self.apply_faucet(address, ticker, *base, height);
            }
        }
    }
}

fn malformed(message: impl std::fmt::Display) -> Refusal {
    Refusal::unprocessable("malformed", message)
}

fn insufficient() -> Refusal {
    Refusal::unprocessable("insufficient_funds", "the sender does not have enough")
}

#[cfg(test)]
mod tests;

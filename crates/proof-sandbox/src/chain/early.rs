//! Transfers that came before their turn: a node keeps a few of each account until the ones before them
//! are there, as the real ones do.

use super::{Body, SimChain};
use crate::refusal::Refusal;
use proof_core::Timestamp;
use std::collections::BTreeMap;

/// How far ahead of its account a transfer may be; what the most used node of such a chain keeps.
pub const EARLY_MAX: u64 = 64;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Early {
    /// By sender and number.
    kept: BTreeMap<String, BTreeMap<u64, Kept>>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    pub hash: String,
    pub body: Body,
    pub seen_at: Timestamp,
}

impl Early {
    pub const fn new() -> Self {
        Self {
            kept: BTreeMap::new(),
        }
    }

    pub fn find(&self, hash: &str) -> Option<&Kept> {
        let mut all = self.kept.values().flat_map(BTreeMap::values);
        all.find(|kept| kept.hash == hash)
    }

    pub fn keep(&mut self, nonce: u64, kept: Kept) {
        let of = self.kept.entry(kept.body.sender.clone()).or_default();
        of.insert(nonce, kept);
    }

    /// The one whose turn it is.
    fn take(&mut self, sender: &str, nonce: u64) -> Option<Kept> {
        let of = self.kept.get_mut(sender)?;
        let kept = of.remove(&nonce);
        if of.is_empty() {
            self.kept.remove(sender);
        }
        kept
    }

    fn has(&self, sender: &str, nonce: u64) -> bool {
        let of = self.kept.get(sender);
        of.is_some_and(|of| of.contains_key(&nonce))
    }
}

impl SimChain {
    /// Its turn is now or not far away, and nobody else has it.
    pub(super) fn check_turn(&self, sender: &str, nonce: u64, next: u64) -> Result<(), Refusal> {
        let ahead = nonce.checked_sub(next);
        let message = match ahead {
            Some(ahead) if ahead > EARLY_MAX => "is too far ahead",
            Some(_) if self.early.has(sender, nonce) => "is another transfer's",
            Some(_) => return Ok(()),
            None => "is over",
        };
        let message = format!("nonce {nonce} {message}, the next one is {next}");
        Err(Refusal::unprocessable("bad_nonce", message))
    }

    /// After a transfer of theirs: those whose turn has come go into the same block. What its sender
    /// cannot pay any more is forgotten.
    pub(super) fn promote(&mut self, sender: &str, now: Timestamp) {
        loop {
            let next = self.accounts.get(sender).map_or(0, |account| account.nonce);
            let Some(kept) = self.early.take(sender, next) else {
                return;
            };
            if self.check_funds(&kept.body, now).is_err() {
                return;
            }
            let height = self.height(now);
            self.apply_account(&kept.body, height);
            self.list(&kept.hash, &kept.body, height + 1, kept.seen_at);
        }
    }
}

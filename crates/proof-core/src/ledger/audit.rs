//! The books, recomputed from their postings alone.

use crate::{id::EntryId, money::MoneyError};
use std::{collections::BTreeMap, fmt};

/// Mismatches that are named; of more, only the number is told.
const NAMED_MAX: usize = 100;

/// Something in the books that cannot be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mismatch {
    /// The postings of an entry do not sum to zero.
    Entry {
        id: EntryId,
        unit: String,
        sum: i128,
    },
    /// An account's kept balance is not the sum of its postings.
    Balance {
        account: String,
        kept: i128,
        recomputed: i128,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry { id, unit, sum } => {
                write!(f, "entry {id} does not balance: {sum} base units of {unit}")
            }
            Self::Balance {
                account,
                kept,
                recomputed,
            } => write!(
                f,
                "account {account} says {kept}, its postings say {recomputed} base units"
            ),
        }
    }
}

/// What a recomputation found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Audited {
    pub entries: u64,
    pub accounts: usize,
    /// The first of them.
    pub mismatches: Vec<Mismatch>,
    pub mismatches_total: u64,
}

/// A recomputation under way: postings are taken entry by entry, so that memory grows with
/// accounts and not with history.
#[derive(Default, Debug)]
pub struct Audit {
    entries: u64,
    entry: Option<EntryId>,
    /// Of the present entry, by unit.
    entry_sums: BTreeMap<String, i128>,
    accounts: BTreeMap<String, i128>,
    mismatches: Vec<Mismatch>,
    mismatches_total: u64,
}

impl Audit {
    /// Takes the next posting; those of one entry follow each other.
    pub fn take(&mut self, entry: EntryId, account: &str, amount: i128) -> Result<(), MoneyError> {
        if self.entry != Some(entry) {
            self.close();
            self.entry = Some(entry);
            self.entries += 1;
        }
        // The last part of an account's name is its unit.
        let unit = account.rsplit(':').next().unwrap_or(account);
        add(&mut self.entry_sums, unit, amount)?;
        add(&mut self.accounts, account, amount)
    }

    /// Compares with the balances that are kept.
    pub fn finish<'a>(mut self, kept: impl Iterator<Item = (&'a str, i128)>) -> Audited {
        self.close();
        let mut accounts = 0;
        for (account, kept) in kept {
            accounts += 1;
            let recomputed = self.accounts.remove(account).unwrap_or(0);
            self.compare(account.to_owned(), kept, recomputed);
        }
        // Postings of an account that has no balance at all.
        for (account, recomputed) in std::mem::take(&mut self.accounts) {
            self.compare(account, 0, recomputed);
        }
        Audited {
            entries: self.entries,
            accounts,
            mismatches: self.mismatches,
            mismatches_total: self.mismatches_total,
        }
    }

    fn compare(&mut self, account: String, kept: i128, recomputed: i128) {
        if kept != recomputed {
            self.found(Mismatch::Balance {
                account,
                kept,
                recomputed,
            });
        }
    }

    fn close(&mut self) {
        let sums = std::mem::take(&mut self.entry_sums);
        let Some(id) = self.entry.take() else { return };
        for (unit, sum) in sums {
            if sum != 0 {
                self.found(Mismatch::Entry { id, unit, sum });
            }
        }
    }

    fn found(&mut self, mismatch: Mismatch) {
        self.mismatches_total += 1;
        if self.mismatches.len() < NAMED_MAX {
            self.mismatches.push(mismatch);
        }
    }
}

fn add(sums: &mut BTreeMap<String, i128>, key: &str, amount: i128) -> Result<(), MoneyError> {
    let sum = match sums.get_mut(key) {
        Some(sum) => sum,
        None => sums.entry(key.to_owned()).or_default(),
    };
    *sum = sum.checked_add(amount).ok_or(MoneyError::Overflow)?;
    Ok(())
}

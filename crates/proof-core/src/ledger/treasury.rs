//! What our own coins do between our own places, and what comes to them that no order expects.

use super::{Account, Entry, EntryKind, arrived, crypto};
use crate::{
    id::OrderId,
    money::{Amount, MoneyError},
};

/// Coins came to our wallet that belong to no order: held for whom they belong to.
pub fn stray(amount: Amount) -> Result<Entry, MoneyError> {
    let postings = crypto(Account::Suspense, Account::Wallet, amount)?;
    Entry::new(EntryKind::Stray, postings.into())
}

/// The chain took them back.
pub fn stray_gone(amount: Amount) -> Result<Entry, MoneyError> {
    let postings = crypto(Account::Wallet, Account::Suspense, amount)?;
    Entry::new(EntryKind::StrayGone, postings.into())
}

/// They are the owner's.
pub fn stray_owned(amount: Amount) -> Result<Entry, MoneyError> {
    let postings = crypto(Account::Capital, Account::Suspense, amount)?;
    Entry::new(EntryKind::StrayOwned, postings.into())
}

/// What was sent to prove a network is at the address that it was sent to.
pub fn prove_out(
    order: OrderId,
    amount: Amount,
    fee_planned: Amount,
    fee_paid: Amount,
) -> Result<Entry, MoneyError> {
    let places = (Account::Deposit(order), Account::Wallet);
    let fees = (fee_planned, fee_paid);
    arrived(EntryKind::ProveOut, amount, fees, places)
}

/// So is what pays for a sweep.
pub fn top_up(
    order: OrderId,
    amount: Amount,
    fee_planned: Amount,
    fee_paid: Amount,
) -> Result<Entry, MoneyError> {
    let places = (Account::Deposit(order), Account::Wallet);
    arrived(EntryKind::TopUp, amount, (fee_planned, fee_paid), places)
}

/// A deposit address is about to be emptied: coins, and the most that it may cost there, are on their way.
pub fn sweep_begun(order: OrderId, amount: Amount, fee: Amount) -> Result<Entry, MoneyError> {
    let coins = crypto(Account::Deposit(order), Account::InTransit, amount)?;
    let gas = crypto(Account::Deposit(order), Account::InTransit, fee)?;
    let postings = coins.into_iter().chain(gas).collect();
    Entry::new(EntryKind::SweepBegun, postings)
}

/// They never left: what a refusal cost is spent.
pub fn sweep_back(
    order: OrderId,
    amount: Amount,
    fee_planned: Amount,
    fee_paid: Amount,
) -> Result<Entry, MoneyError> {
    let places = (Account::Deposit(order), Account::Deposit(order));
    let fees = (fee_planned, fee_paid);
    arrived(EntryKind::SweepBack, amount, fees, places)
}

/// They are in the hot wallet; what the fee left is still at the address.
pub fn swept(
    order: OrderId,
    amount: Amount,
    fee_planned: Amount,
    fee_paid: Amount,
) -> Result<Entry, MoneyError> {
    let places = (Account::Wallet, Account::Deposit(order));
    arrived(EntryKind::Swept, amount, (fee_planned, fee_paid), places)
}

/// What a hot wallet had too much is in cold storage.
pub fn cold_out(
    amount: Amount,
    fee_planned: Amount,
    fee_paid: Amount,
) -> Result<Entry, MoneyError> {
    let places = (Account::Cold, Account::Wallet);
    arrived(EntryKind::ColdOut, amount, (fee_planned, fee_paid), places)
}

/// It came from there into the hot wallet.
pub fn cold_back(amount: Amount) -> Result<Entry, MoneyError> {
    let postings = crypto(Account::Cold, Account::Wallet, amount)?;
    Entry::new(EntryKind::ColdBack, postings.into())
}

/// What was held for whom it belongs to has come from there.
pub fn cold_explained(amount: Amount) -> Result<Entry, MoneyError> {
    let postings = crypto(Account::Cold, Account::Suspense, amount)?;
    Entry::new(EntryKind::ColdBack, postings.into())
}

/// What somebody of ours sent there from elsewhere.
pub fn prove_in(order: OrderId, amount: Amount) -> Result<Entry, MoneyError> {
    let postings = crypto(Account::Capital, Account::Deposit(order), amount)?;
    Entry::new(EntryKind::ProveIn, postings.into())
}

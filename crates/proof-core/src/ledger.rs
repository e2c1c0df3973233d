//! Double entry: what every step of an order does to the books.
//!
//! Postings are signed, debit positive; those of one entry sum to zero in every unit. Wallets and
//! provider accounts are assets (debit), what we owe is credit. An account with a floor may not fall
//! below zero on its own side: coins that we do not have cannot be reserved, and a customer cannot
//! owe us.

mod audit;
mod treasury;

pub use audit::{Audit, Audited, Mismatch};
pub use treasury::{
    cold_back, cold_explained, cold_out, prove_in, prove_out, stray, stray_gone, stray_owned,
    sweep_back, sweep_begun, swept, top_up,
};

use crate::{
    asset::{Asset, Fiat, UnknownName},
    id::{OrderId, PartnerId},
    money::{Amount, Money, MoneyError},
    partner::Environment,
    quote::{LineCode, Quote},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{cmp::Ordering, collections::BTreeMap, fmt, str::FromStr};

/// What an account is kept in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Unit {
    Fiat(Fiat),
    Crypto(Asset),
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fiat(fiat) => fiat.fmt(f),
            Self::Crypto(asset) => fmt::Display::fmt(asset, f),
        }
    }
}

impl FromStr for Unit {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        if text.contains('/') {
            text.parse().map(Self::Crypto)
        } else {
            text.parse().map(Self::Fiat)
        }
    }
}

impl Serialize for Unit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Account {
    /// Captured, with the payment provider.
    Psp(String),
    /// Owed to the customer of this order, in fiat or in crypto.
    Customer(OrderId),
    /// At the deposit address of this order: final, not swept yet.
    Deposit(OrderId),
    /// Withheld by the payment provider while a cardholder's dispute is open.
    Dispute(String),
    /// What the payment provider charged us for disputes.
    PspCost(String),
    /// Our bank account.
    Bank,
    /// With the payout provider.
    Payout(String),
    /// In our hot wallet, free to sell.
    Wallet,
    /// In our hot wallet, promised to an order.
    Reserved,
    /// Signed, not final.
    InTransit,
    /// In cold storage: at the address that the signer was configured with.
    Cold,
    /// What the owner put in.
    Capital,
    /// Bought against sold; its two sides are in different units.
    Trading,
    Spread,
    Fee,
    PartnerFee(PartnerId),
    /// Owed to somebody who cannot be paid now; kept apart.
    Suspense,
    /// Crypto that came to us and is worth less than sending it back.
    Dust,
    /// Network fees that we paid.
    Gas,
    /// Gone for good: disputes lost after the delivery, refunds beyond it.
    Loss,
    Rounding,
}

impl Account {
    /// `true`: debits increase it.
    const fn is_asset(&self) -> bool {
        match self {
            Self::Psp(_)
            | Self::Dispute(_)
            | Self::PspCost(_)
            | Self::Bank
            | Self::Payout(_)
            | Self::Deposit(_)
            | Self::Wallet
            | Self::Reserved
            | Self::InTransit
            | Self::Cold
            | Self::Gas
            | Self::Loss => true,
            Self::Customer(_)
            | Self::Capital
            | Self::Trading
            | Self::Spread
            | Self::Fee
            | Self::PartnerFee(_)
            | Self::Suspense
            | Self::Dust
            | Self::Rounding => false,
        }
    }

    const fn has_floor(&self) -> bool {
        match self {
            Self::Customer(_)
            | Self::Deposit(_)
            | Self::Dispute(_)
            | Self::Wallet
            | Self::Reserved
            | Self::InTransit
            | Self::Cold => true,
            Self::Psp(_)
            | Self::PspCost(_)
            | Self::Loss
            | Self::Bank
            | Self::Payout(_)
            | Self::Capital
            | Self::Trading
            | Self::Spread
            | Self::Fee
            | Self::PartnerFee(_)
            | Self::Suspense
            | Self::Dust
            | Self::Gas
            | Self::Rounding => false,
        }
    }

    /// Whether a signed balance is one that this account may have.
    pub const fn allows(&self, balance: i128) -> bool {
        !self.has_floor() || balance == 0 || (balance > 0) == self.is_asset()
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Psp(provider) => write!(f, "psp:{provider}"),
            Self::Customer(order) => write!(f, "customer:{order}"),
            Self::Deposit(order) => write!(f, "deposit:{order}"),
            Self::Dispute(provider) => write!(f, "dispute:{provider}"),
            Self::PspCost(provider) => write!(f, "psp_cost:{provider}"),
            Self::Bank => f.write_str("bank"),
            Self::Payout(provider) => write!(f, "payout:{provider}"),
            Self::Wallet => f.write_str("wallet"),
            Self::Reserved => f.write_str("reserved"),
            Self::InTransit => f.write_str("in_transit"),
            Self::Cold => f.write_str("cold"),
            Self::Capital => f.write_str("capital"),
            Self::Trading => f.write_str("trading"),
            Self::Spread => f.write_str("spread"),
            Self::Fee => f.write_str("fee"),
            Self::PartnerFee(partner) => write!(f, "partner_fee:{partner}"),
            Self::Suspense => f.write_str("suspense"),
            Self::Dust => f.write_str("dust"),
            Self::Gas => f.write_str("gas"),
            Self::Loss => f.write_str("loss"),
            Self::Rounding => f.write_str("rounding"),
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Posting {
    pub account: Account,
    pub unit: Unit,
    /// Debit positive.
    pub amount: i128,
}

impl Posting {
    /// The account's name in the books, `wallet:USDT/TRC20`.
    pub fn key(&self) -> String {
        format!("{}:{}", self.account, self.unit)
    }
}

/// Before the names of accounts that hold real money: what the sandbox plays with never adds to it.
const LIVE: &str = "live/";

/// The name of an account in the one set of books or the other.
pub fn key_in(environment: Environment, key: &str) -> String {
    match environment {
        Environment::Test => key.to_owned(),
        Environment::Live => format!("{LIVE}{key}"),
    }
}

/// An account's name by itself, whichever books it is in.
pub fn key_alone(key: &str) -> &str {
    key.strip_prefix(LIVE).unwrap_or(key)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EntryKind {
    Fund,
    Reserve,
    Release,
    Capture,
    Send,
    Deliver,
    MinedAgain,
    TakeBack,
    Refund,
    RefundByBank,
    Dispute,
    DisputeFee,
    DisputeWon,
    DisputeLost,
    Concede,
    Forfeit,
    Deposit,
    DepositLost,
    DepositGone,
    DepositBack,
    PayOut,
    PayOutBounced,
    GiveBack,
    Dust,
    WriteOff,
    Freeze,
    Thaw,
    HandOver,
    TakeOver,
    KeepApart,
    Stray,
    StrayGone,
    StrayOwned,
    ProveOut,
    ProveIn,
    TopUp,
    SweepBegun,
    SweepBack,
    Swept,
    ColdOut,
    ColdBack,
}

impl EntryKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fund => "fund",
            Self::Reserve => "reserve",
            Self::Release => "release",
            Self::Capture => "capture",
            Self::Send => "send",
            Self::Deliver => "deliver",
            Self::MinedAgain => "mined_again",
            Self::TakeBack => "take_back",
            Self::Refund => "refund",
            Self::RefundByBank => "refund_by_bank",
            Self::Dispute => "dispute",
            Self::DisputeFee => "dispute_fee",
            Self::DisputeWon => "dispute_won",
            Self::DisputeLost => "dispute_lost",
            Self::Concede => "concede",
            Self::Forfeit => "forfeit",
            Self::Deposit => "deposit",
            Self::DepositLost => "deposit_lost",
            Self::DepositGone => "deposit_gone",
            Self::DepositBack => "deposit_back",
            Self::PayOut => "pay_out",
            Self::PayOutBounced => "pay_out_bounced",
            Self::GiveBack => "give_back",
            Self::Dust => "dust",
            Self::WriteOff => "write_off",
            Self::Freeze => "freeze",
            Self::Thaw => "thaw",
            Self::HandOver => "hand_over",
            Self::TakeOver => "take_over",
            Self::KeepApart => "keep_apart",
            Self::Stray => "stray",
            Self::StrayGone => "stray_gone",
            Self::StrayOwned => "stray_owned",
            Self::ProveOut => "prove_out",
            Self::ProveIn => "prove_in",
            Self::TopUp => "top_up",
            Self::SweepBegun => "sweep_begun",
            Self::SweepBack => "sweep_back",
            Self::Swept => "swept",
            Self::ColdOut => "cold_out",
            Self::ColdBack => "cold_back",
        }
    }
}

/// A balanced set of postings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    kind: EntryKind,
    postings: Vec<Posting>,
    memo: Option<String>,
}

impl Entry {
    pub const fn kind(&self) -> EntryKind {
        self.kind
    }

    pub fn postings(&self) -> &[Posting] {
        &self.postings
    }

    /// What it is about outside: a transfer's hash.
    pub fn memo(&self) -> Option<&str> {
        self.memo.as_deref()
    }

    #[must_use]
    pub fn noted(self, memo: impl Into<String>) -> Self {
        Self {
            memo: Some(memo.into()),
            ..self
        }
    }

    /// Puts together an entry; zero postings are left out, an unbalanced set is refused.
    pub fn new(kind: EntryKind, postings: Vec<Posting>) -> Result<Self, MoneyError> {
        let postings: Vec<_> = postings.into_iter().filter(|p| p.amount != 0).collect();
        if !balanced(postings.iter().map(|p| (p.unit, p.amount)))? {
            return Err(MoneyError::Mismatch);
        }
        Ok(Self {
            kind,
            postings,
            memo: None,
        })
    }
}

/// Whether signed amounts sum to zero in every unit.
pub fn balanced(amounts: impl Iterator<Item = (Unit, i128)>) -> Result<bool, MoneyError> {
    let mut sums: BTreeMap<Unit, i128> = BTreeMap::new();
    for (unit, amount) in amounts {
        let sum = sums.entry(unit).or_default();
        *sum = sum.checked_add(amount).ok_or(MoneyError::Overflow)?;
    }
    Ok(sums.values().all(|sum| *sum == 0))
}

/// Moves `base` from one account to another, in one unit.
fn moved(from: Account, to: Account, unit: Unit, base: u128) -> Result<[Posting; 2], MoneyError> {
    let amount = i128::try_from(base).map_err(|_| MoneyError::Overflow)?;
    let back = amount.checked_neg().ok_or(MoneyError::Overflow)?;
    Ok([
        Posting {
            account: to,
            unit,
            amount,
        },
        Posting {
            account: from,
            unit,
            amount: back,
        },
    ])
}

fn crypto(from: Account, to: Account, amount: Amount) -> Result<[Posting; 2], MoneyError> {
    moved(from, to, Unit::Crypto(amount.asset()), amount.base())
}

fn fiat(from: Account, to: Account, money: Money) -> Result<[Posting; 2], MoneyError> {
    moved(from, to, Unit::Fiat(money.fiat()), money.minor())
}

/// A block that was final is taken back, and another one has the transfer, for another fee. `None`: for the same one.
pub fn mined_again(booked: Amount, fee: Amount) -> Result<Option<Entry>, MoneyError> {
    if booked.asset() != fee.asset() {
        return Err(MoneyError::Mismatch);
    }
    let differs = Amount::new(fee.asset(), fee.base().abs_diff(booked.base()));
    let postings = match fee.base().cmp(&booked.base()) {
        Ordering::Equal => return Ok(None),
        Ordering::Greater => crypto(Account::Wallet, Account::Gas, differs)?,
        Ordering::Less => crypto(Account::Gas, Account::Wallet, differs)?,
    };
    Entry::new(EntryKind::MinedAgain, postings.into()).map(Some)
}

/// The owner puts coins into the hot wallet.
pub fn fund(amount: Amount) -> Result<Entry, MoneyError> {
    Entry::new(
        EntryKind::Fund,
        crypto(Account::Capital, Account::Wallet, amount)?.into(),
    )
}

/// A payment starts: the coins are promised.
pub fn reserve(amount: Amount) -> Result<Entry, MoneyError> {
    Entry::new(
        EntryKind::Reserve,
        crypto(Account::Wallet, Account::Reserved, amount)?.into(),
    )
}

/// The payment came to nothing: the coins are free again.
pub fn release(amount: Amount) -> Result<Entry, MoneyError> {
    Entry::new(
        EntryKind::Release,
        crypto(Account::Reserved, Account::Wallet, amount)?.into(),
    )
}

/// The provider took the customer's money; we owe it until the crypto is delivered.
pub fn capture(order: OrderId, provider: &str, total: Money) -> Result<Entry, MoneyError> {
    let postings = fiat(
        Account::Customer(order),
        Account::Psp(provider.to_owned()),
        total,
    )?;
    Entry::new(EntryKind::Capture, postings.into())
}

/// A transfer was signed: coins and fee have left our disposition.
pub fn send(amount: Amount, fee: Amount) -> Result<Entry, MoneyError> {
    let coins = crypto(Account::Reserved, Account::InTransit, amount)?;
    let gas = crypto(Account::Wallet, Account::InTransit, fee)?;
    Entry::new(EntryKind::Send, coins.into_iter().chain(gas).collect())
}

/// The transfer is final: the sale is made, its price falls to those it belongs to.
pub fn deliver(
    order: OrderId,
    partner: PartnerId,
    quote: &Quote,
    fee_planned: Amount,
    fee_paid: Amount,
) -> Result<Entry, MoneyError> {
    let unused = unused(fee_planned, fee_paid)?;
    let money = |minor| Money::new(quote.fiat(), minor);
    let fees = quote
        .line(LineCode::Processing)
        .checked_add(quote.line(LineCode::Network));
    let price = i128::try_from(quote.line(LineCode::Crypto)).map_err(|_| MoneyError::Overflow)?;
    let mid = i128::try_from(quote.mid.minor()).map_err(|_| MoneyError::Overflow)?;
    let spread = price.checked_sub(mid).ok_or(MoneyError::Overflow)?;
    let unit = Unit::Fiat(quote.fiat());
    let customer = || Account::Customer(order);
    let postings = [
        crypto(Account::InTransit, Account::Trading, quote.crypto)?,
        crypto(Account::InTransit, Account::Gas, fee_paid)?,
        crypto(Account::InTransit, Account::Wallet, unused)?,
        fiat(Account::Trading, customer(), quote.mid)?,
        // An amount below one minor unit is sold for one: the spread takes the difference.
        [
            Posting {
                account: customer(),
                unit,
                amount: spread,
            },
            Posting {
                account: Account::Spread,
                unit,
                amount: spread.saturating_neg(),
            },
        ],
        fiat(
            Account::Fee,
            customer(),
            money(fees.ok_or(MoneyError::Overflow)?),
        )?,
        fiat(
            Account::PartnerFee(partner),
            customer(),
            money(quote.line(LineCode::Partner)),
        )?,
        fiat(
            Account::Rounding,
            customer(),
            money(quote.line(LineCode::Rounding)),
        )?,
    ];
    Entry::new(EntryKind::Deliver, postings.into_iter().flatten().collect())
}

/// A signed transfer is proven dead: its coins are ours again, still promised. What the chain took for refusing it
/// is spent.
pub fn take_back(
    amount: Amount,
    fee_planned: Amount,
    fee_paid: Amount,
) -> Result<Entry, MoneyError> {
    let (to, rest) = (Account::Reserved, Account::Wallet);
    arrived(
        EntryKind::TakeBack,
        amount,
        (fee_planned, fee_paid),
        (to, rest),
    )
}

/// The customer has the money back.
pub fn refund(order: OrderId, provider: &str, total: Money) -> Result<Entry, MoneyError> {
    let postings = fiat(
        Account::Psp(provider.to_owned()),
        Account::Customer(order),
        total,
    )?;
    Entry::new(EntryKind::Refund, postings.into())
}

/// The customer has the money back, from our bank account.
pub fn refund_by_bank(order: OrderId, total: Money) -> Result<Entry, MoneyError> {
    let postings = fiat(Account::Bank, Account::Customer(order), total)?;
    Entry::new(EntryKind::RefundByBank, postings.into())
}

/// A deposit is final: we have it, and owe it to the customer.
pub fn deposit(order: OrderId, amount: Amount) -> Result<Entry, MoneyError> {
    let postings = crypto(Account::Customer(order), Account::Deposit(order), amount)?;
    Entry::new(EntryKind::Deposit, postings.into())
}

/// A deposit that was final has vanished from the chain.
pub fn deposit_lost(order: OrderId, amount: Amount) -> Result<Entry, MoneyError> {
    let postings = crypto(Account::Deposit(order), Account::Customer(order), amount)?;
    Entry::new(EntryKind::DepositLost, postings.into())
}

/// A deposit has vanished whose money was paid out already: it is our loss.
pub fn deposit_gone(order: OrderId, amount: Amount) -> Result<Entry, MoneyError> {
    let postings = crypto(Account::Deposit(order), Account::Loss, amount)?;
    Entry::new(EntryKind::DepositGone, postings.into())
}

/// It is there again.
pub fn deposit_back(order: OrderId, amount: Amount) -> Result<Entry, MoneyError> {
    let postings = crypto(Account::Loss, Account::Deposit(order), amount)?;
    Entry::new(EntryKind::DepositBack, postings.into())
}

/// The customer has the price of the crypto that was sold.
pub fn pay_out(
    order: OrderId,
    partner: PartnerId,
    provider: &str,
    quote: &Quote,
) -> Result<Entry, MoneyError> {
    let unit = quote.fiat();
    let money = |minor| Money::new(unit, minor);
    let fees = quote
        .line(LineCode::Processing)
        .checked_add(quote.line(LineCode::Network))
        .ok_or(MoneyError::Overflow)?;
    let spread = quote
        .mid
        .minor()
        .checked_sub(quote.line(LineCode::Crypto))
        .ok_or(MoneyError::Negative)?;
    let partner = Account::PartnerFee(partner);
    let partner_fee = money(quote.line(LineCode::Partner));
    let provider = Account::Payout(provider.to_owned());
    let postings = [
        crypto(Account::Trading, Account::Customer(order), quote.crypto)?,
        fiat(provider, Account::Trading, quote.total)?,
        fiat(Account::Spread, Account::Trading, money(spread))?,
        fiat(Account::Fee, Account::Trading, money(fees))?,
        fiat(partner, Account::Trading, partner_fee)?,
    ];
    Entry::new(EntryKind::PayOut, postings.into_iter().flatten().collect())
}

/// The card's bank sent the payout back: the provider has it, and we owe it to the customer again.
pub fn pay_out_bounced(order: OrderId, provider: &str, total: Money) -> Result<Entry, MoneyError> {
    let provider = Account::Payout(provider.to_owned());
    let postings = fiat(Account::Customer(order), provider, total)?;
    Entry::new(EntryKind::PayOutBounced, postings.into())
}

/// The customer's crypto is back where it came from; the network's fee is ours.
pub fn give_back(
    order: OrderId,
    amount: Amount,
    fee_planned: Amount,
    fee_paid: Amount,
) -> Result<Entry, MoneyError> {
    let postings = [
        crypto(Account::InTransit, Account::Customer(order), amount)?,
        crypto(Account::InTransit, Account::Gas, fee_paid)?,
        crypto(
            Account::InTransit,
            Account::Wallet,
            unused(fee_planned, fee_paid)?,
        )?,
    ];
    Entry::new(
        EntryKind::GiveBack,
        postings.into_iter().flatten().collect(),
    )
}

/// What is owed is worth less than sending it: it is kept, and shown in the statement.
pub fn dust(order: OrderId, amount: Amount) -> Result<Entry, MoneyError> {
    let postings = crypto(Account::Dust, Account::Customer(order), amount)?;
    Entry::new(EntryKind::Dust, postings.into())
}

/// A deposit goes over to another order: what we have, and what we owe for it.
pub fn hand_over(order: OrderId, amount: Amount) -> Result<Entry, MoneyError> {
    let postings = crypto(Account::Deposit(order), Account::Customer(order), amount)?;
    Entry::new(EntryKind::HandOver, postings.into())
}

/// The other side of [`hand_over`], in the same database transaction.
pub fn take_over(order: OrderId, amount: Amount) -> Result<Entry, MoneyError> {
    let postings = crypto(Account::Customer(order), Account::Deposit(order), amount)?;
    Entry::new(EntryKind::TakeOver, postings.into())
}

/// The provider withholds what a cardholder disputes.
pub fn dispute(provider: &str, amount: Money) -> Result<Entry, MoneyError> {
    let [from, to] = [Account::Psp, Account::Dispute].map(|account| account(provider.to_owned()));
    Entry::new(EntryKind::Dispute, fiat(from, to, amount)?.into())
}

/// What the provider charges for a dispute, whoever wins it.
pub fn dispute_fee(provider: &str, fee: Money) -> Result<Entry, MoneyError> {
    let [from, to] = [Account::Psp, Account::PspCost].map(|account| account(provider.to_owned()));
    Entry::new(EntryKind::DisputeFee, fiat(from, to, fee)?.into())
}

/// The provider gives back what it withheld.
pub fn dispute_won(provider: &str, amount: Money) -> Result<Entry, MoneyError> {
    let [from, to] = [Account::Dispute, Account::Psp].map(|account| account(provider.to_owned()));
    Entry::new(EntryKind::DisputeWon, fiat(from, to, amount)?.into())
}

/// What was withheld is gone: to the customer to whom we still owed it, or it is our loss.
pub fn dispute_lost(
    provider: &str,
    amount: Money,
    owed_by: Option<OrderId>,
) -> Result<Entry, MoneyError> {
    let to = owed_by.map_or(Account::Loss, Account::Customer);
    let postings = fiat(Account::Dispute(provider.to_owned()), to, amount)?;
    Entry::new(EntryKind::DisputeLost, postings.into())
}

/// Something is given back beyond what is owed: from now on it is owed, at our loss.
pub fn concede(order: OrderId, amount: Money) -> Result<Entry, MoneyError> {
    let postings = fiat(Account::Customer(order), Account::Loss, amount)?;
    Entry::new(EntryKind::Concede, postings.into())
}

/// What was still owed went to the customer through a dispute that was booked as our loss before.
pub fn forfeit(order: OrderId, amount: Money) -> Result<Entry, MoneyError> {
    let postings = fiat(Account::Loss, Account::Customer(order), amount)?;
    Entry::new(EntryKind::Forfeit, postings.into())
}

/// Money that is owed and cannot be given back now is kept apart for whom it belongs to.
pub fn keep_apart(order: OrderId, amount: Money) -> Result<Entry, MoneyError> {
    let postings = fiat(Account::Suspense, Account::Customer(order), amount)?;
    Entry::new(EntryKind::WriteOff, postings.into())
}

/// Somebody in it is listed: what is owed is kept apart until two people have looked.
pub fn freeze(order: OrderId, amount: Amount) -> Result<Entry, MoneyError> {
    let postings = crypto(Account::Suspense, Account::Customer(order), amount)?;
    Entry::new(EntryKind::Freeze, postings.into())
}

/// They have.
pub fn thaw(order: OrderId, amount: Amount) -> Result<Entry, MoneyError> {
    let postings = crypto(Account::Customer(order), Account::Suspense, amount)?;
    Entry::new(EntryKind::Thaw, postings.into())
}

/// What is owed cannot be given back now: it is kept apart for whom it belongs to.
pub fn write_off(order: OrderId, amount: Amount) -> Result<Entry, MoneyError> {
    let postings = crypto(Account::Suspense, Account::Customer(order), amount)?;
    Entry::new(EntryKind::WriteOff, postings.into())
}

/// Coins that were on their way are where they went, `to`, or are back; what the network left of the fee goes to `rest`.
fn arrived(
    kind: EntryKind,
    amount: Amount,
    (fee_planned, fee_paid): (Amount, Amount),
    (to, rest): (Account, Account),
) -> Result<Entry, MoneyError> {
    let postings = [
        crypto(Account::InTransit, to, amount)?,
        crypto(Account::InTransit, Account::Gas, fee_paid)?,
        crypto(Account::InTransit, rest, unused(fee_planned, fee_paid)?)?,
    ];
    Entry::new(kind, postings.into_iter().flatten().collect())
}

/// What the network left of the fee that was set aside.
fn unused(planned: Amount, paid: Amount) -> Result<Amount, MoneyError> {
    let left = planned.base().checked_sub(paid.base());
    Ok(Amount::new(
        planned.asset(),
        left.ok_or(MoneyError::Negative)?,
    ))
}

#[cfg(test)]
mod tests;

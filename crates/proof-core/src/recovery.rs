//! The lives of an installation. A restore begins another one: the world goes on from where it is,
//! the database from where it was.

use crate::{
    address::Address,
    finding::Movement,
    id::{OrderId, QuoteId},
    ledger::{Account, Entry, EntryKind, Posting, Unit},
    money::{Amount, Bps, Money, MoneyError, Rounding, mul_div},
    order::{Order, State},
    quote::{FeePolicy, Line, LineCode, Quote},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One life: 1 for the first, and the moment of the restore (microseconds) for each later one, so that
/// two restores of one backup are never the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Epoch(i64);

impl Epoch {
    pub const FIRST: Self = Self(1);

    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    pub const fn number(self) -> i64 {
        self.0
    }
}

impl Default for Epoch {
    fn default() -> Self {
        Self::FIRST
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether a server may move money, as the signers say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Life {
    /// Its epoch is theirs.
    Known,
    /// Its epoch is later: it was restored, and nobody has accepted that yet.
    Recovering,
    /// Its epoch is earlier: another server took over, for ever.
    Fenced,
}

impl Life {
    /// What one signer's epoch says about a server's.
    pub fn of(server: Epoch, signer: Epoch) -> Self {
        match server.cmp(&signer) {
            std::cmp::Ordering::Equal => Self::Known,
            std::cmp::Ordering::Greater => Self::Recovering,
            std::cmp::Ordering::Less => Self::Fenced,
        }
    }
}

/// What the payment provider says of one attempt of an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PaymentSeen {
    /// Nothing is held, and nothing was taken.
    Nothing,
    /// Held, or it could still become so.
    Open,
    Taken {
        captured: Money,
        refunded: Money,
    },
}

/// What the world knows of a buy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BuySeen {
    /// The last one that the provider ever heard of.
    pub attempt: u32,
    pub payment: PaymentSeen,
    /// Its delivery was signed, and the chain has not refused it.
    pub sent: bool,
}

/// How an order gets from where the backup left it to where the world is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Course {
    /// By itself: its next step asks the same question under the same reference.
    GoesOn,
    /// Nobody would ever ask about this attempt again: its hold is given back.
    GiveBack {
        attempt: u32,
    },
    Adopt(Adoption),
}

/// A payment that was taken after the backup.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Adoption {
    pub attempt: u32,
    pub price: Quote,
    pub then: Then,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Then {
    Deliver,
    /// All of it was given back already: the order ends as it had.
    Refund,
    /// It does not fit together; the order waits.
    People {
        reason: String,
    },
}

/// A sell whose deposit address was shown after the backup. Its payout card is not known any more: what
/// comes goes back, unless it was paid out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SaleAdoption {
    pub refund_address: Address,
    pub deposit_address: Address,
    /// What was paid out, or the price that the backup has.
    pub price: Option<Quote>,
}

/// What a derived price is called, and when.
#[derive(Clone, Copy, Debug)]
pub struct Naming {
    pub quote: QuoteId,
    pub now: Timestamp,
}

/// Where a buy has to be taken so that its own steps can find the rest.
pub fn buy_course(
    order: &Order,
    seen: BuySeen,
    fees: &FeePolicy,
    naming: Naming,
) -> Result<Course, MoneyError> {
    let mut state = &order.state;
    if let State::InReview(review) = state {
        state = &review.from;
    }
    let waits = matches!(state, State::Created | State::AwaitingPayment { .. });
    let asks = matches!(
        state,
        State::Authorising(_) | State::Authorised { .. } | State::Capturing { .. }
    );
    match seen.payment {
        PaymentSeen::Nothing => Ok(Course::GoesOn),
        PaymentSeen::Open if waits || asks && seen.attempt > order.attempt => {
            let attempt = seen.attempt;
            Ok(Course::GiveBack { attempt })
        }
        PaymentSeen::Open => Ok(Course::GoesOn),
        PaymentSeen::Taken { captured, refunded } => {
            let untouched = refunded.minor() == 0;
            let booked = matches!(state, State::Paid { .. }) && !untouched && !seen.sent;
            if !(waits || asks || booked) {
                return Ok(Course::GoesOn);
            }
            let price = price_taken(order, seen.attempt, captured, fees, naming)?;
            let ours = order
                .price
                .as_ref()
                .filter(|_| order.attempt == seen.attempt);
            let then = if ours.is_some_and(|price| price.total != captured) {
                people(format!(
                    "the provider took {}, which is not what was asked for",
                    say(captured)
                ))
            } else if untouched {
                Then::Deliver
            } else if refunded == captured && !seen.sent {
                Then::Refund
            } else {
                people(format!(
                    "the provider took {} and gave {} back{}",
                    say(captured),
                    say(refunded),
                    if seen.sent {
                        ", and the crypto was sent"
                    } else {
                        ""
                    }
                ))
            };
            Ok(Course::Adopt(Adoption {
                attempt: seen.attempt,
                price,
                then,
            }))
        }
    }
}

const fn people(reason: String) -> Then {
    Then::People { reason }
}

fn say(money: Money) -> String {
    format!("{} {}", money.to_decimal(), money.fiat())
}

/// The price of a payment that was taken: the one that the backup has, if it is that one. Otherwise what
/// was charged is known, and its lines are those that the partner's fees make of it.
fn price_taken(
    order: &Order,
    attempt: u32,
    captured: Money,
    fees: &FeePolicy,
    naming: Naming,
) -> Result<Quote, MoneyError> {
    let known = order.price.as_ref().filter(|_| order.attempt == attempt);
    let mut shown = None;
    if let State::AwaitingPayment { quote } = &order.state {
        shown = quote.as_ref();
    }
    let fits = |quote: &&Quote| quote.total == captured && quote.crypto == order.amount;
    match known.filter(fits).or(shown.filter(fits)) {
        Some(quote) => Ok(quote.clone()),
        None => buy_of_total(order.amount, captured, fees, naming),
    }
}

/// A buy's lines from its total. What the network took of it is part of the crypto's line.
fn buy_of_total(
    crypto: Amount,
    total: Money,
    fees: &FeePolicy,
    naming: Naming,
) -> Result<Quote, MoneyError> {
    let minor = total.minor();
    let percent = fees.processing.of(minor, Rounding::Up)?;
    let processing = percent.checked_add(fees.processing_fixed_minor);
    let processing = processing.ok_or(MoneyError::Overflow)?;
    let partner = fees.partner.of(minor, Rounding::Up)?;
    let at_price = minor
        .checked_sub(processing)
        .and_then(|rest| rest.checked_sub(partner))
        .filter(|rest| *rest > 0)
        .ok_or(MoneyError::Negative)?;
    let spread = Bps::WHOLE
        .checked_add(fees.spread.get())
        .ok_or(MoneyError::Overflow)?;
    let mid = mul_div(
        at_price,
        Bps::WHOLE.into(),
        spread.into(),
        Rounding::HalfEven,
    )?;
    let lines = [
        (LineCode::Crypto, at_price),
        (LineCode::Processing, processing),
        (LineCode::Partner, partner),
    ];
    Ok(derived(crypto, total, mid, &lines, naming))
}

/// A sell's price from what was paid out: the whole of it for the crypto, since nobody knows the rest.
pub fn sell_of_total(crypto: Amount, total: Money, naming: Naming) -> Quote {
    let lines = [(LineCode::Crypto, total.minor())];
    derived(crypto, total, total.minor(), &lines, naming)
}

fn derived(
    crypto: Amount,
    total: Money,
    mid: u128,
    lines: &[(LineCode, u128)],
    naming: Naming,
) -> Quote {
    let fiat = total.fiat();
    let lines = lines.iter().filter(|(_, minor)| *minor > 0);
    Quote {
        id: naming.quote,
        crypto,
        mid: Money::new(fiat, mid),
        total,
        lines: lines
            .map(|(code, minor)| Line {
                code: *code,
                amount: Money::new(fiat, *minor),
            })
            .collect(),
        rate_at: naming.now,
        expires_at: naming.now,
    }
}

/// What moved outside under an order that the database does not know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Apart {
    Moved {
        movement: Movement,
        /// Of the provider: `psp:…` or `payout:…`.
        account: Account,
        money: Money,
    },
    /// Out of the hot wallet, and final.
    Sent { amount: Amount, fee: Amount },
    /// At a deposit address.
    Came { order: OrderId, amount: Amount },
}

impl Apart {
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Moved { movement, .. } => movement.name(),
            Self::Sent { .. } => "transfer",
            Self::Came { .. } => "deposit",
        }
    }

    pub const fn unit(&self) -> Unit {
        match self {
            Self::Moved { money, .. } => Unit::Fiat(money.fiat()),
            Self::Sent { amount, .. } | Self::Came { amount, .. } => Unit::Crypto(amount.asset()),
        }
    }

    pub const fn base(&self) -> u128 {
        match self {
            Self::Moved { money, .. } => money.minor(),
            Self::Sent { amount, .. } | Self::Came { amount, .. } => amount.base(),
        }
    }

    /// Books it against `suspense`, so that books and world agree; whose it is, people find out.
    pub fn entry(&self) -> Result<Entry, MoneyError> {
        let unit = self.unit();
        let mut postings = match self {
            Self::Moved {
                movement, account, ..
            } => {
                let (from, to) = match movement {
                    Movement::Capture | Movement::DisputeWon | Movement::PayOutBounced => {
                        (Account::Suspense, account.clone())
                    }
                    Movement::Refund
                    | Movement::Dispute
                    | Movement::DisputeFee
                    | Movement::PayOut => (account.clone(), Account::Suspense),
                };
                moved(from, to, unit, self.base())?
            }
            Self::Sent { .. } => moved(Account::Wallet, Account::Suspense, unit, self.base())?,
            Self::Came { order, .. } => moved(
                Account::Suspense,
                Account::Deposit(*order),
                unit,
                self.base(),
            )?,
        };
        if let Self::Sent { fee, .. } = self {
            let unit = Unit::Crypto(fee.asset());
            postings.extend(moved(Account::Wallet, Account::Gas, unit, fee.base())?);
        }
        Entry::new(EntryKind::KeepApart, postings)
    }
}

fn moved(from: Account, to: Account, unit: Unit, base: u128) -> Result<Vec<Posting>, MoneyError> {
    let amount = i128::try_from(base).map_err(|_| MoneyError::Overflow)?;
    let back = amount.checked_neg().ok_or(MoneyError::Overflow)?;
    let posting = |account, amount| Posting {
        account,
        unit,
        amount,
    };
    Ok(vec![posting(to, amount), posting(from, back)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_epoch_is_known_and_an_earlier_one_never_comes_back() {
        let (first, second) = (Epoch::FIRST, Epoch::new(1_800_000_000_000_000));
        assert_eq!(Life::of(first, Epoch::default()), Life::Known);
        assert_eq!(Life::of(second, first), Life::Recovering);
        assert_eq!(Life::of(second, second), Life::Known);
        assert_eq!(Life::of(first, second), Life::Fenced);
        // Of several signers the worst counts.
        assert_eq!(Life::Known.max(Life::Recovering), Life::Recovering);
        assert_eq!(Life::Recovering.max(Life::Fenced), Life::Fenced);
    }
}

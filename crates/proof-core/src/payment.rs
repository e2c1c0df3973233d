//! What we know of a card payment.

use crate::{
    money::{Money, MoneyError},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// What the processor tells us of a card. No number: it never reaches us.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CardSummary {
    pub brand: String,
    pub last4: String,
    pub country: String,
    /// The same card gives the same fingerprint, whoever uses it.
    pub fingerprint: String,
}

/// How the user pays.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    #[default]
    Card,
    ApplePay,
    GooglePay,
}

impl PaymentMethod {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::ApplePay => "apple_pay",
            Self::GooglePay => "google_pay",
        }
    }
}

/// Why the card's bank, or the processor, said no.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineCode {
    Declined,
    InsufficientFunds,
    ThreeDsFailed,
    ExpiredCard,
    /// The token was used before, or never existed.
    TokenInvalid,
    ProcessorUnavailable,
    Abandoned,
}

/// What a provider took for one order, and what of it is gone again, in minor units of the order's
/// currency. It is part of the order's row, so whoever wants some of it back holds that row's lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Takings {
    #[serde(with = "crate::money::as_text")]
    captured: u128,
    /// Given back, or promised to be.
    #[serde(with = "crate::money::as_text")]
    refunded: u128,
    /// Withheld by the provider while a dispute is open.
    #[serde(with = "crate::money::as_text")]
    disputed: u128,
    /// In disputes that were lost.
    #[serde(with = "crate::money::as_text")]
    lost: u128,
    /// Of that, what its customer was still owed.
    #[serde(with = "crate::money::as_text")]
    lost_owed: u128,
}

impl Takings {
    /// What may still be given back. A provider may let a cardholder dispute what was refunded
    /// already; then nothing is left.
    pub const fn left(&self) -> u128 {
        self.captured
            .saturating_sub(self.refunded)
            .saturating_sub(self.disputed)
            .saturating_sub(self.lost)
    }

    pub const fn lost(&self) -> u128 {
        self.lost
    }

    /// What lost disputes paid that nobody was owed: our loss, unless a refund was meant to pay it.
    pub const fn lost_beyond(&self) -> u128 {
        self.lost.saturating_sub(self.lost_owed)
    }

    /// A refund that was promised has been paid by a dispute.
    pub fn paid_by_dispute(&mut self, minor: u128) -> Result<(), MoneyError> {
        if minor > self.lost_beyond() {
            return Err(MoneyError::Negative);
        }
        self.refunded = difference(self.refunded, minor)?;
        self.lost_owed = sum(self.lost_owed, minor)?;
        Ok(())
    }

    /// What lost disputes paid to a customer who was still owed it.
    pub const fn lost_owed(&self) -> u128 {
        self.lost_owed
    }

    pub const fn is_disputed(&self) -> bool {
        self.disputed > 0
    }

    /// A fact: the provider took it.
    pub const fn captured(&self) -> u128 {
        self.captured
    }

    pub fn capture(&mut self, minor: u128) -> Result<(), MoneyError> {
        self.captured = sum(self.captured, minor)?;
        Ok(())
    }

    /// Promises a refund, never more than is left.
    pub fn refund_promise(&mut self, minor: u128) -> Result<(), MoneyError> {
        if minor > self.left() {
            return Err(MoneyError::Negative);
        }
        self.refund(minor)
    }

    /// A fact: it went back.
    pub fn refund(&mut self, minor: u128) -> Result<(), MoneyError> {
        self.refunded = sum(self.refunded, minor)?;
        Ok(())
    }

    /// The promise is taken back before anybody was asked to keep it.
    pub fn refund_drop(&mut self, minor: u128) -> Result<(), MoneyError> {
        self.refunded = difference(self.refunded, minor)?;
        Ok(())
    }

    /// A fact: the provider withholds it.
    pub fn dispute(&mut self, minor: u128) -> Result<(), MoneyError> {
        self.disputed = sum(self.disputed, minor)?;
        Ok(())
    }

    pub fn dispute_won(&mut self, minor: u128) -> Result<(), MoneyError> {
        self.disputed = difference(self.disputed, minor)?;
        Ok(())
    }

    pub fn dispute_lost(&mut self, minor: u128, was_owed: bool) -> Result<(), MoneyError> {
        self.disputed = difference(self.disputed, minor)?;
        self.lost = sum(self.lost, minor)?;
        if was_owed {
            self.lost_owed = sum(self.lost_owed, minor)?;
        }
        Ok(())
    }
}

fn sum(a: u128, b: u128) -> Result<u128, MoneyError> {
    a.checked_add(b).ok_or(MoneyError::Overflow)
}

fn difference(a: u128, b: u128) -> Result<u128, MoneyError> {
    a.checked_sub(b).ok_or(MoneyError::Negative)
}

/// How far a cardholder's dispute of a payment has come at the provider.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStage {
    /// The bank asks; no money has moved.
    Inquiry,
    /// The money is withheld.
    Opened,
    /// The provider waits for our evidence.
    EvidenceDue,
    /// The bank has our evidence.
    Submitted,
    Won,
    Lost,
    /// We gave in.
    Accepted,
    /// An inquiry that came to nothing.
    Closed,
}

impl DisputeStage {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inquiry => "inquiry",
            Self::Opened => "opened",
            Self::EvidenceDue => "evidence_due",
            Self::Submitted => "submitted",
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Accepted => "accepted",
            Self::Closed => "closed",
        }
    }

    pub const fn is_end(self) -> bool {
        match self {
            Self::Won | Self::Lost | Self::Accepted | Self::Closed => true,
            Self::Inquiry | Self::Opened | Self::EvidenceDue | Self::Submitted => false,
        }
    }
}

/// A dispute as the provider tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dispute {
    /// The provider's name for it.
    pub id: String,
    pub stage: DisputeStage,
    pub amount: Money,
    /// What the provider charges for it, whoever wins.
    pub fee: Money,
    /// Whether the provider has taken the money in question, now or at some time.
    pub withheld: bool,
    /// Until when evidence is taken.
    pub due: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_goes_back_than_was_taken() {
        let mut takings = Takings::default();
        assert_eq!(takings.refund_promise(1), Err(MoneyError::Negative));
        takings.capture(100).unwrap();
        takings.refund_promise(40).unwrap();
        assert_eq!(takings.refund_promise(61), Err(MoneyError::Negative));
        takings.refund_drop(40).unwrap();
        takings.refund_promise(60).unwrap();
        assert_eq!(takings.left(), 40);
    }

    #[test]
    fn what_is_disputed_cannot_be_refunded() {
        let mut takings = Takings::default();
        takings.capture(100).unwrap();
        takings.dispute(70).unwrap();
        assert!(takings.is_disputed());
        assert_eq!(takings.refund_promise(31), Err(MoneyError::Negative));
        takings.dispute_won(70).unwrap();
        assert_eq!(takings.left(), 100);
        takings.dispute(70).unwrap();
        takings.dispute_lost(70, true).unwrap();
        assert_eq!(takings.lost_owed(), 70);
        assert_eq!((takings.is_disputed(), takings.left()), (false, 30));
        assert_eq!(takings.dispute_won(1), Err(MoneyError::Negative));
    }

    #[test]
    fn a_dispute_pays_a_refund_once() {
        let mut takings = Takings::default();
        takings.capture(100).unwrap();
        takings.refund_promise(60).unwrap();
        takings.dispute(70).unwrap();
        assert_eq!(takings.paid_by_dispute(60), Err(MoneyError::Negative));
        takings.dispute_lost(70, false).unwrap();
        takings.paid_by_dispute(60).unwrap();
        assert_eq!(takings.lost_beyond(), 10);
        assert_eq!(takings.paid_by_dispute(11), Err(MoneyError::Negative));
    }

    #[test]
    fn a_payment_can_be_refunded_and_disputed() {
        let mut takings = Takings::default();
        takings.capture(100).unwrap();
        takings.refund(100).unwrap();
        takings.dispute(100).unwrap();
        assert_eq!(takings.left(), 0);
    }

    #[test]
    fn sums_are_checked() {
        let mut takings = Takings::default();
        takings.capture(u128::MAX).unwrap();
        assert_eq!(takings.capture(1), Err(MoneyError::Overflow));
    }
}

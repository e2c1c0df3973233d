//! Cards that customers let us keep for the next time: a name that only the provider understands, and what a person
//! knows their card by. No number reaches us, and whoever pays with one types its security code.

use crate::{
    id::{CardId, OrderId},
    time::Timestamp,
};
use chrono::{DateTime, Datelike, Utc};
use std::fmt;

/// One more takes the place of the oldest.
pub const CARDS_MAX: usize = 5;

/// The last month in which a card is good.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct CardExpiry {
    year: u16,
    month: u8,
}

impl CardExpiry {
    pub fn new(year: u16, month: u8) -> Option<Self> {
        ((2000..2100).contains(&year) && (1..=12).contains(&month)).then_some(Self { year, month })
    }

    /// As `YYYYMM`, which is how it is stored.
    pub fn from_number(number: i64) -> Option<Self> {
        let year = u16::try_from(number.div_euclid(100)).ok()?;
        Self::new(year, u8::try_from(number.rem_euclid(100)).ok()?)
    }

    pub fn number(self) -> i64 {
        i64::from(self.year) * 100 + i64::from(self.month)
    }

    /// The month that it is: a card that ends with it is still good. Banks have their own time zones, and their word
    /// is what counts in the end.
    pub fn of(now: Timestamp) -> Self {
        let today = DateTime::<Utc>::from_timestamp_micros(now.micros()).unwrap_or_default();
        Self {
            year: u16::try_from(today.year()).unwrap_or(u16::MAX),
            month: u8::try_from(today.month()).unwrap_or(1),
        }
    }
}

/// As it is printed on cards.
impl fmt::Display for CardExpiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}/{:02}", self.month, self.year % 100)
    }
}

/// What the provider gives for a card that it keeps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CardStored {
    /// The provider's name for it. With our key it is worth money, so no browser sees it.
    pub reference: String,
    pub brand: String,
    pub last4: String,
    /// The same card gives the same fingerprint.
    pub fingerprint: String,
    pub expires: CardExpiry,
}

/// A card of a customer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Card {
    pub id: CardId,
    /// The payment that it came with.
    pub order: OrderId,
    pub stored: CardStored,
    pub kept_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_good_to_the_end_of_its_month() {
        let at = |text: &str| {
            let at: DateTime<Utc> = text.parse().unwrap();
            CardExpiry::of(Timestamp::from_micros(at.timestamp_micros()))
        };
        let ends = CardExpiry::new(2026, 11).unwrap();
        assert!(ends >= at("2026-11-30T23:59:59Z"));
        assert!(ends < at("2026-12-01T00:00:00Z"));
        assert!(ends > at("2025-12-31T00:00:00Z"));
        assert_eq!(ends.to_string(), "11/26");
        assert_eq!(CardExpiry::from_number(ends.number()), Some(ends));
    }

    #[test]
    fn what_is_no_month_is_not_read() {
        for number in [
            0,
            -1,
            202_600,
            202_613,
            199_912,
            210_001,
            i64::MAX,
            i64::MIN,
        ] {
            assert_eq!(CardExpiry::from_number(number), None, "{number}");
        }
    }
}

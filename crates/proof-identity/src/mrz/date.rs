//! Dates with two digits of the year, and parts that nobody knows.

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};

/// No document is valid for longer than this, and none that expired longer ago is shown to us.
const EXPIRY_YEARS_AROUND: i32 = 50;

/// A day of which month and day may be unknown (fillers in the document).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct PartialDate {
    pub year: i32,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub month: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub day: Option<u32>,
}

/// What a field for a date holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DateField {
    Known(PartialDate),
    /// Only fillers: nobody knows it, or the document does not expire.
    Absent,
    /// Not a day of any calendar.
    Impossible,
}

impl DateField {
    /// The latest century in which somebody with this birthday is born already.
    pub fn birth(field: &[u8], today: NaiveDate) -> Self {
        Self::read(field, |year, month, day| {
            let century = today.year() - today.year().rem_euclid(100);
            let date = PartialDate {
                year: century + year,
                month,
                day,
            };
            match date.first() {
                Some(first) if first > today => PartialDate {
                    year: date.year - 100,
                    ..date
                },
                _ => date,
            }
        })
    }

    /// The century that puts it within fifty years of today.
    pub fn expiry(field: &[u8], today: NaiveDate) -> Self {
        Self::read(field, |year, month, day| {
            let lowest = today.year() - EXPIRY_YEARS_AROUND;
            let year = lowest + (year - lowest).rem_euclid(100);
            PartialDate { year, month, day }
        })
    }

    fn read(field: &[u8], century: impl Fn(i32, Option<u32>, Option<u32>) -> PartialDate) -> Self {
        let Some((year, month, day)) = split(field) else {
            return Self::Impossible;
        };
        let Some(year) = year else {
            let nothing = month.is_none() && day.is_none();
            return if nothing {
                Self::Absent
            } else {
                Self::Impossible
            };
        };
        if month.is_none() && day.is_some() {
            return Self::Impossible;
        }
        let date = century(i32::try_from(year).unwrap_or(0), month, day);
        match date.first() {
            Some(_) => Self::Known(date),
            None => Self::Impossible,
        }
    }

    pub const fn known(self) -> Option<PartialDate> {
        match self {
            Self::Known(date) => Some(date),
            Self::Absent | Self::Impossible => None,
        }
    }
}

type Parts = (Option<u32>, Option<u32>, Option<u32>);

/// Three pairs, each digits or fillers.
fn split(field: &[u8]) -> Option<Parts> {
    let pair = |at: usize| -> Option<Option<u32>> {
        match field.get(at..at + 2)? {
            b"<<" => Some(None),
            [a @ b'0'..=b'9', b @ b'0'..=b'9'] => {
                Some(Some(u32::from(a - b'0') * 10 + u32::from(b - b'0')))
            }
            _ => None,
        }
    };
    Some((pair(0)?, pair(2)?, pair(4)?))
}

impl PartialDate {
    /// The earliest day that it can be.
    pub fn first(self) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(self.year, self.month.unwrap_or(1), self.day.unwrap_or(1))
    }

    /// The latest day that it can be.
    pub fn last(self) -> Option<NaiveDate> {
        let (Some(month), Some(day)) = (self.month, self.day) else {
            let months = if self.month.is_some() { 1 } else { 12 };
            return self
                .first()?
                .checked_add_months(Months::new(months))?
                .pred_opt();
        };
        NaiveDate::from_ymd_opt(self.year, month, day)
    }

    /// Whole years that somebody born then has lived at the least.
    pub fn years_until(self, today: NaiveDate) -> Option<u32> {
        today.years_since(self.last()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn nobody_is_born_tomorrow_and_documents_expire_around_today() {
        let today = day(2026, 11, 26);
        let birth = |text: &str| DateField::birth(text.as_bytes(), today).known().unwrap();
        assert_eq!(birth("261126").year, 2026);
        assert_eq!(birth("261127").year, 1926);
        assert_eq!(birth("740812").year, 1974);
        let expiry = |text: &str| DateField::expiry(text.as_bytes(), today).known().unwrap();
        assert_eq!(expiry("120415").year, 2012);
        assert_eq!(expiry("750101").year, 2075);
        assert_eq!(expiry("760101").year, 1976);
    }

    #[test]
    fn unknown_parts_count_against_the_age() {
        let today = day(2026, 11, 26);
        let birth = |text: &str| DateField::birth(text.as_bytes(), today).known().unwrap();
        assert_eq!(birth("081126").years_until(today), Some(18));
        assert_eq!(birth("081127").years_until(today), Some(17));
        assert_eq!(birth("0811<<").years_until(today), Some(17));
        assert_eq!(birth("07<<<<").years_until(today), Some(18));
        assert_eq!(birth("08<<<<").years_until(today), Some(17));
    }

    #[test]
    fn a_field_is_a_day_or_nothing() {
        let today = day(2026, 11, 26);
        assert_eq!(DateField::birth(b"<<<<<<", today), DateField::Absent);
        for wrong in ["999999", "230229", "23<<11", "2301O1", "<<0101", "23010"] {
            assert_eq!(
                DateField::birth(wrong.as_bytes(), today),
                DateField::Impossible,
                "{wrong}"
            );
        }
    }
}

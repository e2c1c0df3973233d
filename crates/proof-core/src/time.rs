//! Time and randomness are parameters, so that a simulation can own both.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A moment in UTC, in whole microseconds since 1970: the precision of both databases, so that a
/// value read back equals the value written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Bounds of what both databases and the wire format can say.
    pub const FIRST: Self = Self(0);
    pub const LAST: Self = Self(253_402_300_799_000_000);

    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Reads RFC 3339 (which is ISO 8601), to the microsecond, within the bounds.
    pub fn parse(text: &str) -> Option<Self> {
        let at = DateTime::parse_from_rfc3339(text).ok()?;
        let at = Self(at.timestamp_micros());
        (Self::FIRST <= at && at <= Self::LAST).then_some(at)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis.saturating_mul(1_000)))
    }

    /// Whole milliseconds from `earlier` to `self`; negative when `earlier` is the later one.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(1_000)
    }

    /// ISO 8601 in UTC with whole seconds, as the partner contract shows every time.
    pub fn to_contract(self) -> String {
        DateTime::<Utc>::from_timestamp_micros(self.0)
            .unwrap_or_default()
            .to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// For people: `24 November 2026, 21:30 UTC`.
    pub fn to_words(self) -> String {
        let at = DateTime::<Utc>::from_timestamp_micros(self.0).unwrap_or_default();
        at.format("%-d %B %Y, %H:%M UTC").to_string()
    }

    /// For people of every language.
    pub fn to_digits(self) -> String {
        let at = DateTime::<Utc>::from_timestamp_micros(self.0).unwrap_or_default();
        at.format("%Y-%m-%d %H:%M UTC").to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            &DateTime::<Utc>::from_timestamp_micros(self.0)
                .unwrap_or_default()
                .to_rfc3339_opts(SecondsFormat::Micros, true),
        )
    }
}

/// The only source of the present moment.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// The only source of randomness.
pub trait Entropy: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

/// `N` random bytes.
pub fn random<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

/// A length of time as people write it: `90s`, `45m`, `6h`, `2d`.
pub fn span_seconds(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let number = text.strip_suffix(unit)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 24 * 3_600,
        _ => return None,
    };
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    number
        .parse::<i64>()
        .ok()
        .filter(|_| digits)?
        .checked_mul(seconds)
}

/// The same for people, in its two largest units: `6 h 30 min`.
pub fn span_words(seconds: i64) -> String {
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0).take(2);
    let words: Vec<String> = parts
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if words.is_empty() {
        return "0 s".to_owned();
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::{span_seconds, span_words};

    #[test]
    fn a_span_is_a_whole_number_and_a_unit() {
        for (text, seconds) in [("90s", 90), ("45m", 2_700), ("6h", 21_600), ("2d", 172_800)] {
            assert_eq!(span_seconds(text), Some(seconds), "{text}");
        }
        for text in [
            "",
            "m",
            "45",
            "-5m",
            "+5m",
            "1.5h",
            "5 m",
            "45m ",
            "9999999999999999d",
            "5ä",
        ] {
            assert_eq!(span_seconds(text), None, "{text}");
        }
        let told = [0, 59, 2_700, 23_400, 90_061].map(span_words);
        assert_eq!(told, ["0 s", "59 s", "45 min", "6 h 30 min", "1 d 1 h"]);
    }
}

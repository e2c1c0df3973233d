//! Query parameters, read like every other input: each is right, absent, or named in the refusal.

use crate::error::Refused;
use axum::extract::RawQuery;
use proof_core::{ErrorCode, Timestamp};
use proof_engine::ApiError;
use std::collections::BTreeMap;

/// Longest value that means anything here: a user's id, percent-encoded, is the longest.
const VALUE_LENGTH_MAX: usize = 4_096;

/// Page sizes.
const LIMIT_DEFAULT: i64 = 20;
const LIMIT_MAX: i64 = 100;

/// The parameters of a call; of one that comes twice, the first counts.
pub struct Query(BTreeMap<String, String>);

impl Query {
    pub fn read(RawQuery(raw): &RawQuery) -> Self {
        let mut values = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(raw.as_deref().unwrap_or("").as_bytes()) {
            values
                .entry(name.into_owned())
                .or_insert_with(|| value.into_owned());
        }
        Self(values)
    }

    /// A value; an empty one is absent.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, Refused> {
        match self.0.get(name).map(String::as_str) {
            None | Some("") => Ok(None),
            Some(text) if text.len() > VALUE_LENGTH_MAX || text.contains('\0') => Err(wrong(
                name,
                "is too long or has characters that mean nothing",
            )),
            Some(text) => Ok(Some(text)),
        }
    }

    /// A value that `parse` understands; `rule` says what it should have been.
    pub fn parsed<T>(
        &self,
        name: &'static str,
        rule: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Refused> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        parse(text).map(Some).ok_or_else(|| wrong(name, rule))
    }

    pub fn integer(
        &self,
        name: &'static str,
        (min, max): (i64, i64),
    ) -> Result<Option<i64>, Refused> {
        let rule = format!("must be a whole number from {min} to {max}");
        self.parsed(name, &rule, |text| {
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            let number = text.parse().ok().filter(|_| digits)?;
            (min..=max).contains(&number).then_some(number)
        })
    }

    pub fn limit(&self) -> Result<i64, Refused> {
        Ok(self
            .integer("limit", (1, LIMIT_MAX))?
            .unwrap_or(LIMIT_DEFAULT))
    }

    pub fn time(&self, name: &'static str) -> Result<Option<Timestamp>, Refused> {
        self.parsed(name, TIME_RULE, Timestamp::parse)
    }
}

pub const TIME_RULE: &str = "must be a time like 2026-04-01T10:03:45Z";

pub fn wrong(name: &'static str, rule: &str) -> Refused {
    let message = format!("The parameter {name} {rule}.");
    Refused(ApiError::field(ErrorCode::ValidationError, name, message))
}

//! Reading request bodies with a bound, after the caller is known.

use crate::{Api, error::Refused};
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::FutureExt;
use http_body_util::BodyExt;
use proof_core::ErrorCode;
use proof_engine::ApiError;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Bodies of the JSON calls (contract §2).
pub const JSON_BYTES_MAX: usize = 1024 * 1024;

/// How much of a body that is refused anyway is still read, so that a browser gets to see the
/// answer instead of a broken connection.
const DRAIN_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A body that takes longer is given up: its sender holds a place that others need.
const SECONDS_MAX: i64 = 30;
const JSON_SECONDS_MAX: i64 = 10;

/// The whole body, or `413`; a body that ends early, or does not end, is `400`.
pub async fn read(api: &Api, body: Body, bytes_max: usize) -> Result<Bytes, Refused> {
    // A picture over a poor connection takes its time; a few fields do not.
    let seconds = if bytes_max > JSON_BYTES_MAX {
        SECONDS_MAX
    } else {
        JSON_SECONDS_MAX
    };
    api.load
        .while_reading(timed(api, body, bytes_max, seconds))
        .await
}

async fn timed(api: &Api, body: Body, bytes_max: usize, seconds: i64) -> Result<Bytes, Refused> {
    let until = api.engine.real_now().plus_seconds(seconds);
    let (read, wait) = (
        frames(body, bytes_max).fuse(),
        api.engine.real_sleep_until(until).fuse(),
    );
    futures::pin_mut!(read, wait);
    futures::select_biased! {
        read = read => read,
        () = wait => {
            let message = format!("The body took longer than {seconds} s; send it again.");
            Err(Refused(ApiError::new(ErrorCode::DecodeError, message)))
        }
    }
}

async fn frames(mut body: Body, bytes_max: usize) -> Result<Bytes, Refused> {
    let mut kept = BytesMut::new();
    let mut seen = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            let message = "The body ended before it was complete; send it again.";
            Refused(ApiError::new(ErrorCode::DecodeError, message))
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        seen = seen.saturating_add(data.len());
        if seen > DRAIN_BYTES_MAX {
            break;
        }
        if seen <= bytes_max {
            kept.extend_from_slice(&data);
        }
    }
    if seen > bytes_max {
        let message = format!("The body is larger than {} MiB.", bytes_max / (1024 * 1024));
        return Err(Refused(ApiError::new(ErrorCode::BodyTooLarge, message)));
    }
    Ok(kept.freeze())
}

/// A JSON object of the widget's own calls. A card number in any field is refused and not kept.
pub async fn json<T: DeserializeOwned>(api: &Api, body: Body) -> Result<T, Refused> {
    let bytes = read(api, body, JSON_BYTES_MAX).await?;
    let bytes = if bytes.is_empty() {
        Bytes::from_static(b"{}")
    } else {
        bytes
    };
    let unreadable = || {
        let message = "The body must be a JSON object with the documented fields.";
        Refused(ApiError::new(ErrorCode::DecodeError, message))
    };
    let value: Value = serde_json::from_slice(&bytes).map_err(|_| unreadable())?;
    if has_nul(&value) {
        return Err(unreadable());
    }
    if has_card_number(&value) {
        let message = "Card numbers never come here; use the provider's card fields.";
        return Err(Refused(ApiError::new(ErrorCode::CardDataRefused, message)));
    }
    serde_json::from_value(value).map_err(|_| unreadable())
}

/// A JSON object, its fields to be read one by one; nothing at all is an empty one.
pub async fn object(api: &Api, body: Body) -> Result<Map<String, Value>, Refused> {
    let bytes = read(api, body, JSON_BYTES_MAX).await?;
    if bytes.is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_slice(&bytes).map_err(|_| {
        let message = "The body must be one JSON object.";
        Refused(ApiError::new(ErrorCode::DecodeError, message))
    })
}

/// No database keeps a NUL in a text.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(has_nul),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, field)| name.contains('\0') || has_nul(field)),
    }
}

fn has_card_number(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::Number(number) => is_card_number(&number.to_string()),
        Value::String(text) => is_card_number(text),
        Value::Array(values) => values.iter().any(has_card_number),
        Value::Object(fields) => fields.values().any(has_card_number),
    }
}

/// 13 to 19 digits, perhaps grouped, whose check digit holds (ISO/IEC 7812, Luhn).
fn is_card_number(text: &str) -> bool {
    if !text
        .chars()
        .all(|c| c.is_ascii_digit() || c == ' ' || c == '-')
    {
        return false;
    }
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    if !(13..=19).contains(&digits.len()) {
        return false;
    }
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(n, digit)| match (n % 2, digit * 2) {
            (0, _) => *digit,
            (_, twice) if twice > 9 => twice - 9,
            (_, twice) => twice,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn card_numbers_are_seen_wherever_they_hide() {
        for value in [
            json!({"card_token": "4242424242424242"}),
            json!({"a": [{"b": "4242 4242 4242 4242"}]}),
            json!({"n": 4_242_424_242_424_242_u64}),
            json!("3782-822463-10005"),
        ] {
            assert!(has_card_number(&value), "{value}");
        }
        for value in [
            json!({"card_token": "tok_4242424242424242"}),
            json!("4242424242424241"),
        ] {
            assert!(!has_card_number(&value), "{value}");
        }
    }
}

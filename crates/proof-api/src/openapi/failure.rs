//! Errors: which call can give which, why, and what they look like.

use super::{example, operation::refer};
use proof_core::ErrorCode;
use rust_embed::RustEmbed;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

#[derive(RustEmbed)]
#[folder = "../../docs/src/errors"]
struct Pages;

/// The paragraph of an error's page that begins with `**{part}.**`.
fn paragraph(code: ErrorCode, part: &str) -> String {
    let file = Pages::get(&format!("{}.md", code.code().to_lowercase()));
    let text = file.map(|file| String::from_utf8_lossy(&file.data).into_owned());
    let (text, start) = (text.unwrap_or_default(), format!("**{part}.** "));
    let found = text.split("\n\n").find_map(|p| p.strip_prefix(&start));
    found.unwrap_or_default().trim().replace('\n', " ")
}

/// Codes that partners can meet: all but the widget's and the console's own, and what providers are told.
pub fn partner_codes() -> Vec<ErrorCode> {
    let own = [
        ErrorCode::ParameterMismatch,
        ErrorCode::PictureRefused,
        ErrorCode::QuoteExpired,
        ErrorCode::OutOfStock,
        ErrorCode::AttemptsExhausted,
        ErrorCode::CardDataRefused,
        ErrorCode::LimitExceeded,
        ErrorCode::CountryNotServed,
        ErrorCode::AmountTooSmall,
        ErrorCode::SignInRefused,
        ErrorCode::SignedOut,
        ErrorCode::NotAllowed,
        ErrorCode::SignInAgain,
        ErrorCode::PublishFailed,
    ];
    let codes = ErrorCode::ALL.into_iter();
    codes.filter(|code| !own.contains(code)).collect()
}

/// One response for each status; its schema allows the codes that this call can give.
pub fn responses(codes: &[ErrorCode]) -> Map<String, Value> {
    let mut by_status: BTreeMap<u16, Vec<ErrorCode>> = BTreeMap::new();
    for code in codes {
        let same = by_status.entry(code.status()).or_default();
        if !same.contains(code) {
            same.push(*code);
        }
    }
    let responses = by_status.into_iter();
    responses
        .map(|(status, codes)| (status.to_string(), response(status, &codes)))
        .collect()
}

fn response(status: u16, codes: &[ErrorCode]) -> Value {
    let causes = codes.iter().map(|code| {
        let cause = paragraph(*code, "Cause");
        format!("- `{}`: {cause}", code.code())
    });
    let names: Vec<&str> = codes.iter().map(|code| code.code()).collect();
    let examples = names.iter().map(|name| {
        let reference = json!({"$ref": format!("#/components/examples/{name}")});
        ((*name).to_owned(), reference)
    });
    let schema = |name: &str| {
        json!({
            "$ref": format!("#/components/schemas/{name}"),
            "properties": {"code": {"enum": names}},
        })
    };
    let mut headers = vec!["X-Request-Id"];
    if matches!(status, 429 | 503) {
        headers.push("Retry-After");
    }
    if status == 426 {
        headers.push("Upgrade");
    }
    let examples: Map<String, Value> = examples.collect();
    json!({
        "description": causes.collect::<Vec<_>>().join("\n"),
        "headers": refer(&headers),
        "content": {
            "application/json": {"schema": schema("Error"), "examples": examples},
            "application/problem+json": {"schema": schema("Problem")},
        },
    })
}

/// An error of each code, as it goes over the wire.
pub fn examples(base: &str) -> Map<String, Value> {
    let codes = partner_codes().into_iter();
    codes
        .map(|code| {
            let summary = paragraph(code, "What to do");
            let value = json!({"summary": summary, "value": body(code, base)});
            (code.code().to_owned(), value)
        })
        .collect()
}

fn body(code: ErrorCode, base: &str) -> Value {
    let (_, error, name) = code.parts();
    let mut body = json!({
        "error": error,
        "code": name,
        "message": said(code),
        "docs_url": format!("{base}/docs/errors/{}", name.to_lowercase()),
        "request_id": example::REQUEST_ID,
    });
    match code {
        ErrorCode::ValidationError => body["field"] = "amount".into(),
        ErrorCode::MissingParam => body["field"] = "user_email".into(),
        _ => {}
    }
    body
}

/// A message as the server words it.
fn said(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::DecodeError => "The body must be one JSON object.",
        ErrorCode::ValidationError => "The field amount is below the minimum of 10.00.",
        ErrorCode::MissingParam => "The field user_email is required.",
        ErrorCode::CurrencyNotAllowed => "BTC is not enabled for this partner.",
        ErrorCode::WalletNotSupported => {
            "There is no active wallet for USDT on SOLANA; ask the operator to enable the pair."
        }
        ErrorCode::MissingToken => {
            "Send your client token as Authorization: Bearer <client_token>."
        }
        ErrorCode::InvalidToken => "This client token is unknown, expired or disabled.",
        ErrorCode::ForbiddenOrigin => {
            "The origin https://other.example is not registered for this partner; register it."
        }
        ErrorCode::OfframpDisabled => "Selling is not enabled for this partner; ask the operator.",
        ErrorCode::NotFound => "No such transaction for this partner.",
        ErrorCode::IdempotencyConflict => {
            "This Idempotency-Key was used with another body; use a new key."
        }
        ErrorCode::WrongState => "The webhook is disabled; enable it first.",
        ErrorCode::BodyTooLarge => "The body is larger than 1 MiB.",
        ErrorCode::UpgradeRequired => {
            "This is a WebSocket: send Connection: Upgrade and Upgrade: websocket."
        }
        ErrorCode::MethodNotAllowed => "This route has other methods; the Allow header lists them.",
        ErrorCode::RateLimitExceeded => "Too many calls; try again after 1 s.",
        ErrorCode::Overloaded => "Too much is going on right now; nothing was done. Try again.",
        ErrorCode::Recovering => {
            "The service is being recovered after a restore: it can be read, and nothing new begins. Nothing was done; try again later."
        }
        ErrorCode::ProviderError => {
            "A provider answered with an error; the same call may be tried again."
        }
        ErrorCode::UpstreamUnavailable => {
            "A provider cannot be reached right now; try the same call again."
        }
        ErrorCode::UpstreamInvalidResponse => {
            "A provider gave no readable answer; try the same call again."
        }
        _ => "Something failed on our side; nothing was half done. Try again.",
    }
}

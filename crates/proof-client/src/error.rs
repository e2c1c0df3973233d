//! Why a call was refused, and who can do something about it.

use crate::wire::ErrorBody;
use http::{HeaderMap, StatusCode};
use std::{fmt, time::Duration};

/// A call that did not end as it should. The variant says who acts:
///
/// | variant | who |
/// |---|---|
/// | `Configuration` | whoever deploys: the message says what to set. Trying again never helps |
/// | `Request` | whoever wrote the call: a field is wrong |
/// | `NotFound` | the caller: there is no such transaction or user for this token |
/// | `Conflict` | the caller: this idempotency key belongs to another body |
/// | `Unavailable` | nobody: it was tried again already, later is better |
/// | `Transport` | the network, or something on the way that is not Proof |
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("Configuration bug: {0}")]
    Configuration(Box<Problem>),
    #[error("the request is wrong: {0}")]
    Request(Box<Problem>),
    #[error("not found: {0}")]
    NotFound(Box<Problem>),
    #[error("conflict: {0}")]
    Conflict(Box<Problem>),
    #[error("unavailable: {0}")]
    Unavailable(Box<Problem>),
    #[error("transport: {0}")]
    Transport(Box<Problem>),
}

/// What is known about a failure. Everything but the message may be missing: a proxy's error page
/// has none of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Problem {
    /// The HTTP status; none when there was no answer.
    pub status: Option<u16>,
    /// The error's slug, such as `invalid_request`.
    pub error: Option<String>,
    /// The error's code, such as `validation_error`: the one to branch on.
    pub code: Option<String>,
    pub message: String,
    /// The field that is wrong.
    pub field: Option<String>,
    /// Quote it when you ask for help.
    pub request_id: Option<String>,
    pub docs_url: Option<String>,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
    pub retry: Retry,
    /// What to do about it, for bugs of configuration.
    pub advice: Option<&'static str>,
}

/// Whether the same call may be made again. All calls of [`Client`](crate::Client) may be
/// repeated, and have been by the time you see the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Retry {
    #[default]
    Never,
    /// Only a call that is harmless twice: nobody knows whether it was carried out.
    Idempotent,
    /// The server says that it has not been carried out.
    Always,
}

impl Error {
    pub const fn problem(&self) -> &Problem {
        match self {
            Self::Configuration(problem)
            | Self::Request(problem)
            | Self::NotFound(problem)
            | Self::Conflict(problem)
            | Self::Unavailable(problem)
            | Self::Transport(problem) => problem,
        }
    }

    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        self.problem().retry != Retry::Never
    }

    pub fn code(&self) -> Option<&str> {
        self.problem().code.as_deref()
    }

    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::Configuration(Box::new(Problem {
            message: message.into(),
            ..Problem::default()
        }))
    }

    /// A value that is refused before anything is sent.
    pub(crate) fn field(field: &str, message: impl Into<String>) -> Self {
        Self::Request(Box::new(Problem {
            message: message.into(),
            field: Some(field.to_owned()),
            ..Problem::default()
        }))
    }

    pub(crate) fn transport(message: impl Into<String>, retry: Retry) -> Self {
        Self::Transport(Box::new(Problem {
            message: message.into(),
            retry,
            ..Problem::default()
        }))
    }

    /// An answer that is not a 2xx.
    pub(crate) fn from_answer(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let body = ErrorBody::parse(body);
        let class = class(status, body.code.as_deref());
        let problem = Box::new(Problem {
            status: Some(status.as_u16()),
            retry: retry(class, status, body.code.is_some()),
            advice: matches!(class, Class::Configuration)
                .then(|| advice(status, body.code.as_deref())),
            message: body
                .message
                .unwrap_or_else(|| format!("the answer is not one of Proof's, HTTP {status}")),
            error: body.error,
            code: body.code,
            field: body.field,
            request_id: body.request_id.or_else(|| text(headers, "x-request-id")),
            docs_url: body.docs_url,
            retry_after: retry_after(headers),
        });
        match class {
            Class::Configuration => Self::Configuration(problem),
            Class::Request => Self::Request(problem),
            Class::NotFound => Self::NotFound(problem),
            Class::Conflict => Self::Conflict(problem),
            Class::Unavailable => Self::Unavailable(problem),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(advice) = self.advice {
            write!(f, "{advice} Proof said: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(code) = &self.code {
            write!(f, " [{code}]")?;
        }
        if let Some(request_id) = &self.request_id {
            write!(f, " (request {request_id})")?;
        }
        if let Some(docs_url) = &self.docs_url {
            write!(f, " {docs_url}")?;
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Class {
    Configuration,
    Request,
    NotFound,
    Conflict,
    Unavailable,
}

/// By code first: it says more than the status. A code from the future falls back to its status.
fn class(status: StatusCode, code: Option<&str>) -> Class {
    match code {
        Some(
            "missing_token"
            | "invalid_token"
            | "forbidden_origin"
            | "offramp_disabled"
            | "WALLET_NOT_SUPPORTED"
            | "currency_not_allowed",
        ) => Class::Configuration,
        _ => match status.as_u16() {
            // A redirect means that the base URL is not where Proof is.
            300..=399 | 401 | 403 => Class::Configuration,
            404 => Class::NotFound,
            409 => Class::Conflict,
            429 | 500.. => Class::Unavailable,
            _ => Class::Request,
        },
    }
}

/// Proof's own 502 and 503 leave nothing half-done; a proxy's may stand for a call that arrived.
fn retry(class: Class, status: StatusCode, from_proof: bool) -> Retry {
    match (class, status.as_u16()) {
        (Class::Unavailable, 429) => Retry::Always,
        (Class::Unavailable, 502 | 503) if from_proof => Retry::Always,
        (Class::Unavailable, _) => Retry::Idempotent,
        _ => Retry::Never,
    }
}

fn advice(status: StatusCode, code: Option<&str>) -> &'static str {
    match code {
        Some("missing_token") => {
            "no client token arrived. Look for a proxy that drops the Authorization header."
        }
        Some("invalid_token") => {
            "the client token is unknown, over, or of the other environment (sk_test_ or sk_live_). \
             Give Client::new the present one of this Proof."
        }
        Some("forbidden_origin") => {
            "something on the way adds an Origin header that is not registered. Remove it, or let \
             the operator register that origin."
        }
        Some("offramp_disabled") => {
            "selling is not enabled for this partner. Let the operator enable it, or ask for a buy."
        }
        Some("WALLET_NOT_SUPPORTED") => {
            "no wallet is registered for this currency and network. Let the operator register one."
        }
        Some("currency_not_allowed") => {
            "this currency is not enabled for this partner. Let the operator enable it, or ask for \
             another."
        }
        _ if status.is_redirection() => {
            "the base URL redirects. Give Client::new the address where Proof itself answers."
        }
        _ => {
            "the call was not allowed. Check the base URL, the token, and whatever stands before \
             Proof."
        }
    }
}

/// Whole seconds only; a date would need a clock that agrees with the server's.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = text(headers, "retry-after")?;
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = digits.then(|| text.parse().unwrap_or(u64::MAX))?;
    Some(Duration::from_secs(seconds))
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

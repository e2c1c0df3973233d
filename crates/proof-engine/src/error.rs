//! A failed use case: what the caller may read, and what only the log may.

use crate::Allowance;
use proof_core::{ErrorCode, identity::IdentityRefusal, order::Refusal, quote::QuoteError};
use proof_port::{Class, PortError};
use proof_store::{Failure, LedgerError, StoreError};

/// Of why something failed, for people.
const WHY_CHARS_MAX: usize = 400;

#[derive(Debug, Clone, thiserror::Error)]
#[error("{}: {message} {}", code.code(), context.as_deref().unwrap_or_default())]
pub struct ApiError {
    pub code: ErrorCode,
    /// For the caller: what is wrong and what to do.
    pub message: String,
    /// The field that is to blame.
    pub field: Option<&'static str>,
    /// Of a picture: what is wrong with it.
    pub problem: Option<&'static str>,
    /// When the same call may be made again.
    pub retry_after_s: Option<u32>,
    /// Of a call that came too soon: the allowance that is used up.
    pub allowance: Option<Allowance>,
    /// For the log only.
    pub context: Option<String>,
}

impl ApiError {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
            problem: None,
            retry_after_s: None,
            allowance: None,
            context: None,
        }
    }

    pub fn field(code: ErrorCode, field: &'static str, message: impl Into<String>) -> Self {
        Self {
            field: Some(field),
            ..Self::new(code, message)
        }
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(
            ErrorCode::NotFound,
            format!("No such {what} for this partner."),
        )
    }

    /// The same for people of the console, who have no partner, or several.
    pub fn nobody(what: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("There is no such {what}."))
    }

    /// A cursor that no page gave.
    pub fn cursor() -> Self {
        let message = "The query parameter after must be a cursor that an earlier page gave.";
        Self::field(ErrorCode::ValidationError, "after", message)
    }

    /// For failures that are tried again by themselves.
    pub(crate) fn log(&self, message: &str) {
        let context = self.context.as_deref().unwrap_or("");
        let code = self.code.code();
        tracing::warn!(code, context, "{message}: {}", self.message);
    }

    /// The same for people who look at what it happened to, of a bounded length.
    pub(crate) fn why(&self) -> String {
        let why = self.context.as_deref().unwrap_or(&self.message);
        why.chars().take(WHY_CHARS_MAX).collect()
    }

    pub(crate) fn unavailable(context: String) -> Self {
        let message = "A provider cannot be reached right now; try the same call again.";
        Self {
            context: Some(context),
            ..Self::new(ErrorCode::UpstreamUnavailable, message)
        }
    }

    /// A fault of ours.
    pub fn internal(context: impl ToString) -> Self {
        let message = "Something failed on our side; nothing was half done. Try again.";
        Self {
            context: Some(context.to_string()),
            ..Self::new(ErrorCode::DbError, message)
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let mut own = Self::internal(chain(&error));
        if matches!(error, StoreError::InDoubt) {
            "Something failed on our side, and it is not known whether this was saved. Repeat the \
             call with the same Idempotency-Key, or read before you repeat it."
                .clone_into(&mut own.message);
        }
        own
    }
}

/// The error with its causes, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

impl From<Failure<ApiError>> for ApiError {
    fn from(failure: Failure<ApiError>) -> Self {
        match failure {
            Failure::Store(error) => error.into(),
            Failure::Refused(error) => error,
        }
    }
}

impl From<PortError> for ApiError {
    fn from(error: PortError) -> Self {
        let (code, message) = match (error.answered, error.class) {
            (true, _) => (
                ErrorCode::ProviderError,
                "A provider answered with an error; the same call may be tried again.",
            ),
            (false, Class::Retry) => (
                ErrorCode::UpstreamUnavailable,
                "A provider cannot be reached right now; try the same call again.",
            ),
            (false, Class::InDoubt | Class::GiveUp) => (
                ErrorCode::UpstreamInvalidResponse,
                "A provider gave no readable answer; try the same call again.",
            ),
        };
        Self {
            context: Some(error.to_string()),
            ..Self::new(code, message)
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::WrongState => Self::new(
                ErrorCode::WrongState,
                "The order has moved on; read it again to see where it is.",
            ),
            Refusal::QuoteExpired => Self::new(
                ErrorCode::QuoteExpired,
                "This price has expired; ask for a new one.",
            ),
            Refusal::AttemptsExhausted => Self::new(
                ErrorCode::AttemptsExhausted,
                "No payment attempts are left for this order; start a new one.",
            ),
            Refusal::SecondPerson => Self::new(
                ErrorCode::WrongState,
                "Two different people decide: another operator has to say the same.",
            ),
            Refusal::Ruling(why) => Self::new(ErrorCode::WrongState, why),
            Refusal::Money(error) => Self::internal(error),
        }
    }
}

impl From<IdentityRefusal> for ApiError {
    fn from(refusal: IdentityRefusal) -> Self {
        match refusal {
            IdentityRefusal::WrongState => Self::from(Refusal::WrongState),
            IdentityRefusal::Incomplete => Self::field(
                ErrorCode::ValidationError,
                "document",
                "A side of the document is missing; take its picture first.",
            ),
            IdentityRefusal::NotInReview => Self::new(
                ErrorCode::WrongState,
                "This check was decided meanwhile; look at it again.",
            ),
            IdentityRefusal::TriesExhausted => Self::new(
                ErrorCode::AttemptsExhausted,
                "There were too many identity checks in a short time; try again later.",
            ),
            IdentityRefusal::NoSuchSide => Self::field(
                ErrorCode::ValidationError,
                "side",
                "This document has only the sides that are listed in the view.",
            ),
        }
    }
}

impl From<QuoteError> for ApiError {
    fn from(error: QuoteError) -> Self {
        match error {
            QuoteError::RateStale => Self::unavailable(error.to_string()),
            QuoteError::FeesTooHigh => Self::field(
                ErrorCode::AmountTooSmall,
                "amount",
                "The fees would take all of this amount: choose a larger one, or another network.",
            ),
            QuoteError::NetworkTooDear { least } => Self::field(
                ErrorCode::AmountTooSmall,
                "amount",
                format!(
                    "The network would take more than half of this amount today: choose at least {least}, or another network."
                ),
            ),
            QuoteError::Money(_) => Self::internal(error),
        }
    }
}

impl From<LedgerError> for ApiError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Store(error) => error.into(),
            LedgerError::Floor { account } => Self {
                context: Some(format!("{account} would fall below zero")),
                ..Self::new(
                    ErrorCode::OutOfStock,
                    "This amount is not available right now; nothing was charged.",
                )
            },
        }
    }
}

/// Lets `?` work inside database transactions whose own refusals are [`ApiError`]s.
pub(crate) fn refused(error: impl Into<ApiError>) -> Failure<ApiError> {
    Failure::Refused(error.into())
}

/// Ledger failures inside a database transaction: the database's own stay retryable.
pub(crate) fn ledger_failed(error: LedgerError) -> Failure<ApiError> {
    match error {
        LedgerError::Store(error) => Failure::Store(error),
        floor @ LedgerError::Floor { .. } => refused(floor),
    }
}

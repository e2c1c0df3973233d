//! What we know of a card payment.

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

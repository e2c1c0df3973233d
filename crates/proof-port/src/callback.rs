//! What a provider says of its own accord.

use proof_core::Timestamp;

/// A call from outside, as it came.
#[derive(Clone, Copy, Debug)]
pub struct CallbackCall<'a> {
    /// Names in lower case.
    pub headers: &'a [(String, String)],
    pub body: &'a [u8],
    pub now: Timestamp,
}

/// A callback is a hint to look, never a fact: what happened is asked under our own reference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Callback {
    pub reference: String,
}

/// Why a call is not believed to be the provider's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallbackRefusal {
    #[error("the signature is missing or wrong")]
    Signature,
    #[error("it was signed too long ago, or in the future")]
    Stale,
    #[error("its body is not what this provider sends")]
    Unreadable,
}

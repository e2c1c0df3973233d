//! The sandbox world's card processor, identity provider and rates (docs: reference/sandbox.md).

mod identity;
mod map;
mod payments;
mod payouts;
mod rates;
mod webhook;
mod wire;

pub use identity::SandboxIdentity;
pub use payments::SandboxPayments;
pub use payouts::SandboxPayouts;
pub use rates::SandboxRates;

use proof_outbound::{Answer, CallError, Sent};
use proof_port::PortError;

/// The provider's name in ledger accounts and logs.
const PROVIDER: &str = "sandbox";

/// A question that changes nothing on the other side can always be asked again.
fn unanswered_question(error: CallError) -> PortError {
    PortError::retry(PROVIDER, error.context)
}

/// A call that has an effect.
fn unanswered_order(error: CallError) -> PortError {
    match error.sent {
        Sent::No => PortError::retry(PROVIDER, error.context),
        Sent::Maybe => PortError::in_doubt(PROVIDER, error.context),
    }
}

/// An error status that the connector has no special reading for.
fn refused(answer: &Answer) -> PortError {
    let code = code(answer);
    let context = format!("status {}, {code:.40}", answer.status);
    match answer.status {
        // The provider's own trouble: it may have struck before or after the effect.
        500..=599 => PortError::in_doubt(PROVIDER, context).answered(),
        // Ours, and passing: a key being rotated, too many calls.
        401 | 408 | 429 => PortError::retry(PROVIDER, context).answered(),
        _ => PortError::give_up(PROVIDER, context),
    }
}

/// The same for a question: the provider's trouble is not ours to doubt.
fn refused_question(answer: &Answer) -> PortError {
    let error = refused(answer);
    match answer.status {
        500..=599 => PortError::retry(PROVIDER, error.context).answered(),
        _ => error,
    }
}

fn code(answer: &Answer) -> String {
    answer
        .json()
        .map_or_else(|_| String::new(), |error: wire::Error| error.code)
}

#[cfg(test)]
mod tests;

//! Letters to users.

use crate::PortError;
use proof_core::Timestamp;

/// A letter, ready to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// The same letter has the same id however often it is sent, so that a repeat can be recognised
    /// (RFC 5322, without the angle brackets).
    pub id: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    /// When it was written.
    pub at: Timestamp,
}

#[async_trait::async_trait]
pub trait Mail: Send + Sync {
    /// Hands a letter to somebody who will deliver it. Handing it over twice is a nuisance, not a
    /// danger: what is in doubt is sent again.
    async fn send(&self, message: &Message) -> Result<(), PortError>;
}

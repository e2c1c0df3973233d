//! Waiting, so that a simulation can skip it.

use crate::PortError;
use proof_core::{Clock, Timestamp};

/// A clock that can also wake somebody up.
#[async_trait::async_trait]
pub trait Timer: Clock {
    async fn sleep_until(&self, at: Timestamp);
}

/// The clock of a sandbox: people may move it forwards, and the world outside moves with it.
#[async_trait::async_trait]
pub trait MovableClock: Send + Sync {
    /// Moves it for everybody, and says how far it is ahead of the real time then.
    async fn advance(&self, seconds: i64) -> Result<i64, PortError>;

    fn ahead_seconds(&self) -> i64;
}

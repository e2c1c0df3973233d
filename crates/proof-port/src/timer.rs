//! Waiting, so that a simulation can skip it.

use proof_core::{Clock, Timestamp};

/// A clock that can also wake somebody up.
#[async_trait::async_trait]
pub trait Timer: Clock {
    async fn sleep_until(&self, at: Timestamp);
}

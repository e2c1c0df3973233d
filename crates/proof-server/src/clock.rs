//! The one place where time and randomness enter.

use anyhow::Context;
use proof_core::{Clock, Entropy, Timestamp};
use proof_outbound::Configured;
use proof_port::{MovableClock, PortError, Timer};
use serde::Deserialize;
use serde_json::json;
use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::sync::Notify;

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

#[async_trait::async_trait]
impl Timer for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    async fn sleep_until(&self, at: Timestamp) {
        let micros = at.micros().saturating_sub(self.now().micros());
        tokio::time::sleep(Duration::from_micros(u64::try_from(micros).unwrap_or(0))).await;
    }
}

/// The system's clock, and so far ahead of it as the sandbox world has been moved. The world keeps how
/// far that is, so that the two never differ for longer than a call takes.
pub struct SandboxClock {
    world: Configured,
    ahead_seconds: AtomicI64,
    moved: Notify,
}

const WORLD: &str = "sandbox";

#[derive(Deserialize)]
struct Ahead {
    ahead_seconds: i64,
}

impl SandboxClock {
    /// Asks the world how late it is there; without an answer the time might run back.
    pub async fn open(world: Configured) -> anyhow::Result<Self> {
        let answer = world.get(&["clock", "v1"], &[]).await;
        let answer = answer.context("the sandbox world does not tell its time")?;
        let told: Ahead = answer.json().context("the sandbox world has no clock")?;
        Ok(Self {
            world,
            ahead_seconds: AtomicI64::new(told.ahead_seconds),
            moved: Notify::new(),
        })
    }
}

impl Clock for SandboxClock {
    fn now(&self) -> Timestamp {
        let ahead = self.ahead_seconds.load(Ordering::SeqCst);
        SystemClock.now().plus_seconds(ahead)
    }
}

#[async_trait::async_trait]
impl Timer for SandboxClock {
    async fn sleep_until(&self, at: Timestamp) {
        loop {
            let mut moved = std::pin::pin!(self.moved.notified());
            // Before the look at the clock: a move in between is not missed.
            moved.as_mut().enable();
            if self.now() >= at {
                return;
            }
            let ahead = self.ahead_seconds.load(Ordering::SeqCst);
            tokio::select! {
                () = SystemClock.sleep_until(at.plus_seconds(-ahead)) => {}
                () = moved => {}
            }
        }
    }
}

#[async_trait::async_trait]
impl MovableClock for SandboxClock {
    /// The world first: what it says after our time would lie in our future.
    async fn advance(&self, seconds: i64) -> Result<i64, PortError> {
        let body = json!({ "seconds": seconds });
        let answer = self.world.post(&["clock", "v1"], &body).await;
        let answer = answer.map_err(|error| PortError::in_doubt(WORLD, error))?;
        let told = answer.json::<Ahead>();
        let told = told.map_err(|error| PortError::give_up(WORLD, error))?;
        self.ahead_seconds
            .fetch_max(told.ahead_seconds, Ordering::SeqCst);
        self.moved.notify_waiters();
        Ok(self.ahead_seconds())
    }

    fn ahead_seconds(&self) -> i64 {
        self.ahead_seconds.load(Ordering::SeqCst)
    }
}

/// The system's random source.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the source of randomness"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            // Ids and tokens without randomness would be guessable: better no server than that.
            tracing::error!("the system gives no random bytes: {error}");
            std::process::abort();
        }
    }
}

//! The clock of a sandbox, which people may move forwards.

use crate::{Access, ApiError, Engine, member::deed};
use proof_core::{ErrorCode, Timestamp, audit::Author, partner::Environment};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

/// A month at once, since a longer wait is nothing that a scenario has.
pub const ADVANCE_SECONDS_MAX: i64 = 31 * 24 * 3_600;

/// A year in all: test cards and addresses of years to come are nobody's concern.
pub const AHEAD_SECONDS_MAX: i64 = 366 * 24 * 3_600;

/// The sandbox's clock.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ClockView {
    /// What the sandbox takes for the present moment.
    pub now: String,
    /// How far that is ahead of the real time, in seconds.
    pub ahead_seconds: i64,
    /// Whether it can be moved.
    pub movable: bool,
}

impl Engine {
    /// Whether there is a sandbox behind this token: not behind a live one, nor where nothing plays the
    /// world.
    pub fn sandbox_check(&self, access: &Access) -> Result<(), ApiError> {
        if access.environment == Environment::Test && self.test_rails.is_some() {
            return Ok(());
        }
        Err(ApiError::not_found("sandbox"))
    }

    pub fn clock_view(&self) -> ClockView {
        ClockView {
            now: self.now().to_contract(),
            ahead_seconds: self.ahead_seconds(),
            movable: self.movable.is_some(),
        }
    }

    pub(crate) fn ahead_seconds(&self) -> i64 {
        let movable = self.movable.as_ref();
        movable.map_or(0, |clock| clock.ahead_seconds())
    }

    /// What clocks outside show: authenticator apps, and the receivers of webhooks.
    pub fn real_now(&self) -> Timestamp {
        self.now().plus_seconds(-self.ahead_seconds())
    }

    /// Waits for a moment of the real time: what bounds a call is not over because a clock was moved.
    pub async fn real_sleep_until(&self, at: Timestamp) {
        while self.real_now() < at {
            let until = at.plus_seconds(self.ahead_seconds());
            self.clock.sleep_until(until).await;
        }
    }

    /// Time passes at once, for the server and the world outside; whoever waits for it wakes up.
    pub async fn clock_advance(
        &self,
        author: impl Into<Author>,
        seconds: i64,
    ) -> Result<ClockView, ApiError> {
        let Some(clock) = &self.movable else {
            let message = "The clock of this server cannot be moved: it is no sandbox of its own.";
            return Err(ApiError::new(ErrorCode::WrongState, message));
        };
        let rule = if !(1..=ADVANCE_SECONDS_MAX).contains(&seconds) {
            "must be from 1s to 31d"
        } else if clock.ahead_seconds() > AHEAD_SECONDS_MAX - seconds {
            "is too much: a sandbox's clock is at most 366 days ahead"
        } else {
            ""
        };
        if !rule.is_empty() {
            let message = format!("The field advance {rule}.");
            let code = ErrorCode::ValidationError;
            return Err(ApiError::field(code, "advance", message));
        }
        let ahead = clock.advance(seconds).await?;
        let after = json!({ "advanced_seconds": seconds, "ahead_seconds": ahead });
        let deed = deed(author.into(), "sandbox.clock", "clock".to_owned(), after);
        self.deed_note(deed).await?;
        Ok(self.clock_view())
    }
}

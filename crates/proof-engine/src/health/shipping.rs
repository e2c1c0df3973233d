//! Continuous backup, as the server sees it: how old the state is that would be left if this machine died
//! now.

use super::{NotReady, lock};
use crate::{ApiError, Engine, metrics::seconds_between};
use proof_core::{ErrorCode, Timestamp, alert::Alert, partner::Environment};
use serde::Serialize;

/// Somebody has to look at the other place; that takes minutes.
const RETRY_SECONDS: u32 = 60;

/// Why something that is committed is not at the other place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Behind {
    NotThere,
    Full,
    ReadOnly,
    NoAnswer,
    NoWhole,
    Failed,
}

impl Behind {
    /// Anybody may read this: it names no place.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotThere => "the other place is not there",
            Self::Full => "the other place is full",
            Self::ReadOnly => "the other place cannot be written",
            Self::NoAnswer => "the other place does not answer",
            Self::NoWhole => "there is no proven whole backup yet that it goes on from",
            Self::Failed => "it fails, and the log says how",
        }
    }
}

/// A try to bring everything there that failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Late {
    pub why: Behind,
    /// With names, for operators.
    pub words: String,
}

#[derive(Default)]
pub(super) struct Shipped {
    /// What was committed before is at the other place.
    complete_at: Option<Timestamp>,
    /// Since this server started: before, nobody knows how much the other place lacks.
    has_shipped: bool,
    late: Option<Late>,
}

/// How continuous backup does.
#[derive(Clone, Debug, Serialize)]
pub struct ShippingView {
    pub bound_seconds: u32,
    pub age_seconds: i64,
    /// Older than its bound.
    pub behind: bool,
    /// Why the last try failed, with the names of places.
    pub problem: Option<String>,
    #[serde(skip)]
    why: Option<Behind>,
    #[serde(skip)]
    complete_at: Timestamp,
    #[serde(skip)]
    age: f64,
}

impl ShippingView {
    /// In seconds, for a gauge.
    pub(super) fn age(&self) -> f64 {
        self.age
    }

    /// One line, for anybody.
    pub fn words(&self) -> String {
        let why = self
            .why
            .map_or(String::new(), |why| format!(": {}", why.words()));
        format!(
            "continuous backup: {} s old, {} s allowed{why}",
            self.age_seconds, self.bound_seconds
        )
    }
}

impl Engine {
    /// What became of a try that began then, by [`Self::real_now`], to bring everything to the other place: a
    /// clock that people move makes nothing older.
    pub fn ship_note(&self, begun: Timestamp, shipped: Result<(), Late>) {
        let mut seen = lock(&self.health.shipped);
        match (&seen.late, &shipped) {
            (None, Ok(())) => {}
            (Some(_), Ok(())) => tracing::info!("continuous backup goes well again"),
            (Some(before), Err(late)) if before.why == late.why => {}
            (_, Err(late)) => tracing::warn!("continuous backup: {}", late.words),
        }
        match shipped {
            Ok(()) => {
                (seen.complete_at, seen.late) = (Some(begun), None);
                seen.has_shipped = true;
            }
            Err(late) => seen.late = Some(late),
        }
    }

    /// `None`: there is none.
    pub fn shipping(&self) -> Option<ShippingView> {
        let bound_seconds = self.health.watching.backup_bound_seconds?;
        let now = self.real_now();
        let mut seen = lock(&self.health.shipped);
        // Until something was shipped, the time since the start counts.
        let started_at = self.health.started_at;
        let mut complete_at = *seen.complete_at.get_or_insert(started_at.min(now));
        if now < complete_at {
            // A clock that went back must not make it look younger from here on.
            seen.complete_at = Some(now);
            complete_at = now;
        }
        let age_seconds = now.millis_since(complete_at).div_euclid(1_000);
        let behind = age_seconds > i64::from(bound_seconds);
        let why = seen.late.as_ref().map(|late| late.why);
        Some(ShippingView {
            bound_seconds,
            age_seconds,
            behind,
            problem: seen.late.as_ref().map(|late| late.words.clone()),
            // Whoever waits for an answer has none to tell.
            why: why.or(behind.then_some(Behind::NoAnswer)),
            complete_at,
            age: seconds_between(complete_at, now),
        })
    }

    pub(super) fn shipping_missing(&self) -> Option<NotReady> {
        let shipping = self.shipping()?;
        shipping.behind.then_some(NotReady::BackupBehind)
    }

    pub(super) fn shipping_alert(&self) -> Option<Alert> {
        let shipping = self.shipping().filter(|shipping| shipping.behind)?;
        Some(Alert::BackupBehind {
            since: shipping.complete_at.plus_seconds(self.ahead_seconds()),
            bound_seconds: shipping.bound_seconds,
        })
    }

    /// Before an order is made. What is under way goes on; more real money must not come to depend on what
    /// one machine alone knows.
    pub(crate) fn may_begin(&self, environment: Environment) -> Result<(), ApiError> {
        let shipping = self.shipping();
        let may = shipping
            .is_none_or(|shipping| !shipping.behind && lock(&self.health.shipped).has_shipped);
        if environment == Environment::Test || may {
            return Ok(());
        }
        Err(ApiError {
            retry_after_s: Some(RETRY_SECONDS),
            ..ApiError::new(
                ErrorCode::Recovering,
                "The service's backup is behind: no new order begins until it has caught up. Nothing was done; try again later.",
            )
        })
    }
}

//! How much one caller may ask (contract §8): token buckets in this process's memory.
//!
//! Polling each open transaction every 5 s and 50 sessions a second are never limited, so polls are
//! counted for each transaction by itself, and only looks at what does not exist for the partner as
//! a whole.

use crate::{ApiError, Engine};
use governor::{
    NotUntil, Quota, RateLimiter,
    clock::{Clock as _, Reference as _},
    middleware::{NoOpMiddleware, StateInformationMiddleware},
    nanos::Nanos,
    state::keyed::HashMapStateStore,
};
use proof_core::{
    ErrorCode, Timestamp,
    id::{OrderId, PartnerId},
    partner::Environment,
};
use proof_port::Timer;
use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Callers that are remembered before those with a full allowance are forgotten.
const CALLERS_MAX: usize = 100_000;

/// A bucket: so many calls at once, and so many a second in the long run.
#[derive(Clone, Copy)]
struct Bucket {
    burst: u32,
    per_second: u32,
}

const SESSIONS: Bucket = Bucket {
    burst: 200,
    per_second: 100,
};
const READS: Bucket = Bucket {
    burst: 200,
    per_second: 50,
};
const POLLS: Bucket = Bucket {
    burst: 20,
    per_second: 2,
};
const MISSES: Bucket = Bucket {
    burst: 100,
    per_second: 10,
};
const STRANGERS: Bucket = Bucket {
    burst: 100,
    per_second: 10,
};
const VISITORS: Bucket = Bucket {
    burst: 500,
    per_second: 100,
};

/// A password costs us time to check, and a guesser many tries.
const SIGN_INS: Bucket = Bucket {
    burst: 20,
    per_second: 1,
};

/// Who asks for what.
#[derive(Clone, Copy, Debug)]
pub enum Limited {
    Sessions(PartnerId, Environment),
    /// Lists, the feed, users, the webhook's settings.
    Reads(PartnerId, Environment),
    /// One transaction, as one partner looks at it: others' looks are not its own.
    Poll(PartnerId, Environment, OrderId),
    /// Something that does not exist.
    Miss(PartnerId, Environment),
    /// Calls without a good token, by address.
    Stranger(IpAddr),
    /// The widget's own calls, by address.
    Visitor(IpAddr),
    /// Tries to sign in, by address.
    SignIn(IpAddr),
}

/// What is left to a caller, for the `RateLimit` headers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Allowance {
    pub limit: u32,
    pub remaining: u32,
    /// Until the whole limit is there again.
    pub reset_s: u32,
}

/// The engine's clock, as the library wants it: one that never goes back. Otherwise setting the clock
/// back by an hour would refuse everybody for that hour.
#[derive(Clone)]
struct LimitClock {
    clock: Arc<dyn Timer>,
    seen: Arc<Mutex<Seen>>,
}

/// The latest time that the clock showed, and by how much it was set back so far.
#[derive(Clone, Copy, Default)]
struct Seen {
    micros: i64,
    set_back: i64,
}

impl LimitClock {
    fn new(clock: &Arc<dyn Timer>) -> Self {
        Self {
            clock: Arc::clone(clock),
            seen: Arc::default(),
        }
    }
}

impl governor::clock::Clock for LimitClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now().micros();
        seen.set_back = seen
            .set_back
            .saturating_add(seen.micros.saturating_sub(now).max(0));
        seen.micros = now;
        nanos(Timestamp::from_micros(now.saturating_add(seen.set_back)))
    }
}

fn nanos(at: Timestamp) -> Nanos {
    Nanos::new(
        u64::try_from(at.micros())
            .unwrap_or(0)
            .saturating_mul(1_000),
    )
}

type Limiter<K> = RateLimiter<K, HashMapStateStore<K>, LimitClock, StateInformationMiddleware>;

pub(crate) struct Limits {
    clock: LimitClock,
    sessions: Limiter<(PartnerId, Environment)>,
    reads: Limiter<(PartnerId, Environment)>,
    polls: Limiter<(PartnerId, Environment, OrderId)>,
    misses: Limiter<(PartnerId, Environment)>,
    strangers: Limiter<IpAddr>,
    visitors: Limiter<IpAddr>,
    sign_ins: Limiter<IpAddr>,
}

impl Bucket {
    fn limiter<K: std::hash::Hash + Eq + Clone>(self, clock: &LimitClock) -> Limiter<K> {
        let cells = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(cells(self.per_second)).allow_burst(cells(self.burst));
        let silent: RateLimiter<K, _, _, NoOpMiddleware<Nanos>> =
            RateLimiter::new(quota, HashMapStateStore::default(), clock.clone());
        silent.with_middleware()
    }

    fn check<K: std::hash::Hash + Eq + Clone>(
        self,
        limiter: &Limiter<K>,
        clock: &LimitClock,
        key: &K,
    ) -> Result<Allowance, ApiError> {
        if limiter.len() > CALLERS_MAX {
            limiter.retain_recent();
        }
        match limiter.check_key(key) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let missing = self.burst.saturating_sub(remaining);
                Ok(Allowance {
                    limit: self.burst,
                    remaining,
                    reset_s: missing.div_ceil(self.per_second),
                })
            }
            Err(refused) => Err(self.limited(&refused, clock.now())),
        }
    }

    fn limited(self, refused: &NotUntil<Nanos>, now: Nanos) -> ApiError {
        let wait = Duration::from(refused.earliest_possible().duration_since(now));
        let seconds = u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX);
        let seconds = seconds.max(1);
        let message = format!("Too many calls; try again after {seconds} s.");
        ApiError {
            retry_after_s: Some(seconds),
            allowance: Some(Allowance {
                limit: self.burst,
                remaining: 0,
                reset_s: self.burst.div_ceil(self.per_second),
            }),
            ..ApiError::new(ErrorCode::RateLimitExceeded, message)
        }
    }
}

impl Limits {
    pub(crate) fn new(clock: &Arc<dyn Timer>) -> Self {
        let clock = LimitClock::new(clock);
        Self {
            sessions: SESSIONS.limiter(&clock),
            reads: READS.limiter(&clock),
            polls: POLLS.limiter(&clock),
            misses: MISSES.limiter(&clock),
            strangers: STRANGERS.limiter(&clock),
            visitors: VISITORS.limiter(&clock),
            sign_ins: SIGN_INS.limiter(&clock),
            clock,
        }
    }
}

impl Engine {
    /// Takes one call from a caller's allowance, or says when to come again.
    pub fn limit(&self, what: Limited) -> Result<Option<Allowance>, ApiError> {
        let Some(limits) = &self.limits else {
            return Ok(None);
        };
        let clock = &limits.clock;
        let left = match what {
            Limited::Sessions(p, e) => SESSIONS.check(&limits.sessions, clock, &(p, e)),
            Limited::Reads(p, e) => READS.check(&limits.reads, clock, &(p, e)),
            Limited::Poll(p, e, order) => POLLS.check(&limits.polls, clock, &(p, e, order)),
            Limited::Miss(p, e) => MISSES.check(&limits.misses, clock, &(p, e)),
            Limited::Stranger(ip) => STRANGERS.check(&limits.strangers, clock, &ip),
            Limited::Visitor(ip) => VISITORS.check(&limits.visitors, clock, &ip),
            Limited::SignIn(ip) => SIGN_INS.check(&limits.sign_ins, clock, &ip),
        };
        left.map(Some)
    }
}

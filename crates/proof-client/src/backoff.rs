//! How long to wait before the same call is made again.

use crate::host::Host;
use std::time::Duration;

/// Tries in all: with the pauses between them a call takes some seconds longer, never minutes.
pub(crate) const TRIES_MAX: u32 = 4;
/// A server that asks for more than this is better asked by a later call than by a waiting one.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);
const BASE_MS: u64 = 500;
const CAP_MS: u64 = 8_000;

/// The pause after this failed attempt (the first is 1), or none when it was the last one.
pub(crate) fn before_retry(
    host: &dyn Host,
    attempt: u32,
    retry_after: Option<Duration>,
) -> Option<Duration> {
    let asked_too_much = retry_after.is_some_and(|asked| asked > RETRY_AFTER_MAX);
    if attempt >= TRIES_MAX || asked_too_much {
        return None;
    }
    Some(pause(host, attempt, retry_after))
}

/// Exponential with full jitter, so that many clients do not come back together. What the server
/// asks for wins, up to the bound.
pub(crate) fn pause(host: &dyn Host, attempt: u32, retry_after: Option<Duration>) -> Duration {
    if let Some(asked) = retry_after {
        return asked.min(RETRY_AFTER_MAX);
    }
    let doublings = attempt.saturating_sub(1);
    let limit_ms = 2_u64
        .checked_pow(doublings)
        .and_then(|factor| factor.checked_mul(BASE_MS))
        .map_or(CAP_MS, |limit| limit.min(CAP_MS));
    let mut bytes = [0; 8];
    let scaled = match host.fill(&mut bytes) {
        Ok(()) => (u128::from(u64::from_le_bytes(bytes)) * (u128::from(limit_ms) + 1)) >> u64::BITS,
        // Without randomness the longest pause is the polite one.
        Err(_) => u128::from(limit_ms),
    };
    Duration::from_millis(u64::try_from(scaled).unwrap_or(limit_ms))
}

// How long to wait after a failure. Full jitter: a thousand shops that fail together do not come back together.

const BASE_MS = 500;
const CAP_MS = 8000;
/** Tries of one call in all: with three pauses a call that cannot work fails within seconds, while somebody waits. */
export const TRIES_MAX = 4;
/** A longer Retry-After is the caller's to plan for, not ours to sleep through. */
export const RETRY_AFTER_SECONDS_MAX = 60;

/** The pause after `attempt` (counted from 1) failed; `chance` is from 0 up to 1. */
export function delayMs(attempt: number, chance: number): number {
  return Math.min(CAP_MS, BASE_MS * 2 ** (attempt - 1)) * chance;
}

/** The same for a call that ends some time; null: give up. */
export function callDelayMs(attempt: number, chance: number, retryAfterSeconds: number | null): number | null {
  if (attempt >= TRIES_MAX) return null;
  if (retryAfterSeconds === null) return delayMs(attempt, chance);
  return retryAfterSeconds > RETRY_AFTER_SECONDS_MAX ? null : retryAfterSeconds * 1000;
}

// Time comes in from outside, so that a test moves it instead of waiting.

import { setTimeout } from "node:timers/promises";

export interface Clock {
  /** Milliseconds; only differences count. */
  now(): number;
  /** Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await setTimeout(ms, undefined, signal && { signal });
    } catch (error) {
      throw signal?.reason ?? error;
    }
  },
};

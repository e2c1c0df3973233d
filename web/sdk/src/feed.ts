// Everything that happened to this partner's orders, in one line, to be read at one's own pace.

import { callJson, callOnce, parse, sleepOver, type CallOptions, type Wire } from "./http.js";
import type { FeedEvent, FeedPage } from "./wire.js";

export interface FeedQuery {
  /** The `event_id` of the last event that was dealt with, or a page's `next_cursor`. Absent: from the beginning. */
  after?: string | undefined;
  limit?: number | undefined;
  /** How long the server may wait for an event when there is none, up to 30. */
  wait?: number | undefined;
}

export interface FeedOptions {
  after?: string | undefined;
  signal?: AbortSignal | undefined;
}

const WAIT_SECONDS = 25;
/** Between two questions when nothing is new and the server does not hold the answer back. */
const PAUSE_MS = 5000;

export class Feed {
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  async list(query: FeedQuery = {}, { signal }: CallOptions = {}): Promise<FeedPage> {
    return callJson(this.#wire, { ...feedCall(query), signal });
  }

  /** Every event, and then every new one as it happens, until the signal says stop. Rides out whatever may pass. */
  async *follow({ after, signal }: FeedOptions = {}): AsyncGenerator<FeedEvent, never> {
    const { clock } = this.#wire;
    let cursor = after;
    for (let failures = 0; ; ) {
      const asked = clock.now();
      let page: FeedPage;
      try {
        page = parse<FeedPage>(await callOnce(this.#wire, { ...feedCall({ after: cursor, wait: WAIT_SECONDS }), signal }));
        failures = 0;
      } catch (error) {
        failures += 1;
        await sleepOver(this.#wire, error, failures, signal);
        continue;
      }
      yield* page.data;
      cursor = page.next_cursor;
      if (page.data.length === 0) await clock.sleep(Math.max(0, PAUSE_MS - (clock.now() - asked)), signal);
    }
  }
}

const feedCall = (query: FeedQuery) => ({
  path: "/widget/events",
  query: { ...query },
  waitSeconds: query.wait ?? 0,
});

// The way in: one object for one partner in one environment.

import { systemClock, type Clock } from "./clock.js";
import { configurationError } from "./error.js";
import { Feed } from "./feed.js";
import type { Wire } from "./http.js";
import { Sessions } from "./session.js";
import { Transactions } from "./transaction.js";
import { Users } from "./user.js";
import { Watch, type WatchOptions } from "./watch.js";

export interface ProofOptions {
  /** Where Proof runs. */
  baseUrl: string;
  /** The client_token. It stays on the backend. */
  token: string;
  fetch?: typeof globalThis.fetch;
  /** Time and chance, for tests. */
  clock?: Clock;
  random?: () => number;
}

export class Proof {
  readonly session: Sessions;
  readonly transactions: Transactions;
  readonly users: Users;
  readonly events: Feed;
  readonly #wire: Wire;

  constructor(options: ProofOptions) {
    const wire: Wire = {
      baseUrl: checkedUrl(options.baseUrl),
      token: checkedToken(options.token),
      fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
      clock: options.clock ?? systemClock,
      random: options.random ?? Math.random,
    };
    this.#wire = wire;
    this.session = new Sessions(wire);
    this.transactions = new Transactions(wire);
    this.users = new Users(wire);
    this.events = new Feed(wire);
  }

  /** The news of one order, from its present state to its end. */
  watch(merchantTransactionId: string, options: WatchOptions = {}): Watch {
    return new Watch(this.#wire, merchantTransactionId, options);
  }
}

function checkedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "https:" || url?.protocol === "http:") return url;
  throw configurationError("baseUrl must be the http(s) address where Proof runs.");
}

function checkedToken(text: string): string {
  // What cannot be in a header would only fail later, with a message that shows it.
  if (typeof text === "string" && /^[\x21-\x7e]+$/.test(text)) return text;
  throw configurationError("token must be the client_token of the partner. Is the variable set that it comes from?");
}

import { callJson, type CallOptions, type Wire } from "./http.js";
import type { Session, SessionRequest } from "./wire.js";

export interface SessionOptions extends CallOptions {
  /**
   * Makes the session safe to ask for again, for 24 hours: the same key and request give the same order. Made
   * here if absent; your own (the id of your order) holds over a restart of your backend, too.
   */
  idempotencyKey?: string | undefined;
}

export class Sessions {
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Makes one order. Tried again when that may help, always under the same key, so that it is made once. */
  async create(request: SessionRequest, options: SessionOptions = {}): Promise<Session> {
    return callJson(this.#wire, {
      method: "POST",
      path: "/widget/session",
      body: request,
      headers: { "idempotency-key": options.idempotencyKey ?? crypto.randomUUID() },
      idempotent: true,
      signal: options.signal,
    });
  }
}

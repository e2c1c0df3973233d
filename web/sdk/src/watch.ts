// The news of one order until it has ended. The WebSocket is preferred; where it cannot be opened or keeps
// failing, polling takes over, and the socket is tried again from time to time.

import { delayMs } from "./backoff.js";
import { isRecord, ProofError } from "./error.js";
import { address, callOnce, parse, sleepOver, toldMs, type Call, type CallOptions, type Wire } from "./http.js";
import { Socket } from "./socket.js";
import { transactionPath } from "./transaction.js";
import { isTerminal, type Transaction, type Update } from "./wire.js";

export interface WatchOptions extends CallOptions {
  /** Called with each update before it is handed out. */
  onUpdate?: ((update: Update) => void) | undefined;
}

/** So many sockets in a row without any news, and polling takes over. */
const SOCKET_FAILURES_MAX = 3;
/** How long polling has its turn before the socket gets another chance. */
const POLL_TURN_MS = 60_000;
const POLL_MS = 5000;
/** How long the server may hold an answer back that has nothing new. */
const WAIT_SECONDS = 25;

/**
 * Read it with `for await`, or await `end()`. Nothing happens before that. The present state comes first;
 * after a terminal status it is over.
 */
export class Watch implements AsyncIterable<Update> {
  readonly #wire: Wire;
  readonly #id: string;
  readonly #options: WatchOptions;

  constructor(wire: Wire, id: string, options: WatchOptions) {
    this.#wire = wire;
    this.#id = id;
    this.#options = options;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Update, void> {
    for await (const update of new Course(this.#wire, this.#id, this.#options.signal).news()) {
      this.#options.onUpdate?.(update);
      yield update;
      if (isTerminal(update.status)) return;
    }
  }

  /** The last update, once the order has ended. */
  async end(): Promise<Update> {
    for await (const update of this) {
      if (isTerminal(update.status)) return update;
    }
    throw new Error("A watch ends with a terminal status.");
  }
}

/** One reading of the news: what was heard last, and by which way to hear more. */
class Course {
  readonly #wire: Wire;
  readonly #id: string;
  readonly #signal: AbortSignal | undefined;
  #last: Pick<Update, "sequence" | "status"> | undefined;
  #failures = 0;
  /** How long the server asked to be left alone when it refused the socket. */
  #toldMs = 0;
  #etag: string | null = null;

  constructor(wire: Wire, id: string, signal: AbortSignal | undefined) {
    this.#wire = wire;
    this.#id = id;
    this.#signal = signal;
  }

  async *news(): AsyncGenerator<Update, never> {
    for (;;) {
      while (this.#failures < SOCKET_FAILURES_MAX) {
        this.#toldMs = 0;
        yield* this.#socket();
        this.#failures += 1;
        // Polling takes over without a pause.
        if (this.#failures < SOCKET_FAILURES_MAX) await this.#pause(this.#toldMs || delayMs(this.#failures, this.#wire.random()));
      }
      yield* this.#polling();
      this.#failures = SOCKET_FAILURES_MAX - 1;
    }
  }

  async *#socket(): AsyncGenerator<Update, void> {
    const url = address(this.#wire, "/ws", { tx_id: this.#id, after: this.#last?.sequence });
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const { token, clock } = this.#wire;
    let socket: Socket | undefined;
    try {
      socket = await Socket.open(url, { token, clock, signal: this.#signal });
      for await (const message of socket) {
        const update = fromMessage(message);
        if (!update || !this.#isNew(update)) continue;
        // The last word is said: the server need not wait for us.
        if (isTerminal(update.status)) socket.close();
        yield update;
      }
    } catch (error) {
      this.#signal?.throwIfAborted();
      // A proxy that knows no WebSockets answers 404, too: only what Proof itself says is final.
      if (error instanceof ProofError && error.code !== null && !error.retryable) throw error;
      this.#toldMs = error instanceof ProofError ? toldMs(error) : 0;
    } finally {
      socket?.close();
    }
  }

  async *#polling(): AsyncGenerator<Update, void> {
    const { clock } = this.#wire;
    const until = clock.now() + POLL_TURN_MS;
    for (let failures = 0; clock.now() < until; ) {
      const asked = clock.now();
      let update: Update | undefined;
      try {
        update = await this.#ask();
        failures = 0;
      } catch (error) {
        failures += 1;
        await sleepOver(this.#wire, error, failures, this.#signal);
        continue;
      }
      if (update && this.#isNew(update)) yield update;
      else await this.#pause(POLL_MS - (clock.now() - asked));
    }
  }

  /** The order as it is now; undefined: as it was. Knowing its version, the server answers when it changes. */
  async #ask(): Promise<Update | undefined> {
    const call: Call = { path: transactionPath(this.#id), signal: this.#signal };
    if (this.#etag !== null) {
      Object.assign(call, { waitSeconds: WAIT_SECONDS, query: { wait: WAIT_SECONDS }, headers: { "if-none-match": this.#etag } });
    }
    const answer = await callOnce(this.#wire, call);
    if (answer.status === 304) return undefined;
    this.#etag = answer.headers.get("etag");
    return fromTransaction(parse<Transaction>(answer));
  }

  /** The same news comes again after a reconnect, and by the other way. */
  #isNew(update: Update): boolean {
    const { sequence, status } = update;
    const last = this.#last;
    const known = sequence === undefined || last?.sequence === undefined ? last?.status === status : sequence <= last.sequence;
    if (known) return false;
    this.#last = { status, ...(sequence !== undefined && { sequence }) };
    this.#failures = 0;
    return true;
  }

  async #pause(ms: number): Promise<void> {
    await this.#wire.clock.sleep(Math.max(0, ms), this.#signal);
  }
}

/** Undefined for a message of a kind that is not known yet. */
function fromMessage(text: string): Update | undefined {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(message) || message["event"] !== "tx.update" || typeof message["status"] !== "string") return undefined;
  const { event: _event, ...update } = message;
  return { ...(update as unknown as Update), channel: "websocket" };
}

function fromTransaction(transaction: Transaction): Update {
  const { merchant_transaction_id, type, status, currency, crypto_amount, fiat_currency, fiat_amount, updated_at, sequence } = transaction;
  return {
    merchant_transaction_id,
    type,
    status,
    currency,
    crypto_amount,
    fiat_currency,
    fiat_amount,
    occurred_at: updated_at,
    ...(sequence !== undefined && { sequence }),
    channel: "polling",
  };
}

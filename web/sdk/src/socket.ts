// One WebSocket as a line of messages. Node's own WebSocket cannot send the Authorization header that
// Proof asks for, which is the only reason for `ws`.

import type { IncomingMessage } from "node:http";
import type WebSocketType from "ws";
import type { Clock } from "./clock.js";
import { errorFromAnswer, ProofError } from "./error.js";

export interface SocketOptions {
  token: string;
  clock: Clock;
  signal: AbortSignal | undefined;
}

const OPEN_MS_MAX = 10_000;
/** The server pings an idle socket. One that is silent for so long is dead, and nobody said so. */
const SILENCE_MS_MAX = 90_000;
/** How long the server has to say goodbye, too. */
const CLOSE_MS_MAX = 2000;
const BODY_BYTES_MAX = 65_536;
const MESSAGE_BYTES_MAX = 1_048_576;

/** Messages until the socket closes. Throws a `ProofError` when it could not be opened. */
export class Socket implements AsyncIterable<string> {
  readonly #socket: WebSocketType;
  readonly #options: SocketOptions;
  // Unbounded, for an order has a handful of messages in all.
  readonly #waiting: string[] = [];
  readonly #ended = new AbortController();
  #failure: unknown;
  #heardAt: number;
  #wake: () => void = () => undefined;

  static async open(url: URL, options: SocketOptions): Promise<Socket> {
    const { default: WebSocket } = await import("ws");
    options.signal?.throwIfAborted();
    const limits = { handshakeTimeout: OPEN_MS_MAX, closeTimeout: CLOSE_MS_MAX, maxPayload: MESSAGE_BYTES_MAX };
    return new Socket(new WebSocket(url, { headers: { authorization: `Bearer ${options.token}` }, ...limits }), options);
  }

  private constructor(socket: WebSocketType, options: SocketOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#heardAt = options.clock.now();
    let opened = false;
    socket.on("open", () => (opened = true));
    socket.on("message", (data) => {
      this.#waiting.push(data.toString());
      this.#heard();
    });
    socket.on("ping", () => this.#heard());
    socket.on("unexpected-response", (_request, response) => void this.#refused(response));
    // Every error is followed by `close`.
    socket.on("error", (error) => (this.#failure ??= opened ? undefined : unopened(error)));
    socket.on("close", () => this.#end());
    options.signal?.addEventListener("abort", this.close, { once: true });
    this.#watchSilence().catch(() => undefined);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string, void> {
    for (;;) {
      const message = this.#waiting.shift();
      if (message !== undefined) yield message;
      else if (this.#ended.signal.aborted) break;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.#options.signal?.throwIfAborted();
    if (this.#failure) throw this.#failure;
  }

  readonly close = (): void => {
    this.#socket.close(1000);
    this.#end();
  };

  #heard(): void {
    this.#heardAt = this.#options.clock.now();
    this.#wake();
  }

  #end(): void {
    this.#options.signal?.removeEventListener("abort", this.close);
    this.#ended.abort();
    this.#wake();
  }

  /** The server answered the upgrade with an ordinary response: its body says why. */
  async #refused(response: IncomingMessage): Promise<void> {
    let body = "";
    try {
      for await (const chunk of response.setEncoding("utf8")) {
        body += chunk;
        if (body.length > BODY_BYTES_MAX) break;
      }
    } catch {
      // What has arrived is enough to judge by.
    }
    const headers = { get: (name: string) => headerOf(response, name) };
    this.#failure = errorFromAnswer({ status: response.statusCode ?? 0, headers, body });
    this.#socket.terminate();
  }

  async #watchSilence(): Promise<void> {
    const { clock } = this.#options;
    for (;;) {
      const left = this.#heardAt + SILENCE_MS_MAX - clock.now();
      if (left <= 0) break;
      await clock.sleep(left, this.#ended.signal);
    }
    this.#socket.terminate();
  }
}

const unopened = (cause: Error): ProofError =>
  new ProofError({ kind: "network", retry: "idempotent", message: `The WebSocket could not be opened: ${cause.message}`, cause });

function headerOf(response: IncomingMessage, name: string): string | null {
  const value = response.headers[name];
  return typeof value === "string" ? value : null;
}

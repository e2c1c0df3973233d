// A Proof to talk to, on this machine and without an order in it: a test says what it answers.

import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";
import { Proof, type Clock, type ProofOptions } from "../src/index.js";

export interface Asked {
  method: string;
  /** Path and query, exactly as they were sent. */
  path: string;
  headers: IncomingMessage["headers"];
  body: string;
}

export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  /** Text goes out as it is, anything else as JSON. */
  body?: unknown;
  /** Hangs up instead of answering. */
  hangUp?: boolean;
}

type Answer = (asked: Asked, count: number) => Reply;
type OnSocket = (socket: WebSocket, asked: Asked, count: number) => void;

export const TOKEN = "sk_test_fake";
export const ID = "01a205d7-6445-7da8-b9dd-58caedbfa33b";

export class FakeProof {
  readonly asked: Asked[] = [];
  readonly sockets: Asked[] = [];
  answer: Answer = () => ({ status: 500, body: "no answer is set" });
  /** Absent: no upgrade, and `refuse` is what the client gets. */
  onSocket: OnSocket | undefined;
  refuse: Reply = { status: 404, body: "<h1>Not Found</h1>" };
  url = "";

  readonly #upgrade = new WebSocketServer({ noServer: true });
  readonly #server = createServer(async (request, response) => {
    const asked = { ...about(request), body: "" };
    for await (const chunk of request) asked.body += chunk;
    this.asked.push(asked);
    const { status = 200, headers = {}, body, hangUp } = this.answer(asked, this.asked.length);
    if (hangUp) return void request.socket.destroy();
    response.writeHead(status, { "x-request-id": "req-1", ...headers }).end(status === 304 ? undefined : encoded(body));
  });

  static async start(): Promise<FakeProof> {
    const fake = new FakeProof();
    await fake.#listen();
    onTestFinished(() => fake.stop());
    return fake;
  }

  async #listen(): Promise<void> {
    this.#server.on("upgrade", (request, socket, head) => {
      const asked = { ...about(request), body: "" };
      this.sockets.push(asked);
      const { onSocket, refuse } = this;
      if (!onSocket) {
        const body = encoded(refuse.body) ?? "";
        const headers = { "content-length": String(Buffer.byteLength(body)), connection: "close", ...refuse.headers };
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
        socket.end(`HTTP/1.1 ${refuse.status} No\r\n${lines}\r\n${body}`);
        return;
      }
      this.#upgrade.handleUpgrade(request, socket, head, (open) => onSocket(open, asked, this.sockets.length));
    });
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    for (const socket of this.#upgrade.clients) socket.terminate();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  client(options: Partial<ProofOptions> = {}): Proof {
    return new Proof({ baseUrl: this.url, token: TOKEN, clock: new FakeClock(), random: () => 0.5, ...options });
  }
}

function about(request: IncomingMessage): Omit<Asked, "body"> {
  return { method: request.method ?? "", path: request.url ?? "", headers: request.headers };
}

function encoded(body: unknown): string | undefined {
  return body === undefined || typeof body === "string" ? body : JSON.stringify(body);
}

/** Answers one after the other; the last one stays. */
export function inTurn(...replies: Reply[]): Answer {
  let next = 0;
  return () => replies[Math.min(next++, replies.length - 1)] ?? {};
}

export function refusal(status: number, error: string, code: string, more: object = {}): Reply {
  const message = `About ${code}.`;
  return { status, body: { error, code, message, docs_url: `https://proof.example/docs/errors/${code}`, request_id: "req-7", ...more } };
}

/** Short sleeps are over at once and are written down; a long one waits for `advance`. */
export class FakeClock implements Clock {
  readonly slept: number[] = [];
  readonly #long = new Set<{ at: number; wake: () => void }>();
  #now = 0;

  constructor(readonly longMs = 61_000) {}

  now(): number {
    return this.#now;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (ms < this.longMs) {
      this.slept.push(ms);
      this.#now += ms;
      // The network gets its turn.
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const timer = { at: this.#now + ms, wake: resolve };
      this.#long.add(timer);
      signal?.addEventListener("abort", () => {
        this.#long.delete(timer);
        reject(signal.reason);
      }, { once: true });
    });
  }

  get sleepers(): number {
    return this.#long.size;
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const timer of this.#long) {
      if (timer.at > this.#now) continue;
      this.#long.delete(timer);
      timer.wake();
    }
  }
}

// One request, and the same request again while that is harmless and may help.

import { callDelayMs, delayMs, RETRY_AFTER_SECONDS_MAX } from "./backoff.js";
import type { Clock } from "./clock.js";
import { configurationError, errorFromAnswer, ProofError } from "./error.js";

/** What every part of the client works with. */
export interface Wire {
  baseUrl: URL;
  token: string;
  fetch: typeof globalThis.fetch;
  clock: Clock;
  random: () => number;
}

export type Query = Record<string, string | number | undefined>;

export interface Call {
  method?: "GET" | "POST";
  path: string;
  query?: Query | undefined;
  body?: object;
  headers?: Record<string, string>;
  /** Whether doing it twice is as good as doing it once; of a GET it always is. */
  idempotent?: boolean;
  /** How long the server may hold the answer back on purpose. */
  waitSeconds?: number;
  signal?: AbortSignal | undefined;
}

/** What a caller may add to any call. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: string;
}

/** Longer than any answer of Proof takes that is not held back on purpose. */
const TIMEOUT_MS = 15_000;

/** The answer to `call`, after as many tries as it deserves. */
export async function callJson<T>(wire: Wire, call: Call): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return parse<T>(await callOnce(wire, call));
    } catch (error) {
      if (!mayRepeat(error, call)) throw error;
      const delay = callDelayMs(attempt, wire.random(), error.retryAfterSeconds);
      if (delay === null) throw error;
      await wire.clock.sleep(delay, call.signal);
    }
  }
}

/** For what goes on for as long as the caller wants: sleeps over trouble that may pass, throws any other. */
export async function sleepOver(wire: Wire, error: unknown, failures: number, signal?: AbortSignal): Promise<void> {
  if (!(error instanceof ProofError) || !error.retryable) throw error;
  await wire.clock.sleep(toldMs(error) || delayMs(failures, wire.random()), signal);
}

/** How long the server asked to be left alone; 0: it did not say. */
export const toldMs = (error: ProofError): number => Math.min(error.retryAfterSeconds ?? 0, RETRY_AFTER_SECONDS_MAX) * 1000;

/** A single try. A 304 is an answer, everything else above it an error. */
export async function callOnce(wire: Wire, call: Call): Promise<Answer> {
  call.signal?.throwIfAborted();
  const timeout = AbortSignal.timeout(TIMEOUT_MS + (call.waitSeconds ?? 0) * 1000);
  let answer: Answer;
  try {
    const response = await wire.fetch(address(wire, call.path, call.query), {
      method: call.method ?? "GET",
      headers: {
        accept: "application/json",
        authorization: `Bearer ${wire.token}`,
        ...(call.body && { "content-type": "application/json" }),
        ...call.headers,
      },
      ...(call.body && { body: JSON.stringify(call.body) }),
      redirect: "manual",
      signal: call.signal ? AbortSignal.any([call.signal, timeout]) : timeout,
    });
    answer = { status: response.status, headers: response.headers, body: await response.text() };
  } catch (cause) {
    call.signal?.throwIfAborted();
    throw networkError(wire, cause);
  }
  if (answer.status === 304 || (answer.status >= 200 && answer.status < 300)) return answer;
  throw errorFromAnswer(answer);
}

export function parse<T>(answer: Answer): T {
  try {
    return JSON.parse(answer.body) as T;
  } catch (cause) {
    const { status, headers } = answer;
    const requestId = headers.get("x-request-id");
    throw configurationError(`The answer is not JSON. Check that the base URL is Proof's.`, { status, requestId, cause });
  }
}

export function address(wire: Wire, path: string, query: Query = {}): URL {
  const url = new URL(wire.baseUrl.href.replace(/\/+$/, "") + path);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

/**
 * Text as one part of a path. Only what RFC 3986 calls unreserved stays. `.` and `..` cannot be sent: every
 * URL parser takes them, encoded too, for folders, and would ask for something else.
 */
export function segment(value: string): string {
  if (value === "" || value === "." || value === "..") {
    throw new ProofError({ kind: "request", message: `${JSON.stringify(value)} cannot be part of an address.` });
  }
  return encodeURIComponent(value).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function mayRepeat(error: unknown, call: Call): error is ProofError {
  if (!(error instanceof ProofError)) return false;
  return error.retry === "always" || (error.retry === "idempotent" && (call.idempotent ?? (call.method ?? "GET") === "GET"));
}

function networkError(wire: Wire, cause: unknown): ProofError {
  const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
  const message = `No answer from Proof at ${wire.baseUrl.origin}: ${reason}`;
  return new ProofError({ kind: "network", retry: "idempotent", message, cause });
}

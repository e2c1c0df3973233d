// The calls of the console's API. Every failure comes out as one of two errors: the server said no,
// with its code and words, or nothing readable came back.

import type { Refused } from "../wire";

const CALL_TIMEOUT_MS = 30_000;
// Comparing the books with the world reads a day of everything.
const LONG_TIMEOUT_MS = 300_000;
const LONG = /^ledger\/(reconcile|check)(\?|$)|^ledger\/statements\/|\/checklist\/probe$/;

export class RefusedError extends Error {
  constructor(
    readonly status: number,
    readonly refused: Refused,
  ) {
    super(refused.message);
  }
}

export class UnreachableError extends Error {}

/** What the session does when a call meets its end. */
export interface Guard {
  signedOut: () => void;
  /** Asks who is there once more; whether somebody said so. */
  confirm: () => Promise<boolean>;
}

let guard: Guard = { signedOut: () => undefined, confirm: () => Promise.resolve(false) };

export function guardWith(given: Guard): void {
  guard = given;
}

export const get = <T>(path: string): Promise<T> => guarded<T>("GET", path, undefined);
export const post = <T>(path: string, body?: unknown): Promise<T> => guarded<T>("POST", path, body);

/** Of ids in paths: whatever they hold, they stay one part of it. */
export const part = (text: string): string => encodeURIComponent(text);

async function guarded<T>(method: string, path: string, body: unknown): Promise<T> {
  try {
    return await call<T>(method, path, body);
  } catch (problem) {
    if (!(problem instanceof RefusedError)) throw problem;
    const { code } = problem.refused;
    if (problem.status === 401 && code === "signed_out") guard.signedOut();
    if (problem.status !== 403 || code !== "sign_in_again") throw problem;
    if (!(await guard.confirm())) throw problem;
    return call<T>(method, path, body);
  }
}

/** One call, as it is; sign-in itself goes this way. */
export async function call<T>(method: string, path: string, body: unknown): Promise<T> {
  const headers: Record<string, string> = { "x-proof-console": "1", accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(`/console/api/${path}`, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      cache: "no-store",
      credentials: "same-origin",
      redirect: "error",
      signal: AbortSignal.timeout(LONG.test(path) ? LONG_TIMEOUT_MS : CALL_TIMEOUT_MS),
    });
    text = await answer.text();
  } catch {
    throw new UnreachableError(path);
  }
  const read = parse(text);
  if (answer.ok && (text === "" || read !== undefined)) return read as T;
  if (answer.ok) throw new UnreachableError(path);
  throw new RefusedError(answer.status, refusal(read, answer.status));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Also what a proxy in between says in its own words has to read like a refusal. */
export function refusal(body: unknown, status: number): Refused {
  const at = (name: string): string | undefined => {
    const value = typeof body === "object" && body !== null ? (body as Record<string, unknown>)[name] : undefined;
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const field = at("field");
  return {
    error: at("error") ?? "unreadable",
    code: at("code") ?? at("error") ?? "unreadable",
    message: at("message") ?? `The server answered ${status} and did not say why.`,
    docs_url: at("docs_url") ?? "",
    request_id: at("request_id") ?? "",
    ...(field ? { field } : {}),
  };
}

/** Which of a form's fields the server means: `wallets.0.address` is about `wallets` if nothing is nearer. */
export function fieldOf(problem: unknown, known: string[]): string | undefined {
  if (!(problem instanceof RefusedError) || problem.refused.field === undefined) return undefined;
  const { field } = problem.refused;
  return known.filter((name) => field === name || field.startsWith(`${name}.`) || field.startsWith(`${name}[`)).sort((a, b) => b.length - a.length)[0];
}

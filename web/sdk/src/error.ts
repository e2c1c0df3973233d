// Every refusal is a `ProofError`, and its `kind` says who has to do something about it.

export type ErrorKind =
  /** Nothing that the user typed: a setting is wrong, here or at the operator. Never retried. */
  | "configuration"
  /** This request is wrong; the same one will be refused again. */
  | "request"
  | "not_found"
  /** The idempotency key belongs to another body. */
  | "conflict"
  /** Proof, or something on the way, cannot answer now. */
  | "unavailable"
  /** No answer came at all. */
  | "network";

/** When the same call may be sent again: whatever it does, only if doing it twice is harmless, or not at all. */
export type Retry = "always" | "idempotent" | "never";

export interface ErrorFacts {
  kind: ErrorKind;
  message: string;
  retry?: Retry;
  status?: number;
  error?: string | null;
  code?: string | null;
  field?: string | null;
  requestId?: string | null;
  docsUrl?: string | null;
  retryAfterSeconds?: number | null;
  cause?: unknown;
}

export class ProofError extends Error {
  override readonly name = "ProofError";
  readonly kind: ErrorKind;
  readonly retry: Retry;
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** The slug and the code of the contract's table; null when the answer was not Proof's. */
  readonly error: string | null;
  readonly code: string | null;
  /** The field that is wrong. */
  readonly field: string | null;
  /** Give it to the operator: it finds the request in the log. */
  readonly requestId: string | null;
  readonly docsUrl: string | null;
  readonly retryAfterSeconds: number | null;

  constructor(facts: ErrorFacts) {
    super(facts.message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.kind = facts.kind;
    this.retry = facts.retry ?? "never";
    this.status = facts.status ?? 0;
    this.error = facts.error ?? null;
    this.code = facts.code ?? null;
    this.field = facts.field ?? null;
    this.requestId = facts.requestId ?? null;
    this.docsUrl = facts.docsUrl ?? null;
    this.retryAfterSeconds = facts.retryAfterSeconds ?? null;
  }

  /** Whether the same call may work later. */
  get retryable(): boolean {
    return this.retry !== "never";
  }
}

/** A setting that is wrong, found without asking the server, or in what it answered. */
export function configurationError(what: string, facts: Omit<ErrorFacts, "kind" | "message" | "retry"> = {}): ProofError {
  return new ProofError({ ...facts, kind: "configuration", message: `Configuration bug: ${what}` });
}

const ADVICE = new Map([
  ["missing_token", "Give `new Proof` the client_token of this environment."],
  ["invalid_token", "Check that the client_token belongs to this base URL, and that it was not rotated away."],
  ["forbidden_origin", "Register this origin with the operator, or call from the backend without an Origin header."],
  ["offramp_disabled", "Ask the operator to enable selling, or leave `type` at buy."],
  ["wallet_not_supported", "Ask the operator to register a wallet for this currency and network."],
  ["currency_not_allowed", "Ask the operator to enable this currency, or do not offer it."],
]);

interface Answer {
  status: number;
  headers: Pick<Headers, "get">;
  body: string;
}

/** Reads an answer that is not a success. What is not known yet is judged by its status. */
export function errorFromAnswer({ status, headers, body }: Answer): ProofError {
  const ours = parse(body);
  const code = text(ours?.["code"]);
  const kind = kindOf(status, code);
  const facts: ErrorFacts = {
    kind,
    message: text(ours?.["message"]) ?? `Proof was asked, but something on the way answered with HTTP ${status}.`,
    retry: kind === "unavailable" ? retryOf(status, code) : "never",
    status,
    code,
    error: code === null ? null : text(ours?.["error"]),
    field: code === null ? null : text(ours?.["field"]),
    docsUrl: code === null ? null : text(ours?.["docs_url"]),
    requestId: text(ours?.["request_id"]) ?? headers.get("x-request-id"),
    retryAfterSeconds: seconds(headers.get("retry-after")),
  };
  if (kind !== "configuration") return new ProofError(facts);
  return configurationError(`${facts.message} ${advice(status, code)}`, facts);
}

function kindOf(status: number, code: string | null): ErrorKind {
  if (code !== null && ADVICE.has(code.toLowerCase())) return "configuration";
  // A redirect would lose the token or the body on its way: the base URL has to be the final one.
  if (status < 400 || status === 401 || status === 403) return "configuration";
  if (status === 404) return "not_found";
  if (status === 409) return "conflict";
  return status === 429 || status >= 500 ? "unavailable" : "request";
}

/** Proof itself leaves nothing half-done when it says 502 or 503; of a proxy nobody knows. */
function retryOf(status: number, code: string | null): Retry {
  if (status === 429) return "always";
  return code !== null && (status === 502 || status === 503) ? "always" : "idempotent";
}

function advice(status: number, code: string | null): string {
  const known = ADVICE.get(code?.toLowerCase() ?? "");
  if (known) return known;
  if (status < 400) return "Check the base URL: it must be Proof's own, without a redirect.";
  return code === null
    ? "Check the base URL, and any proxy or firewall between this server and Proof."
    : "Check the settings of this partner with the operator.";
}

function parse(body: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) && typeof value["code"] === "string" ? value : null;
  } catch {
    return null;
  }
}

/** Only a number of seconds: a date would need two clocks that agree. */
function seconds(header: string | null): number | null {
  return header !== null && /^\d{1,9}$/.test(header.trim()) ? Number(header) : null;
}

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

/** @internal */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

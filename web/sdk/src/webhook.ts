// Signed webhooks, as Standard Webhooks has them: HMAC-SHA-256 (`v1`) or Ed25519 (`v1a`) over id, time and the
// body exactly as it arrived.

import { createHmac, createPublicKey, timingSafeEqual, verify as verifyEd25519, type KeyObject } from "node:crypto";
import { configurationError, isRecord } from "./error.js";
import type { WebhookEvent } from "./wire.js";

export type WebhookRefusal = "missing_header" | "malformed_header" | "stale" | "future" | "bad_signature" | "malformed_body";

/** Answer it with 401 (400 for `malformed_body`), and do nothing else. */
export class WebhookError extends Error {
  override readonly name = "WebhookError";
  readonly refusal: WebhookRefusal;

  constructor(refusal: WebhookRefusal, message: string) {
    super(message);
    this.refusal = refusal;
  }
}

export interface VerifyOptions {
  /** `whsec_…` */
  secret?: string | undefined;
  /** While a secret is rotated: the new one and the old one. */
  secrets?: readonly string[] | undefined;
  /** `whpk_…`, published at `/.well-known/proof-webhook-keys.json`. */
  publicKey?: string | undefined;
  /** How far the webhook's time may be from ours. Older, it may be somebody's replay. */
  toleranceSeconds?: number;
  /** Unix time in seconds, for tests. */
  now?: number;
}

/** What Node's `request.headers` is, and what `fetch` calls `Headers`. */
export type WebhookHeaders = Headers | Record<string, string | readonly string[] | undefined>;

interface Signed {
  content: Buffer;
  signatures: { version: string; value: string }[];
}

/** The event, if it is really Proof's and recent; else throws a `WebhookError`. */
export function verify(body: string | Uint8Array, headers: WebhookHeaders, options: VerifyOptions): WebhookEvent {
  const keys = (options.secrets ?? []).concat(options.secret ?? []).map(secretBytes);
  const publicKey = options.publicKey === undefined ? undefined : publicKeyOf(options.publicKey);
  if (keys.length === 0 && !publicKey) {
    throw configurationError("webhooks.verify needs `secret`, `secrets` or `publicKey`. Is the variable set that it comes from?");
  }
  const bytes = bodyBytes(body);
  const signed = readHeaders(headers, bytes, options);
  const fits = signed.signatures.some(({ version, value }) => {
    if (version === "v1") return keys.some((key) => isHmac(key, signed.content, value));
    return version === "v1a" && publicKey !== undefined && isEd25519(publicKey, signed.content, value);
  });
  if (!fits) throw new WebhookError("bad_signature", "No signature fits this body and secret.");
  return readEvent(bytes);
}

function readHeaders(headers: WebhookHeaders, body: Buffer, options: VerifyOptions): Signed {
  const id = header(headers, "webhook-id");
  const timestamp = header(headers, "webhook-timestamp");
  const signatures = header(headers, "webhook-signature");
  if (!/^\d{1,15}$/.test(timestamp)) throw new WebhookError("malformed_header", "webhook-timestamp is not a Unix time.");
  const tolerance = options.toleranceSeconds ?? 300;
  const age = (options.now ?? Math.floor(Date.now() / 1000)) - Number(timestamp);
  // Written so that a time or a tolerance that is not a number refuses, too.
  if (!(age <= tolerance)) throw new WebhookError("stale", `The webhook is more than ${tolerance} s old.`);
  if (!(-age <= tolerance)) throw new WebhookError("future", "The webhook is from the future. Is this server's clock right?");
  return {
    content: Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]),
    signatures: signatures.split(" ").map((part) => {
      const comma = part.indexOf(",");
      return { version: part.slice(0, Math.max(comma, 0)), value: part.slice(comma + 1) };
    }),
  };
}

function header(headers: WebhookHeaders, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  const text = Array.isArray(value) ? value.join(" ") : value;
  if (typeof text === "string" && text !== "") return text;
  throw new WebhookError("missing_header", `The header ${name} is missing.`);
}

function isHmac(key: Buffer, content: Buffer, value: string): boolean {
  const expected = createHmac("sha256", key).update(content).digest();
  const given = Buffer.from(value, "base64");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function isEd25519(key: KeyObject, content: Buffer, value: string): boolean {
  return verifyEd25519(null, content, key, Buffer.from(value, "base64"));
}

function bodyBytes(body: unknown): Buffer {
  if (typeof body === "string") return Buffer.from(body);
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  throw configurationError("webhooks.verify needs the raw body as text or bytes. A parsed one has lost what was signed.");
}

function secretBytes(secret: string): Buffer {
  const bytes = base64(secret.replace(/^whsec_/, ""));
  if (bytes && bytes.length > 0) return bytes;
  throw configurationError("the webhook secret must be the whsec_… that the operator or the API gave out.");
}

/** An Ed25519 key in its DER form is this, and then the key itself. */
const SPKI = Buffer.from("302a300506032b6570032100", "hex");

export function publicKeyOf(text: string): KeyObject {
  const bytes = base64(text.replace(/^whpk_/, ""));
  if (bytes?.length === 32) return createPublicKey({ key: Buffer.concat([SPKI, bytes]), format: "der", type: "spki" });
  throw configurationError("the public key must be a whpk_… of /.well-known/proof-webhook-keys.json.");
}

const base64 = (text: string): Buffer | undefined => (/^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, "base64") : undefined);

function readEvent(bytes: Buffer): WebhookEvent {
  let event: unknown;
  try {
    event = JSON.parse(bytes.toString());
  } catch {
    throw new WebhookError("malformed_body", "The body is not JSON.");
  }
  if (isRecord(event) && typeof event["merchant_transaction_id"] === "string" && typeof event["status"] === "string") {
    return event as unknown as WebhookEvent;
  }
  throw new WebhookError("malformed_body", "The body is not an event.");
}

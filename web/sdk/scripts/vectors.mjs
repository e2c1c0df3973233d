// Writes openapi/sdk-vectors.json, which the TypeScript and the Rust SDK must both pass:
//   npm run vectors -w web/sdk
// Signatures are made with node:crypto alone, so that no SDK is checked against itself.

import { createHash, createHmac, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const NOW = 1775037825;
const ID = "01a205d7-7001-7a2e-8e2f-3b0c5d9f1a11";
const SECRET = whsec("proof-sdk-vectors-secret-one-32b");
const OLD_SECRET = whsec("proof-sdk-vectors-secret-two-32b");
const FOREIGN_SECRET = whsec("proof-sdk-vectors-nobody-has-it!");
const KEY = ed25519(1);
const FOREIGN_KEY = ed25519(2);

const event = {
  merchant_transaction_id: "01a205d7-6445-7da8-b9dd-58caedbfa33b",
  type: "buy",
  status: "completed",
  currency: "USDT",
  network: "TRC20",
  crypto_amount: "99.50",
  fiat_currency: "EUR",
  fiat_amount: "100.00",
  created_at: "2026-04-01T10:00:00Z",
  updated_at: "2026-04-01T10:03:45Z",
};
const BODY = JSON.stringify({ ...event, event_id: ID, sequence: 5 });
const FORGED = BODY.replace("99.50", "99500");

/** @param {string} text */
function whsec(text) {
  return `whsec_${Buffer.from(text).toString("base64")}`;
}

/** A key that is the same on every run. @param {number} number */
function ed25519(number) {
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.alloc(32, number)]);
  const secret = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  const raw = createPublicKey(secret).export({ format: "der", type: "spki" }).subarray(-32);
  return { secret, public: `whpk_${raw.toString("base64")}` };
}

/** @param {string} secret @param {string} [body] @param {number | string} [time] @param {string} [id] */
function v1(secret, body = BODY, time = NOW, id = ID) {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64")}`;
}

/** @param {ReturnType<typeof ed25519>} key @param {string} [body] @param {number | string} [time] @param {string} [id] */
function v1a(key, body = BODY, time = NOW, id = ID) {
  return `v1a,${sign(null, Buffer.from(`${id}.${time}.${body}`), key.secret).toString("base64")}`;
}

/** @param {string} signature @param {{ id?: string, time?: number | string }} [other] */
const headers = (signature, { id = ID, time = NOW } = {}) => ({
  "webhook-id": id,
  "webhook-timestamp": String(time),
  "webhook-signature": signature,
});

/** @param {string} name @param {Record<string, string>} sent @param {string} expected @param {object} [other] */
const webhook = (name, sent, expected, other = {}) => ({
  name,
  secrets: [SECRET],
  public_key: null,
  headers: sent,
  body: BODY,
  now: NOW,
  tolerance_seconds: 300,
  expected,
  ...other,
});

/** @param {string} name @param {string} body */
const goodBody = (name, body) => webhook(name, headers(v1(SECRET, body)), "ok", { body });

/** @param {string} name @param {string} time */
const badTime = (name, time) => webhook(name, headers(v1(SECRET, BODY, time), { time }), "malformed_header");

/** @param {string} absent */
function without(absent) {
  const sent = Object.entries(headers(v1(SECRET))).filter(([name]) => name !== absent);
  return webhook(`no ${absent}`, Object.fromEntries(sent), "missing_header");
}

const good = v1(SECRET);
const byKey = { secrets: [], public_key: KEY.public };

const webhooks = [
  webhook("good", headers(good), "ok"),
  goodBody("good, only the fields of the published contract", JSON.stringify(event)),
  goodBody("good, a status and fields that are not known yet", JSON.stringify({ ...event, status: "on_hold", mood: { good: [1, null] } })),
  goodBody("good, not ASCII", JSON.stringify({ ...event, note: "Zoë paid 100 € — 日本語 🚀" })),
  goodBody("good, spaces and a line break of the sender's own", `${JSON.stringify(event, null, 2)}\n`),
  webhook("good, names of headers in capitals", { "Webhook-Id": ID, "Webhook-Timestamp": String(NOW), "WEBHOOK-SIGNATURE": good }, "ok"),
  webhook("good, secret without its prefix", headers(good), "ok", { secrets: [SECRET.replace("whsec_", "")] }),
  webhook("tampered body", headers(good), "bad_signature", { body: FORGED }),
  webhook("tampered body, one space more", headers(good), "bad_signature", { body: `${BODY} ` }),
  webhook("tampered id", headers(good, { id: "01a205d7-0000-7000-8000-000000000000" }), "bad_signature"),
  webhook("tampered timestamp", headers(good, { time: NOW + 1 }), "bad_signature"),
  webhook("replayed with its own timestamp", headers(v1(SECRET, BODY, NOW - 301), { time: NOW - 301 }), "stale"),
  webhook("replayed a day later", headers(good), "stale", { now: NOW + 86_400 }),
  webhook("replayed with a fresh timestamp", headers(good, { time: NOW + 86_400 }), "bad_signature", { now: NOW + 86_400 }),
  webhook("as old as it may be", headers(good), "ok", { now: NOW + 300 }),
  webhook("stale even when the signature is wrong", headers(v1(FOREIGN_SECRET)), "stale", { now: NOW + 301 }),
  webhook("older than a tolerance of ten seconds", headers(good), "stale", { now: NOW + 11, tolerance_seconds: 10 }),
  webhook("within a tolerance of an hour", headers(good), "ok", { now: NOW + 3600, tolerance_seconds: 3600 }),
  webhook("from the future", headers(v1(SECRET, BODY, NOW + 301), { time: NOW + 301 }), "future"),
  webhook("as far ahead as it may be", headers(v1(SECRET, BODY, NOW + 300), { time: NOW + 300 }), "ok"),
  webhook("two signatures, the second fits", headers(`${v1(OLD_SECRET)} ${good}`), "ok"),
  webhook("two signatures, none fits", headers(`${v1(OLD_SECRET)} ${v1(FOREIGN_SECRET)}`), "bad_signature"),
  webhook("two spaces between signatures", headers(`${v1(OLD_SECRET)}  ${good}`), "ok"),
  webhook("rotated secret, receiver has both, sender the old", headers(v1(OLD_SECRET)), "ok", { secrets: [SECRET, OLD_SECRET] }),
  webhook("rotated secret, receiver has the old, sender both", headers(`${good} ${v1(OLD_SECRET)}`), "ok", { secrets: [OLD_SECRET] }),
  webhook("rotated secret, the old one is over", headers(good), "bad_signature", { secrets: [OLD_SECRET] }),
  webhook("wrong secret", headers(v1(FOREIGN_SECRET)), "bad_signature"),
  webhook("all that a real webhook carries, secret", headers(`${good} ${v1(OLD_SECRET)} ${v1a(KEY)}`), "ok"),
  webhook("all that a real webhook carries, public key", headers(`${good} ${v1(OLD_SECRET)} ${v1a(KEY)}`), "ok", byKey),
  webhook("v1a good", headers(v1a(KEY)), "ok", byKey),
  webhook("v1a tampered body", headers(v1a(KEY)), "bad_signature", { ...byKey, body: FORGED }),
  webhook("v1a tampered id", headers(v1a(KEY), { id: "other" }), "bad_signature", byKey),
  webhook("v1a tampered timestamp", headers(v1a(KEY), { time: NOW - 1 }), "bad_signature", byKey),
  webhook("v1a replayed", headers(v1a(KEY)), "stale", { ...byKey, now: NOW + 301 }),
  webhook("v1a of a foreign key", headers(v1a(FOREIGN_KEY)), "bad_signature", byKey),
  webhook("v1a of a foreign key, then the right one", headers(`${v1a(FOREIGN_KEY)} ${v1a(KEY)}`), "ok", byKey),
  webhook("v1a too short", headers(v1a(KEY).slice(0, 40)), "bad_signature", byKey),
  webhook("v1a sent, only a secret known", headers(v1a(KEY)), "bad_signature"),
  webhook("v1 sent, only a public key known", headers(good), "bad_signature", byKey),
  webhook("v1 under the name v1a", headers(good.replace("v1,", "v1a,")), "bad_signature", { public_key: KEY.public }),
  webhook("v1a fits, v1 does not, both are known", headers(`${v1(FOREIGN_SECRET)} ${v1a(KEY)}`), "ok", { public_key: KEY.public }),
  webhook("unknown versions are ignored", headers(`v2,${good.slice(3)} v0,x ${good}`), "ok"),
  webhook("only unknown versions", headers(`v2,${good.slice(3)} V1,${good.slice(3)}`), "bad_signature"),
  webhook("signature without a version", headers(good.slice(3)), "bad_signature"),
  webhook("signature that is not base64", headers("v1,***"), "bad_signature"),
  webhook("signature with nothing in it", headers("v1, v1a, ,"), "bad_signature", { public_key: KEY.public }),
  webhook("signature in hex", headers(`v1,${Buffer.from(good.slice(3), "base64").toString("hex")}`), "bad_signature"),
  webhook("signature cut short", headers(good.slice(0, -8)), "bad_signature"),
  webhook("signature header empty", headers(""), "missing_header"),
  webhook("id header empty", headers(v1(SECRET, BODY, NOW, ""), { id: "" }), "missing_header"),
  webhook("timestamp header empty", headers(v1(SECRET, BODY, ""), { time: "" }), "missing_header"),
  webhook("no headers at all", {}, "missing_header"),
  without("webhook-id"),
  without("webhook-timestamp"),
  without("webhook-signature"),
  badTime("timestamp is a date", "2026-04-01T10:03:45Z"),
  badTime("timestamp with a fraction", `${NOW}.5`),
  badTime("timestamp with a sign", `+${NOW}`),
  badTime("timestamp below zero", "-1"),
  badTime("timestamp of more than 15 digits", "17750378250000000"),
  webhook("signed, but not JSON", headers(v1(SECRET, "hello")), "malformed_body", { body: "hello" }),
  webhook("signed, but not an event", headers(v1(SECRET, "[]")), "malformed_body", { body: "[]" }),
];

/** @param {number} status @param {string} error @param {string} code @param {string} message @param {object} [more] */
const ours = (status, error, code, message, more = {}) => ({
  status,
  body: JSON.stringify({ error, code, message, docs_url: `https://proof.example/docs/errors/${code}`, request_id: "req-1", ...more }),
});

/**
 * @param {string} name @param {{ status: number, body: string }} answer @param {string} kind @param {string} retry
 * @param {{ headers?: Record<string, string>, retry_after_seconds?: number }} [more]
 */
function failure(name, answer, kind, retry, { headers: sent = {}, ...expected } = {}) {
  let read = null;
  try {
    read = JSON.parse(answer.body);
  } catch {
    // A body that is not JSON is the point of some cases.
  }
  const known = typeof read?.code === "string";
  return {
    name,
    status: answer.status,
    headers: { "x-request-id": "req-1", ...sent },
    body: answer.body,
    expected: {
      class: kind,
      retry,
      error: known ? read.error : null,
      code: known ? read.code : null,
      field: known ? (read.field ?? null) : null,
      docs_url: known ? read.docs_url : null,
      request_id: "req-1",
      retry_after_seconds: null,
      ...expected,
    },
  };
}

const html = (/** @type {number} */ status, /** @type {string} */ title) => ({
  status,
  body: `<html><head><title>${status} ${title}</title></head><body><h1>${title}</h1></body></html>`,
});

const errors = [
  failure("rate limit", ours(429, "rate_limit_exceeded", "rate_limit_exceeded", "Too many requests."), "retry", "always", { headers: { "retry-after": "7" }, retry_after_seconds: 7 }),
  failure("rate limit without Retry-After", ours(429, "rate_limit_exceeded", "rate_limit_exceeded", "Too many requests."), "retry", "always"),
  failure("overloaded", ours(503, "unavailable", "overloaded", "Too busy."), "retry", "always", { headers: { "retry-after": "1" }, retry_after_seconds: 1 }),
  failure("provider error", ours(502, "upstream_error", "provider_error", "A provider failed."), "retry", "always"),
  failure("provider unreachable", ours(502, "upstream_unavailable", "upstream_unavailable", "A provider is unreachable."), "retry", "always"),
  failure("provider unreadable", ours(502, "upstream_unavailable", "upstream_invalid_response", "A provider is unreadable."), "retry", "always"),
  failure("database fault", ours(500, "internal_error", "db_error", "A fault here."), "retry", "idempotent"),
  failure("token fault", ours(500, "internal_error", "token_error", "A fault here."), "retry", "idempotent"),
  failure("Retry-After of zero", ours(503, "unavailable", "overloaded", "Too busy."), "retry", "always", { headers: { "retry-after": "0" }, retry_after_seconds: 0 }),
  failure("Retry-After as a date is not used", ours(503, "unavailable", "overloaded", "Too busy."), "retry", "always", { headers: { "retry-after": "Wed, 01 Apr 2026 10:03:45 GMT" } }),
  failure("Retry-After below zero is not used", ours(429, "rate_limit_exceeded", "rate_limit_exceeded", "Too many."), "retry", "always", { headers: { "retry-after": "-5" } }),
  failure("missing token", ours(401, "unauthorised", "missing_token", "No bearer token."), "configuration", "never"),
  failure("invalid token", ours(401, "unauthorised", "invalid_token", "The token is not known."), "configuration", "never"),
  failure("forbidden origin", ours(403, "forbidden", "forbidden_origin", "https://shop.example is not registered."), "configuration", "never"),
  failure("selling is off", ours(403, "forbidden", "offramp_disabled", "Selling is not enabled."), "configuration", "never"),
  failure("no wallet", ours(400, "wallet_not_supported", "WALLET_NOT_SUPPORTED", "No wallet for BTC on BITCOIN."), "configuration", "never"),
  failure("currency is off", ours(400, "invalid_request", "currency_not_allowed", "BTC is not enabled."), "configuration", "never"),
  failure("wrong field", ours(400, "invalid_request", "validation_error", "The field amount is wrong.", { field: "amount" }), "request", "never"),
  failure("missing field", ours(400, "invalid_request", "missing_param", "The field user_email is required.", { field: "user_email" }), "request", "never"),
  failure("not the JSON expected", ours(400, "invalid_request", "decode_error", "The body is not a JSON object."), "request", "never"),
  failure("body too large", ours(413, "invalid_request", "body_too_large", "Above 1 MiB."), "request", "never"),
  failure("wrong method", ours(405, "invalid_request", "method_not_allowed", "Use POST."), "request", "never", { headers: { allow: "POST" } }),
  failure("unknown transaction", ours(404, "not_found", "not_found", "No such transaction."), "not_found", "never"),
  failure("key used for another body", ours(409, "conflict", "idempotency_conflict", "This key belongs to another body."), "conflict", "never"),
  failure("a fault is never retried for its Retry-After alone", ours(400, "invalid_request", "validation_error", "The field amount is wrong."), "request", "never", { headers: { "retry-after": "1" }, retry_after_seconds: 1 }),
  failure("unknown code, 400", ours(400, "invalid_request", "not_known_yet", "Something new."), "request", "never"),
  failure("unknown code, 403", ours(403, "forbidden", "not_known_yet", "Something new."), "configuration", "never"),
  failure("unknown code, 404", ours(404, "not_found", "not_known_yet", "Something new."), "not_found", "never"),
  failure("unknown code, 409", ours(409, "conflict", "not_known_yet", "Something new."), "conflict", "never"),
  failure("unknown code, 500", ours(500, "internal_error", "not_known_yet", "Something new."), "retry", "idempotent"),
  failure("unknown code, 502", ours(502, "upstream_error", "not_known_yet", "Something new."), "retry", "always"),
  failure("unknown status", ours(418, "teapot", "not_known_yet", "Something new."), "request", "never"),
  failure("a proxy's 502 in HTML", html(502, "Bad Gateway"), "retry", "idempotent"),
  failure("a proxy's 503 in HTML", html(503, "Service Unavailable"), "retry", "idempotent", { headers: { "retry-after": "3" }, retry_after_seconds: 3 }),
  failure("a proxy's 504 in HTML", html(504, "Gateway Timeout"), "retry", "idempotent"),
  failure("a proxy's 429 in HTML", html(429, "Too Many Requests"), "retry", "always"),
  failure("a proxy's 403 in HTML", html(403, "Forbidden"), "configuration", "never"),
  failure("a proxy's 413 in HTML", html(413, "Request Entity Too Large"), "request", "never"),
  failure("a gateway's own JSON", { status: 403, body: '{"message":"Forbidden"}' }, "configuration", "never"),
  failure("a body of null", { status: 502, body: "null" }, "retry", "idempotent"),
  failure("no body", { status: 503, body: "" }, "retry", "idempotent"),
];

/** @param {number} attempt @param {number} delay_ms_max */
const wait = (attempt, delay_ms_max) => ({ attempt, retry_after_seconds: null, delay_ms_min: 0, delay_ms_max, gives_up: false });
/** @param {number} attempt @param {number} seconds */
const told = (attempt, seconds) => ({ attempt, retry_after_seconds: seconds, delay_ms_min: seconds * 1000, delay_ms_max: seconds * 1000, gives_up: false });
/** @param {number} attempt @param {number | null} seconds */
const over = (attempt, seconds) => ({ attempt, retry_after_seconds: seconds, delay_ms_min: null, delay_ms_max: null, gives_up: true });

const backoff = {
  base_ms: 500,
  cap_ms: 8000,
  tries_max: 4,
  retry_after_seconds_max: 60,
  // Of a call: how long to wait after the attempt (counted from 1) that has just failed.
  calls: [wait(1, 500), wait(2, 1000), wait(3, 2000), told(1, 0), told(1, 7), told(3, 60), over(1, 61), over(2, 3600), over(4, null), over(4, 1)],
  // Of something that goes on, like a socket: the same delays, and no end.
  delays: [wait(1, 500), wait(2, 1000), wait(3, 2000), wait(4, 4000), wait(5, 8000), wait(6, 8000), wait(64, 8000), wait(5000, 8000)],
};

const statuses = [
  { status: "pending", terminal: false },
  { status: "processing", terminal: false },
  { status: "completed", terminal: true },
  { status: "failed", terminal: true },
  { status: "cancelled", terminal: true },
  { status: "on_hold", terminal: false },
  { status: "Completed", terminal: false },
  { status: "", terminal: false },
];

/** @param {string} id @param {string} segment */
const path = (id, segment) => ({ partner_user_id: id, path: `/widget/users/${segment}/kyc-status` });
/** @param {string} id */
const noPath = (id) => ({ partner_user_id: id, path: null });

const paths = [
  path("user-42", "user-42"),
  path("A.z_0~9-", "A.z_0~9-"),
  path("a/b", "a%2Fb"),
  path("a b+c", "a%20b%2Bc"),
  path("50%", "50%25"),
  path("%2F", "%252F"),
  path("x?y#z", "x%3Fy%23z"),
  path("ann@example.com", "ann%40example.com"),
  path("a:b;c,d=e&f$g", "a%3Ab%3Bc%2Cd%3De%26f%24g"),
  path("it's (mine)!*", "it%27s%20%28mine%29%21%2A"),
  path("[\"\\|^`{}<>]", "%5B%22%5C%7C%5E%60%7B%7D%3C%3E%5D"),
  path("Zoë", "Zo%C3%AB"),
  path("日本", "%E6%97%A5%E6%9C%AC"),
  path("🚀", "%F0%9F%9A%80"),
  path("...", "..."),
  path("../x", "..%2Fx"),
  noPath("."),
  noPath(".."),
  noPath(""),
];

const DOCUMENT = {
  version: 1,
  environment: "live",
  partner_id: "prt_01a205d6-0000-7000-8000-000000000001",
  merchant_transaction_id: event.merchant_transaction_id,
  type: "buy",
  currency: "USDT",
  network: "TRC20",
  amount: "100",
  address: "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
  issued_at: "2026-04-01T10:00:00Z",
};

/** @param {ReturnType<typeof ed25519>} key */
const idOf = (key) => createHash("sha256").update(Buffer.from(key.public.replace("whpk_", ""), "base64")).digest("hex").slice(0, 16);

/** @param {ReturnType<typeof ed25519>} key @param {object} [more] */
const published = (key, more = {}) => ({ environment: "live", key: key.public, id: idOf(key), from: null, until: null, ...more });

/** @param {string} document @param {ReturnType<typeof ed25519>} [key] @param {string} [domain] */
const signedReceipt = (document, key = KEY, domain = "proof receipt 1\n") => ({
  document,
  key_id: idOf(key),
  signature: sign(null, Buffer.from(domain + document), key.secret).toString("base64"),
});

/** @param {string} name @param {object} receipt @param {string} expected @param {object} [other] */
const receiptCase = (name, receipt, expected, other = {}) => ({
  name, receipt, keys: [published(KEY)], environment: "live", expect: {}, field: null, expected, ...other,
});

/** @param {object} [more] */
const documentOf = (more = {}) => JSON.stringify({ ...DOCUMENT, ...more });
const issued = signedReceipt(documentOf());
const { address: _, ...unaddressed } = DOCUMENT;
const sell = JSON.stringify({
  ...unaddressed, type: "sell", deposit_address: "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE", refund_address: DOCUMENT.address,
});
const turned = [published(KEY, { until: "2026-05-01T00:00:00Z" }), published(FOREIGN_KEY, { from: "2026-05-01T00:00:00Z" })];
const later = documentOf({ issued_at: "2026-05-01T00:00:00Z" });

const receipts = [
  receiptCase("good", issued, "ok"),
  receiptCase("good, all that a shop knows", issued, "ok", { expect: { merchant_transaction_id: DOCUMENT.merchant_transaction_id, network: "TRC20", amount: "100", address: DOCUMENT.address } }),
  receiptCase("good, a sell before its terms", signedReceipt(JSON.stringify({ ...unaddressed, type: "sell" })), "ok"),
  receiptCase("good, a sell", signedReceipt(sell), "ok", { expect: { deposit_address: "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE" } }),
  receiptCase("good, fields that are not known yet", signedReceipt(documentOf({ mood: [1, null] })), "ok"),
  receiptCase("good, the sandbox's", signedReceipt(documentOf({ environment: "test" })), "ok", { environment: "test", keys: [published(KEY, { environment: "test" })] }),
  receiptCase("good, the key before the turn", issued, "ok", { keys: turned }),
  receiptCase("good, the key after the turn", signedReceipt(later, FOREIGN_KEY), "ok", { keys: turned }),
  receiptCase("the key before the turn, after it", signedReceipt(later), "not_valid_then", { keys: turned }),
  receiptCase("the key after the turn, before it", signedReceipt(documentOf(), FOREIGN_KEY), "not_valid_then", { keys: turned }),
  receiptCase("a key that is not published", signedReceipt(documentOf(), FOREIGN_KEY), "unknown_key"),
  receiptCase("no keys at all", issued, "unknown_key", { keys: [] }),
  receiptCase("another key under our id", { ...signedReceipt(documentOf(), FOREIGN_KEY), key_id: idOf(KEY) }, "bad_signature"),
  receiptCase("another address", { ...issued, document: documentOf({ address: "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE" }) }, "bad_signature"),
  receiptCase("one space more", { ...issued, document: `${issued.document} ` }, "bad_signature"),
  receiptCase("a signature of something else", signedReceipt(documentOf(), KEY, ""), "bad_signature"),
  receiptCase("a signature cut short", { ...issued, signature: issued.signature.slice(0, 40) }, "bad_signature"),
  receiptCase("no signature", { ...issued, signature: "" }, "bad_signature"),
  receiptCase("signed, but not JSON", signedReceipt("hello"), "malformed"),
  receiptCase("signed, but an array", signedReceipt("[1]"), "malformed"),
  receiptCase("signed, but of another version", signedReceipt(documentOf({ version: 2 })), "malformed"),
  receiptCase("signed, without a network", signedReceipt(documentOf({ network: undefined })), "malformed"),
  receiptCase("signed, with a time of another form", signedReceipt(documentOf({ issued_at: "2026-04-01T12:00:00+02:00" })), "malformed"),
  receiptCase("the sandbox's, shown for live", signedReceipt(documentOf({ environment: "test" })), "wrong_environment", { keys: [published(KEY, { environment: "test" })] }),
  receiptCase("live, signed by the sandbox's key", issued, "wrong_environment", { keys: [published(KEY, { environment: "test" })] }),
  receiptCase("of another order", issued, "mismatch", { expect: { merchant_transaction_id: "01a205d7-0000-7000-8000-000000000000" }, field: "merchant_transaction_id" }),
  receiptCase("to another address", issued, "mismatch", { expect: { address: "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE" }, field: "address" }),
  receiptCase("an address where there is none", issued, "mismatch", { expect: { deposit_address: DOCUMENT.address }, field: "deposit_address" }),
];

const BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Spelt out bit by bit, unlike in the SDKs. @param {string} network @param {string} address @param {string} [spelt] */
function fingerprint(network, address, spelt = address) {
  const hash = createHash("sha256").update(`proof address 1\n${network}\n${spelt}`).digest();
  const bits = Array.from(hash, (byte) => byte.toString(2).padStart(8, "0")).join("");
  const letters = Array.from({ length: 16 }, (_, at) => BASE32[parseInt(bits.slice(at * 5, at * 5 + 5), 2)]).join("");
  return { network, address, fingerprint: letters.replace(/(.{4})(?=.)/g, "$1-") };
}

const EVM = "0xdAC17F958D2ee523a2206206994597C13D831ec7";
const SEGWIT = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq";
const fingerprints = [
  fingerprint("TRC20", DOCUMENT.address),
  fingerprint("TRC20", "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE"),
  fingerprint("ERC20", EVM, EVM.toLowerCase()),
  fingerprint("ERC20", EVM.toLowerCase()),
  fingerprint("BEP20", EVM, EVM.toLowerCase()),
  fingerprint("BITCOIN", SEGWIT),
  fingerprint("BITCOIN", SEGWIT.toUpperCase(), SEGWIT),
  fingerprint("BITCOIN", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
  fingerprint("SOLANA", "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"),
];

const about = {
  file: "Made by web/sdk/scripts/vectors.mjs. Every SDK passes all of it.",
  webhooks: "Checks in this order: headers there and not empty (missing_header), timestamp of 1 to 15 digits (malformed_header), now - timestamp > tolerance (stale), timestamp - now > tolerance (future), one signature that fits (bad_signature), a JSON object with merchant_transaction_id and status (malformed_body). Names of headers in any case. expected: ok, or the refusal.",
  errors: "class: retry, configuration, request, not_found, conflict; by code first, then by status. retry: always, idempotent (only a call that may be repeated), never. error, code, field and docs_url are null when the body is not Proof's (a JSON object with the string code). request_id: the body's, else the header's. retry_after_seconds: digits only.",
  backoff: "Exponential with full jitter: between 0 and min(cap, base * 2^(attempt-1)). Retry-After wins; above retry_after_seconds_max the call gives up at once. tries_max is the number of tries in all.",
  statuses: "An unknown status is not the end.",
  receipts: "keys: as published. Checks in this order: a published key with key_id (unknown_key), Ed25519 over 'proof receipt 1', a line feed and the bytes of document (bad_signature), a JSON object of version 1 with every field of a receipt and a time of the form 2026-04-01T10:00:00Z (malformed), document and key are of the environment asked for (wrong_environment), from <= issued_at < until (not_valid_then), every field of expect has that value (mismatch, with field).",
  fingerprints: "Crockford's base 32 of the first 80 bits of the SHA-256 of 'proof address 1', line feed, network, line feed, address, in four groups. An address that begins with 0x, bc1, tb1 or bcrt1 in any case is lower-cased first.",
  paths: "RFC 3986: letters, digits, - . _ ~ stay, everything else is percent-encoded UTF-8. null: refused before any request, because every URL parser takes . and .. (encoded, too) for folders and would ask for something else.",
};

export const text = `${JSON.stringify({ about, webhooks, receipts, fingerprints, errors, backoff, statuses, paths }, null, 2)}\n`;
export const file = join(import.meta.dirname, "../../../openapi/sdk-vectors.json");

if (process.argv[1] === import.meta.filename) writeFileSync(file, text);

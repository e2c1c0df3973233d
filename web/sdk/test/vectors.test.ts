import { readFileSync } from "node:fs";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { file, text } from "../scripts/vectors.mjs";
import { callDelayMs, delayMs } from "../src/backoff.js";
import { configurationError, errorFromAnswer, ProofError, type ErrorKind } from "../src/error.js";
import { addressFingerprint, isTerminal, ReceiptError, verifyReceipt, WebhookError, webhooks, type ReceiptOptions } from "../src/index.js";
import { kycStatusPath } from "../src/user.js";
import vectors from "../../../openapi/sdk-vectors.json";

it("the file is what its script makes", () => {
  expect(readFileSync(file, "utf8")).toBe(text);
});

type Webhook = (typeof vectors.webhooks)[number];

function outcome({ body, headers, secrets, public_key, now, tolerance_seconds }: Webhook): string {
  try {
    const options = { secrets, publicKey: public_key ?? undefined, now, toleranceSeconds: tolerance_seconds };
    const event = webhooks.verify(body, headers as unknown as Record<string, string>, options);
    expect(event).toEqual(JSON.parse(body));
    return "ok";
  } catch (error) {
    if (error instanceof WebhookError) return error.refusal;
    throw error;
  }
}

describe("webhooks", () => {
  it.each(vectors.webhooks)("$name", (webhook) => {
    expect(outcome(webhook)).toBe(webhook.expected);
  });

  it("are all different, and every refusal is among them", () => {
    expect(new Set(vectors.webhooks.map(({ name }) => name)).size).toBe(vectors.webhooks.length);
    expect(new Set(vectors.webhooks.map(({ expected }) => expected))).toEqual(
      new Set(["ok", "missing_header", "malformed_header", "stale", "future", "bad_signature", "malformed_body"]),
    );
  });
});

describe("receipts", () => {
  it.each(vectors.receipts)("$name", ({ receipt, keys, environment, expect: expected, field, expected: outcome }) => {
    const options = { keys, environment, expect: expected } as unknown as ReceiptOptions;
    const said = (): string => {
      try {
        expect(verifyReceipt(receipt, options)).toEqual(JSON.parse(receipt.document));
        return "ok";
      } catch (error) {
        if (!(error instanceof ReceiptError)) throw error;
        expect(error.field ?? null).toBe(field);
        return error.refusal;
      }
    };
    expect(said()).toBe(outcome);
  });

  it("have every refusal among them", () => {
    expect(new Set(vectors.receipts.map(({ expected }) => expected))).toEqual(
      new Set(["ok", "unknown_key", "bad_signature", "malformed", "wrong_environment", "not_valid_then", "mismatch"]),
    );
  });
});

it.each(vectors.fingerprints)("the fingerprint of $network $address", ({ network, address, fingerprint }) => {
  expect(addressFingerprint(network, address)).toBe(fingerprint);
});

// What the libraries of others do not have: Ed25519, another tolerance, and a strict reading of the time.
const theirs = vectors.webhooks.filter(
  ({ public_key, tolerance_seconds, expected }) => !public_key && tolerance_seconds === 300 && expected !== "malformed_header",
);

describe.each([
  ["standardwebhooks", StandardWebhook],
  ["svix", SvixWebhook],
] as const)("%s agrees", (_library, Library) => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each(theirs)("$name", ({ secrets, body, headers, now, expected }) => {
    vi.setSystemTime(now * 1000);
    const accepted = secrets.some((secret) => {
      try {
        new Library(secret).verify(body, headers as unknown as Record<string, string>);
        return true;
      } catch (error) {
        // The signature was good: only the body is not JSON, which is said after that.
        return error instanceof SyntaxError;
      }
    });
    expect(accepted).toBe(expected === "ok" || expected === "malformed_body");
  });
});

const CLASS: Partial<Record<ErrorKind, string>> = { unavailable: "retry" };

describe("errors", () => {
  it.each(vectors.errors)("$name", ({ status, headers, body, expected }) => {
    const error = errorFromAnswer({ status, headers: new Headers(headers as unknown as Record<string, string>), body });
    expect(error).toBeInstanceOf(ProofError);
    expect({
      class: CLASS[error.kind] ?? error.kind,
      retry: error.retry,
      error: error.error,
      code: error.code,
      field: error.field,
      docs_url: error.docsUrl,
      request_id: error.requestId,
      retry_after_seconds: error.retryAfterSeconds,
    }).toEqual(expected);
    expect(error.status).toBe(status);
    expect(error.retryable).toBe(expected.retry !== "never");
    expect(error.message.startsWith("Configuration bug: ")).toBe(expected.class === "configuration");
    if (expected.code !== null) expect(error.message).toContain(JSON.parse(body).message);
  });

  it("about a setting say what to do", () => {
    const advised = vectors.errors.filter(({ expected }) => expected.class === "configuration" && expected.code !== null);
    for (const { status, headers, body } of advised) {
      const error = errorFromAnswer({ status, headers: new Headers(headers as unknown as Record<string, string>), body });
      expect(error.message.length).toBeGreaterThan(configurationError(JSON.parse(body).message).message.length + 20);
    }
  });
});

describe("backoff", () => {
  it.each(vectors.backoff.calls)("of a call: attempt $attempt, Retry-After $retry_after_seconds", (wait) => {
    const [least, most] = [0, 1].map((chance) => callDelayMs(wait.attempt, chance, wait.retry_after_seconds));
    expect([least, most]).toEqual(wait.gives_up ? [null, null] : [wait.delay_ms_min, wait.delay_ms_max]);
  });

  it.each(vectors.backoff.delays)("of what goes on: attempt $attempt", ({ attempt, delay_ms_min, delay_ms_max }) => {
    expect([delayMs(attempt, 0), delayMs(attempt, 1)]).toEqual([delay_ms_min, delay_ms_max]);
  });
});

it.each(vectors.statuses)("status $status is terminal: $terminal", ({ status, terminal }) => {
  expect(isTerminal(status)).toBe(terminal);
});

describe("paths", () => {
  it.each(vectors.paths)("$partner_user_id", ({ partner_user_id, path }) => {
    if (path === null) {
      expect(() => kycStatusPath(partner_user_id)).toThrow(ProofError);
      return;
    }
    expect(kycStatusPath(partner_user_id)).toBe(path);
    // And a URL parser leaves it as it is.
    expect(new URL(path, "https://proof.example").pathname).toBe(path);
  });
});

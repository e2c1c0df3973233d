import { describe, expect, it } from "vitest";
import { MemoryOnceStore, webhooks } from "../src/index.js";
import vectors from "../../../openapi/sdk-vectors.json";

function vector(name: string) {
  const found = vectors.webhooks.find((webhook) => webhook.name === name);
  if (!found) throw new Error(`no vector ${name}`);
  return { ...found, headers: found.headers as unknown as Record<string, string>, secret: found.secrets[0] };
}

const good = vector("good");
const { body, headers, secret, now } = good;

describe("a webhook", () => {
  it("is read from bytes, from Headers, and from Node's lists", () => {
    const bytes = Buffer.from(`xx${body}`).subarray(2);
    expect(webhooks.verify(bytes, headers, { secret, now })).toEqual(JSON.parse(body));
    expect(webhooks.verify(body, new Headers(headers), { secret, now })).toEqual(JSON.parse(body));
    const list = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
    expect(webhooks.verify(body, list, { secret, now })).toEqual(JSON.parse(body));
  });

  it("takes the present time and five minutes unless told otherwise", () => {
    expect(() => webhooks.verify(body, headers, { secret })).toThrow(expect.objectContaining({ name: "WebhookError", refusal: "stale" }));
    expect(() => webhooks.verify(body, headers, { secret, now: now + 301 })).toThrow(expect.objectContaining({ refusal: "stale" }));
  });

  it("is refused when time or tolerance is not a number", () => {
    expect(() => webhooks.verify(body, headers, { secret, now: Number.NaN })).toThrow(expect.objectContaining({ refusal: "stale" }));
    expect(() => webhooks.verify(body, headers, { secret, now, toleranceSeconds: Number("x") })).toThrow(expect.objectContaining({ refusal: "stale" }));
  });

  // An empty secret would make everybody's signature good.
  it.each([
    ["nothing at all", {}],
    ["a variable that is not set", { secret: undefined }],
    ["an empty secret", { secret: "" }],
    ["only the prefix", { secret: "whsec_" }],
    ["a secret too short to hold a byte", { secret: "whsec_A" }],
    ["no secrets", { secrets: [] }],
    ["a secret that is not base64", { secret: "whsec_not base64" }],
    ["the token instead", { secret: "sk_test_abc" }],
    ["a public key that is too short", { publicKey: "whpk_AAAA" }],
    ["one good secret and one bad", { secrets: [secret as string, "whsec_"] }],
  ])("cannot be checked with %s", (_name, options) => {
    expect(() => webhooks.verify(body, headers, { ...options, now })).toThrow(/^Configuration bug: /);
  });

  it("must not be parsed before", () => {
    expect(() => webhooks.verify(JSON.parse(body), headers, { secret, now })).toThrow(/^Configuration bug: .* raw body/);
  });
});

describe("once", () => {
  const event = (status: string, id = "a") => ({ merchant_transaction_id: id, status });

  it("runs for each order and status, however often the webhook comes", async () => {
    const once = webhooks.once();
    const ran: string[] = [];
    const hear = (id: string, status: string) => once(event(status, id), () => ran.push(`${id} ${status}`));
    expect(await hear("a", "processing")).toBe(true);
    expect(await hear("a", "completed")).toBe(true);
    expect(await hear("b", "completed")).toBe(true);
    expect(await hear("a", "completed")).toBe(false);
    expect(await Promise.all([hear("c", "failed"), hear("c", "failed")])).toEqual([true, false]);
    expect(ran).toEqual(["a processing", "a completed", "b completed", "c failed"]);
  });

  it("runs again when the handler failed", async () => {
    const once = webhooks.once();
    const fail = async () => {
      throw new Error("database is away");
    };
    await expect(once(event("completed"), fail)).rejects.toThrow("database is away");
    expect(await once(event("completed"), () => undefined)).toBe(true);
  });

  it("remembers in a store of the caller's, too", async () => {
    const keys = new Set<string>();
    const store = {
      add: async (key: string) => !keys.has(key) && !!keys.add(key),
      remove: async (key: string) => void keys.delete(key),
    };
    expect(await webhooks.once(store)(event("completed"), () => undefined)).toBe(true);
    expect(await webhooks.once(store)(event("completed"), () => undefined)).toBe(false);
    expect([...keys]).toEqual(["a completed"]);
  });

  it("forgets the oldest when memory is full", () => {
    const store = new MemoryOnceStore(2);
    expect(["a", "b", "c"].map((key) => store.add(key))).toEqual([true, true, true]);
    expect(["c", "b", "a"].map((key) => store.add(key))).toEqual([false, false, true]);
  });
});

import { expect, describe, it } from "vitest";
import { Proof, ProofError, type SessionRequest } from "../src/index.js";
import { FakeClock, FakeProof, ID, inTurn, refusal, TOKEN } from "./fake.js";

const request: SessionRequest = { partner_user_id: "u", user_email: "a@b.example", network: "TRC20", currency: "USDT", amount: "100" };
const session = { merchant_transaction_id: ID, widget_id: "w", init_token: "it_1" };
const overloaded = refusal(503, "unavailable", "overloaded");

async function failure(promise: Promise<unknown>): Promise<ProofError> {
  const error = await promise.then(() => undefined, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(ProofError);
  return error as ProofError;
}

const keys = (fake: FakeProof) => fake.asked.map(({ headers }) => headers["idempotency-key"]);

describe("a session", () => {
  it("is asked for as the contract says, and comes back as it is", async () => {
    const fake = await FakeProof.start();
    fake.answer = () => ({ body: session });
    expect(await fake.client().session.create(request)).toEqual(session);
    const [asked] = fake.asked;
    expect([asked?.method, asked?.path]).toEqual(["POST", "/widget/session"]);
    expect(asked?.headers).toMatchObject({ authorization: `Bearer ${TOKEN}`, "content-type": "application/json" });
    expect(JSON.parse(asked?.body ?? "")).toEqual(request);
  });

  it("is tried again under the same key with the same body, with growing pauses", async () => {
    const fake = await FakeProof.start();
    fake.answer = inTurn(overloaded, { hangUp: true }, refusal(500, "internal_error", "db_error"), { body: session });
    const clock = new FakeClock();
    expect(await fake.client({ clock }).session.create(request)).toEqual(session);
    expect(fake.asked).toHaveLength(4);
    expect(new Set(keys(fake)).size).toBe(1);
    expect(keys(fake)[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(new Set(fake.asked.map(({ body }) => body)).size).toBe(1);
    expect(clock.slept).toEqual([250, 500, 1000]);
  });

  it("waits for as long as the server says", async () => {
    const fake = await FakeProof.start();
    fake.answer = inTurn({ ...refusal(429, "rate_limit_exceeded", "rate_limit_exceeded"), headers: { "retry-after": "7" } }, { body: session });
    const clock = new FakeClock();
    await fake.client({ clock }).session.create(request);
    expect(clock.slept).toEqual([7000]);
  });

  it("does not sleep through an hour", async () => {
    const fake = await FakeProof.start();
    fake.answer = () => ({ ...overloaded, headers: { "retry-after": "3600" } });
    const error = await failure(fake.client().session.create(request));
    expect([fake.asked.length, error.retryAfterSeconds, error.retryable]).toEqual([1, 3600, true]);
  });

  it("fails after four tries, with what the last one said", async () => {
    const fake = await FakeProof.start();
    fake.answer = () => refusal(502, "upstream_error", "provider_error");
    const error = await failure(fake.client().session.create(request));
    expect(fake.asked).toHaveLength(4);
    expect(error).toMatchObject({
      kind: "unavailable",
      status: 502,
      error: "upstream_error",
      code: "provider_error",
      requestId: "req-7",
      docsUrl: "https://proof.example/docs/errors/provider_error",
      retryable: true,
    });
  });

  it("has a key of its own each time, or the caller's", async () => {
    const fake = await FakeProof.start();
    fake.answer = () => ({ body: session });
    await fake.client().session.create(request);
    await fake.client().session.create(request);
    await fake.client().session.create(request, { idempotencyKey: "order-7" });
    expect(new Set(keys(fake)).size).toBe(3);
    expect(keys(fake)[2]).toBe("order-7");
  });

  it.each([
    ["configuration", refusal(403, "forbidden", "forbidden_origin")],
    ["configuration", refusal(401, "unauthorised", "invalid_token")],
    ["configuration", { status: 301, headers: { location: "https://elsewhere.example/" }, body: "" }],
    ["configuration", { status: 200, body: "<html>Welcome</html>" }],
    ["request", refusal(400, "invalid_request", "validation_error", { field: "amount" })],
    ["conflict", refusal(409, "conflict", "idempotency_conflict")],
  ] as const)("is not tried again after an error of kind %s (%o)", async (kind, reply) => {
    const fake = await FakeProof.start();
    fake.answer = () => reply;
    const error = await failure(fake.client().session.create(request));
    expect([error.kind, error.retryable, fake.asked.length]).toEqual([kind, false, 1]);
    expect(error.message.startsWith("Configuration bug: ")).toBe(kind === "configuration");
  });

  it("names the field", async () => {
    const fake = await FakeProof.start();
    fake.answer = () => refusal(400, "invalid_request", "validation_error", { field: "amount" });
    expect((await failure(fake.client().session.create(request))).field).toBe("amount");
  });

  it("stops when the caller does, also between two tries", async () => {
    const fake = await FakeProof.start();
    const stop = new AbortController();
    fake.answer = () => {
      stop.abort(new Error("enough"));
      return overloaded;
    };
    await expect(fake.client().session.create(request, { signal: stop.signal })).rejects.toThrow("enough");
    expect(fake.asked).toHaveLength(1);
  });

  it("nobody answers: says where it asked, not with which token", async () => {
    const fake = await FakeProof.start();
    fake.stop();
    const error = await failure(fake.client().session.create(request));
    expect([error.kind, error.status, error.retryable]).toEqual(["network", 0, true]);
    expect(error.message).toContain(fake.url);
    expect(error.message).not.toContain(TOKEN);
  });
});

describe("reading", () => {
  it("a transaction, a page of them, a user", async () => {
    const fake = await FakeProof.start();
    fake.answer = ({ path }) => ({ body: { path } });
    const client = fake.client();
    await client.transactions.get(ID);
    await client.transactions.list({ status: "completed", limit: 2, after: "c/1" });
    await client.transactions.list();
    await client.users.kycStatus("a/b ü");
    expect(fake.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `GET /widget/transactions/${ID}`,
      "GET /widget/transactions?status=completed&limit=2&after=c%2F1",
      "GET /widget/transactions",
      "GET /widget/users/a%2Fb%20%C3%BC/kyc-status",
    ]);
  });

  it("is tried again after a fault, too", async () => {
    const fake = await FakeProof.start();
    fake.answer = inTurn({ status: 502, body: "<h1>Bad Gateway</h1>" }, { body: { status: "pending" } });
    expect((await fake.client().transactions.get(ID)).status).toBe("pending");
  });

  it("what is unknown", async () => {
    const fake = await FakeProof.start();
    fake.answer = () => refusal(404, "not_found", "not_found");
    expect((await failure(fake.client().transactions.get(ID))).kind).toBe("not_found");
    expect(fake.asked).toHaveLength(1);
  });

  it("below a path of the base URL", async () => {
    const fake = await FakeProof.start();
    fake.answer = () => ({ body: {} });
    await fake.client({ baseUrl: `${fake.url}/ramp/` }).transactions.get(ID);
    expect(fake.asked[0]?.path).toBe(`/ramp/widget/transactions/${ID}`);
  });
});

describe("a client", () => {
  it.each(["", "proof.example", "ftp://proof.example"])("is not made for the base URL %j", (baseUrl) => {
    expect(() => new Proof({ baseUrl, token: TOKEN })).toThrow(/^Configuration bug: baseUrl/);
  });

  it.each(["", " sk_test_1", "sk_test\n1"])("is not made for the token %j", (token) => {
    expect(() => new Proof({ baseUrl: "https://proof.example", token })).toThrow(/^Configuration bug: token/);
  });

  it("is not made without the variables it is read from", () => {
    const env: Record<string, string> = {};
    const [baseUrl, token] = [env["PROOF_URL"] as string, env["PROOF_TOKEN"] as string];
    expect(() => new Proof({ baseUrl, token: TOKEN })).toThrow(/^Configuration bug: baseUrl/);
    expect(() => new Proof({ baseUrl: "https://proof.example", token })).toThrow(/^Configuration bug: token/);
  });

  it("does not show its token", () => {
    const client = new Proof({ baseUrl: "https://proof.example", token: "sk_test_hidden" });
    expect(JSON.stringify(client) + Object.keys(client).join()).not.toContain("sk_test_hidden");
  });
});

// The two example shops, with the SDK and without, as whole processes: whoever copies either gets the same.

import { execFileSync, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import type { WebSocket } from "ws";
import { FakeProof, ID, refusal, TOKEN } from "./fake.js";

const root = resolve(import.meta.dirname, "../../..");
const SECRET = "whsec_cHJvb2Ytc2RrLXZlY3RvcnMtc2VjcmV0LW9uZS0zMmI=";
const order = { merchant_transaction_id: ID, type: "buy", currency: "USDT", network: "TRC20", crypto_amount: "100", fiat_currency: "EUR", fiat_amount: "" };
const session = { merchant_transaction_id: ID, widget_id: "w", init_token: "it_1" };

interface News {
  status: string;
  webhook: { status: string; times: number }[];
  websocket: { status: string }[];
  polling: { status: string }[];
}

// A shop runs on what is built: that has to be what is tested here.
beforeAll(() => {
  execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", join(root, "web/sdk/tsconfig.build.json")]);
}, 60_000);

async function startShop(name: string, fake: FakeProof, env: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, [join(root, "examples", name, "server.js")], {
    env: { PATH: process.env["PATH"], PROOF_URL: fake.url, PROOF_TOKEN: TOKEN, SHOP_PORT: "0", SHOP_POLL_S: "0.05", SHOP_EXIT_ON_STDIN_CLOSE: "1", ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  onTestFinished(async () => {
    const gone = once(child, "exit");
    child.stdin.end();
    await gone;
  });
  const errors: string[] = [];
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk.toString()));
  const early = once(child, "exit").then(() => Promise.reject(new Error(errors.join(""))));
  early.catch(() => undefined);
  const [line] = (await Promise.race([once(createInterface(child.stdout), "line"), early])) as [string];
  const { shop_url, webhook_url } = JSON.parse(line) as { shop_url: string; webhook_url: string };
  expect(webhook_url).toBe(`${shop_url}/webhooks/proof`);
  return shop_url;
}

const buy = (shop: string) =>
  fetch(`${shop}/checkout`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user_id: "u", email: "a@b.example", currency: "USDT", network: "TRC20", amount: "100" }),
  });

function webhook(shop: string, status: string, secret = SECRET): Promise<Response> {
  const [id, time] = ["msg_1", String(Math.floor(Date.now() / 1000))];
  const body = JSON.stringify({ ...order, status, updated_at: "2026-04-01T10:00:00Z" });
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const signature = `v1,${createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64")}`;
  const headers = { "content-type": "application/json", "webhook-id": id, "webhook-timestamp": time, "webhook-signature": signature };
  return fetch(`${shop}/webhooks/proof`, { method: "POST", headers, body });
}

const news = async (shop: string): Promise<News> => (await fetch(`${shop}/orders/${ID}`)).json() as Promise<News>;

describe.each(["shop-node", "shop-node-plain"])("%s", (name) => {
  it("shows the page with the widget's script", async () => {
    const fake = await FakeProof.start();
    const page = await (await fetch(await startShop(name, fake, {}))).text();
    expect(page).toContain(`src="${fake.url}/widget.2.0.js"`);
  });

  it("sells: session, and the news on all three channels", { timeout: 20_000 }, async () => {
    const fake = await FakeProof.start();
    let status = "pending";
    let socket: WebSocket | undefined;
    const say = (sequence: number) => socket?.send(JSON.stringify({ event: "tx.update", ...order, status, sequence, occurred_at: "2026-04-01T10:00:00Z" }));
    fake.onSocket = (open) => {
      socket = open;
      say(1);
    };
    fake.answer = ({ path }) => ({ body: path === "/widget/session" ? session : { ...order, status, updated_at: "2026-04-01T10:00:00Z" } });
    const shop = await startShop(name, fake, { PROOF_WEBHOOK_SECRET: SECRET });

    const answer = await buy(shop);
    expect([answer.status, await answer.json()]).toEqual([200, session]);
    const asked = fake.asked.find(({ path }) => path === "/widget/session");
    expect(JSON.parse(asked?.body ?? "")).toEqual({
      partner_user_id: "u", user_email: "a@b.example", currency: "USDT", network: "TRC20", amount: "100",
      client_ip: "127.0.0.1", redirect_url: `${shop}/?done`,
    });
    // Both have to have heard the first status before there is a second: a poll that comes late hears the second alone.
    await vi.waitFor(async () => {
      const heard = await news(shop);
      expect([heard.websocket, heard.polling].map((list) => list.length)).toEqual([1, 1]);
    }, { timeout: 5000 });

    status = "completed";
    say(2);
    expect((await webhook(shop, "completed", "whsec_d3Jvbmc=")).status).toBe(401);
    expect((await webhook(shop, "completed")).status).toBe(204);
    expect((await webhook(shop, "completed")).status).toBe(204);
    await vi.waitFor(async () => {
      const heard = await news(shop);
      expect([heard.websocket, heard.polling].map((list) => list.map((entry) => entry.status))).toEqual([
        ["pending", "completed"],
        ["pending", "completed"],
      ]);
      expect(heard.webhook).toMatchObject([{ status: "completed", times: 2 }]);
      expect(heard.status).toBe("completed");
    }, { timeout: 5000 });
  });

  it("without a secret, believes only what Proof says itself", async () => {
    const fake = await FakeProof.start();
    fake.onSocket = () => undefined;
    fake.answer = ({ path }) => ({ body: path === "/widget/session" ? session : { ...order, status: "processing", updated_at: "2026-04-01T10:00:00Z" } });
    const shop = await startShop(name, fake, {});
    await buy(shop);
    expect((await webhook(shop, "completed", "whsec_d3Jvbmc=")).status).toBe(204);
    expect((await news(shop)).webhook.map(({ status }) => status)).toEqual(["processing"]);
    expect((await fetch(`${shop}/webhooks/proof`, { method: "POST", body: "hello" })).status).toBe(400);
  });

  it("hands on what Proof refuses, and says when it cannot be reached", { timeout: 20_000 }, async () => {
    const fake = await FakeProof.start();
    fake.answer = () => refusal(400, "invalid_request", "validation_error", { field: "amount" });
    const shop = await startShop(name, fake, {});
    const refused = await buy(shop);
    expect([refused.status, await refused.json()]).toEqual([400, { code: "validation_error", message: "About validation_error." }]);
    fake.stop();
    const unreachable = await buy(shop);
    expect([unreachable.status, ((await unreachable.json()) as { code: string }).code]).toEqual([502, "unreachable"]);
  });
});

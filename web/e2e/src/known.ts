// A customer who was checked before: for tests that are about what comes afterwards. The check itself is done by the
// widget's own API, without a page, a camera and a countdown.

import { expect } from "@playwright/test";
import { documentPicture } from "./media.ts";
import type { Proof } from "./server.ts";
import { newBuyer, type Buyer } from "./test.ts";

const CHECK_MS = 20_000;

interface View {
  step: string;
  identity: { steps: string[]; frames_per_step: number; consent: { text: string } } | null;
}

/** Of the demo shop. */
export async function knownBuyer(proof: Proof): Promise<Buyer> {
  const buyer = newBuyer();
  const call = await visit(proof, buyer);
  const consent = (await call("GET", "order")).identity?.consent.text;
  const started = await call("POST", "identity/start", { document: "passport", consent, keep: false });
  await call("PUT", "identity/documents/front", documentPicture());
  const steps = (started.identity?.steps ?? []).flatMap((step) => Array<string>(started.identity?.frames_per_step ?? 0).fill(step));
  for (const [index, step] of steps.entries()) await call("PUT", `identity/frames/${index}?step=${step}&taken_ms=${index * 300}`, documentPicture());
  await call("POST", "identity/submit", {});
  await expect.poll(async () => (await call("GET", "order")).step, { timeout: CHECK_MS, intervals: [250] }).toBe("quote");
  await call("POST", "cancel", {});
  return buyer;
}

type Call = (method: string, path: string, body?: object) => Promise<View>;

interface Session extends Record<string, unknown> {
  widget_id: string;
  init_token: string;
}

/** As the shop's backend asks for it. */
export function sessionOf(proof: Proof, buyer: Buyer, more: object = {}): Promise<Session> {
  const shop = proof.partners[0];
  if (!shop) throw new Error("proof dev has no partner");
  const wanted = { partner_user_id: buyer.user_id, user_email: buyer.email, network: "TRC20", currency: "USDT", amount: "100", ...more };
  return ask<Session>(proof, "POST", "/widget/session", shop.client_token, wanted);
}

/** Moves the clock of the shop's sandbox world forward. */
export async function advance(proof: Proof, span: string): Promise<void> {
  await ask(proof, "POST", "/widget/sandbox/clock", proof.partners[0]?.client_token, { advance: span });
}

const LINKS: Record<"resume" | "handover", [path: string, body: object]> = { resume: ["resume/links", { way: "screen" }], handover: ["identity/handover", {}] };

/** What the widget would show of somebody's new order for another device to open. */
export async function linkTo(proof: Proof, buyer: Buyer, page: keyof typeof LINKS): Promise<string> {
  const call = await visit(proof, buyer);
  const [path, body] = LINKS[page];
  const { token } = (await call("POST", path, body)) as unknown as { token: string };
  return new URL(`/${page}/${token}`, proof.base_url).href;
}

/** Opens a session of the shop as its page would. */
async function visit(proof: Proof, buyer: Buyer): Promise<Call> {
  const session = await sessionOf(proof, buyer);
  const { widget_id, init_token } = session;
  const opening = { widget_id, init_token, parameters: session, page_origin: new URL(proof.shop_url).origin };
  const { visit_token } = await ask<{ visit_token: string }>(proof, "POST", "/frame/api/visits", undefined, opening);
  return (method, path, body) => ask<View>(proof, method, `/frame/api/${path}`, visit_token, body);
}

async function ask<T>(proof: Proof, method: string, path: string, token?: string, body?: object): Promise<T> {
  const isPicture = Buffer.isBuffer(body);
  const headers: Record<string, string> = { "content-type": isPicture ? "image/png" : "application/json" };
  if (token) headers["authorization"] = `Bearer ${token}`;
  const sent = isPicture ? new Uint8Array(body) : JSON.stringify(body);
  const answer = await fetch(new URL(path, proof.base_url), { method, headers, body: body ? sent : null });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

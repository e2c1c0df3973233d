// A shop that sells and buys crypto through Proof. The page asks this backend for a session, this backend
// asks Proof, the page opens the widget with the answer, and this backend follows the order.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Proof, ProofError, WebhookError, webhooks } from "@proof/sdk";
import express from "express";
import { config } from "./src/config.js";
import { follow, poll } from "./src/follow.js";
import { Store } from "./src/store.js";

/** @typedef {import("./src/store.js").Channel} Channel */

const pages = join(import.meta.dirname, "public");
const proof = new Proof({ baseUrl: config.proofUrl, token: config.proofToken });
const store = new Store(config.dataFile);
const app = express();
app.disable("x-powered-by");
// Behind a reverse proxy on this machine, the buyer's address is in X-Forwarded-For.
app.set("trust proxy", "loopback");

app.get("/", (_request, response) => {
  const page = readFileSync(join(pages, "index.html"), "utf8")
    .replaceAll("__PROOF_URL__", config.proofUrl)
    .replaceAll("__PARTNER_TYPE__", config.partnerType)
    .replaceAll("__SANDBOX__", config.sandboxUrl ? "yes" : "no");
  response.type("html").send(page);
});
app.use(express.static(pages, { index: false }));

// 1. The customer presses "Buy" or "Sell". What, and for whom, is decided here and not in the browser.
app.post("/checkout", express.json({ limit: "16kb" }), async (request, response) => {
  const { user_id, email, type, currency, network, amount, address } = request.body ?? {};
  try {
    const session = await proof.session.create({
      partner_user_id: user_id,
      user_email: email,
      currency,
      network,
      amount,
      type: type === "sell" ? "sell" : undefined,
      client_ip: request.ip,
      redirect_url: `${config.origin ?? `http://${request.headers.host}`}/?done`,
      ...(config.partnerType === "user_wallet" ? { address } : {}),
    });
    store.add({ id: session.merchant_transaction_id, user_id, currency, amount });
    listen(session.merchant_transaction_id);
    // The page hands this to the widget as it is.
    response.json(session);
  } catch (error) {
    refuse(response, error);
  }
});

// 2. Proof tells us about every change of status. Answer fast, and expect the same news again.
app.post("/webhooks/proof", express.text({ type: "*/*", limit: "64kb" }), async (request, response) => {
  const body = typeof request.body === "string" ? request.body : "";
  try {
    const { merchant_transaction_id, status, updated_at } = await readWebhook(body, request.headers);
    const moved = hear(merchant_transaction_id, "webhook", status, updated_at);
    store.count(String(request.headers["webhook-id"]), moved);
    response.status(204).end();
  } catch (error) {
    refuse(response, error);
  }
});

// Optional, in the sandbox: Proof sends an event twice on purpose, and asks here whether it counted once.
app.get("/webhooks/proof/effects", (request, response) => {
  response.json({ effects: store.effects(String(request.query["event_id"])) });
});

/** @param {string} body @param {import("node:http").IncomingHttpHeaders} headers */
async function readWebhook(body, headers) {
  if (config.webhookSecret) return webhooks.verify(body, headers, { secret: config.webhookSecret });
  // Unsigned news could be anybody's: then only what Proof itself says on our question counts.
  return proof.transactions.get(unsignedId(body));
}

/** @param {string} body */
function unsignedId(body) {
  try {
    return String(JSON.parse(body).merchant_transaction_id);
  } catch {
    throw new WebhookError("malformed_body", "The body is not JSON.");
  }
}

// 3. The page asks how its order is. A real shop checks here that the order is this customer's.
app.get("/orders/:id", (request, response) => {
  const order = store.get(request.params.id);
  if (order) response.json(order);
  else response.status(404).json({ message: "There is no such order." });
});

// Only in the sandbox: the page's button plays the wallet of the user, who sells. A real shop has no such thing.
app.post("/sandbox/wallet", express.json({ limit: "16kb" }), async (request, response) => {
  const { network, currency, amount, address } = request.body ?? {};
  if (!config.sandboxUrl) {
    response.status(404).json({ message: "There is no sandbox here." });
    return;
  }
  const url = new URL(`/wallet/v1/${encodeURIComponent(String(network))}/transfers`, config.sandboxUrl);
  const sent = await fetch(url, { method: "POST", body: JSON.stringify({ address, currency, amount }) });
  response.status(sent.status).json(await sent.json());
});

/** @param {import("express").Response} response @param {unknown} error */
function refuse(response, error) {
  if (error instanceof WebhookError) {
    response.status(error.refusal === "malformed_body" ? 400 : 401).json({ message: error.message });
    return;
  }
  if (!(error instanceof ProofError)) throw error;
  // A setting is wrong: no buyer can help it, so somebody has to read this.
  if (error.kind === "configuration") console.error(error.message);
  if (error.code) response.status(error.status).json({ code: error.code, message: error.message });
  else response.status(502).json({ code: "unreachable", message: "Proof cannot be reached. Try again." });
}

/** @param {string} id @param {Channel} channel @param {string} status @param {string} at */
function hear(id, channel, status, at) {
  const moved = store.hear(id, channel, { status, at });
  // Once per order, however often and wherever the news arrives: the place to credit the customer.
  if (moved && status === "completed") console.error(`order ${id}: delivered`);
  return moved;
}

/** @param {string} id */
function listen(id) {
  /** @param {Channel} channel @param {string} status @param {string} at */
  const heard = (channel, status, at) => hear(id, channel, status, at);
  const gaveUp = (/** @type {unknown} */ error) => console.error(`order ${id}:`, error instanceof Error ? error.message : error);
  follow(proof, id, heard).catch(gaveUp);
  poll(proof, id, config.pollMs, heard).catch(gaveUp);
}

const server = app.listen(config.port, "127.0.0.1", (error) => {
  if (error) throw error;
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  const url = config.origin ?? `http://127.0.0.1:${address.port}`;
  console.log(JSON.stringify({ shop_url: url, webhook_url: `${url}/webhooks/proof` }));
  for (const order of store.open()) listen(order.id);
});

if (config.exitOnStdinClose) {
  process.stdin.resume();
  process.stdin.on("end", () => process.exit(0));
  process.stdin.on("close", () => process.exit(0));
}

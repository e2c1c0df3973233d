// A shop that sells crypto through Proof, without an SDK. The page asks this backend for a session, this
// backend asks Proof, the page opens the widget with the answer, and this backend follows the order.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import express from "express";
import { config } from "./src/config.js";
import { followByPolling, followBySocket } from "./src/follow.js";
import { createSession, getTransaction, ProofError } from "./src/proof.js";
import { isTerminal, Store } from "./src/store.js";
import { isSigned } from "./src/webhook.js";

/** @typedef {import("./src/store.js").Channel} Channel */

// The page is the same as that of the shop with the SDK.
const pages = join(import.meta.dirname, "../shop-node/public");
const store = new Store(config.dataFile);
const app = express();
app.disable("x-powered-by");
// Behind a reverse proxy on this machine, the buyer's address is in X-Forwarded-For.
app.set("trust proxy", "loopback");

app.get("/", (_request, response) => {
  const page = readFileSync(join(pages, "index.html"), "utf8")
    .replaceAll("__PROOF_URL__", config.proofUrl)
    .replaceAll("__PARTNER_TYPE__", config.partnerType);
  response.type("html").send(page);
});
app.use(express.static(pages, { index: false }));

// 1. The buyer presses "Buy". What is sold, and for whom, is decided here and not in the browser.
app.post("/checkout", express.json({ limit: "16kb" }), async (request, response) => {
  const { user_id, email, currency, network, amount, address } = request.body ?? {};
  try {
    const session = await createSession({
      partner_user_id: user_id,
      user_email: email,
      currency,
      network,
      amount,
      client_ip: request.ip,
      redirect_url: `${config.origin ?? `http://${request.headers.host}`}/?done`,
      ...(config.partnerType === "user_wallet" ? { address } : {}),
    });
    store.add({ id: session.merchant_transaction_id, user_id, currency, amount });
    follow(session.merchant_transaction_id);
    // The page hands this to the widget as it is.
    response.json(session);
  } catch (error) {
    refuse(response, error);
  }
});

// 2. Proof tells us about every change of status. Answer fast, and expect the same news again.
app.post("/webhooks/proof", express.text({ type: "*/*", limit: "64kb" }), async (request, response) => {
  const body = typeof request.body === "string" ? request.body : "";
  if (config.webhookSecret && !isSigned(config.webhookSecret, request.headers, body, Date.now())) {
    response.status(401).json({ message: "The signature is missing or wrong." });
    return;
  }
  let event;
  try {
    event = JSON.parse(body);
  } catch {
    response.status(400).json({ message: "The body is not JSON." });
    return;
  }
  // Unsigned news could be anybody's: then only what Proof itself says on our question counts.
  if (!config.webhookSecret) {
    try {
      event = await getTransaction(String(event.merchant_transaction_id));
    } catch (error) {
      return refuse(response, error);
    }
  }
  hear(event.merchant_transaction_id, "webhook", event.status, event.updated_at);
  response.status(204).end();
});

// 3. The page asks how its order is. A real shop checks here that the order is this customer's.
app.get("/orders/:id", (request, response) => {
  const order = store.get(request.params.id);
  if (order) response.json(order);
  else response.status(404).json({ message: "There is no such order." });
});

/** @param {import("express").Response} response @param {unknown} error */
function refuse(response, error) {
  if (error instanceof ProofError) {
    response.status(error.status).json({ code: error.code, message: error.message });
    return;
  }
  response.status(502).json({ code: "unreachable", message: "Proof cannot be reached. Try again." });
}

/** @param {string} id @param {Channel} channel @param {string} status @param {string} at */
function hear(id, channel, status, at) {
  const moved = store.hear(id, channel, { status, at });
  // Once per order, however often and wherever the news arrives: the place to credit the customer.
  if (moved && status === "completed") console.error(`order ${id}: delivered`);
}

/** @param {string} id */
function follow(id) {
  const ended = () => isTerminal(store.get(id)?.status ?? "");
  followBySocket(id, (status, at) => hear(id, "websocket", status, at), ended);
  followByPolling(id, (status, at) => hear(id, "polling", status, at));
}

const server = app.listen(config.port, "127.0.0.1", (error) => {
  if (error) throw error;
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  const url = config.origin ?? `http://127.0.0.1:${address.port}`;
  console.log(JSON.stringify({ shop_url: url, webhook_url: `${url}/webhooks/proof` }));
  for (const order of store.open()) follow(order.id);
});

if (config.exitOnStdinClose) {
  process.stdin.resume();
  process.stdin.on("end", () => process.exit(0));
  process.stdin.on("close", () => process.exit(0));
}

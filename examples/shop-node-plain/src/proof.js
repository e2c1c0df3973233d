// The three calls to Proof that a shop needs.

import { config } from "./config.js";

/** @typedef {Record<string, unknown> & { merchant_transaction_id: string }} Session */
/** @typedef {{ merchant_transaction_id: string, status: string, updated_at: string }} Transaction */

export class ProofError extends Error {
  /** @param {number} status @param {string} code @param {string} message */
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const TIMEOUT_MS = 15_000;

/** @param {string} path @param {RequestInit} [init] @returns {Promise<any>} */
async function call(path, init = {}) {
  const answer = await fetch(config.proofUrl + path, {
    ...init,
    headers: { authorization: `Bearer ${config.proofToken}`, "content-type": "application/json", ...init.headers },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const body = await answer.json();
  if (!answer.ok) throw new ProofError(answer.status, body.code, body.message);
  return body;
}

/** @param {Record<string, string | undefined>} order @returns {Promise<Session>} */
export const createSession = (order) => call("/widget/session", { method: "POST", body: JSON.stringify(order) });

/** @param {string} id @returns {Promise<Transaction>} */
export const getTransaction = (id) => call(`/widget/transactions/${encodeURIComponent(id)}`);

/** @param {string} id */
export function statusSocketUrl(id) {
  const url = new URL(`${config.proofUrl}/ws`);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("tx_id", id);
  return url;
}

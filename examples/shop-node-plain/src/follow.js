// Following one order until it has ended: the WebSocket for speed, polling for certainty. The
// webhook is the third channel and arrives by itself.

import WebSocket from "ws";
import { config } from "./config.js";
import { getTransaction, ProofError, statusSocketUrl } from "./proof.js";
import { isTerminal } from "./store.js";

const BACKOFF_MS_MIN = 1000;
const BACKOFF_MS_MAX = 30_000;
const SILENCE_MS_MAX = 90_000;

/** @typedef {(status: string, at: string) => void} Listener */

/** Doubles with every failure, with some chance in it, so that a thousand shops do not return at once. @param {number} failures */
export function backoffMs(failures, chance = Math.random()) {
  const full = Math.min(BACKOFF_MS_MIN * 2 ** failures, BACKOFF_MS_MAX);
  return Math.round(full / 2 + (full / 2) * chance);
}

/** @param {string} id @param {Listener} heard @param {() => boolean} ended */
export function followBySocket(id, heard, ended) {
  let failures = 0;
  const connect = () => {
    if (ended()) return;
    const socket = new WebSocket(statusSocketUrl(id), { headers: { authorization: `Bearer ${config.proofToken}` } });
    let refused = false;
    /** @type {NodeJS.Timeout} */
    let silence;
    const alive = () => {
      clearTimeout(silence);
      silence = setTimeout(() => socket.terminate(), SILENCE_MS_MAX);
    };
    alive();
    socket.on("ping", alive);
    socket.on("message", (data) => {
      alive();
      failures = 0;
      const event = JSON.parse(data.toString());
      if (event.event !== "tx.update") return;
      heard(event.status, event.occurred_at);
      if (isTerminal(event.status)) socket.close(1000);
    });
    socket.on("unexpected-response", (_request, response) => {
      // Told no: asking again would not help. Polling goes on.
      refused = (response.statusCode ?? 0) < 500;
      socket.terminate();
    });
    // Every error is followed by `close`, which decides what to do.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearTimeout(silence);
      if (refused || ended()) return;
      setTimeout(connect, backoffMs(failures));
      failures += 1;
    });
  };
  connect();
}

/** @param {string} id @param {Listener} heard */
export function followByPolling(id, heard) {
  const ask = async () => {
    try {
      const transaction = await getTransaction(id);
      heard(transaction.status, transaction.updated_at);
      if (isTerminal(transaction.status)) return;
    } catch (error) {
      if (error instanceof ProofError && error.status === 404) return;
    }
    setTimeout(ask, config.pollMs);
  };
  void ask();
}

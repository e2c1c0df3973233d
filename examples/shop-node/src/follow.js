// Following one order until it has ended. `watch` alone would do; the polling beside it is there because this
// shop shows each channel by itself. The webhook is the third and arrives on its own.

import { setTimeout } from "node:timers/promises";
import { isTerminal, ProofError } from "@proof/sdk";

/** @typedef {import("@proof/sdk").Proof} Proof */
/** @typedef {(channel: "websocket" | "polling", status: string, at: string) => void} Listener */

/** @param {Proof} proof @param {string} id @param {Listener} heard */
export async function follow(proof, id, heard) {
  for await (const { channel, status, occurred_at } of proof.watch(id)) heard(channel, status, occurred_at);
}

/** @param {Proof} proof @param {string} id @param {number} everyMs @param {Listener} heard */
export async function poll(proof, id, everyMs, heard) {
  for (;;) {
    try {
      const { status, updated_at } = await proof.transactions.get(id);
      heard("polling", status, updated_at);
      if (isTerminal(status)) return;
    } catch (error) {
      if (!(error instanceof ProofError) || !error.retryable) throw error;
    }
    await setTimeout(everyMs);
  }
}

// Signed webhooks, as Standard Webhooks has them: HMAC-SHA-256 over id, time and the raw body.

import { createHmac, timingSafeEqual } from "node:crypto";

// Older than that, a signature may be somebody's replay.
const AGE_S_MAX = 300;

/** @param {string} secret @param {string} id @param {string} timestamp @param {string} body */
export function sign(secret, id, timestamp, body) {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

/**
 * @param {string} secret
 * @param {Record<string, unknown>} headers
 * @param {string} body exactly as it arrived
 * @param {number} nowMs
 */
export function isSigned(secret, headers, body, nowMs) {
  const id = headers["webhook-id"];
  const timestamp = headers["webhook-timestamp"];
  const signatures = headers["webhook-signature"];
  if (typeof id !== "string" || id === "" || typeof timestamp !== "string" || typeof signatures !== "string") return false;
  if (!/^\d+$/.test(timestamp) || Math.abs(nowMs / 1000 - Number(timestamp)) > AGE_S_MAX) return false;
  const expected = Buffer.from(sign(secret, id, timestamp, body));
  // Several, while a secret is being changed.
  return signatures.split(" ").some((given) => {
    const candidate = Buffer.from(given);
    return candidate.length === expected.length && timingSafeEqual(candidate, expected);
  });
}

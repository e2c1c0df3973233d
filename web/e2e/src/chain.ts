// What happens on the sandbox's chains, beside what a wallet does.

import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "@playwright/test";
import type { Proof } from "./server.ts";

/** A re-org: the transfer is in no block any more. */
export const drop = (proof: Proof, network: string, hash: string): Promise<void> =>
  post(proof, `/chains/v1/${network}/reorgs`, { hash });

/** It is in a block after all. */
export const mineAgain = (proof: Proof, network: string, hash: string): Promise<void> =>
  post(proof, `/chains/v1/${network}/transfers/${hash}/mine`, {});

async function post(proof: Proof, path: string, body: object): Promise<void> {
  const key = readFileSync(join(proof.data, "sandbox", "api.key")).toString("hex");
  const headers = { authorization: `Bearer ${key}` };
  const done = await fetch(new URL(path, proof.world_url), { method: "POST", headers, body: JSON.stringify(body) });
  expect(done.status).toBe(204);
}

/** Our own wallet: the first that was given something. */
export function hotWallet(proof: Proof, network: string): string {
  const journal = readFileSync(join(proof.data, "sandbox", "chains", network, "journal.jsonl"), "utf8");
  return /"type":"faucet"[^\n]*?"address":"([^"]+)"/.exec(journal)?.[1] ?? "";
}

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** A Tron address that no other test knows: 0x41, an account and four bytes of checksum, in Base58. */
export function freshTron(): string {
  const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest();
  const account = Buffer.concat([Buffer.of(0x41), randomBytes(20)]);
  const checked = Buffer.concat([account, sha256(sha256(account)).subarray(0, 4)]);
  let text = "";
  for (let left = BigInt(`0x${checked.toString("hex")}`); left > 0n; left /= 58n) text = `${BASE58[Number(left % 58n)]}${text}`;
  return text;
}

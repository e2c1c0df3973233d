// What happens on the sandbox's chains, beside what a wallet does.

import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "@playwright/test";
import type { Proof } from "./server.ts";

/** A re-org: the transfer is in no block any more. */
export async function drop(proof: Proof, network: string, hash: string): Promise<void> {
  const key = readFileSync(join(proof.data, "sandbox", "api.key")).toString("hex");
  const dropped = await fetch(new URL(`/chains/v1/${network}/reorgs`, proof.world_url), {
    method: "POST",
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ hash }),
  });
  expect(dropped.status).toBe(204);
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

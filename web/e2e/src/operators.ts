// Operators at their door, and the cardholder's bank: both by the `proof` command.

import { execFileSync } from "node:child_process";
import type { Page } from "@playwright/test";
import { BINARY, type Proof } from "./server.ts";

export const orderId = async (page: Page): Promise<string> => (await page.locator("#order-id").textContent()) ?? "";

export const proofCommand = (proof: Proof, ...args: string[]): string =>
  execFileSync(BINARY, [...args, "--data", proof.data], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** Both say the same; the second one makes it happen. */
export function bothSay(proof: Proof, ...args: string[]): void {
  for (const name of ["alice", "bob"]) proofCommand(proof, ...args, "--as", name, "--reason", "the customer asked");
}

/** The id of the order's case of this kind. */
export function caseOf(proof: Proof, order: string, kind: string): string | undefined {
  const story = proofCommand(proof, "order", "show", order);
  return new RegExp(`^case (cas_\\S+)  ${kind} `, "m").exec(story)?.[1];
}

// Operators at their door, and the cardholder's bank: both by the `proof` command.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type Page } from "@playwright/test";
import { BINARY, type Proof } from "./server.ts";

/** The order on the shop's page, once there is one. */
export async function orderId(page: Page): Promise<string> {
  await expect(page.locator("#order-id")).not.toBeEmpty();
  return (await page.locator("#order-id").textContent()) ?? "";
}

export const answered = (...args: string[]): string => execFileSync(BINARY, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

export const proofCommand = (proof: Proof, ...args: string[]): string => answered(...args, "--data", proof.data);

/** Both say the same; the second one makes it happen. */
export function bothSay(proof: Proof, ...args: string[]): void {
  for (const name of ["alice", "bob"]) proofCommand(proof, ...args, "--as", name, "--reason", "the customer asked");
}

/** What the books and the world do not agree on, line by line; the command fails while there is something. */
export function reconciled(proof: Proof): string[] {
  const lines = (text: string): string[] => text.split("\n").map((line) => line.trim());
  try {
    return lines(proofCommand(proof, "ledger", "reconcile"));
  } catch (error) {
    return lines((error as { stdout?: string }).stdout ?? "");
  }
}

/** The id of the order's case of this kind. */
export function caseOf(proof: Proof, order: string, kind: string): string | undefined {
  const story = proofCommand(proof, "order", "show", order);
  return new RegExp(`^case (cas_\\S+)  ${kind} `, "m").exec(story)?.[1];
}

/** What they read of an order that waits for them. */
export const waiting = (proof: Proof, order: string): string | undefined =>
  proofCommand(proof, "order", "list").split("\n").find((line) => line.startsWith(`ord_${order.replaceAll("-", "")} `));

/** The order waits for two of them. */
export const stopped = (proof: Proof, order: string, state: string): Promise<void> =>
  expect.poll(() => proofCommand(proof, "order", "show", order), { timeout: 30_000 }).toContain(`in_review from ${state}`);

/** Nobody deals with this address while something is done. */
export async function whileListed(proof: Proof, address: string, act: () => Promise<void>): Promise<void> {
  const say = (word: "add" | "remove") =>
    proofCommand(proof, "list", word, "address", address, "--as", "alice", "--reason", "a test of this address alone");
  say("add");
  try {
    await act();
  } finally {
    say("remove");
  }
}

interface Policy {
  risk: { first_delivery_seconds: number };
}

/** The shop's policy has other words about risk while something is done. */
export async function whilePolicy(proof: Proof, risk: Policy["risk"], act: () => Promise<void>): Promise<void> {
  const partner = ["--partner", proof.partners[0]?.partner_id ?? ""];
  const file = join(proof.data, "policy.json");
  /** The words that stood before. */
  const set = (words: Policy["risk"]): Policy["risk"] => {
    const policy = JSON.parse(proofCommand(proof, "partner", "policy", "show", ...partner)) as Policy;
    writeFileSync(file, JSON.stringify({ ...policy, risk: { ...policy.risk, ...words } }));
    for (const name of ["alice", "bob"]) {
      proofCommand(proof, "partner", "policy", "set", ...partner, "--file", file, "--as", name);
    }
    return policy.risk;
  };
  const before = set(risk);
  try {
    await act();
  } finally {
    set(before);
  }
}

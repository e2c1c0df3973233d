// What users are written: `proof dev` keeps it as files.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "@playwright/test";
import type { Proof } from "./server.ts";
import type { Buyer } from "./test.ts";

/** The newest letter to this buyer with such a subject, once there is one. */
export async function letter(proof: Proof, buyer: Buyer, subject: RegExp): Promise<string> {
  const find = () =>
    readdirSync(proof.outbox)
      .filter((name) => name.endsWith(".eml"))
      .sort()
      .map((name) => readFileSync(join(proof.outbox, name), "utf8"))
      .findLast((text) => text.includes(`To: ${buyer.email}\r\n`) && subject.test(/^Subject: (.*)$/m.exec(text)?.[1] ?? ""));
  await expect.poll(find, { timeout: 30_000 }).toBeDefined();
  return find() ?? "";
}

export const linkOf = (text: string): string => /http:\/\/\S+\/resume\/\S+/.exec(text)?.[0] ?? "";

export const receiptOf = (text: string): string => /http:\/\/\S+\/receipt\S*#\S+/.exec(text)?.[0] ?? "";

export const codeOf = (text: string): string => /^\d{6}\r?$/m.exec(text)?.[0].trim() ?? "";

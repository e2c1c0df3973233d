// People at the console: how they show who they are, and how they say yes.

import { createHmac } from "node:crypto";
import { expect, type Locator, type Page } from "@playwright/test";
import type { Person, Proof } from "./server.ts";

const STEP_MS = 30_000;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** What the person's authenticator app shows (RFC 6238), now or some steps later. */
export function codeOf(secret: string, later = 0): string {
  const bits = [...secret].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / STEP_MS) + later));
  const mac = createHmac("sha1", key).update(counter).digest();
  const number = mac.readUInt32BE((mac.at(-1) ?? 0) & 15) & 0x7fff_ffff;
  return String(number % 1_000_000).padStart(6, "0");
}

export function person(proof: Proof, name: string): Person {
  const found = proof.people.find((one) => one.name === name);
  if (!found) throw new Error(`nobody is called ${name}`);
  return found;
}

export const at = (proof: Proof, path: string): string => new URL(`/console${path}`, proof.console_url).href;

/** A code is good once, and the present one was used up a moment ago, when the person joined. */
export async function signIn(page: Page, proof: Proof, who: Person, later = 1): Promise<void> {
  await page.goto(at(proof, "/"));
  await page.getByLabel("Name").fill(who.name);
  await page.getByLabel("Password").fill(who.password);
  await page.getByLabel("Code").fill(codeOf(who.totp_secret, later));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
}

export async function title(page: Page, name: string | RegExp): Promise<void> {
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
}

/** What the console says it has just done. */
/** Whoever takes it for markup shows a picture and another title. */
export const EVIL = "<img src=x onerror=\"document.title='owned'\">";

/** What somebody wrote stands there as they wrote it. */
export async function asWritten(page: Page, text: string): Promise<void> {
  await expect(page.getByText(`${text} ${EVIL}`).filter({ visible: true }).first()).toBeVisible();
  await expect(page.locator("img[src='x']")).toHaveCount(0);
  await expect(page).toHaveTitle(/ · Proof$/);
}

/** The reason that somebody gave for the latest deed of its kind, where the log has it. */
export async function reasonInAudit(page: Page, proof: Proof, act: string, text: string): Promise<void> {
  await page.goto(at(proof, `/audit?act=${act}`));
  await page.getByRole("region", { name: "Audit" }).getByRole("row").nth(1).getByRole("link").first().click();
  await asWritten(page, text);
}

export const said = (page: Page, text: string | RegExp): Promise<void> => expect(page.locator(".said")).toContainText(text);

export const dialog = (page: Page): Locator => page.getByRole("dialog");

/** Gives the reason that a question asks for, and answers it. */
export async function answer(page: Page, verb: string, { reason, ...fields }: Record<string, string> = {}): Promise<void> {
  for (const [label, value] of Object.entries(fields)) await dialog(page).getByLabel(label).fill(value);
  if (reason !== undefined) await dialog(page).getByLabel("Reason").fill(reason);
  await dialog(page).getByRole("button", { name: verb, exact: true }).click();
}

// What a person does who sells, with a wallet of their own.

import { expect, type FrameLocator, type Page } from "@playwright/test";
import { chooseDocument, fillCard, heading, selfie, sendFile } from "./buyer.ts";
import type { Proof } from "./server.ts";

/** Wallets of nobody in particular; the checksums are right. */
export const REFUND = {
  tron: "TQsYLehPnKVhjqx58tntQep1WMLG6YDyuY",
  evm: "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
  bitcoin: "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
} as const;

/** From the first screen to the terms of the sale, for somebody who was not checked before. */
export async function untilTerms(widget: FrameLocator): Promise<void> {
  await chooseDocument(widget, "Passport");
  await sendFile(widget);
  await selfie(widget);
  await heading(widget, "Review and sell");
}

export async function accept(widget: FrameLocator, card: string, refund: string): Promise<void> {
  await fillCard(widget, card);
  await widget.getByLabel(/Your refund address/).fill(refund);
  await widget.getByLabel(/This address is mine/).check();
  await widget.getByRole("button", { name: "Show the deposit address" }).click();
}

/** From the terms of the sale, where customers who were checked before begin, to the deposit address. */
export async function untilDeposit(widget: FrameLocator, card: string, refund: string = REFUND.tron): Promise<string> {
  await heading(widget, "Review and sell");
  await accept(widget, card, refund);
  await heading(widget, /^Send \d/);
  return (await widget.locator(".whole .unseen").textContent()) ?? "";
}

export interface Coins {
  amount: string;
  currency?: string;
  network?: string;
}

/** Some wallet sends coins to an address. The hash of the transfer. */
export async function send(page: Page, proof: Proof, address: string, coins: Coins): Promise<string> {
  const data = { address, currency: "USDT", network: "TRC20", ...coins };
  const sent = await page.request.post(`${proof.shop_url}/sandbox/wallet`, { data });
  expect(sent.ok()).toBe(true);
  return ((await sent.json()) as { hash: string }).hash;
}

export async function paidOut(widget: FrameLocator): Promise<void> {
  await expect(widget.getByRole("heading", { level: 1, name: /^€\d+\.\d\d sent to Visa/ })).toBeVisible({ timeout: 60_000 });
}

/** The page tells of coins that do not belong to the order. */
export const notice = (widget: FrameLocator, title: RegExp) => widget.getByRole("status").filter({ hasText: title });

/** It says that they went back, and the network says so, too: they are at this address. */
export async function wentBack(page: Page, widget: FrameLocator, title: RegExp, refund: string): Promise<void> {
  await expect(notice(widget, title)).toContainText("It was sent back to your refund address", { timeout: 45_000 });
  const explorer = await notice(widget, title).getByRole("link").getAttribute("href");
  const found = await page.request.get(explorer ?? "");
  expect(await found.text()).toContain(`<dt>To</dt><dd>${refund}</dd>`);
}

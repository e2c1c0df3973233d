// What a person does who sells.

import type { FrameLocator } from "@playwright/test";
import { chooseDocument, fillCard, heading, selfie, sendFile } from "./buyer.ts";

/** A wallet of nobody in particular; the checksum is right. */
const REFUND = "TQsYLehPnKVhjqx58tntQep1WMLG6YDyuY";

/** From the first screen to the deposit address. */
export async function untilDeposit(widget: FrameLocator, card: string): Promise<string> {
  await chooseDocument(widget, "Passport");
  await sendFile(widget);
  await selfie(widget);
  await heading(widget, "Review and sell");
  await fillCard(widget, card);
  await widget.getByLabel(/Your refund address/).fill(REFUND);
  await widget.getByLabel(/This address is mine/).check();
  await widget.getByRole("button", { name: "Show the deposit address" }).click();
  await heading(widget, "Send 100.00 USDT");
  return (await widget.locator(".whole .unseen").textContent()) ?? "";
}

// A desktop without a camera, and a telephone that has one.

import { devices, type Browser, type BrowserContext, type Page } from "@playwright/test";
import { withoutFault } from "../src/axe.ts";
import { agree, begin, chooseDocument, heading, order, selfie, sendFile, type Widget } from "../src/buyer.ts";
import { expect, newBuyer, test } from "../src/test.ts";

const { viewport, userAgent } = devices["Pixel 7"];

const telephone = (browser: Browser, colorScheme: "light" | "dark"): Promise<BrowserContext> =>
  browser.newContext({ viewport, userAgent, hasTouch: true, isMobile: true, colorScheme });

/** Asks for the code, and reads what is in it. */
async function code(page: Page, widget: Widget, button: string): Promise<string> {
  const told = page.waitForResponse(/\/frame\/api\/identity\/handover$/);
  await widget.getByRole("button", { name: button }).click();
  const answer = await told;
  const { token } = (await answer.json()) as { token: string };
  await expect(widget.getByRole("img", { name: "QR code that opens the check on your phone" })).toBeVisible();
  return new URL(`/handover/${token}`, answer.url()).href;
}

test("the check goes on at a telephone, and the desktop follows", async ({ page, browser, proof }) => {
  const widget = await order(page, proof, newBuyer());
  await begin(widget);
  const link = await code(page, widget, "Take the pictures with your phone");
  await heading(widget, "Continue on your phone");
  // One way to a telephone at a time.
  await expect(widget.getByRole("button", { name: "Continue on another device" })).toBeHidden();
  await withoutFault(page, "embedded");

  const context = await telephone(browser, "light");
  const phone = await context.newPage();
  await phone.goto(link);
  await heading(phone, "Show Demo Shop that it is you");
  await withoutFault(phone, "alone");
  await phone.getByRole("button", { name: "Start the check" }).click();
  await heading(widget, "Go on at your phone");
  // It is the only one, and cannot hand over further or call the order off.
  const other = await context.newPage();
  await other.goto(link);
  await heading(other, "This code is not good any more");
  await withoutFault(other, "alone");
  await heading(phone, "First, show that it is you");
  await expect(phone.getByRole("button", { name: "Take the pictures with your phone" })).toBeHidden();
  await expect(phone.getByRole("button", { name: "Cancel this order" })).toBeHidden();

  await agree(phone, "Passport");
  await sendFile(phone);
  await expect(widget.getByText("Photos of your document have arrived")).toBeVisible();
  // A reload goes on where it was, though the code is used up.
  await phone.reload();
  await selfie(phone);
  await heading(widget, "Review and pay");
  await heading(phone, "That is all here");
  await context.close();
});

test("whoever has no telephone at hand goes on at the desktop", async ({ page, browser, proof }) => {
  const widget = await order(page, proof, newBuyer());
  await chooseDocument(widget, "Passport");
  const link = await code(page, widget, "Take the pictures with your phone");
  const context = await telephone(browser, "dark");
  const phone = await context.newPage();
  await phone.goto(link);
  await phone.getByRole("button", { name: "Start the check" }).click();
  await heading(phone, "Photo page of your passport");
  await heading(widget, "Go on at your phone");
  await withoutFault(page, "embedded");
  await widget.getByRole("button", { name: "Continue here instead" }).click();
  await heading(phone, "The check goes on at your other device");
  await withoutFault(phone, "alone");
  await sendFile(widget);
  await heading(widget, "A short selfie check");
  await context.close();
});

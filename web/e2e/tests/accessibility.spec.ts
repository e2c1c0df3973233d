// What docs/src/accessibility.md promises and axe cannot see (axe runs in the tests of languages, wallets and others).

import type { FrameLocator, Page } from "@playwright/test";
import { CARDS, delivered, fillCard, heading, order } from "../src/buyer.ts";
import { headingIsFocused, smallTargets, tabTo } from "../src/focus.ts";
import { knownBuyer } from "../src/known.ts";
import { accept, REFUND } from "../src/seller.ts";
import type { Proof } from "../src/server.ts";
import { expect, newBuyer, test, type Buyer } from "../src/test.ts";
import { readable } from "../src/words.ts";

/** What the design promises; WCAG 2.2 AA wants 24. */
const TARGET_PX = 44;

const large = async (widget: FrameLocator) => expect(await smallTargets(widget, TARGET_PX)).toEqual([]);

let buyer: Promise<Buyer> | undefined;

/** Checked once for all tests of this file: they begin with the price. */
const returning = (proof: Proof): Promise<Buyer> => (buyer ??= knownBuyer(proof));

const ownFrame = (page: Page) => page.frames().find((frame) => new URL(frame.url()).pathname.startsWith("/frame/"));

const moving = async (page: Page): Promise<number> =>
  (await ownFrame(page)?.evaluate(() => document.getAnimations().filter(({ playState }) => playState === "running").length)) ?? -1;

/** Loading takes no focus from the shop's page, so the first way into the frame is Tab. */
async function enter(page: Page, widget: FrameLocator, title: string): Promise<void> {
  await heading(widget, title);
  await page.locator("#widget iframe").focus();
}

test("the first screens are gone through by the keyboard, and the focus goes along", async ({ page, proof }) => {
  const widget = await order(page, proof, newBuyer());
  await enter(page, widget, "Check your order");
  await large(widget);
  await tabTo(page, widget, /^Continue$/);
  await page.keyboard.press("Enter");
  await headingIsFocused(widget, /^First, show/);
  await large(widget);
  await tabTo(page, widget, /^Agree and continue$/);
  await page.keyboard.press("Enter");
  await headingIsFocused(widget, /^Which document/);
  await large(widget);
  await tabTo(page, widget, /^Passport/);
  await page.keyboard.press("Space");
  await headingIsFocused(widget, /passport/i);
  await large(widget);
  // Each part of a screen takes the place of what was pressed.
  for (const pressed of [/^Take a photo$/, /^Take the photo$/, /^Take it again$/, /^Back$/]) {
    await tabTo(page, widget, pressed);
    // A camera takes a moment.
    await expect(widget.getByRole("button", { name: pressed })).toBeEnabled();
    await page.keyboard.press("Enter");
    await headingIsFocused(widget, /passport/i);
  }
  await tabTo(page, widget, /^Cancel this order$/);
  await page.keyboard.press("Enter");
  // The button is gone: the focus is on the question, and comes back.
  const question = widget.getByRole("group", { name: "Cancel this order" });
  await expect(question).toBeFocused();
  await expect(question).toHaveAccessibleDescription(/^Cancel the order\?/);
  await tabTo(page, widget, /^Keep it$/);
  await page.keyboard.press("Enter");
  await expect(widget.getByRole("button", { name: "Cancel this order" })).toBeFocused();
});

test("a whole buy by the keyboard, without motion where none is wanted", async ({ page, proof }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const widget = await order(page, proof, await returning(proof));
  await enter(page, widget, "Review and pay");
  expect(await moving(page)).toBe(0);
  await tabTo(page, widget, /^T\w+…/);
  await page.keyboard.press("Enter");
  // Until the processor's page is in it, a field is not there for the keyboard.
  await expect(widget.locator(".field-box iframe:not(.unready)")).toHaveCount(3);
  const passed = await tabTo(page, widget, /^Card number$/);
  // As it stands on the screen: the currency, how the price is made, the card.
  expect(passed.map((name) => name.slice(0, 12))).toEqual(["Pay in", "How the pric", "Card number"]);
  await page.keyboard.type(CARDS.good);
  expect(await tabTo(page, widget, /^Expiry/)).toHaveLength(1);
  await page.keyboard.type("12/34");
  expect(await tabTo(page, widget, /^Security code/)).toHaveLength(1);
  await page.keyboard.type("123");
  const last = await tabTo(page, widget, /^Pay €\d/);
  expect(last.map((name) => name.slice(0, 14))).toEqual(["Keep this card", expect.stringMatching(/^Pay €/)]);
  await page.keyboard.press("Enter");
  await headingIsFocused(widget, /^Your USDT is on its way$/);
  await expect(widget.getByRole("list", { name: "Progress" })).toHaveAttribute("aria-live", "polite");
  expect(await moving(page)).toBe(0);
  await page.emulateMedia({ reducedMotion: "no-preference" });
  expect(await moving(page)).toBeGreaterThan(0);
  await delivered(widget);
  await headingIsFocused(widget, /delivered$/);
  await large(widget);
});

test("at 200 % everything is on the screen, and an error belongs to its field", async ({ browser, proof }) => {
  // A window of 640 by 900 pixels that is zoomed: to the page it is half as wide, as in WCAG's reflow.
  const context = await browser.newContext({ viewport: { width: 320, height: 450 }, deviceScaleFactor: 2 });
  const page = await context.newPage();
  const widget = await order(page, proof, await returning(proof));
  await heading(widget, "Review and pay");
  await expect(widget.getByRole("button", { name: /^Pay €\d/ })).toBeEnabled();
  await readable(widget, "en");
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
  await large(widget);
  await widget.locator("summary").click();
  await widget.getByRole("button", { name: /^T\w+…/ }).click();
  await readable(widget, "en");
  // Letters further apart, as some people set them.
  await page.setViewportSize({ width: 320, height: 450 });
  await ownFrame(page)?.evaluate(() => {
    const wide = new CSSStyleSheet();
    wide.replaceSync("* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }");
    document.adoptedStyleSheets = [wide];
  });
  await readable(widget, "en");

  await widget.getByRole("button", { name: /^Pay €\d/ }).click();
  const field = (name: string) => widget.locator(`iframe[name="proof-card-${name}"]`);
  for (const [name, said] of [["number", "card number"], ["expiry", "expiry date"], ["cvc", "security code"]] as const) {
    await expect(field(name)).toHaveAccessibleDescription(`Enter the ${said}.`);
  }
  await expect(widget.getByRole("alert").filter({ hasText: /^Enter the / })).toHaveCount(3);
  const number = field("number").contentFrame().getByRole("textbox", { name: "Card number" });
  await expect(number).toBeFocused();
  await expect(number).toHaveAccessibleDescription("Enter the card number.");
  await number.pressSequentially("4242424242424241");
  await number.blur();
  await expect(number).toHaveAttribute("aria-invalid", "true");
  await expect(field("number")).toHaveAccessibleDescription("Check the card number.");
  await context.close();
});

test("what a seller presses is large enough, and errors belong to their fields", async ({ page, proof }) => {
  const widget = await order(page, proof, await returning(proof), "Sell");
  await heading(widget, "Review and sell");
  await large(widget);
  await fillCard(widget, CARDS.good);
  await widget.getByRole("button", { name: "Show the deposit address" }).click();
  const refund = widget.getByLabel(/Your refund address/);
  await expect(refund).toBeFocused();
  await expect(refund).toHaveAttribute("aria-invalid", "true");
  await expect(refund).toHaveAccessibleDescription(/\S+ .*\S/);
  await refund.fill(REFUND.evm);
  await expect(refund).toHaveAccessibleDescription(/This looks like an address on Ethereum/);
  const mine = widget.getByLabel(/This address is mine/);
  await expect(mine).toHaveAttribute("aria-invalid", "true");
  await expect(mine).toHaveAccessibleDescription(/\S/);
  await accept(widget, "", REFUND.tron);
  await heading(widget, /^Send \d/);
  await large(widget);
});

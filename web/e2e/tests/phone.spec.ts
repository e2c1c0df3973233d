// Whole flows on a narrow telephone, in the dark and from right to left, on lines that are slow, lost, or lack a part.

import type { Browser, FrameLocator, Page } from "@playwright/test";
import { withoutFault } from "../src/axe.ts";
import { CARDS, fillCard, order } from "../src/buyer.ts";
import { advance, knownBuyer } from "../src/known.ts";
import { REFUND, send } from "../src/seller.ts";
import type { Proof } from "../src/server.ts";
import { expect, newBuyer, test } from "../src/test.ts";
import { readable, wordsOf } from "../src/words.ts";

const LOCALES = { en: "en-GB", ar: "ar-EG" } as const;
type Language = keyof typeof LOCALES;
const say = (language: Language) => wordsOf(language);

interface Phone {
  page: Page;
  /** Somebody who was checked before begins an order. */
  begin: (side?: "Buy" | "Sell") => Promise<FrameLocator>;
  close: () => Promise<void>;
}

/** In the dark: the light ones are everywhere else. */
async function telephone(browser: Browser, proof: Proof, language: Language): Promise<Phone> {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, colorScheme: "dark", locale: LOCALES[language] });
  const page = await context.newPage();
  const begin = async (side: "Buy" | "Sell" = "Buy") => order(page, proof, await knownBuyer(proof), side);
  return { page, begin, close: () => context.close() };
}

const titled = (widget: FrameLocator, title: string): Promise<void> =>
  expect(widget.getByRole("heading", { level: 1 })).toContainText(title, { timeout: 60_000 });

const payable = (widget: FrameLocator): Promise<void> => expect(widget.locator(".actions button").first()).toBeEnabled({ timeout: 30_000 });

/** It is dark, in its direction, fits, and has no fault. */
async function good(page: Page, widget: FrameLocator, language: Language): Promise<void> {
  const root = widget.locator("html");
  await expect(root).toHaveAttribute("dir", language === "ar" ? "rtl" : "ltr");
  expect(await root.evaluate((html) => getComputedStyle(html).getPropertyValue("--scheme").trim())).toBe("dark");
  await readable(widget, language);
  await withoutFault(page, "embedded");
}

for (const language of ["en", "ar"] as const) {
  const words = say(language);

  test(`a sell in the dark, with a line that is lost on the way, ${language}`, async ({ browser, proof }) => {
    test.setTimeout(150_000);
    const { page, begin, close } = await telephone(browser, proof, language);
    const widget = await begin("Sell");
    const offline = widget.getByText(words("app.offline"));
    /** The line is lost, and is there again. */
    const withoutLine = async (meanwhile: () => Promise<void>) => {
      await page.context().setOffline(true);
      await expect(offline).toBeVisible();
      await meanwhile();
      await good(page, widget, language);
      await page.context().setOffline(false);
      await expect(offline).toBeHidden();
    };
    await titled(widget, words("sell.terms.title"));
    await fillCard(widget, CARDS.good);
    await widget.locator("#refund-address").fill(REFUND.tron);
    await widget.getByRole("checkbox").check();
    await payable(widget);
    await good(page, widget, language);
    const show = widget.getByRole("button", { name: words("sell.terms.button") });
    // What was typed is still there, and nothing was done.
    await withoutLine(async () => {
      await show.tap();
      await titled(widget, words("sell.terms.title"));
      await expect(widget.locator("#refund-address")).toHaveValue(REFUND.tron);
    });
    await payable(widget);
    await show.tap();
    await titled(widget, words("sell.deposit.send"));
    await good(page, widget, language);
    const address = (await widget.locator(".whole .unseen").textContent()) ?? "";
    await withoutLine(async () => expect(widget.locator(".whole .unseen")).toHaveText(address));
    await send(page, proof, address, { amount: "100" });
    await titled(widget, words("sell.confirming.title"));
    await good(page, widget, language);
    await expect(widget.getByText(words("sell.completed.text"))).toBeVisible({ timeout: 60_000 });
    await good(page, widget, language);
    await close();
  });

  test(`card fields that do not load are told of in the dark, and asked for again, ${language}`, async ({ browser, proof }) => {
    const { page, begin, close } = await telephone(browser, proof, language);
    const fields = (url: URL) => url.origin === new URL(proof.cards_url).origin && url.pathname.startsWith("/fields/");
    await page.route(fields, (route) => route.abort());
    await page.clock.install();
    const widget = await begin();
    await titled(widget, words("pay.title"));
    await expect(widget.getByText(words("pay.fieldsLoading"))).toBeVisible();
    const missing = widget.getByText(words("pay.fieldsMissing"));
    await expect(missing).toHaveCount(0);
    await page.clock.fastForward(15_000);
    await expect(missing).toBeVisible();
    await expect(widget.getByText(words("pay.fieldsLoading"))).toHaveCount(0);
    await good(page, widget, language);
    await page.unroute(fields);
    await widget.getByRole("button", { name: words("app.tryAgain") }).tap();
    await expect(widget.locator(".field-box iframe:not(.unready)")).toHaveCount(3, { timeout: 30_000 });
    await expect(missing).toHaveCount(0);
    await close();
  });

  test(`an answer that is slow is waited for in words, ${language}`, async ({ browser, proof }) => {
    const { page, close } = await telephone(browser, proof, language);
    let come = (): void => undefined;
    const held = new Promise<void>((resolve) => (come = resolve));
    await page.route("**/frame/api/visits", async (route) => {
      await held;
      await route.continue();
    });
    await page.clock.install();
    const asked = page.waitForRequest("**/frame/api/visits");
    const widget = await order(page, proof, newBuyer());
    await asked;
    // For a voice it is there at once; for the eye the bones say enough until then.
    const loading = widget.locator(".skeleton h1");
    await expect(loading).toHaveText(words("app.loading"));
    await expect(loading).toHaveClass("unseen");
    await page.clock.fastForward(3_000);
    await expect(loading).not.toHaveClass("unseen");
    await withoutFault(page, "embedded");
    come();
    await titled(widget, words("check.title"));
    await page.context().setOffline(true);
    await expect(widget.getByText(words("app.offline"))).toBeVisible();
    await good(page, widget, language);
    await page.context().setOffline(false);
    await expect(widget.getByText(words("app.offline"))).toBeHidden();
    await close();
  });

  // The last of each, since a moved clock ends much else.
  test(`the hour to pay runs out in the dark, ${language}`, async ({ browser, proof }) => {
    const { page, begin, close } = await telephone(browser, proof, language);
    const widget = await begin();
    await titled(widget, words("pay.title"));
    await payable(widget);
    await advance(proof, "51m");
    // It hears of the world's clock when it next asks how the order stands, which may take the 20 seconds of a wait.
    await expect(widget.getByRole("timer").first()).toBeVisible({ timeout: 30_000 });
    await good(page, widget, language);
    await advance(proof, "14m");
    await titled(widget, words("expired.title"));
    await expect(widget.getByText(words("expired.text"))).toBeVisible();
    await good(page, widget, language);
    await close();
  });
}

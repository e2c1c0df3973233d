import { type Browser, type FrameLocator, type Page } from "@playwright/test";
import { withoutFault } from "../src/axe.ts";
import { CARDS, fillCard, order, sendPicture } from "../src/buyer.ts";
import { logged } from "../src/page.ts";
import { REFUND } from "../src/seller.ts";
import { expect, newBuyer, test } from "../src/test.ts";
import { pseudo, readable, speaking, wordsOf, type Say } from "../src/words.ts";

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

async function telephone(browser: Browser, locale: string): Promise<Page> {
  const context = await browser.newContext({ ...PHONE, locale });
  return context.newPage();
}

const titled = (widget: FrameLocator, title: string): Promise<void> =>
  expect(widget.getByRole("heading", { level: 1 })).toContainText(title, { timeout: 30_000 });

/** From the first screen to the price, with a look at each. */
async function identify(widget: FrameLocator, say: Say, look: () => Promise<void>): Promise<void> {
  const press = (key: string) => widget.getByRole("button", { name: say(key) }).first().click();
  await titled(widget, say("check.title"));
  await expect(widget.getByText(say("pay.open"))).toBeVisible();
  await look();
  await press("check.button");
  await titled(widget, say("intro.title"));
  await look();
  await press("consent.button");
  await titled(widget, say("choice.title"));
  await look();
  await press("choice.documents.passport");
  await expect(widget.getByText(say("side.text"))).toBeVisible();
  await look();
  await sendPicture(widget);
  await expect(widget.getByText(say("side.preview"))).toBeVisible();
  await look();
  await press("side.use");
  await titled(widget, say("liveness.title"));
  await look();
  await press("liveness.start");
}

test("somebody whose browser speaks Arabic buys on a narrow telephone", async ({ browser, proof }) => {
  const page = await telephone(browser, "ar-EG");
  const say = wordsOf("ar");
  const widget = await order(page, proof, newBuyer());
  const look = () => readable(widget, "ar");
  await identify(widget, say, look);
  await titled(widget, say("pay.title"));
  await expect(widget.locator("html")).toHaveAttribute("dir", "rtl");
  await expect(widget.locator("html")).toHaveAttribute("lang", "ar");
  await expect(page.locator("#widget iframe")).toHaveAttribute("title", /^شراء/);
  await fillCard(widget, CARDS.good);
  await expect(widget.frameLocator('iframe[name="proof-card-cvc"]').getByLabel(say("pay.cvc"))).toBeVisible();
  await look();
  await withoutFault(page, "embedded");
  // The amount is read from left to right within words that are not.
  await widget.getByRole("button", { name: /^ادفع \u2066\d+\.\d\d\s€\u2069$/ }).click();
  await titled(widget, "\u2066100.00\u00a0USDT\u2069");
  await expect(widget.getByText(say("completed.text"))).toBeVisible({ timeout: 60_000 });
  await look();
  await withoutFault(page, "embedded");
  await page.context().close();
});

test("words that are longer fit everywhere, and none was forgotten", async ({ browser, proof }) => {
  const page = await telephone(browser, "en-GB");
  await speaking(page, "pseudo");
  const widget = await order(page, proof, newBuyer(), "Sell");
  const look = () => readable(widget, "pseudo");
  await identify(widget, pseudo, look);
  await titled(widget, pseudo("sell.terms.title"));
  await fillCard(widget, CARDS.good);
  await widget.locator("summary").click();
  await look();
  await widget.locator("#refund-address").fill(REFUND.evm);
  await look();
  await widget.locator("#refund-address").fill(REFUND.tron);
  await widget.getByRole("checkbox").check();
  await widget.getByRole("button", { name: pseudo("sell.terms.button") }).click();
  await titled(widget, pseudo("sell.deposit.send"));
  await look();
  await withoutFault(page, "embedded");
  await widget.getByRole("button", { name: pseudo("cancel.ask") }).click();
  await look();
  await widget.getByRole("button", { name: pseudo("cancel.yes") }).click();
  await titled(widget, pseudo("sell.cancelled.title"));
  await look();
  await page.context().close();
});

for (const language of ["de", "ja"]) {
  test(`the shop asks for ${language}, whatever the browser speaks`, async ({ browser, proof }) => {
    const page = await telephone(browser, "fr-FR");
    await speaking(page, language);
    const widget = await order(page, proof, newBuyer());
    await titled(widget, wordsOf(language)("check.title"));
    await expect(widget.locator("html")).toHaveAttribute("lang", language);
    await readable(widget, language);
    await page.context().close();
  });
}

test("where the words of a language do not arrive, English is spoken", async ({ browser, proof }) => {
  const page = await telephone(browser, "tr-TR");
  const before = await logged(page, proof);
  await page.route("**/assets/lang-tr-*.js", (route) => route.abort());
  const again = page.waitForRequest((request) => /lang-tr-/.test(request.url()) && request.resourceType() === "fetch");
  const widget = await order(page, proof, newBuyer());
  await titled(widget, wordsOf("en")("check.title"));
  // A lost line is no changed file.
  await again;
  expect(await logged(page, proof)).toEqual(before);
  await expect(widget.locator("html")).toHaveAttribute("lang", "en");
  await page.context().close();
});

test("a file that comes later is not run when it was changed on the way", async ({ browser, proof }) => {
  const page = await telephone(browser, "tr-TR");
  await page.route("**/assets/lang-tr-*.js", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: `globalThis.skimmer = true;${await answer.text()}` });
  });
  const widget = await order(page, proof, newBuyer());
  // Its words are not taken, and nothing else of it is.
  await titled(widget, wordsOf("en")("check.title"));
  expect(await widget.locator("html").evaluate(() => "skimmer" in globalThis)).toBe(false);
  await expect.poll(() => logged(page, proof)).toContain("embed_script_changed");
  await page.context().close();
});

// The way through all screens of the widget on a phone: for the pictures of the docs, and for whoever looks for faults.

import type { Browser, Page } from "@playwright/test";
import { bankOf, CARDS, fillCard, sendPicture } from "./buyer.ts";
import { advance, linkTo, sessionOf } from "./known.ts";
import { codeOf, letter, linkOf } from "./outbox.ts";
import { REFUND, send } from "./seller.ts";
import type { Proof } from "./server.ts";
import { expect, newBuyer, type Buyer } from "./test.ts";
import { pseudo, speakPseudo, tagOf, wordsOf, type Say } from "./words.ts";

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, reducedMotion: "reduce" } as const;
const SLOW_MS = 60_000;

/** In the order of the docs; a picture of any other name fails. */
export const SCREENS = {
  check: "The order and what it costs",
  intro: "What is asked and why",
  choice: "Which document",
  side: "A photo of it",
  preview: "Before it is sent",
  unloaded: "A step that could not be loaded",
  liveness: "The selfie check",
  retry: "A check that did not work",
  review: "A person looks",
  refused: "A check that was refused",
  pay: "Price and card",
  details: "How the price is made",
  missing: "Fields that are not filled in",
  declined: "A declined card",
  bank: "The bank asks",
  onward: "Another device",
  progress: "On its way",
  completed: "Delivered",
  receipt: "The receipt's own page",
  known: "Somebody who was checked at another shop",
  code: "A code from the mailbox",
  email: "A known customer with another email",
  handover: "The check goes on at a phone",
  kept: "A card that was kept",
  cancelled: "Cancelled",
  expired: "The time to pay has run out",
  over: "A session that is over",
  terms: "A sell: terms, card and refund address",
  deposit: "The deposit address",
  accident: "Another coin came",
  confirming: "The deposit is seen",
  sold: "Paid out",
  moved: "The price has moved",
  resume: "The link of a letter",
  late: "A deposit that came late",
} as const;

export type Name = keyof typeof SCREENS;
export type Language = "en" | "ar" | "pseudo";
export type Scheme = "light" | "dark";
/** What is done at a screen. */
export type Look = (page: Page, name: Name, scheme: Scheme) => Promise<void>;

class Walk {
  constructor(
    readonly proof: Proof,
    readonly page: Page,
    readonly language: Language,
    readonly look: Look,
    readonly say: Say = language === "pseudo" ? pseudo : wordsOf(language),
  ) {}

  async open(buyer: Buyer, more: object = {}): Promise<void> {
    const { widget_id, init_token } = await sessionOf(this.proof, buyer, more);
    // The same page with another token behind the `#` would open by a script of its own.
    await this.page.goto("about:blank");
    await this.page.goto(this.at(`/w/${widget_id}`, init_token));
  }

  at = (path: string, secret = ""): string => new URL(`${path}?lang=${tagOf(this.language)}#${secret}`, this.proof.base_url).href;

  press = (key: string): Promise<void> => this.page.getByRole("button", { name: this.say(key) }).first().click();

  titled = (key: string): Promise<void> => expect(this.page.getByRole("heading", { level: 1 })).toContainText(this.say(key), { timeout: SLOW_MS });

  sees = (key: string): Promise<void> => expect(this.page.getByText(this.say(key)).first()).toBeVisible({ timeout: SLOW_MS });

  payable = (): Promise<void> => expect(this.page.locator(".actions button").first()).toBeEnabled({ timeout: SLOW_MS });

  async take(name: Name): Promise<void> {
    const schemes: Scheme[] = this.language === "en" ? ["light", "dark"] : ["light"];
    for (const colorScheme of schemes) {
      await this.page.emulateMedia({ colorScheme });
      await this.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
      await this.look(this.page, name, colorScheme);
    }
  }

  async document(): Promise<void> {
    await this.press("check.button");
    await this.titled("intro.title");
    await this.press("consent.button");
    await this.press("choice.documents.passport");
    await sendPicture(this.page);
    await this.press("side.use");
    await this.titled("liveness.title");
    await this.press("liveness.start");
  }
}

async function check(walk: Walk, buyer: Buyer): Promise<void> {
  await walk.open(buyer);
  await expect(walk.page.locator(".hero .bone")).toHaveCount(0, { timeout: SLOW_MS });
  await walk.sees("pay.open");
  await walk.take("check");
  await walk.press("check.button");
  await walk.titled("intro.title");
  await walk.take("intro");
  await walk.press("consent.button");
  await walk.titled("choice.title");
  await walk.take("choice");
  await walk.press("choice.documents.passport");
  await walk.sees("side.text");
  await walk.take("side");
  await sendPicture(walk.page);
  await walk.sees("side.preview");
  await walk.take("preview");
  await walk.press("side.use");
  await walk.titled("liveness.title");
  await walk.take("liveness");
  await walk.press("liveness.start");
  await walk.titled("pay.title");
}

/** From the price to the receipt. */
async function buy(walk: Walk): Promise<void> {
  const { page } = walk;
  const pay = () => page.locator(".actions button").first().click();
  await walk.payable();
  await walk.take("pay");
  await page.locator("summary").click();
  await walk.take("details");
  await page.locator("summary").click();
  await pay();
  await walk.sees("pay.missing.number");
  await walk.take("missing");
  await fillCard(page, CARDS.declined);
  await pay();
  await expect(page.locator(".notice").first()).toBeVisible({ timeout: SLOW_MS });
  await walk.payable();
  await walk.take("declined");
  await walk.press("onward.offer");
  await walk.take("onward");
  await walk.press("onward.close");
  await page.getByRole("checkbox").check();
  await fillCard(page, CARDS.threeDs);
  await pay();
  await walk.titled("threeDs.title");
  const approve = bankOf(page).getByRole("button", { name: "Approve" });
  await expect(approve).toBeVisible({ timeout: SLOW_MS });
  await walk.take("bank");
  await approve.click();
  await walk.sees("progress.text");
  await walk.take("progress");
  await walk.sees("completed.text");
  await walk.take("completed");
  const link = page.getByRole("link", { name: walk.say("receiptPage.open") });
  await page.goto(new URL((await link.getAttribute("href")) ?? "", walk.proof.base_url).href);
  await walk.sees("receiptPage.sandbox");
  await walk.take("receipt");
}

async function sell(walk: Walk, buyer: Buyer): Promise<void> {
  const { page } = walk;
  await walk.open(buyer, { type: "sell" });
  await walk.titled("sell.terms.title");
  await fillCard(page, CARDS.good);
  await page.locator("#refund-address").fill(REFUND.tron);
  await page.getByRole("checkbox").check();
  await walk.payable();
  await walk.take("terms");
  await walk.press("sell.terms.button");
  await walk.titled("sell.deposit.send");
  await expect(page.locator(".qr svg, svg.qr, img.qr").first()).toBeVisible({ timeout: SLOW_MS });
  await walk.take("deposit");
  const address = (await page.locator(".whole .unseen").textContent()) ?? "";
  await send(page, walk.proof, address, { amount: "50", currency: "TRX" });
  await expect(page.getByRole("status").filter({ hasText: "TRX" }).first()).toBeVisible({ timeout: SLOW_MS });
  await walk.take("accident");
  await send(page, walk.proof, address, { amount: "100" });
  await walk.titled("sell.confirming.title");
  await walk.take("confirming");
  await walk.sees("sell.completed.text");
  await walk.take("sold");
}

/** What ends otherwise. */
async function others(walk: Walk, known: Buyer): Promise<void> {
  await walk.open(known);
  await walk.payable();
  await walk.take("kept");
  await walk.press("cancel.ask");
  await walk.press("cancel.yes");
  await walk.titled("cancelled.title");
  await walk.take("cancelled");
  for (const [tag, name, title] of [["+kyc-retry", "retry", "retry.title"], ["+kyc-review", "review", "review.title"], ["+kyc-fail", "refused", "failed.title.identity_refused"]] as const) {
    await walk.open(newBuyer(tag));
    await walk.document();
    await walk.titled(title);
    await walk.take(name);
  }
  const { widget_id } = await sessionOf(walk.proof, known);
  await walk.page.goto("about:blank");
  await walk.page.goto(walk.at(`/w/${widget_id}`, "over"));
  await walk.titled("blocked.invalid_token.title");
  await walk.take("over");
}

/** What comes later does not come, and comes when it is asked for again. */
async function unloaded(walk: Walk): Promise<void> {
  const { page } = walk;
  const file = "**/assets/pictures-*.js";
  await page.route(file, (route) => route.abort());
  await walk.open(newBuyer());
  await walk.press("check.button");
  await walk.titled("intro.title");
  await walk.press("consent.button");
  await walk.press("choice.documents.passport");
  await walk.titled("later.title");
  await walk.take("unloaded");
  await page.unroute(file);
  await walk.press("app.tryAgain");
  await walk.sees("side.text");
}

/** Who is asked for less than a document, or elsewhere. */
async function ways(walk: Walk, known: Buyer, desktop: Page): Promise<void> {
  await walk.open(newBuyer());
  await walk.press("check.button");
  await walk.press("known.link");
  await walk.titled("known.title");
  await walk.take("known");
  await walk.press("known.ask");
  await walk.titled("known.enterTitle");
  await walk.take("code");
  await walk.open({ ...known, email: newBuyer().email });
  await walk.press("check.button");
  await walk.titled("email.title");
  await walk.take("email");
  const other = new Walk(walk.proof, desktop, walk.language, walk.look);
  await other.open(newBuyer());
  await other.press("check.button");
  await other.press("handover.offer");
  await other.titled("handover.title");
  await expect(desktop.locator(".qr:not(.bone)")).toBeVisible({ timeout: SLOW_MS });
  await other.take("handover");
}

/** Coins that come after the order was called off, and the way back by the letter's link. */
async function late(walk: Walk, buyer: Buyer): Promise<void> {
  const { page, proof } = walk;
  await walk.open(buyer, { type: "sell" });
  await walk.titled("sell.terms.title");
  await fillCard(page, CARDS.good);
  await page.locator("#refund-address").fill(REFUND.tron);
  await page.getByRole("checkbox").check();
  await walk.press("sell.terms.button");
  await walk.titled("sell.deposit.send");
  const address = (await page.locator(".whole .unseen").textContent()) ?? "";
  await walk.press("cancel.ask");
  await walk.press("cancel.yes");
  await walk.titled("sell.cancelled.title");
  await send(page, proof, address, { amount: "100" });
  await page.goto(linkOf(await letter(proof, buyer, /arrived late/)));
  await walk.sees("resume.text");
  await walk.take("resume");
  await walk.press("resume.ask");
  const code = codeOf(await letter(proof, buyer, /^Your code for/));
  await page.getByLabel(walk.say("resume.label")).fill(code);
  await walk.press("resume.enter");
  await walk.payable();
  await walk.take("late");
}

/** The page of a link, for who cannot read the letter that it comes with. */
async function resume(walk: Walk): Promise<void> {
  await walk.page.goto(walk.at(new URL(await linkTo(walk.proof, newBuyer(), "resume")).pathname));
  await walk.sees("resume.text");
  await walk.take("resume");
}

/** The price that was agreed to is held for half an hour. */
async function moved(walk: Walk, known: Buyer): Promise<void> {
  const { page, proof } = walk;
  await walk.open(known, { type: "sell", network: "BITCOIN", currency: "BTC", amount: "0.01" });
  await walk.titled("sell.terms.title");
  await fillCard(page, CARDS.good);
  await page.locator("#refund-address").fill(REFUND.bitcoin);
  await page.getByRole("checkbox").check();
  await walk.press("sell.terms.button");
  await walk.titled("sell.deposit.send");
  const address = (await page.locator(".whole .unseen").textContent()) ?? "";
  await advance(proof, "31m");
  await send(page, proof, address, { amount: "0.01", currency: "BTC", network: "BITCOIN" });
  await walk.titled("sell.choice.title");
  await walk.payable();
  await walk.take("moved");
}

async function expired(walk: Walk, known: Buyer): Promise<void> {
  await walk.open(known);
  await walk.payable();
  await advance(walk.proof, "65m");
  await walk.titled("expired.title");
  await walk.take("expired");
}

async function speaking(page: Page, language: Language): Promise<Page> {
  if (language === "pseudo") await speakPseudo(page);
  return page;
}

async function phone(browser: Browser, language: Language): Promise<Page> {
  const context = await browser.newContext(PHONE);
  return speaking(await context.newPage(), language);
}

/** Each screen once, in both colours; from right to left in one. */
export async function tour(browser: Browser, proof: Proof, language: Language, look: Look): Promise<void> {
  const walk = new Walk(proof, await phone(browser, language), language, look);
  const buyer = newBuyer();
  await check(walk, buyer);
  await buy(walk);
  await sell(walk, buyer);
  await others(walk, buyer);
  await unloaded(walk);
  const desktop = await speaking(await browser.newPage({ viewport: { width: 560, height: 740 }, reducedMotion: "reduce" }), language);
  await ways(walk, buyer, desktop);
  await desktop.close();
  // The letters of a world are found by their words in English.
  if (language === "en") await late(walk, buyer);
  else await resume(walk);
  // At the end, since a moved clock ends much else.
  await moved(walk, buyer);
  await expired(walk, buyer);
  await walk.page.context().close();
}

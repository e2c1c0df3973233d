// An order beyond the page that began it: at another device, by its receipt, and in an app.

import { devices, type Route } from "@playwright/test";
import { withoutFault } from "../src/axe.ts";
import { CARDS, delivered, heading, order, pay } from "../src/buyer.ts";
import { knownBuyer, linkTo, sessionOf } from "../src/known.ts";
import { codeOf, letter, linkOf, receiptOf } from "../src/outbox.ts";
import { logged } from "../src/page.ts";
import { expect, newBuyer, test } from "../src/test.ts";

const { viewport, userAgent } = devices["Pixel 7"];

const RECEIPT_FILE = "**/assets/receipt-page-*.js";

/** The file as it was changed on the way; kept by no cache, so that the next one is ours. */
async function skimming(route: Route): Promise<void> {
  const answer = await route.fetch();
  await route.fulfill({ response: answer, headers: { ...answer.headers(), "cache-control": "no-store" }, body: `globalThis.skimmer = true;${await answer.text()}` });
}

test("an order goes on at another device, and its receipt has a page of its own", async ({ page, browser, proof }) => {
  const buyer = await knownBuyer(proof);
  const widget = await order(page, proof, buyer);
  await heading(widget, "Review and pay");
  await widget.getByRole("button", { name: "Continue on another device" }).click();
  await widget.getByRole("button", { name: "Email me a link" }).click();
  await expect(widget.getByText("We have emailed a link to")).toBeVisible();
  const link = linkOf(await letter(proof, buyer, /^Continue your order with Demo Shop/));

  const phone = await browser.newPage({ viewport, userAgent });
  await phone.goto(link);
  await phone.getByRole("button", { name: "Email me a code" }).click();
  await phone.getByLabel("Code").fill(codeOf(await letter(proof, buyer, /^Your code for Demo Shop/)));
  await phone.getByRole("button", { name: "Open my order" }).click();
  await pay(phone, CARDS.good);
  await delivered(phone);
  // The page that began it was there all the time, and has lost nothing.
  await delivered(widget);

  const ended = await letter(proof, buyer, / delivered$/);
  // A word of its own: an id may have these digits by chance.
  expect(ended).not.toMatch(/\b4242\b/);
  const receipt = await browser.newPage({ colorScheme: "dark" });
  const asked: string[] = [];
  receipt.on("request", (request) => asked.push(request.url(), request.headers()["referer"] ?? ""));
  await receipt.goto(receiptOf(ended));
  await expect(receipt.getByRole("heading", { level: 1, name: /^100.00.USDT bought$/ })).toBeVisible();
  await expect(receipt.getByText("no real money has moved")).toBeVisible();
  await withoutFault(receipt, "alone");
  const shown = await receipt.content();
  for (const personal of [buyer.email, "Visa"]) expect(shown).not.toContain(personal);
  expect(shown).not.toMatch(/\b4242\b/);
  expect(asked.join(" ")).not.toContain("rc_");
  await receipt.emulateMedia({ media: "print" });
  await expect(receipt.getByRole("button", { name: "Print" })).toBeHidden();
  await expect(receipt.getByText("Order number")).toBeVisible();
  // The same address as in the widget.
  await expect(widget.getByRole("link", { name: "Open the receipt page" })).toHaveAttribute("href", receiptOf(ended));
  const told = receipt.waitForRequest(/\/embed\/findings\//);
  await receipt.evaluate(() => { new Image().src = "https://evil.test/steal"; });
  expect((await told).postDataJSON()).toEqual({ codes: ["embed_tampered"] });
  await expect.poll(() => logged(receipt, proof)).toContain("embed_tampered");
  await receipt.route(RECEIPT_FILE, skimming);
  const changed = receipt.waitForRequest(/\/embed\/findings\//);
  await receipt.reload();
  await expect(receipt.getByText("The receipt could not be loaded.")).toBeVisible();
  expect((await changed).postDataJSON()).toEqual({ codes: ["embed_script_changed"] });
  await receipt.unrouteAll({ behavior: "wait" });
  await receipt.goto("about:blank");
  await receipt.goto(receiptOf(ended).slice(0, -1));
  await expect(receipt.getByRole("heading", { level: 1, name: "This receipt cannot be shown" })).toBeVisible();
  await receipt.close();
  await phone.close();
});

test("an app opens the hosted page and is led back to it alone", async ({ browser, proof }) => {
  const buyer = await knownBuyer(proof);
  const back = `${proof.shop_url}/app/orders/7`;
  const { widget_id, init_token } = await sessionOf(proof, buyer, { redirect_url: back });
  const page = await browser.newPage({ viewport, userAgent });
  await page.goto(new URL(`/w/${widget_id}?theme=dark#${init_token}`, proof.base_url).href);
  await heading(page, "Review and pay");
  await expect(page.getByText("You came here from the app of Demo Shop")).toBeVisible();
  // The visit is this tab's; what opened it is not left in its address, and a reload goes on.
  expect(new URL(page.url()).hash).toBe("");
  await page.reload();
  await heading(page, "Review and pay");
  await page.getByRole("button", { name: "Continue on another device" }).click();
  await page.getByRole("button", { name: "Show a QR code" }).click();
  await expect(page.getByRole("img", { name: "QR code that opens this order on another device" })).toBeVisible();
  await withoutFault(page, "alone");
  await page.getByRole("button", { name: "Cancel this order" }).click();
  await page.getByRole("button", { name: "Yes, cancel" }).click();
  await heading(page, "Order cancelled");
  await page.getByRole("button", { name: "Back to Demo Shop" }).click();
  await page.waitForURL(back);

  const elsewhere = await sessionOf(proof, buyer, { redirect_url: "https://elsewhere.example/app" });
  await page.goto(new URL(`/w/${widget_id}#${elsewhere.init_token}`, proof.base_url).href);
  await heading(page, "This session has ended");
  // Without a session there is nothing to open.
  await page.goto(new URL(`/w/${widget_id}`, proof.base_url).href);
  await heading(page, "This session has ended");
  await page.goto(new URL("/w/nobody#nothing", proof.base_url).href);
  await heading(page, "This session has ended");
  await page.close();
});

test("a browser that keeps nothing opens the hosted page, and opens it again", async ({ browser, proof }) => {
  const { widget_id, init_token } = await sessionOf(proof, await knownBuyer(proof));
  const page = await browser.newPage({ viewport, userAgent });
  await page.addInitScript(() => {
    for (const store of ["localStorage", "sessionStorage"]) Object.defineProperty(window, store, { get: () => { throw new DOMException("denied", "SecurityError"); } });
  });
  await page.goto(new URL(`/w/${widget_id}#${init_token}`, proof.base_url).href);
  await heading(page, "Review and pay");
  await page.reload();
  await heading(page, "Review and pay");
  await page.close();
});

test("a receipt's page that was changed on the way is not run, and says that it is missing", async ({ page, proof }) => {
  await page.route(RECEIPT_FILE, skimming);
  await page.goto(new URL("/receipt#nothing", proof.base_url).href);
  await expect(page.getByText("The receipt could not be loaded.")).toBeVisible();
  expect(await page.evaluate(() => "skimmer" in globalThis)).toBe(false);
  // The page looks at the file again, to know whether it was changed: that is answered first, and no answer is taken from under its handler.
  await page.unrouteAll({ behavior: "wait" });
  await page.getByRole("button", { name: "Try again" }).click();
  await heading(page, "This receipt cannot be shown");
});

test("no page of ours puts anything under a telephone's notch or bar", async ({ browser, proof }) => {
  const { widget_id, init_token } = await sessionOf(proof, await knownBuyer(proof));
  const page = await browser.newPage({ viewport, userAgent, isMobile: true });
  const insets = { top: 47, right: 44, bottom: 34, left: 21 };
  await (await page.context().newCDPSession(page)).send("Emulation.setSafeAreaInsetsOverride", { insets });
  for (const path of [`/w/${widget_id}#${init_token}`, "/w/nobody", "/resume/nothing", "/handover/nothing", "/receipt#nothing"]) {
    await page.goto(new URL(path, proof.base_url).href);
    await expect(page.getByRole("heading", { level: 1 }).first()).toBeVisible();
    const free = await page.locator("main").evaluate((main) => {
      const { paddingTop, paddingRight, paddingBottom, paddingLeft } = getComputedStyle(main);
      return { top: paddingTop, right: paddingRight, bottom: paddingBottom, left: paddingLeft };
    });
    expect(free, path).toEqual({ top: "47px", right: "44px", bottom: "34px", left: "21px" });
    // Without it telephones leave bars beside the page, and say that there is no notch.
    await expect(page.locator("meta[name=viewport]")).toHaveAttribute("content", /viewport-fit=cover, interactive-widget=resizes-content/);
  }
  await page.close();
});

test("on a slow line bones are there before any script, in the colours that were asked for", async ({ browser, proof }) => {
  const { widget_id, init_token } = await sessionOf(proof, await knownBuyer(proof));
  const page = await browser.newPage({ viewport, colorScheme: "light" });
  let go: (value?: unknown) => void = () => undefined;
  const line = new Promise((resolve) => (go = resolve));
  await page.route("**/assets/*.js", async (route) => {
    await line;
    await route.continue();
  });
  const answer = await page.goto(new URL(`/w/${widget_id}?theme=dark#${init_token}`, proof.base_url).href, { waitUntil: "commit" });
  await expect(page.locator(".bone").first()).toBeVisible();
  await expect(page.locator("body")).toHaveCSS("background-color", "rgb(14, 17, 22)");
  // The connection to the card fields is made meanwhile.
  expect(answer?.headers()["link"]).toMatch(/^<http:[^>]+>; rel=preconnect$/);
  go();
  await heading(page, "Review and pay");
  await expect(page.locator(".bone")).toHaveCount(0);
});

for (const name of ["resume", "handover"] as const) {
  test(`the partner hears of what the browser refuses in the page of a link: ${name}`, async ({ page, proof }) => {
    await page.goto(await linkTo(proof, newBuyer(), name));
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    // The browser tells by itself, in a request that is of no page.
    const told = new Promise<number>((resolve) => page.on("response", (answer) => { if (/\/embed\/violations\/[0-9a-f-]{36}$/.test(answer.url())) resolve(answer.status()); }));
    await page.evaluate(() => { new Image().src = "https://evil.test/steal"; });
    expect(await told).toBe(204);
  });
}

import { readFileSync } from "node:fs";
import type { FrameLocator, Page } from "@playwright/test";
import { addressFingerprint, verifyReceipt, type PublishedKey, type SignedReceipt } from "@proof/sdk";
import { allChannelsSay, bitcoin, callbacks, chooseDocument, delivered, fillCard, heading, identify, order, pay, selfie, sendFile, statuses, takePhoto } from "../src/buyer.ts";
import { coveredIsNotPressed } from "../src/covered.ts";
import { expect, newBuyer, test } from "../src/test.ts";
import type { Proof } from "../src/server.ts";
import { CARDS } from "../src/buyer.ts";

/** Saved by the person, and good with what is published; the four groups beside the address are those of the address. */
async function receiptIsGood(page: Page, proof: Proof, widget: FrameLocator): Promise<void> {
  const [file] = await Promise.all([page.waitForEvent("download"), widget.getByRole("button", { name: "Save", exact: true }).click()]);
  const receipt = JSON.parse(readFileSync(await file.path(), "utf8")) as SignedReceipt;
  const { keys } = (await (await page.request.get(`${proof.base_url}/.well-known/proof-webhook-keys.json`)).json()) as { keys: PublishedKey[] };
  const merchant_transaction_id = (await page.locator("#order-id").textContent()) ?? "";
  const { address } = verifyReceipt(receipt, { keys, environment: "test", expect: { merchant_transaction_id, type: "buy", amount: "100.00" } });
  await expect(widget.locator(".receipt .fingerprint")).toHaveText(addressFingerprint("TRC20", address ?? ""));
}

test("a first-time buyer gets the crypto, and the shop hears it on all three channels", async ({ page, proof }) => {
  const toFields: string[] = [];
  page.on("request", (request) => {
    if ((request.postData() ?? "").includes(CARDS.good)) toFields.push(new URL(request.url()).origin);
  });
  // The policy of the frame refuses nothing that the widget itself does.
  const refusals: string[] = [];
  page.on("console", (message) => {
    if (/content security policy|trusted ?type|integrity/i.test(message.text())) refusals.push(message.text());
  });
  const widget = await order(page, proof, newBuyer());
  await chooseDocument(widget, "National identity card");
  await expect(widget.getByText("Photo 1 of 2")).toBeVisible();
  await sendFile(widget);
  await expect(widget.getByText("Photo 2 of 2")).toBeVisible();
  await takePhoto(widget);
  await selfie(widget);
  await heading(widget, "Review and pay");
  await expect(widget.getByText(/Price holds for \d+ s/)).toBeVisible();
  await pay(widget, CARDS.good);
  await heading(widget, "Your USDT is on its way");
  await delivered(widget);

  await expect(widget.getByText(/^Visa.•••• ?.?4242$/)).toBeVisible();
  const explorer = await widget.locator(".receipt a").getAttribute("href");
  const found = await page.request.get(explorer ?? "");
  expect(found.ok()).toBe(true);
  await receiptIsGood(page, proof, widget);
  expect(refusals).toEqual([]);
  // The number went to the processor's origin and to no other.
  expect([...new Set(toFields)]).toEqual([new URL(proof.cards_url).origin]);

  const news = await allChannelsSay(page, proof, "completed");
  expect(news.status).toBe("completed");
  expect(statuses(news.webhook)).toEqual(["processing", "completed"]);
  expect(statuses(news.websocket)).toEqual(["pending", "processing", "completed"]);
  const called = await callbacks(page);
  expect(called.slice(0, 2)).toEqual(["onLoad", "onStatusChange new"]);
  expect(called).toContain("onReady");
  expect(called.filter((name) => name.startsWith("onPaymentFinished"))).toEqual(["onPaymentFinished card"]);
  expect(called.slice(-1)).toEqual(["onStatusChange completed"]);
});

test("a returning customer goes straight to the payment", async ({ page, proof }) => {
  const buyer = newBuyer();
  const first = await order(page, proof, buyer);
  await identify(first);
  await pay(first, CARDS.good);
  await delivered(first);

  await page.getByRole("button", { name: "Start another order" }).click();
  const second = await order(page, proof, buyer);
  await heading(second, "Review and pay");
  await fillCard(second, CARDS.good);
  await coveredIsNotPressed(page, second, second.getByRole("button", { name: /^Pay €\d/ }));
  await delivered(second);
});

test("bitcoin arrives, too", async ({ page, proof }) => {
  const widget = await order(page, proof, newBuyer(), "Buy", bitcoin);
  await identify(widget);
  await pay(widget, CARDS.good);
  await delivered(widget);
  await expect(widget.getByRole("heading", { level: 1 })).toHaveText(/BTC delivered/);
});

test("on a phone everything fits and can be pressed", async ({ browser, proof }) => {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 });
  const page = await context.newPage();
  const widget = await order(page, proof, newBuyer());
  const fits = async () => {
    for (const target of [page.locator("html"), widget.locator("html")]) {
      const [scroll, client] = await target.evaluate((root) => [root.scrollWidth, root.clientWidth]);
      expect(scroll).toBeLessThanOrEqual(client ?? 0);
    }
    for (const button of await widget.getByRole("button").all()) {
      const box = await button.boundingBox();
      const inline = await button.evaluate((element) => element.classList.contains("address"));
      if (box && !inline) expect(box.height).toBeGreaterThanOrEqual(44);
    }
  };
  await heading(widget, "Check your order");
  await fits();
  await chooseDocument(widget, "Passport");
  await fits();
  await sendFile(widget);
  await fits();
  await selfie(widget);
  await heading(widget, "Review and pay");
  await fits();
  await pay(widget, CARDS.good);
  await delivered(widget);
  await fits();
  await context.close();
});

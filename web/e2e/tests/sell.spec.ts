import type { Page } from "@playwright/test";
import { withoutFault } from "../src/axe.ts";
import { allChannelsSay, bitcoin, callbacks, CARDS, heading, order, statuses, widgetOf } from "../src/buyer.ts";
import { coveredIsNotPressed } from "../src/covered.ts";
import { advance, knownBuyer } from "../src/known.ts";
import { accept, paidOut, REFUND, send, untilDeposit, untilTerms } from "../src/seller.ts";
import { expect, newBuyer, test } from "../src/test.ts";

/** The button of the demo shop that plays the user's wallet. */
const sendAll = (page: Page) => page.getByRole("button", { name: /from a sandbox wallet$/ }).click();

test("a seller gets the money, and the shop hears it on all three channels", async ({ page, proof }) => {
  const widget = await order(page, proof, newBuyer(), "Sell");
  await untilTerms(widget);
  const address = await untilDeposit(widget, CARDS.good);
  expect(address).toMatch(/^T[1-9A-HJ-NP-Za-km-z]{33}$/);
  await expect(widget.getByText("Send only USDT on Tron")).toBeVisible();
  await expect(widget.getByRole("img", { name: /QR code of the deposit address/ })).toBeVisible();
  await sendAll(page);
  await paidOut(widget);
  const news = await allChannelsSay(page, proof, "completed");
  expect(statuses(news.webhook)).toEqual(["processing", "completed"]);
  const called = await callbacks(page);
  expect(called).toContain("onSellTransferEnabled 100.00 USDT");
  expect(called.filter((name) => name.startsWith("onPaymentFinished"))).toEqual([]);
});

test("a payout card that declines: the crypto comes back", async ({ page, proof }) => {
  const widget = await order(page, proof, await knownBuyer(proof), "Sell");
  await untilDeposit(widget, CARDS.poor);
  await sendAll(page);
  await expect(widget.getByRole("heading", { level: 1, name: "100.00 USDT returned" })).toBeVisible({ timeout: 60_000 });
  await expect(widget.getByText(/^The payout to Visa.*9995 was refused/)).toBeVisible();
  await allChannelsSay(page, proof, "failed");
});

test("a reload on the deposit screen finds it again, and cancelling says so", async ({ page, proof }) => {
  const widget = await order(page, proof, await knownBuyer(proof), "Sell");
  const address = await untilDeposit(widget, CARDS.good);
  await page.reload();
  const again = widgetOf(page);
  await heading(again, "Send 100.00 USDT");
  expect(await again.locator(".whole .unseen").textContent()).toBe(address);
  await again.getByRole("button", { name: /Cancel/ }).first().click();
  await expect(again.getByText(/Do so only if you have sent nothing/)).toBeVisible();
  await again.getByRole("button", { name: /cancel/i }).last().click();
  await heading(again, "Order cancelled");
  await allChannelsSay(page, proof, "cancelled");
});

test("an address of another network is refused before it is sent", async ({ page, proof }) => {
  const widget = await order(page, proof, await knownBuyer(proof), "Sell");
  await heading(widget, "Review and sell");
  await accept(widget, CARDS.good, REFUND.evm);
  await expect(widget.getByText(/This looks like an address on Ethereum/)).toBeVisible();
});

test("more than agreed: the sell is paid, and the rest comes back", async ({ page, proof }) => {
  const widget = await order(page, proof, await knownBuyer(proof), "Sell");
  const address = await untilDeposit(widget, CARDS.good);
  await send(page, proof, address, { amount: "130" });
  await paidOut(widget);
  await page.reload();
  await expect(widgetOf(page).getByText(/^30\.00.USDT more than agreed came$/)).toBeVisible({ timeout: 30_000 });
  await allChannelsSay(page, proof, "completed");
});

for (const [taken, pressed] of [["today's price", /^Receive €\d/], ["the crypto back", /^Get my crypto back$/]] as const) {
  test(`the market has run away, and ${taken} is taken`, async ({ page, proof }) => {
    const widget = await order(page, proof, await knownBuyer(proof), "Sell", bitcoin);
    await untilDeposit(widget, CARDS.good, REFUND.bitcoin);
    // The price of a bitcoin is held for half an hour.
    await advance(proof, "31m");
    await sendAll(page);
    await heading(widget, "The price has moved");
    await expect(widget.getByText("You agreed to", { exact: true })).toBeVisible();
    await withoutFault(page, "embedded");
    await coveredIsNotPressed(page, widget, widget.getByRole("button", { name: pressed }));
    if (taken === "today's price") return paidOut(widget);
    await expect(widget.getByRole("heading", { level: 1, name: /BTC returned$/ })).toBeVisible({ timeout: 60_000 });
  });
}

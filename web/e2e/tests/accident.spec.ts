// Deposits that do not fit: a part, another coin, another network, once more, too little to move, one that
// the network drops, before its payout or after, and one that nobody expects. Each ends with nothing owed, and the user reads how.

import type { Locator } from "@playwright/test";
import { allChannelsSay, bitcoin, CARDS, heading, order, usdtOn, webhookSays } from "../src/buyer.ts";
import { drop, hotWallet, mineAgain } from "../src/chain.ts";
import { knownBuyer } from "../src/known.ts";
import { bothSay, caseOf, orderId, proofCommand, reconciled } from "../src/operators.ts";
import { letter } from "../src/outbox.ts";
import { notice, paidOut, REFUND, send, untilDeposit, wentBack } from "../src/seller.ts";
import { expect, test } from "../src/test.ts";

test("a part comes, the rest is asked for and comes, and the sell is paid", async ({ page, proof }) => {
  const buyer = await knownBuyer(proof);
  const widget = await order(page, proof, buyer, "Sell");
  const address = await untilDeposit(widget, CARDS.good);
  await send(page, proof, address, { amount: "60" });
  await heading(widget, "Send 40.00 USDT");
  await expect(notice(widget, /^60\.00 of 100\.00.USDT received, 40\.00.missing\./)).toContainText("Send the rest to the same address.");
  await expect(widget.getByText(/^If the rest does not come in time, what has arrived goes back to your refund address/)).toBeVisible();
  expect(await letter(proof, buyer, /^40\.00 USDT are missing$/)).toContain("/resume/");
  await webhookSays(page, proof, []);
  await send(page, proof, address, { amount: "40" });
  await paidOut(widget);
  await expect(widget.locator(".receipt a")).toHaveCount(2);
  await allChannelsSay(page, proof, "completed");
  await webhookSays(page, proof, ["processing", "completed"]);
});

test("another coin goes back, and the order goes on waiting for its own", async ({ page, proof }) => {
  const widget = await order(page, proof, await knownBuyer(proof), "Sell");
  const address = await untilDeposit(widget, CARDS.good);
  const id = await orderId(page);
  await send(page, proof, address, { amount: "100", currency: "TRX" });
  const told = /100\.00.TRX came, where USDT was expected/;
  await expect(notice(widget, told)).toBeVisible({ timeout: 30_000 });
  await heading(widget, "Send 100.00 USDT");
  // Read before the address is used once more.
  const top = async (found: Locator) => (await found.boundingBox())?.y ?? NaN;
  expect(await top(notice(widget, told))).toBeLessThan(await top(widget.getByText("Send exactly")));
  await send(page, proof, address, { amount: "100" });
  await paidOut(widget);
  await wentBack(page, widget, told, REFUND.tron);
  await allChannelsSay(page, proof, "completed");
  expect(proofCommand(proof, "order", "show", id)).toMatch(/^case cas_\S+  wrong_token  settled  100\.00 TRX/m);
});

test("what came over another network goes back there, and the order can still be called off", async ({ page, proof }) => {
  const widget = await order(page, proof, await knownBuyer(proof), "Sell", usdtOn("ERC20"));
  const address = await untilDeposit(widget, CARDS.good, REFUND.evm);
  const id = await orderId(page);
  await expect(widget.getByText("Send only USDT on Ethereum (ERC20).")).toBeVisible();
  await send(page, proof, address, { amount: "100", network: "BEP20" });
  const told = /100\.00.USDT came over another network, BNB Smart Chain \(BEP20\)/;
  await expect(notice(widget, told)).toBeVisible({ timeout: 30_000 });
  await wentBack(page, widget, told, REFUND.evm);
  await heading(widget, "Send 100.00 USDT");
  await widget.getByRole("button", { name: "Cancel this order" }).click();
  await widget.getByRole("button", { name: "Yes, cancel" }).click();
  await heading(widget, "Order cancelled");
  await expect(notice(widget, told)).toBeVisible();
  await allChannelsSay(page, proof, "cancelled");
  expect(proofCommand(proof, "case", "show", caseOf(proof, id, "wrong_network") ?? "")).toContain("100.00 USDT/BEP20  settled");
});

test("the same once more, after the end: it goes back, and the shop hears nothing new", async ({ page, proof }) => {
  const widget = await order(page, proof, await knownBuyer(proof), "Sell");
  const address = await untilDeposit(widget, CARDS.good);
  const id = await orderId(page);
  await send(page, proof, address, { amount: "100" });
  await paidOut(widget);
  await send(page, proof, address, { amount: "100" });
  await expect.poll(() => caseOf(proof, id, "second_deposit"), { timeout: 30_000 }).toBeDefined();
  await page.reload();
  const told = /100\.00.USDT came after your deposit was complete/;
  await paidOut(widget);
  await wentBack(page, widget, told, REFUND.tron);
  expect(proofCommand(proof, "order", "show", id)).toMatch(/^case cas_\S+  second_deposit  settled  100\.00 USDT/m);
  await allChannelsSay(page, proof, "completed");
  await webhookSays(page, proof, ["processing", "completed"]);
});

test("what costs more to move than it is worth is kept, and the page says so", async ({ page, proof }) => {
  const widget = await order(page, proof, await knownBuyer(proof), "Sell");
  const address = await untilDeposit(widget, CARDS.good);
  const id = await orderId(page);
  await send(page, proof, address, { amount: "100" });
  await heading(widget, "Your deposit has been seen");
  await send(page, proof, address, { amount: "1" });
  await paidOut(widget);
  await expect.poll(() => caseOf(proof, id, "second_deposit"), { timeout: 30_000 }).toBeDefined();
  await page.reload();
  const told = notice(widget, /1\.00.USDT came after your deposit was complete/);
  await expect(told).toContainText("It is worth less than the network takes for sending it back, so it was kept.", { timeout: 30_000 });
  await allChannelsSay(page, proof, "completed");
  expect(proofCommand(proof, "order", "show", id)).toMatch(/dust\s+-1000000\s+dust:USDT\/TRC20/);
});

test("the network drops a deposit before it was certain, and mines it again", async ({ page, proof }) => {
  const widget = await order(page, proof, await knownBuyer(proof), "Sell", bitcoin);
  const address = await untilDeposit(widget, CARDS.good, REFUND.bitcoin);
  const id = await orderId(page);
  const hash = await send(page, proof, address, { amount: "0.002", currency: "BTC", network: "BITCOIN" });
  await heading(widget, "Your deposit has been seen");
  await drop(proof, "BITCOIN", hash);
  await heading(widget, /^Send 0\.002/);
  await expect(notice(widget, /The network no longer shows your deposit/)).toContainText("Mostly it comes back by itself.");
  await webhookSays(page, proof, []);
  expect(proofCommand(proof, "order", "show", id)).toContain("deposit.lost");
  await mineAgain(proof, "BITCOIN", hash);
  await paidOut(widget);
  await expect(widget.locator(".receipt a")).toHaveCount(1);
  await allChannelsSay(page, proof, "completed");
});

test("the network drops a deposit for good when its money is paid out: the loss is ours, and two operators end it", async ({ page, proof }) => {
  // Most of it is the time that books and chain may differ, twice.
  test.slow();
  const widget = await order(page, proof, await knownBuyer(proof), "Sell");
  const address = await untilDeposit(widget, CARDS.good);
  const id = await orderId(page);
  const hash = await send(page, proof, address, { amount: "100" });
  await paidOut(widget);
  await allChannelsSay(page, proof, "completed");
  await drop(proof, "TRC20", hash);
  // Nobody reads blocks again for an order that has ended; the books are compared with the chain.
  const told = () => reconciled(proof).find((line) => line.includes(address)) ?? "";
  await expect.poll(told, { timeout: 60_000, intervals: [5_000] }).toMatch(/^the books have 100000000 and T\w+ holds 0 base units of USDT\/TRC20$/);
  const gone = caseOf(proof, id, "reorged") ?? "";
  const story = proofCommand(proof, "case", "show", gone);
  expect(story).toContain("the deposit vanished after it was paid out");
  expect(story).toContain("write_off");
  expect(proofCommand(proof, "order", "show", id)).toMatch(/\s+100000000\s+loss:USDT\/TRC20/);
  bothSay(proof, "case", "write-off", gone);
  expect(proofCommand(proof, "case", "show", gone)).toContain("100.00 USDT/TRC20  settled");
  // It is explained: nothing is found any more.
  await expect.poll(told, { timeout: 60_000, intervals: [5_000] }).toBe("");
  // The user has the money, and reads of nothing else.
  await page.reload();
  await paidOut(widget);
  await expect(notice(widget, /deposit|USDT/)).toHaveCount(0);
  await allChannelsSay(page, proof, "completed");
  await webhookSays(page, proof, ["processing", "completed"]);
});

test("what comes to our own wallet is held, until two operators know whose it is", async ({ page, proof }) => {
  const widget = await order(page, proof, await knownBuyer(proof), "Sell");
  const address = await untilDeposit(widget, CARDS.good);
  const hash = await send(page, proof, hotWallet(proof, "TRC20"), { amount: "3" });
  const told = () => reconciled(proof).find((line) => line.includes(hash)) ?? "";
  await expect.poll(told, { timeout: 30_000 }).toMatch(/^3\.00 USDT came from T\w+ to our wallet on TRC20 .*: held on suspense$/);
  const stray = /unmatched\s+(dep_\S+)/.exec(proofCommand(proof, "ledger", "findings"))?.[1] ?? "";
  bothSay(proof, "ledger", "own", stray);
  expect(reconciled(proof).join()).not.toContain(hash);
  // Nobody's order is the worse for it.
  await send(page, proof, address, { amount: "100" });
  await paidOut(widget);
});

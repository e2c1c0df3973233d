// Somebody in a sell is on the operators' list. Its money is frozen until two of them have looked, and whoever
// sells reads nothing of it.

import { allChannelsSay, CARDS, heading, order, webhookSays } from "../src/buyer.ts";
import { drop, freshTron } from "../src/chain.ts";
import { knownBuyer } from "../src/known.ts";
import { bothSay, orderId, proofCommand, stopped, waiting, whileListed } from "../src/operators.ts";
import { paidOut, send, untilDeposit } from "../src/seller.ts";
import { expect, test } from "../src/test.ts";

test("what is frozen is paid after two operators have looked", async ({ page, proof }) => {
  const refund = freshTron();
  const widget = await order(page, proof, await knownBuyer(proof), "Sell");
  const address = await untilDeposit(widget, CARDS.good, refund);
  const id = await orderId(page);
  const story = () => proofCommand(proof, "order", "show", id);
  await whileListed(proof, refund, async () => {
    await send(page, proof, address, { amount: "100" });
    await stopped(proof, id, "deposit_confirmed");
    await webhookSays(page, proof, ["processing"]);
    await expect(widget.getByText(/You may close this/)).toBeVisible();
    await expect(widget.locator("main")).not.toContainText(/listed|screening|frozen|sanction|operator/i);
    await expect(widget.getByRole("heading", { level: 1, name: /sent to/ })).toBeHidden();

    expect(waiting(proof, id)).toMatch(/stopped in deposit_confirmed .*: somebody in it is listed$/);
    expect(story()).toContain("two operators may  approve, return");
    expect(story()).toMatch(/freeze\s+-100000000\s+suspense:USDT\/TRC20/);
    bothSay(proof, "order", "approve", id);
    await paidOut(widget);
  });
  await allChannelsSay(page, proof, "completed");
  await webhookSays(page, proof, ["processing", "completed"]);
  expect(story()).toMatch(/thaw\s+100000000\s+suspense:USDT\/TRC20/);
});

test("what vanishes while operators look is not paid when they let it go on", async ({ page, proof }) => {
  const refund = freshTron();
  const widget = await order(page, proof, await knownBuyer(proof), "Sell");
  const address = await untilDeposit(widget, CARDS.good, refund);
  const id = await orderId(page);
  await whileListed(proof, refund, async () => {
    const hash = await send(page, proof, address, { amount: "100" });
    await stopped(proof, id, "deposit_confirmed");
    await drop(proof, "TRC20", hash);
    bothSay(proof, "order", "approve", id);
    await heading(widget, "The network no longer shows your deposit");
  });
  await expect(widget.getByText(/No money has been paid out\. Do not send it again\./)).toBeVisible();
  const story = proofCommand(proof, "order", "show", id);
  expect(story).toContain("state   deposit_lost");
  expect(story).toMatch(/deposit_lost\s+100000000\s+customer:/);
  await webhookSays(page, proof, ["processing"]);
});

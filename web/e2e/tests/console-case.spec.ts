// What a deposit did wrong stops while its owner is listed, and two operators resolve it in the console.

import { CARDS, heading, order } from "../src/buyer.ts";
import { freshTron } from "../src/chain.ts";
import { answer, at, dialog, EVIL, reasonInAudit, said } from "../src/console.ts";
import { bothDecide, expect, test } from "../src/desk.ts";
import { knownBuyer } from "../src/known.ts";
import { notice, send, untilDeposit } from "../src/seller.ts";

test("coins that do not fit wait while their owner is listed, and two send them back", async ({ desk, page, proof }) => {
  const refund = freshTron();
  const [alice, widget] = [await desk("alice"), await order(page, proof, await knownBuyer(proof), "Sell")];
  const address = await untilDeposit(widget, CARDS.good, refund);
  await alice.goto(at(proof, "/risk"));
  await alice.getByRole("button", { name: "Add to the list" }).click();
  await dialog(alice).getByLabel("Value").fill(refund);
  await answer(alice, "Deal with it no more", { reason: "a test of this address alone" });
  await said(alice, "It is on the list.");
  await send(page, proof, address, { amount: "100", currency: "TRX" });

  await alice.goto(at(proof, "/waiting"));
  await expect(alice.getByRole("link", { name: "Another token came" })).toBeVisible({ timeout: 30_000 });
  await alice.getByRole("link", { name: "Another token came" }).click();
  await expect(alice.getByRole("heading", { name: "Another token came, 100.00 TRX" })).toBeVisible();
  await bothDecide(desk, alice.url(), async (operator) => {
    await operator.getByRole("button", { name: "Approve" }).click();
    await answer(operator, "Approve", { reason: `looked at, it is theirs ${EVIL}` });
  });
  await expect(notice(widget, /100\.00.TRX came, where USDT was expected/)).toContainText("It was sent back to your refund address", { timeout: 45_000 });
  await heading(widget, "Send 100.00 USDT");

  // What is settled is still found.
  await alice.goto(at(proof, "/waiting"));
  await alice.getByRole("link", { name: "All cases" }).click();
  await alice.getByLabel("Waits for").selectOption({ label: "Nobody: settled" });
  const settled = alice.getByRole("region", { name: "Cases" }).getByRole("row").filter({ hasText: "100.00 TRX" });
  await expect(settled.first()).toContainText("Settled");
  await settled.first().getByRole("link", { name: "Another token came" }).click();
  await expect(alice.getByRole("heading", { name: "Another token came, 100.00 TRX" })).toBeVisible();
  await expect(alice.getByRole("region", { name: "Cases" })).toBeVisible();
  await reasonInAudit(alice, proof, "case.rule", "looked at, it is theirs");
});

// Money that is claimed back: operators refund a part of a buy, and its cardholder disputes the rest; or all
// of it, before it was delivered. The customer and the operators see the same story.

import { allChannelsSay, CARDS, delivered, heading, heard, order, pay, webhookSays, widgetOf } from "../src/buyer.ts";
import { knownBuyer } from "../src/known.ts";
import { bothSay, caseOf, orderId, proofCommand, waiting, whilePolicy } from "../src/operators.ts";
import type { Proof } from "../src/server.ts";
import { expect, test } from "../src/test.ts";

test("a part goes back after the end, and the rest is disputed and lost", async ({ page, proof }) => {
  const widget = await order(page, proof, await knownBuyer(proof));
  await pay(widget, CARDS.good);
  await delivered(widget);
  const id = await orderId(page);

  bothSay(proof, "order", "refund", id, "--amount", "10.00");
  await expect.poll(() => proofCommand(proof, "order", "show", id), { timeout: 30_000 }).toContain("refund  settled  10.00 EUR");
  await page.reload();
  await delivered(widgetOf(page));
  await expect(widgetOf(page).getByText("€10.00 went back to your card")).toBeVisible();

  const story = proofCommand(proof, "order", "show", id);
  expect(story).toMatch(/concede\s+1000\s+loss:EUR/);
  expect(story).toContain("status  completed");
  const total = /capture\s+(\d+)\s+psp:sandbox:EUR/.exec(story)?.[1] ?? "";
  const rest = ((Number(total) - 1000) / 100).toFixed(2);
  expect(() => bothSay(proof, "order", "refund", id, "--amount", total)).toThrow(/can be given back/);

  const bank = await dispute(proof, id, "--amount", rest);
  await bank.decides("lose", "lost");
  // Nothing of it changes what the partner was told.
  expect((await heard(page, proof)).webhook.at(-1)?.status).toBe("completed");
  expect(proofCommand(proof, "order", "show", id)).toMatch(/dispute_lost\s+\d+\s+loss:EUR/);
});

test("a dispute stops what was not delivered yet, and two operators give the money back", async ({ page, proof }) => {
  const widget = await order(page, proof, await knownBuyer(proof));
  const id = await orderId(page);
  await whilePolicy(proof, { first_delivery_seconds: 3600 }, async () => {
    await pay(widget, CARDS.good);
    await expect(widget.getByText(/^€\d+\.\d\d paid$/)).toBeVisible({ timeout: 30_000 });
  });

  const bank = await dispute(proof, id);
  expect(waiting(proof, id)).toMatch(/stopped in paid .*: the cardholder disputes the payment$/);
  expect(() => bothSay(proof, "order", "refund", id)).toThrow(/nothing is decided here until the dispute has ended/);
  await bank.decides("win", "won");
  await expect(widget.locator("main")).not.toContainText(/disput/i);
  await webhookSays(page, proof, ["processing"]);

  bothSay(proof, "order", "refund", id);
  await heading(widget, "Your money is on its way back");
  await expect(widget.getByText("The crypto could not be delivered, so the payment was refunded to your card.")).toBeVisible();
  await expect(widget.getByText(/^Your money was taken and has been given back\./)).toBeVisible();
  await allChannelsSay(page, proof, "failed");
  await webhookSays(page, proof, ["processing", "failed"]);
  const story = proofCommand(proof, "order", "show", id);
  expect(story).toMatch(/release\s+100000000\s+wallet:USDT\/TRC20/);
  expect(story).toMatch(/refund\s+-\d+\s+psp:sandbox:EUR/);
});

interface Bank {
  decides(step: "win" | "lose", outcome: string): Promise<void>;
}

/** The cardholder disputes a payment, and the operators contest it; then the bank decides. */
async function dispute(proof: Proof, order: string, ...amount: string[]): Promise<Bank> {
  const told = proofCommand(proof, "sandbox", "dispute", order, ...amount);
  const id = /^dispute (dp_\S+)  evidence_due$/m.exec(told)?.[1] ?? "";
  await expect.poll(() => caseOf(proof, order, "dispute"), { timeout: 30_000 }).toBeDefined();
  const known = caseOf(proof, order, "dispute") ?? "";
  const shows = (text: string) => expect.poll(() => proofCommand(proof, "case", "show", known), { timeout: 30_000 }).toContain(text);
  expect(proofCommand(proof, "case", "list")).toContain(known);
  return {
    decides: async (step, outcome) => {
      proofCommand(proof, "case", "contest", known, "--as", "alice", "--reason", "their own payment", "--evidence", "The issuer took over the liability.");
      await shows("dispute submitted");
      proofCommand(proof, "sandbox", "bank", id, step);
      await shows(`settled: ${outcome}`);
    },
  };
}

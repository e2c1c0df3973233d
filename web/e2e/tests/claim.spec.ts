// Money that is claimed back: operators refund a part of a buy, and its cardholder disputes the rest. The
// customer and the operators see the same story.

import { CARDS, delivered, heard, identify, order, pay, widgetOf } from "../src/buyer.ts";
import { bothSay, caseOf, orderId, proofCommand } from "../src/operators.ts";
import { expect, newBuyer, test } from "../src/test.ts";

test("a part goes back after the end, and the rest is disputed and lost", async ({ page, proof }) => {
  const widget = await order(page, proof, newBuyer());
  await identify(widget);
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

  const told = proofCommand(proof, "sandbox", "dispute", id, "--amount", rest);
  const dispute = /^dispute (dp_\S+)  evidence_due$/m.exec(told)?.[1] ?? "";
  await expect.poll(() => caseOf(proof, id, "dispute"), { timeout: 30_000 }).toBeDefined();
  const known = caseOf(proof, id, "dispute") ?? "";
  expect(proofCommand(proof, "case", "list")).toContain(known);
  proofCommand(proof, "case", "contest", known, "--as", "alice", "--reason", "delivered", "--evidence", "The transfer is on the chain.");
  await expect.poll(() => proofCommand(proof, "case", "show", known), { timeout: 30_000 }).toContain("dispute submitted");
  proofCommand(proof, "sandbox", "bank", dispute, "lose");
  await expect.poll(() => proofCommand(proof, "case", "show", known), { timeout: 30_000 }).toContain("settled: lost");
  // Nothing of it changes what the partner was told.
  expect((await heard(page, proof)).webhook.at(-1)?.status).toBe("completed");
  expect(proofCommand(proof, "order", "show", id)).toMatch(/dispute_lost\s+\d+\s+loss:EUR/);
});

// The owner tops up a hot wallet: the coins are seen, held, and sold from only when two people say whose they are.

import { answer, at, dialog } from "../src/console.ts";
import { bothDecide, expect, test } from "../src/desk.ts";
import { send } from "../src/seller.ts";

test("a hot wallet is topped up by two", async ({ desk, page, proof }) => {
  const alice = await desk("alice");
  await alice.goto(at(proof, "/ledger/treasury"));
  await alice.getByRole("button", { name: "Top up USDC on BEP20" }).click();
  // Whether somebody else's deposit has begun it already or not.
  const begin = dialog(alice).getByRole("button", { name: "Read BEP20 from now on" });
  const address = dialog(alice).locator(".secret code");
  await expect(begin.or(address)).toBeVisible();
  if (await begin.isVisible()) await begin.click();
  const wallet = await address.innerText();
  await dialog(alice).getByRole("button", { name: "Done" }).click();
  await send(page, proof, wallet.replaceAll(/\s/g, ""), { amount: "77", currency: "USDC", network: "BEP20" });

  const came = alice.getByRole("region", { name: "Coins that came" }).getByRole("row", { name: /77\.00.USDC/ });
  await expect(came).toBeVisible({ timeout: 60_000 });
  await expect(async () => {
    await alice.getByRole("button", { name: "Ask the nodes" }).click();
    await expect(came.getByText("Held")).toBeVisible({ timeout: 2_000 });
  }).toPass({ timeout: 60_000 });
  await bothDecide(desk, at(proof, "/ledger/treasury"), async (operator) => {
    const row = operator.getByRole("region", { name: "Coins that came" }).getByRole("row", { name: /77\.00.USDC/ });
    await row.getByRole("button", { name: "Ours" }).click();
    await answer(operator, "They are ours", { reason: "from the cold wallet" });
  });
  await expect(came).toBeHidden();
  await expect(alice.getByRole("region", { name: "Hot wallets" }).getByRole("row", { name: /USDC BEP20/ })).toContainText("1,000,077.00");
});

test("what a user pays is asked before they do", async ({ desk, proof }) => {
  const alice = await desk("alice");
  await alice.goto(at(proof, "/ledger/rates"));
  await expect(alice.getByRole("region", { name: "Market" }).getByText("Fresh").first()).toBeVisible();
  await alice.getByLabel("Amount").fill("250");
  await alice.getByRole("button", { name: "Ask" }).click();
  await expect(alice.getByText("The user pays")).toBeVisible();
  await alice.getByLabel("Side").selectOption("sell");
  await alice.getByRole("button", { name: "Ask" }).click();
  await expect(alice.getByText("The user receives")).toBeVisible();
});

// A buy and a sell on a real node, from the page to the chain: its hot wallet is filled as an operator does it.

import { Anvil, withoutEvm } from "../src/anvil.ts";
import { CARDS, delivered, order, pay, usdtOn } from "../src/buyer.ts";
import { answer, at, dialog } from "../src/console.ts";
import { bothDecide, expect, test as base, type Desk } from "../src/desk.ts";
import { knownBuyer } from "../src/known.ts";
import { paidOut, REFUND, untilDeposit } from "../src/seller.ts";
import type { Proof } from "../src/server.ts";

const USDT = 10n ** 6n;
const ETH = 10n ** 18n;
const CHAIN_MS = 60_000;

const test = base.extend<object, { anvil: Anvil }>({
  anvil: [
    async ({}, use) => {
      const anvil = await Anvil.start();
      await use(anvil);
      anvil.stop();
    },
    { scope: "worker" },
  ],
  options: [async ({ anvil }, use) => use(["--networks", anvil.networks()]), { scope: "worker" }],
});

/** Coins from the operator's own wallet, which two operators know. The hot wallet's address. */
async function fill(desk: Desk, proof: Proof, anvil: Anvil): Promise<string> {
  const treasury = at(proof, "/ledger/treasury");
  const alice = await desk("alice");
  await alice.goto(treasury);
  await alice.getByRole("button", { name: "Top up USDT on ERC20" }).click();
  await dialog(alice).getByRole("button", { name: "Read ERC20 from now on" }).click();
  const wallet = (await dialog(alice).locator(".secret code").innerText()).replaceAll(/\s/g, "");
  await dialog(alice).getByRole("button", { name: "Done" }).click();
  await anvil.sendNative(wallet, 10n * ETH);
  await anvil.sendToken(wallet, 10_000n * USDT);
  for (const coins of [/10,000\.00.USDT/, /10\.00.ETH/]) {
    const row = (page: typeof alice) => page.getByRole("region", { name: "Coins that came" }).getByRole("row", { name: coins });
    await expect(async () => {
      await alice.getByRole("button", { name: "Ask the nodes" }).click();
      await expect(row(alice).getByText("Held")).toBeVisible({ timeout: 2_000 });
    }).toPass({ timeout: CHAIN_MS });
    await bothDecide(desk, treasury, async (page) => {
      await row(page).getByRole("button", { name: "Ours" }).click();
      await answer(page, "They are ours", { reason: "from the cold wallet" });
    });
  }
  return wallet;
}

test.skip(withoutEvm, "PROOF_WITHOUT names evm");

test("a buyer receives on a real node, and a seller's coins are seen there", async ({ desk, page, browser, proof, anvil }) => {
  test.setTimeout(180_000);
  const wallet = await fill(desk, proof, anvil);
  const buyer = await knownBuyer(proof);
  const bought = await order(page, proof, buyer, "Buy", usdtOn("ERC20"));
  await pay(bought, CARDS.good);
  await delivered(bought);
  expect(await anvil.movedFrom(wallet)).toEqual([100n * USDT]);

  const seller = await browser.newPage();
  const sold = await order(seller, proof, buyer, "Sell", usdtOn("ERC20"));
  const address = await untilDeposit(sold, CARDS.good, REFUND.evm);
  await anvil.sendToken(address, 100n * USDT);
  await paidOut(sold);
  await seller.close();
});

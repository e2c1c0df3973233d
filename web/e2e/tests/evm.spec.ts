// A buy and a sell on a real node, from the page to the chain: its hot wallet is filled as an operator does it.

import { Anvil } from "../src/anvil.ts";
import { CARDS, delivered, heading, order, pay, usdtOn } from "../src/buyer.ts";
import { expect, test as base } from "../src/desk.ts";
import { fill } from "../src/funding.ts";
import { knownBuyer } from "../src/known.ts";
import { without } from "../src/node.ts";
import { paidOut, REFUND, untilDeposit } from "../src/seller.ts";

const USDT = 10n ** 6n;
const ETH = 10n ** 18n;

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

test.skip(without("evm"), "PROOF_WITHOUT names evm");

test("a buyer receives on a real node, and a seller's coins are seen there", async ({ desk, page, browser, proof, anvil }) => {
  test.setTimeout(180_000);
  const send = async (to: string) => {
    await anvil.sendNative(to, 10n * ETH);
    await anvil.sendToken(to, 10_000n * USDT);
  };
  const wallet = await fill(desk, proof, { ticker: "USDT", network: "ERC20", coins: [/10,000\.00.USDT/, /10\.00.ETH/], send });
  const buyer = await knownBuyer(proof);
  const bought = await order(page, proof, buyer, "Buy", usdtOn("ERC20"));
  await pay(bought, CARDS.good);
  await delivered(bought);
  expect(await anvil.movedFrom(wallet)).toEqual([100n * USDT]);

  // On a telephone nobody can read the code on its own screen: its wallet is opened.
  const seller = await browser.newPage({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
  const sold = await order(seller, proof, buyer, "Sell", usdtOn("ERC20"));
  const address = await untilDeposit(sold, CARDS.good, REFUND.evm);
  const link = sold.getByRole("link", { name: "Open in your wallet app" });
  await expect(link).toHaveAttribute("href", `ethereum:${anvil.usdt}@31337/transfer?address=${address}&uint256=${100n * USDT}`, { ignoreCase: true });
  await link.tap();
  // Where no app takes it, the address stays on the screen.
  await heading(sold, /^Send 100/);
  await anvil.sendToken(address, 100n * USDT);
  await paidOut(sold);
  await seller.close();
});

// A buy and a sell on Bitcoin's own node, from the page to the chain.

import { join } from "node:path";
import type { Route } from "@playwright/test";
import { bitcoin, CARDS, delivered, heading, order, pay } from "../src/buyer.ts";
import { expect, test as base } from "../src/desk.ts";
import { fill } from "../src/funding.ts";
import { knownBuyer } from "../src/known.ts";
import { without } from "../src/node.ts";
import { answered } from "../src/operators.ts";
import { Regtest } from "../src/regtest.ts";
import { paidOut, REFUND, untilDeposit } from "../src/seller.ts";

const BTC = 10n ** 8n;
/** What the shop's form buys and sells. */
const AMOUNT = 200_000n;

const test = base.extend<object, { node: Regtest }>({
  node: [
    async ({}, use) => {
      const node = await Regtest.start();
      await use(node);
      node.stop();
    },
    { scope: "worker" },
  ],
  options: [async ({ node }, use) => use(["--networks", node.networks()]), { scope: "worker" }],
});

/** The view as a server on the main chain has it. */
async function linked(route: Route): Promise<void> {
  const answer = await route.fetch();
  const view = (await answer.json()) as { sale?: { deposit_address: string | null; deposit_link: string | null } };
  const { sale } = view;
  if (sale?.deposit_address) {
    expect(sale.deposit_link).toBe(null);
    sale.deposit_link = `bitcoin:${sale.deposit_address}?amount=0.002`;
  }
  await route.fulfill({ response: answer, json: view });
}

test.skip(without("bitcoin"), "PROOF_WITHOUT names bitcoin");

test("a buyer receives on Bitcoin's node, and a seller's coins are seen there", async ({ desk, page, browser, proof, node }) => {
  test.setTimeout(180_000);
  const wallet = await fill(desk, proof, { ticker: "BTC", network: "BITCOIN", coins: [/0\.50.*BTC/], send: (to) => node.send(to, BTC / 2n) });
  const buyer = await knownBuyer(proof);
  const bought = await order(page, proof, buyer, "Buy", bitcoin);
  await pay(bought, CARDS.good);
  await delivered(bought);
  const shown = await bought.locator(".receipt dd a").getAttribute("href");
  const given = await node.outputs(shown?.split("/").at(-1) ?? "");
  expect(given).toHaveLength(2);
  expect(given).toContain(AMOUNT);
  // The rest came back, less a fee.
  const [left = 0n, ...others] = await node.coins(wallet);
  expect(given).toContain(left);
  expect(others).toEqual([]);
  const fee = BTC / 2n - AMOUNT - left;
  expect(fee > 0n && fee < 20_000n, `${fee}`).toBe(true);

  // On a telephone a wallet is opened by BIP 21; as on the main chain, for on this one the server names no link.
  const seller = await browser.newPage({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
  await seller.route(/\/frame\/api\/(sale$|order)/, linked);
  const sold = await order(seller, proof, buyer, "Sell", bitcoin);
  const address = await untilDeposit(sold, CARDS.good, REFUND.bitcoin);
  const link = sold.getByRole("link", { name: "Open in your wallet app" });
  await expect(link).toHaveAttribute("href", `bitcoin:${address}?amount=0.002`);
  await link.tap();
  // Where no app takes it, the address stays on the screen.
  await heading(sold, /^Send 0\.002/);
  await node.send(address, AMOUNT);
  await paidOut(sold);
  expect(await node.coins(address)).toEqual([AMOUNT]);
  await seller.unrouteAll({ behavior: "ignoreErrors" });
  await seller.close();
});

test("the operator sees how Bitcoin's node does", async ({ proof, node }) => {
  const server = [
    `listen = "127.0.0.1:0"`,
    `base_url = "${proof.base_url}"`,
    `database = "sqlite:${join(proof.data, "proof.db")}"`,
    `signer = "${join(proof.data, "signer")}"`,
    `sandbox = { cards_url = "${proof.cards_url}", world_url = "${proof.world_url}", key = "not asked for" }`,
  ];
  const told = answered("chain", "status", "--config", node.networks(...server));
  expect(told).toMatch(/^BITCOIN: chain \d+, final after 2 blocks\n {2}node 1: .*\n {2}agreed: block \d+; .* costs 0\.0000\d+ BTC\n {2}unproven; run proof chain prove BITCOIN$/m);
});

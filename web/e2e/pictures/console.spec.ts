// The pictures of the console's chapter, taken from the running product: `npm run pictures -w web/e2e`.

import { resolve } from "node:path";
import type { Page } from "@playwright/test";
import { CARDS, delivered, identify, order, pay, usdtOn } from "../src/buyer.ts";
import { answer, at, dialog, person, said, signIn } from "../src/console.ts";
import { freshTron } from "../src/chain.ts";
import { expect, newBuyer, test, type Desk } from "../src/desk.ts";
import { orderId, proofCommand } from "../src/operators.ts";
import { send, untilDeposit, untilTerms } from "../src/seller.ts";
import { startProof, type Proof } from "../src/server.ts";

const FOLDER = resolve(import.meta.dirname, "../../../docs/src/images");
const SIZE = { width: 1200, height: 740 };
const LIGHT = { colorScheme: "light", reducedMotion: "reduce", viewport: SIZE } as const;
const DARK = { ...LIGHT, colorScheme: "dark" } as const;

const take = (page: Page, name: string) => page.screenshot({ path: `${FOLDER}/console-${name}.png` });

/** Coins of another kind, whose owner is listed: they wait for two operators. */
async function waitingCase(desk: Desk, page: Page, proof: Proof): Promise<Page> {
  const refund = freshTron();
  const widget = await order(page, proof, newBuyer(), "Sell");
  await untilTerms(widget);
  const address = await untilDeposit(widget, CARDS.good, refund);
  proofCommand(proof, "list", "add", "address", refund, "--as", "alice", "--reason", "sanctions list of 1 November");
  await send(page, proof, address, { amount: "100", currency: "TRX" });
  const alice = await desk("alice", LIGHT);
  await alice.goto(at(proof, "/waiting"));
  await alice.getByRole("link", { name: "Another token came" }).click({ timeout: 60_000 });
  await alice.getByRole("button", { name: "Approve" }).click();
  await answer(alice, "Approve", { reason: "looked at the sender, it is theirs" });
  await said(alice, "Proposed.");
  return alice;
}

test("console", async ({ desk, page, browser, proof }) => {
  test.setTimeout(240_000);
  const widget = await order(page, proof, newBuyer());
  await identify(widget);
  await pay(widget, CARDS.good);
  await delivered(widget);
  const id = await orderId(page);
  for (const network of ["ERC20", "BEP20"]) {
    const other = await browser.newPage();
    await order(other, proof, newBuyer(), "Buy", usdtOn(network));
    await orderId(other);
    await other.close();
  }
  const seller = await browser.newPage();
  const alice = await waitingCase(desk, seller, proof);

  const bob = await desk("bob", LIGHT);
  await bob.goto(alice.url());
  await bob.getByRole("button", { name: "Approve" }).click();
  await dialog(bob).getByLabel("Reason").fill("the same");
  await expect(dialog(bob).getByText("A colleague has proposed").first()).toBeVisible();
  await take(bob, "decide-light");

  await alice.goto(at(proof, "/"));
  await expect(alice.getByText("How far do they come?")).toBeVisible();
  await take(alice, "overview-light");
  const looks = await desk("alice", DARK);
  await looks.goto(at(proof, `/orders/${id}`));
  await expect(looks.getByText("Transfer confirmed")).toBeVisible();
  await take(looks, "order-dark");
  const carol = await desk("carol", LIGHT);
  await carol.goto(at(proof, "/checklist"));
  await expect(carol.getByText("What to do next")).toBeVisible();
  await take(carol, "checklist-light");
});

test("health", async ({ browser, page }, { parallelIndex }) => {
  test.setTimeout(180_000);
  const { proof, stop } = await startProof(parallelIndex, ["--backup-to", "/mnt/elsewhere"]);
  try {
    const widget = await order(page, proof, newBuyer());
    await identify(widget);
    await pay(widget, CARDS.good);
    await delivered(widget);
    const alice = await (await browser.newContext(LIGHT)).newPage();
    await signIn(alice, proof, person(proof, "alice"));
    await alice.goto(at(proof, "/health"));
    await expect(alice.getByText("A backup failed")).toBeVisible({ timeout: 45_000 });
    await take(alice, "health-light");
    await alice.context().close();
  } finally {
    await stop();
  }
});

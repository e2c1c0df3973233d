// An operator's day, from the console alone: a partner is onboarded and its checklist turns green, an order
// is refunded with a colleague, and the day's statement is asked for.

import { randomUUID } from "node:crypto";
import type { Locator, Page } from "@playwright/test";
import { CARDS, delivered, identify, order, pay } from "../src/buyer.ts";
import { freshTron } from "../src/chain.ts";
import { answer, at, said, title } from "../src/console.ts";
import { bothDecide, expect, newBuyer, test } from "../src/desk.ts";
import { orderId } from "../src/operators.ts";
import type { Proof } from "../src/server.ts";

/** The console looks again by itself every ten seconds; whoever waits may also ask. */
const turnGreen = (page: Page, lines: string[]): Promise<void> =>
  expect(async () => {
    await page.reload();
    for (const line of lines) await expect(stateOf(page, line)).toHaveText("Passing", { timeout: 2_000 });
  }).toPass({ timeout: 30_000 });

const stateOf = (page: Page, line: string): Locator => page.locator(`#line-${line} .check-side .mark`);

/** A new partner with one pair, made by alice; it may open the widget in the demo shop. */
async function onboard(alice: Page, proof: Proof, name: string): Promise<string> {
  await alice.goto(at(proof, "/partners"));
  await alice.getByRole("link", { name: "New partner" }).click();
  await alice.getByLabel("Name").fill(name);
  await alice.getByRole("radio", { name: /^Treasury/ }).check();
  await alice.getByLabel("Contact email").fill("ops@paper.example");
  await alice.getByLabel("Origins").fill(new URL(proof.shop_url).origin);
  await alice.getByRole("checkbox", { name: "USDT/TRC20" }).check();
  await alice.getByRole("checkbox", { name: "EUR" }).check();
  // What is no address is refused where it stands, and nothing that was typed is lost.
  await alice.getByRole("textbox", { name: "USDT/TRC20" }).fill("TQsYLehPnKVhjqx58tntQep1WMLG6YDyuZ");
  await alice.getByRole("button", { name: "Make the partner" }).click();
  await expect(alice.getByRole("group", { name: "Wallets" })).toContainText(/The wallet of USDT\/TRC20: .+/);
  await alice.getByRole("textbox", { name: "USDT/TRC20" }).fill(freshTron());
  await alice.getByRole("button", { name: "Make the partner" }).click();
  await title(alice, `${name} is made`);
  const token = (await alice.getByText(/^sk_test_/).textContent()) ?? "";
  await alice.getByRole("link", { name: "To its checklist" }).click();
  await title(alice, name);
  return token;
}

/** The shop's page opens the session that this partner's own server has made. */
async function buyAt(page: Page, proof: Proof, token: string): Promise<string> {
  const buyer = newBuyer();
  await page.route("**/checkout", async (route) => {
    const data = { partner_user_id: buyer.user_id, user_email: buyer.email, network: "TRC20", currency: "USDT", amount: "100" };
    const response = await page.request.post(new URL("/widget/session", proof.base_url).href, { headers: { authorization: `Bearer ${token}` }, data });
    await route.fulfill({ response });
  });
  const widget = await order(page, proof, buyer);
  await identify(widget);
  await pay(widget, CARDS.good);
  await delivered(widget);
  return orderId(page);
}

test("a partner is onboarded, its checklist turns green, and an order is refunded by two", async ({ desk, page, proof }) => {
  const alice = await desk("alice");
  const name = `Paper ${randomUUID().slice(0, 8)}`;
  const token = await onboard(alice, proof, name);
  await expect(stateOf(alice, "ONB-1")).toHaveText("Passing");
  for (const line of ["ONB-2", "ACC-1", "COV-2", "PAY-1"]) await expect(stateOf(alice, line)).toHaveText("Not seen yet");

  const id = await buyAt(page, proof, token);
  await turnGreen(alice, ["ONB-2", "ACC-1", "ACC-2", "INT-1", "INT-3", "COV-2", "KYC-1", "PAY-1"]);
  const line = alice.locator("#line-PAY-1");
  await line.getByText(/piece of evidence/).click();
  await expect(line.getByText("Observed")).toBeVisible();
  await line.getByRole("link", { name: /^Order / }).click();
  await expect(alice.getByRole("heading", { name: "Buy 100.00 USDT" })).toBeVisible();
  await alice.goBack();

  await alice.locator("#line-COV-1").getByRole("button", { name: "Sign" }).click();
  await answer(alice, "Sign it under my name", { Note: "One pair, as they asked" });
  await said(alice, "COV-1 is signed.");
  await expect(alice.locator("#line-COV-1")).toContainText("Signed by alice");

  const path = at(proof, `/orders/${id}`);
  await bothDecide(desk, path, async (operator) => {
    await operator.getByRole("button", { name: "Refund…" }).click();
    await answer(operator, "Refund", { "Amount in EUR": "10.00", reason: "the customer asked" });
  });
  const refund = alice.getByRole("listitem").filter({ has: alice.getByRole("link", { name: "Refund after the end" }) });
  await expect(refund).toContainText("10.00 EUR");
  await expect(refund).toContainText("Settled", { timeout: 30_000 });
});

test("the day's statement is there when the day is over", async ({ desk, proof }) => {
  const bob = await desk("bob");
  await bob.goto(at(proof, `/partners/${proof.partners[0]?.partner_id}/statements`));
  // Tomorrow, since today may be over between two lines.
  await bob.getByLabel("Day").fill(new Date(Date.now() + 86_400_000).toISOString().slice(0, 10));
  await bob.getByRole("button", { name: "Make the statement" }).click();
  await expect(bob.getByRole("alert")).toContainText(/over/);
  await bob.getByLabel("Day").fill(new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10));
  await bob.getByRole("button", { name: "Make the statement" }).click();
  await expect(bob.getByText("Signature of the CSV")).toBeVisible();
  const saved = bob.waitForEvent("download");
  await bob.getByRole("button", { name: "CSV" }).click();
  expect((await saved).suggestedFilename()).toMatch(/^demo-shop-\d{4}-\d\d-\d\d\.csv$/);
});

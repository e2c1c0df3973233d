// An operator's day, from the console alone: a partner is onboarded and its checklist turns green, an order
// is refunded with a colleague, and the day's statement is asked for.

import { randomUUID } from "node:crypto";
import type { Locator, Page } from "@playwright/test";
import { CARDS, delivered, identify, order, pay } from "../src/buyer.ts";
import { clean } from "../src/axe.ts";
import { freshTron } from "../src/chain.ts";
import { answer, at, dialog, EVIL, reasonInAudit, said, title } from "../src/console.ts";
import { bothDecide, expect, newBuyer, test } from "../src/desk.ts";
import { advance } from "../src/known.ts";
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

  // A call that is refused is evidence, and leads to its entry in the log.
  const path = new URL("/widget/session", proof.base_url).href;
  const refused = await alice.request.post(path, { headers: { authorization: `Bearer ${token}` }, data: { partner_user_id: "ann" } });
  const { request_id } = (await refused.json()) as { request_id: string };
  await alice.reload();
  await expect(stateOf(alice, "INT-1")).toHaveText("Failing");
  await alice.locator("#line-INT-1").getByText(/piece of evidence/).click();
  await alice.getByRole("link", { name: `request ${request_id}` }).click();
  await expect(alice.getByRole("region", { name: "Refused calls" }).getByRole("row").filter({ hasText: request_id })).toContainText("POST /widget/session");

  await bothDecide(desk, at(proof, `/orders/${id}`), async (operator) => {
    await operator.getByRole("button", { name: "Refund…" }).click();
    await answer(operator, "Refund", { "Amount in EUR": "10.00", reason: `the customer asked ${EVIL}` });
  });
  const refund = alice.getByRole("listitem").filter({ has: alice.getByRole("link", { name: "Refund after the end" }) });
  await expect(refund).toContainText("10.00 EUR");
  await expect(refund).toContainText("Settled", { timeout: 30_000 });
  await reasonInAudit(alice, proof, "order.refund", "the customer asked");
});

test("a partner's name and type are changed, and whoever looked at it before is told", async ({ desk, proof }) => {
  const [alice, bob] = [await desk("alice"), await desk("bob")];
  const name = `Reed ${randomUUID().slice(0, 8)}`;
  await onboard(alice, proof, name);
  await alice.getByRole("link", { name: "Overview", exact: true }).last().click();
  await bob.goto(alice.url());
  for (const one of [alice, bob]) await one.getByRole("button", { name: "Change name, type or contact" }).click();

  await alice.getByLabel("Name").fill(`${name} & sons`);
  await alice.getByRole("radio", { name: /^Managed/ }).check();
  await expect(alice.getByText("Another type sends coins elsewhere")).toBeVisible();
  // What is no address is refused where it stands, and nothing that was typed is lost.
  const wallet = alice.getByRole("textbox", { name: "USDT/TRC20" });
  await wallet.fill("TQsYLehPnKVhjqx58tntQep1WMLG6YDyuZ");
  await alice.getByRole("button", { name: "Save" }).click();
  await expect(alice.getByRole("group", { name: "Wallets in the sandbox" })).toContainText(/The wallet of USDT\/TRC20: .+/);
  const address = freshTron();
  await wallet.fill(address);
  await alice.getByRole("button", { name: "Save" }).click();
  await said(alice, `The partner is called ${name} & sons now.`);
  await title(alice, `${name} & sons`);
  await expect(alice.getByText(address)).toBeVisible();

  await bob.getByLabel("Contact email").fill("desk@reed.example");
  await bob.getByRole("button", { name: "Save" }).click();
  await expect(bob.getByText("This was changed meanwhile. Look again, and make your change to that.")).toBeVisible();
  await expect(bob.getByLabel("Contact email")).toHaveValue("desk@reed.example");
});

test("a partner lists its pairs, and an operator confirms that list", async ({ desk, proof }) => {
  const [alice, carol, shop] = [await desk("alice"), await desk("carol"), proof.partners[0]?.partner_id ?? ""];
  const line = (page: Page) => page.locator("#line-COV-1");
  await carol.goto(at(proof, "/checklist"));
  await expect(line(carol).getByRole("button", { name: "Sign" })).toHaveCount(0);
  const list = async (chosen: Record<string, boolean>) => {
    await line(carol).getByRole("button", { name: /List the pairs|Change the list/ }).click();
    for (const [name, isChosen] of Object.entries(chosen)) await carol.getByRole("checkbox", { name }).setChecked(isChosen);
    await carol.getByRole("button", { name: "Save the list" }).click();
    // The line that said so for the list before may be there still: the dialog goes when the answer is here.
    await expect(dialog(carol)).toBeHidden();
    await said(carol, "The pairs are listed; an operator confirms them.");
  };
  await list({ "sell USDT/TRC20": true });
  await expect(line(carol).getByRole("row", { name: /^USDT\/TRC20/ })).toContainText("Enabled");
  // What this server does not offer stays on the list of whoever has asked for it.
  const asked = await carol.request.post(at(proof, `/api/partners/${shop}/checklist/pairs`), { headers: { "x-proof-console": "1" }, data: { pairs: [{ pair: "SOL/SOLANA", side: "buy" }] } });
  expect(asked.status()).toBe(200);
  await carol.reload();
  await expect(stateOf(carol, "COV-1")).toHaveText("Failing");
  await expect(line(carol)).toContainText("Asked for, and not enabled: buy SOL/SOLANA.");
  await expect(line(carol).getByRole("row", { name: /^SOL/ })).toContainText("Not enabled");
  await list({ "buy SOL/SOLANA": false, "sell USDT/TRC20": true });
  await expect(line(carol).getByRole("row", { name: /^USDT\/TRC20/ })).toContainText("Enabled");

  await alice.goto(at(proof, `/partners/${shop}/checklist`));
  await expect(line(alice).getByRole("button", { name: /list/i })).toHaveCount(0);
  await line(alice).getByRole("button", { name: "Sign" }).click();
  // While she reads, the list becomes another one: her word is not about that.
  await list({ "sell USDT/TRC20": false, "buy TRX/TRC20": true });
  await answer(alice, "Sign it under my name", { Note: "One pair, as they asked" });
  await expect(alice.getByRole("dialog").getByText("has changed since you looked")).toBeVisible();
  await alice.reload();
  await line(alice).getByRole("button", { name: "Sign" }).click();
  await answer(alice, "Sign it under my name", { Note: "One pair, as they asked" });
  await said(alice, "COV-1 is signed.");
  await expect(line(alice)).toContainText("Signed by alice");
});

/** The day (UTC) on which the order's payment was taken, and how much it was. */
async function takenOf(alice: Page, proof: Proof, id: string): Promise<{ day: string; amount: string }> {
  const { order, events } = (await (await alice.request.get(at(proof, `/api/orders/${id}`))).json()) as {
    order: { fiat_amount: string };
    events: { kind: string; at: string }[];
  };
  const day = events.find(({ kind }) => kind === "payment.captured")?.at.slice(0, 10) ?? "";
  return { day, amount: order.fiat_amount };
}

test("the day's statement is read, printed and saved when the day is over", async ({ desk, page, proof }) => {
  const [alice, shop] = [await desk("alice"), proof.partners[0]];
  const widget = await order(page, proof, newBuyer());
  await identify(widget);
  await pay(widget, CARDS.good);
  await delivered(widget);
  const { day, amount } = await takenOf(alice, proof, await orderId(page));

  await alice.goto(at(proof, `/partners/${shop?.partner_id}/statements`));
  await expect(alice.getByText("The day of all partners")).toBeVisible();
  await alice.getByLabel("Day", { exact: true }).fill(day);
  await alice.getByRole("button", { name: "Make the statement" }).click();
  await expect(alice.getByRole("alert")).toContainText(/over/);
  await advance(proof, "25h");
  await alice.getByRole("button", { name: "Make the statement" }).click();
  const line = alice.getByRole("region", { name: "Lines of the day" }).getByRole("row").filter({ hasText: "Capture" });
  await expect(line.filter({ hasText: `${amount}\u00a0EUR` }).first()).toBeVisible();
  const sums = alice.getByRole("region", { name: "Sums of the day" });
  await expect(sums.getByRole("row", { name: /^Captured .*EUR$/ })).toBeVisible();
  await expect(sums.getByRole("row", { name: /^Delivered .*USDT\/TRC20$/ })).toBeVisible();

  const saved = alice.waitForEvent("download");
  await alice.getByRole("button", { name: "CSV" }).click();
  expect((await saved).suggestedFilename()).toMatch(/^demo-shop-\d{4}-\d\d-\d\d\.csv$/);
  // On paper: what it is of and all of its columns, without what is clicked.
  await alice.emulateMedia({ media: "print" });
  await expect(alice.getByText(`Statement of Demo Shop, ${day}`)).toBeVisible();
  await expect(alice.getByRole("columnheader", { name: "Partner’s share" })).toBeVisible();
  for (const name of ["Print", "CSV", "Make the statement"]) await expect(alice.getByRole("button", { name })).toBeHidden();
  await alice.emulateMedia({ media: null });
  await alice.getByLabel("Day", { exact: true }).fill("2020-01-01");
  await alice.getByRole("button", { name: "Make the statement" }).click();
  await expect(alice.getByText("Nothing moved on 2020-01-01")).toBeVisible();

  // The same day of the whole house.
  await alice.getByText("The day of all partners").getByRole("link").click();
  await alice.getByLabel("Day", { exact: true }).fill(day);
  await alice.getByRole("button", { name: "Make the statement" }).click();
  const partners = alice.getByRole("region", { name: "Sums of the day by partner" });
  await expect(partners.getByRole("row", { name: /^Demo Shop Captured .*EUR$/ })).toBeVisible();
  await expect(alice.getByRole("region", { name: "Accounts of the day" }).getByRole("row", { name: /^psp:sandbox:EUR .*Capture/ })).toBeVisible();
  await clean(alice);
});

// A deposit comes after the order has ended. Its user is emailed, comes back by the letter's link, and
// takes that day's price.

import { CARDS, heading, order } from "../src/buyer.ts";
import { knownBuyer } from "../src/known.ts";
import { codeOf, letter, linkOf } from "../src/outbox.ts";
import { send, untilDeposit } from "../src/seller.ts";
import { expect, test } from "../src/test.ts";

test("what came late is sold at today's price, by the link of an email", async ({ page, proof, browser }) => {
  const buyer = await knownBuyer(proof);
  const widget = await order(page, proof, buyer, "Sell");
  const address = await untilDeposit(widget, CARDS.good);
  await widget.getByRole("button", { name: /Cancel/ }).first().click();
  await widget.getByRole("button", { name: /cancel/i }).last().click();
  await heading(widget, "Order cancelled");
  await send(page, proof, address, { amount: "100" });
  const link = linkOf(await letter(proof, buyer, /^Your 100\.00 USDT arrived late/));

  // Another device: nothing of the shop's page is there.
  const other = await browser.newPage();
  await other.goto(link);
  const title = (name: string | RegExp) => expect(other.getByRole("heading", { level: 1, name })).toBeVisible({ timeout: 30_000 });
  await title("Continue your order with Demo Shop");
  expect(await other.content()).not.toContain(buyer.email);
  await other.getByRole("button", { name: "Email me a code" }).click();
  await title("Enter the code from your email");
  const code = codeOf(await letter(proof, buyer, /^Your code for Demo Shop/));
  await other.getByLabel("Code").fill(code === "000000" ? "000001" : "000000");
  await other.getByRole("button", { name: "Open my order" }).click();
  await expect(other.getByText("This is not the code.")).toBeVisible();
  await other.getByLabel("Code").fill(code);
  await other.getByRole("button", { name: "Open my order" }).click();
  await title(/^Your 100\.00.USDT arrived late$/);
  await other.getByRole("button", { name: /^Receive €\d+\.\d\d$/ }).click();
  await title(/^€\d+\.\d\d sent to Visa/);

  // A reload goes on with the same visit; the link itself is used up.
  await other.reload();
  await title(/^€\d+\.\d\d sent to Visa/);
  await other.close();
  const stranger = await browser.newPage();
  await stranger.goto(link);
  await expect(stranger.getByRole("heading", { level: 1, name: "This link has been used" })).toBeVisible();
  await stranger.close();

  const ended = await letter(proof, buyer, /EUR are on their way to you$/);
  expect(ended).toContain("at today's price");
});

// Going live, rehearsed against a second world: two people open it, and whoever has the page of a live order
// open watches it.

import { randomUUID } from "node:crypto";
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { freshTron } from "../src/chain.ts";
import { at, said, title } from "../src/console.ts";
import { expect, test } from "../src/desk.ts";
import type { Proof } from "../src/server.ts";

test.use({ options: ["--rehearse-live"] });

const PAGE = "https://shop.example";

/** A partner of its own: the others stay in the sandbox. */
async function partner(alice: Page, proof: Proof): Promise<string> {
  await alice.goto(at(proof, "/partners/new"));
  await alice.getByLabel("Name").fill(`Live ${randomUUID().slice(0, 8)}`);
  await alice.getByRole("radio", { name: /^Treasury/ }).check();
  await alice.getByLabel("Contact email").fill("ops@paper.example");
  await alice.getByLabel("Origins").fill(PAGE);
  await alice.getByRole("checkbox", { name: "USDT/TRC20" }).check();
  await alice.getByRole("checkbox", { name: "EUR" }).check();
  await alice.getByRole("textbox", { name: "USDT/TRC20" }).fill(freshTron());
  await alice.getByRole("button", { name: "Make the partner" }).click();
  await alice.getByRole("link", { name: "To its checklist" }).click();
  await alice.getByRole("link", { name: "Live", exact: true }).click();
  await title(alice, /^Live /);
  return alice.url();
}

test("live is opened by two, and a live order is watched by whoever looks at it", async ({ desk, proof }) => {
  const [alice, bob] = [await desk("alice"), await desk("bob")];
  const path = await partner(alice, proof);
  await expect(alice.getByText("of the checklist are not green")).toBeVisible();
  const wallet = freshTron();
  await alice.getByRole("textbox", { name: "USDT/TRC20" }).fill(wallet);
  await alice.getByLabel("Why although").fill("They sell tomorrow; the rest was looked at by hand.");
  await alice.getByRole("button", { name: "Propose to open live" }).click();
  await said(alice, "Proposed");
  await expect(alice.getByText("You have proposed it")).toBeVisible();

  await bob.goto(path);
  await expect(bob.getByText("alice wants to open live")).toBeVisible();
  await expect(bob.getByText(wallet)).toBeVisible();
  const looked = await new AxeBuilder({ page: bob }).analyze();
  expect(looked.violations).toEqual([]);
  await bob.getByRole("button", { name: "I want the same: open live" }).click();
  const token = (await bob.getByText(/^sk_live_/).textContent()) ?? "";

  const data = { partner_user_id: "user-1", user_email: "ann@example.com", network: "TRC20", currency: "USDT", amount: "20" };
  const made = await bob.request.post(new URL("/widget/session", proof.base_url).href, { headers: { authorization: `Bearer ${token}` }, data });
  expect(made.status()).toBe(200);
  const { merchant_transaction_id: id } = (await made.json()) as { merchant_transaction_id: string };

  await bob.goto(path);
  await expect(bob.getByRole("heading", { name: "Live, and watched" })).toBeVisible();
  await bob.getByRole("link", { name: "Live orders" }).click();
  const watched = bob.waitForResponse((answer) => answer.url().endsWith(`/orders/${id}/watch`));
  await bob.getByRole("link", { name: id.slice(-6) }).click();
  expect((await watched).status()).toBe(204);
  await expect(bob.getByText("You are watching it as long as this page is open.")).toBeVisible();

  // One of them stops the partner at once; to let it go on takes both.
  const session = async () =>
    (await bob.request.post(new URL("/widget/session", proof.base_url).href, { headers: { authorization: `Bearer ${token}` }, data })).status();
  const say = async (page: Page, verb: string, reason: string): Promise<void> => {
    await page.goto(path);
    await page.getByRole("button", { name: `${verb}…` }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Reason").fill(reason);
    await dialog.getByRole("button", { name: verb }).click();
  };
  await say(alice, "Suspend", "Their page was taken over.");
  await said(alice, "Suspended");
  expect(await session()).toBe(401);
  await say(alice, "Resume", "They have it back.");
  await said(alice, "Proposed");
  await expect(alice.getByText("resume by alice: They have it back.")).toBeVisible();
  await say(bob, "Resume", "I have called them.");
  await said(bob, "It goes on");
  await expect(bob.getByRole("heading", { name: "Live, and watched" })).toBeVisible();
  expect(await session()).toBe(200);
});

// A partner's developer plays a scenario from the console, watches it, and moves the clock; operators see it.

import type { Page } from "@playwright/test";
import { clean } from "../src/axe.ts";
import { at, said } from "../src/console.ts";
import { expect, test } from "../src/desk.ts";

const steps = (page: Page, name: string) => page.getByRole("list", { name: `What is seen of ${name}` }).first();

test("a developer has a scenario played, by keyboard, and moves the clock", async ({ desk, proof }) => {
  const carol = await desk("carol");
  await carol.goto(at(proof, "/"));
  await carol.getByRole("link", { name: "Sandbox" }).click();
  await expect(carol.getByRole("heading", { level: 1, name: "Sandbox" })).toBeFocused();
  // The key is of the search; until the scenarios have come there is none.
  await expect(carol.getByRole("searchbox", { name: "Search the scenarios" })).toBeVisible();
  await carol.keyboard.press("/");
  await carol.keyboard.type("cancels before paying");
  await expect(carol.getByRole("button", { name: /^Play / })).toHaveCount(1);
  await carol.keyboard.press("Tab");
  const play = carol.getByRole("button", { name: "Play buy-cancelled" });
  await play.focus();
  await carol.keyboard.press("Enter");
  await said(carol, "buy-cancelled is played");
  await expect(carol.locator(".play").first()).toContainText("Reached");
  await expect(steps(carol, "buy-cancelled").getByRole("listitem")).toHaveText([/Pending/, /Cancelled/]);
  await expect(carol.getByRole("status").filter({ hasText: "buy-cancelled: Reached, Cancelled" })).toHaveCount(1);
  await clean(carol);
  await carol.getByRole("link", { name: /^Order / }).first().click();
  await expect(carol).toHaveURL(/\/orders\//);
  await carol.getByRole("link", { name: "Sandbox" }).click();
  await carol.getByRole("button", { name: "Move the clock 45 min forwards" }).click();
  await said(carol, "The clock was moved 45 min");
  const ahead = carol.getByText(/The clock of this sandbox is .* ahead/);
  await expect(ahead).toBeVisible();
  await clean(carol);
  // Nobody is signed out by it, and it is said everywhere.
  await carol.reload();
  await carol.getByRole("link", { name: "Checklist" }).click();
  await expect(ahead).toBeVisible();
});

test("an operator has a sell played for a partner, to its end", async ({ desk, proof }) => {
  const alice = await desk("alice");
  await alice.goto(at(proof, `/partners/${proof.partners[0]?.partner_id ?? ""}/sandbox`));
  await alice.getByRole("button", { name: "Play sell-completes" }).click();
  await expect(steps(alice, "sell-completes").getByText("Pending")).toBeVisible();
  await expect(steps(alice, "sell-completes").locator(".to-come")).not.toHaveCount(0);
  await expect(alice.locator(".play").first()).toContainText("Reached", { timeout: 80_000 });
  await expect(steps(alice, "sell-completes").getByRole("listitem")).toHaveText([/Pending/, /Processing/, /Completed/]);
});

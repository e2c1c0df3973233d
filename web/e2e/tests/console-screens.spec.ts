// Every screen of the console, in light and in dark: readable to everybody, and whatever partners and users
// call themselves is text.

import { randomUUID } from "node:crypto";
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { freshTron } from "../src/chain.ts";
import { at } from "../src/console.ts";
import { expect, newBuyer, test, type Desk } from "../src/desk.ts";
import type { Proof } from "../src/server.ts";

// One after the other they would be the longest file of all.
test.describe.configure({ mode: "parallel" });

const EVIL = "<img src=x onerror=\"document.title='owned'\">";
const TABS = ["checklist", "overview", "policy", "look", "keys", "webhook", "log", "sandbox", "statements"];

/** A partner and a user of it who have chosen bad names; and one call of theirs that was refused. */
async function badNames(desk: Desk, proof: Proof): Promise<{ name: string; partner: string; order: string }> {
  const [alice, name] = [await desk("alice"), `${EVIL} ${randomUUID()}`];
  const data = {
    name, kind: "treasury", contact_email: "x@example.com", origins: ["https://x.example"], pairs: ["USDT/TRC20"], sells: false,
    fiats: ["EUR"], wallets: [{ pair: "USDT/TRC20", address: freshTron() }], webhook_url: null,
  };
  const made = await alice.request.post(at(proof, "/api/partners"), { headers: { "x-proof-console": "1" }, data });
  expect(made.status()).toBe(201);
  const { id, client_token } = (await made.json()) as { id: string; client_token: string };
  const session = (more: object) =>
    alice.request.post(new URL("/widget/session", proof.base_url).href, {
      headers: { authorization: `Bearer ${client_token}` },
      data: { partner_user_id: EVIL, user_email: newBuyer().email, network: "TRC20", currency: "USDT", ...more },
    });
  const order = ((await (await session({ amount: "100" })).json()) as { merchant_transaction_id: string }).merchant_transaction_id;
  expect((await session({ amount: EVIL })).status()).toBe(400);
  return { name, partner: id, order };
}

async function settled(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.locator(".skeleton")).toHaveCount(0);
}

test("names are text wherever they stand", async ({ desk, proof }) => {
  const { name, partner, order } = await badNames(desk, proof);
  const alice = await desk("alice");
  const paths = ["/partners", ...TABS.map((tab) => `/partners/${partner}/${tab}`), "/orders", `/orders/${order}`, "/audit", "/people", "/"];
  for (const path of paths) {
    await settled(alice, at(proof, path));
    await expect(alice.locator("img[src='x']")).toHaveCount(0);
    await expect(alice).toHaveTitle(/ · Proof$/);
  }
  await alice.goto(at(proof, `/partners/${partner}/overview`));
  await expect(alice.getByRole("heading", { level: 1, name })).toBeVisible();
  await alice.goto(at(proof, `/orders/${order}`));
  await expect(alice.locator("dd").filter({ hasText: EVIL })).toHaveCount(2);
});

const PORTAL = ["/", "/checklist", "/sandbox", "/orders", "/webhook", "/log", "/keys", "/look", "/statements", "/people", "/you"];
const operators = (partner: string, order: string): string[] => [
  "/", "/orders", `/orders/${order}`, "/waiting", "/partners", "/partners/new", ...TABS.map((tab) => `/partners/${partner}/${tab}`),
  "/ledger", "/ledger/treasury", "/ledger/rates", "/risk", "/audit", "/audit/1", "/health", "/people", "/nowhere",
];

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing, ${colorScheme}`, async ({ desk, proof, page }) => {
    // Forty pages, each looked at as a whole.
    test.setTimeout(240_000);
    const { order } = await badNames(desk, proof);
    const clean = async (looked: Page, path: string) => {
      await settled(looked, at(proof, path));
      // There is no frame to go into; and in the dark only the colours are others.
      const axe = new AxeBuilder({ page: looked }).setLegacyMode();
      const { violations } = await (colorScheme === "dark" ? axe.withRules("color-contrast") : axe).analyze();
      expect(violations.map(({ id, nodes }) => `${path} ${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
    };
    await page.emulateMedia({ colorScheme });
    await clean(page, "/");
    const alice = await desk("alice", { colorScheme, reducedMotion: "reduce" });
    for (const path of operators(proof.partners[0]?.partner_id ?? "", order)) await clean(alice, path);
    const carol = await desk("carol", { colorScheme, reducedMotion: "reduce" });
    for (const path of PORTAL) await clean(carol, path);
    await carol.setViewportSize({ width: 390, height: 844 });
    for (const path of PORTAL.slice(0, 4)) await clean(carol, path);
  });
}

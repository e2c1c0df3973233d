// Every screen of the console, in light and in dark: readable to everybody, and whatever partners and users
// call themselves is text.

import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import { clean } from "../src/axe.ts";
import { freshTron } from "../src/chain.ts";
import { asWritten, at, EVIL } from "../src/console.ts";
import { expect, newBuyer, test, type Desk } from "../src/desk.ts";
import { come, device } from "../src/passkey.ts";
import type { Proof } from "../src/server.ts";

// One after the other they would be the longest file of all.
test.describe.configure({ mode: "parallel" });

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

/** What a call answers that alice's page makes. */
type Ask = (path: string, data: object) => Promise<{ status: number; json: Record<string, string> }>;

const asking = (page: Page, proof: Proof): Ask => async (path, data) => {
  const answer = await page.request.post(at(proof, `/api/${path}`), { headers: { "x-proof-console": "1" }, data });
  return { status: answer.status(), json: (await answer.json()) as Record<string, string> };
};

/** A partner's server whose answers are markup. The test event's delivery. */
async function badAnswer(ask: Ask, alice: Page, proof: Proof, partner: string): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(500, { "content-type": "text/html", "x-evil": EVIL });
    response.end(`answered ${EVIL}`);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  expect((await ask(`partners/${partner}/webhook`, { url: `http://127.0.0.1:${port}/hook` })).status).toBeLessThan(300);
  expect((await ask(`partners/${partner}/webhook/test`, {})).status).toBe(202);
  const deliveries = at(proof, `/api/partners/${partner}/deliveries`);
  let id = "";
  await expect.poll(async () => {
    const { data } = (await (await alice.request.get(deliveries)).json()) as { data: { id: string }[] };
    id = data[0]?.id ?? "";
    return id && (await (await alice.request.get(`${deliveries}/${id}`)).text()).includes("onerror");
  }).toBe(true);
  server.close();
  return id;
}

/** What people write: notes, reasons, values of the list. */
async function badWords(desk: Desk, proof: Proof, [partner, shop]: [string, string]): Promise<void> {
  const [alice, carol] = [await desk("alice"), await desk("carol")];
  const ask = asking(alice, proof);
  let code = "";
  await expect.poll(async () => {
    const { data } = (await (await alice.request.get(at(proof, `/api/partners/${partner}/refusals`))).json()) as { data: { code: string }[] };
    return (code = data[0]?.code ?? "");
  }).not.toBe("");
  const listed = await asking(carol, proof)(`partners/${shop}/checklist/pairs`, { pairs: [{ pair: "USDT/TRC20", side: "buy" }] });
  expect(listed.status).toBe(200);
  const written = await Promise.all([
    ask(`partners/${shop}/checklist/COV-1/sign`, { note: `signed ${EVIL}` }),
    ask(`partners/${partner}/refusals/acknowledge`, { code, note: `looked ${EVIL}` }),
    ask("listings", { kind: "card", value: `card ${EVIL}`, is_listed: true, reason: `reason ${EVIL}` }),
  ]);
  expect(written.map(({ status }) => status)).toEqual([200, 200, 201]);
  // What is no address, no page and no name is taken by nobody.
  const refused = await Promise.all([
    ask(`partners/${partner}/origins`, { origin: EVIL }),
    ask(`partners/${partner}/webhook`, { url: EVIL }),
    ask("partners", { name: "X", kind: "user_wallet", contact_email: EVIL, origins: ["https://x.example"], pairs: ["USDT/TRC20"], sells: false, fiats: ["EUR"], wallets: [], webhook_url: null }),
    ask("members/invitations", { email: EVIL, role: "operator", partner: null }),
  ]);
  expect(refused.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
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

test("what people and servers write is text wherever it stands", async ({ desk, proof }) => {
  const { partner } = await badNames(desk, proof);
  const [alice, shop] = [await desk("alice"), proof.partners[0]?.partner_id ?? ""];
  const ask = asking(alice, proof);
  await badWords(desk, proof, [partner, shop]);
  const delivery = await badAnswer(ask, alice, proof, partner);
  const own = `/partners/${partner}`;
  // Each shows what was written, as it was written.
  const shown = {
    [`/partners/${shop}/checklist`]: ["signed"], [`${own}/log`]: ["looked"], [`${own}/webhook/${delivery}`]: ["answered"],
    "/risk": ["card", "reason"], "/audit": ["card"],
  };
  for (const [path, texts] of Object.entries(shown)) {
    await settled(alice, at(proof, path));
    if (path.endsWith("/log")) await alice.getByLabel("Show").selectOption("All");
    await alice.locator("main details").evaluateAll((all) => all.forEach((folded) => folded.setAttribute("open", "")));
    for (const text of texts) await asWritten(alice, text);
  }
});

test("a part of the console that does not come is said, and comes at the next try", async ({ desk, proof }) => {
  const alice = await desk("alice");
  await settled(alice, at(proof, "/"));
  await alice.route("**/assets/audit-*.js", (route) => route.abort());
  await alice.getByRole("link", { name: "Audit" }).click();
  await expect(alice.getByRole("heading", { level: 1, name: "Audit" })).toBeVisible();
  await expect(alice.getByText("This part of the console did not come")).toBeVisible();
  await alice.unroute("**/assets/audit-*.js");
  await alice.getByRole("button", { name: "Load it again" }).click();
  await expect(alice.getByRole("region", { name: "Audit" }).getByRole("row").nth(1)).toBeVisible();
});

const PORTAL = ["/", "/checklist", "/sandbox", "/orders", "/webhook", "/log", "/keys", "/look", "/statements", "/people", "/you"];
const operators = (partner: string, order: string): string[] => [
  "/", "/orders", `/orders/${order}`, "/waiting", "/waiting/cases", "/waiting/returns", "/partners", "/partners/new", ...TABS.map((tab) => `/partners/${partner}/${tab}`),
  "/ledger", "/ledger/treasury", "/ledger/rates", "/ledger/statements", "/risk", "/audit", "/audit/1", "/health", "/health/settings", "/people", "/nowhere",
];

/** In the dark only the colours are others. */
async function look(page: Page, path: string, colorScheme: "light" | "dark"): Promise<void> {
  await settled(page, path);
  await clean(page, colorScheme === "dark" ? "color-contrast" : undefined);
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing on an operator's screens, ${colorScheme}`, async ({ browser, desk, proof }) => {
    // Thirty pages, each looked at as a whole.
    test.setTimeout(240_000);
    const { order } = await badNames(desk, proof);
    // An owner who came in with a passkey.
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme, reducedMotion: "reduce" });
    const owner = await context.newPage();
    await device(owner);
    await come(owner, proof, `owner-${colorScheme}`);
    await expect(owner.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
    for (const path of operators(proof.partners[0]?.partner_id ?? "", order)) await look(owner, at(proof, path), colorScheme);
    await context.close();
  });

  test(`axe finds nothing on a partner's screens, ${colorScheme}`, async ({ desk, proof, page }) => {
    test.setTimeout(240_000);
    await page.emulateMedia({ colorScheme });
    await look(page, at(proof, "/"), colorScheme);
    const carol = await desk("carol", { colorScheme, reducedMotion: "reduce" });
    for (const path of PORTAL) await look(carol, at(proof, path), colorScheme);
    await carol.setViewportSize({ width: 390, height: 844 });
    for (const path of PORTAL.slice(0, 4)) await look(carol, at(proof, path), colorScheme);
  });
}

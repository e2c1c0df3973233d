// Every screen of the console, in light and in dark: `npm run pictures -w web/e2e -- screens`. The page of the docs that
// shows them is written with them.

import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Page } from "@playwright/test";
import { CARDS, chooseDocument, delivered, heading, identify, order, pay, selfie, sendFile } from "../src/buyer.ts";
import { at } from "../src/console.ts";
import { expect, newBuyer, test, type Desk } from "../src/desk.ts";
import { orderId, proofCommand } from "../src/operators.ts";
import { freshTron } from "../src/chain.ts";
import { send, untilDeposit, untilTerms } from "../src/seller.ts";
import type { Proof } from "../src/server.ts";

const DOCS = resolve(import.meta.dirname, "../../../docs/src");
const SIZE = { width: 1200, height: 740 };

interface Screen {
  name: string;
  title: string;
  who: string;
  path: string;
  /** What has to be there before the picture is taken. */
  shows: string | RegExp;
  then?: Then;
}

/** What is done on the page: the first link with a name is followed, or the first row; a button is pressed. */
type Then = { follow?: string; row?: true; press?: string | RegExp };

const screens = (id: string, partner: string): Screen[] => {
  const operator = (name: string, title: string, path: string, shows: string | RegExp, then: Then = {}): Screen => ({ name, title, who: "alice", path, shows, then });
  const part = (name: string, title: string, shows: string | RegExp) => operator(`partner-${name}`, `A partner: ${title}`, `/partners/${partner}/${name}`, shows);
  const wrong = "Another token came";
  const portal = (name: string, title: string, path: string, shows: string | RegExp): Screen => ({ name: `portal-${name}`, title: `A partner’s own people: ${title}`, who: "carol", path, shows });
  return [
    operator("overview", "Overview", "/", "How far do they come?"),
    operator("orders", "Orders", "/orders", "Completed"),
    operator("order", "An order", `/orders/${id}`, "Transfer confirmed"),
    operator("waiting", "Waiting", "/waiting", "Another token came"),
    operator("case", "A case", "/waiting", "Waits for people", { follow: wrong }),
    operator("case-decide", "A case: what somebody decides, another one confirms", "/waiting", /^What the case proposes is done/, { follow: wrong, press: "Approve" }),
    operator("cases", "All cases", "/waiting/cases", "Another token came"),
    operator("returns", "Refunds and returns", "/waiting/returns", /Refunds and returns|Nothing/),
    operator("identity", "Somebody whom the provider is not sure about", "/waiting", "Waits for two people", { follow: "Passport" }),
    operator("partners", "Partners", "/partners", "Demo Shop"),
    operator("partner-new", "A new partner", "/partners/new", "Contact"),
    part("checklist", "checklist", "What to do next"),
    part("live", "going live", /ready|green|moves real money/),
    part("overview", "overview", "Widget"),
    part("policy", "policy", "Fees"),
    part("look", "look of the widget", "Typeface"),
    part("keys", "keys and wallets", "Tokens"),
    operator("partner-rotate", "A partner: tokens are exchanged", `/partners/${partner}/keys`, /^Rotate the/, { press: /^Rotate/ }),
    part("webhook", "webhook", "Endpoint"),
    operator("partner-delivery", "A partner: a delivery", `/partners/${partner}/webhook`, "What was sent", { row: true }),
    part("log", "integration log", "No call was refused"),
    part("sandbox", "sandbox", "Scenarios"),
    part("statements", "statements", "Statement of a day"),
    operator("ledger", "Ledger: the books", "/ledger", "Accounts of the house"),
    operator("treasury", "Ledger: treasury", "/ledger/treasury", "Top up"),
    operator("rates", "Ledger: rates", "/ledger/rates", "Fresh"),
    operator("statements", "Ledger: the statement of the house", "/ledger/statements", "Statement of the house"),
    operator("risk", "Risk", "/risk", "sanctions list of 1 November"),
    operator("audit", "Audit", "/audit", "About"),
    operator("audit-entry", "Audit: an entry", "/audit", "What changed", { row: true }),
    operator("health", "Health", "/health", "Hot wallets"),
    operator("settings", "Health: settings", "/health/settings", "Hot wallets"),
    operator("people", "People", "/people", "alice"),
    operator("you", "Your sign-in", "/you", "Password and authenticator app"),
    portal("overview", "overview", "/", "Demo Shop"),
    portal("checklist", "checklist", "/checklist", "What to do next"),
    portal("orders", "orders", "/orders", "Completed"),
    portal("webhook", "webhook", "/webhook", "Endpoint"),
    portal("log", "integration log", "/log", "No call was refused"),
    portal("keys", "keys", "/keys", "Tokens"),
    portal("sandbox", "sandbox", "/sandbox", "Scenarios"),
    portal("statements", "statements", "/statements", "Statement of a day"),
    portal("people", "people", "/people", "carol"),
  ];
};

/** An order that went well, somebody whom two people look at, and coins of the wrong kind. */
async function world(page: Page, other: Page, third: Page, proof: Proof): Promise<string> {
  const widget = await order(page, proof, newBuyer());
  await identify(widget);
  await pay(widget, CARDS.good);
  await delivered(widget);
  const checked = await order(other, proof, newBuyer("+kyc-review"));
  await chooseDocument(checked, "Passport");
  await sendFile(checked);
  await selfie(checked);
  await heading(checked, "A person is looking at your pictures");
  const refund = freshTron();
  const seller = await order(third, proof, newBuyer(), "Sell");
  await untilTerms(seller);
  const address = await untilDeposit(seller, CARDS.good, refund);
  proofCommand(proof, "list", "add", "address", refund, "--as", "alice", "--reason", "sanctions list of 1 November");
  await send(third, proof, address, { amount: "100", currency: "TRX" });
  return orderId(page);
}

const shoot = (page: Page, name: string, colorScheme: string) => page.screenshot({ path: `${DOCS}/images/console/${name}-${colorScheme}.jpg`, type: "jpeg", quality: 72 });

async function take(desk: Desk, proof: Proof, screen: Screen, colorScheme: "light" | "dark"): Promise<void> {
  const page = await desk(screen.who, { colorScheme, reducedMotion: "reduce", viewport: SIZE });
  await page.goto(at(proof, screen.path));
  const { follow, row, press } = screen.then ?? {};
  if (follow) await page.getByRole("link", { name: follow }).first().click({ timeout: 60_000 });
  if (row) await page.locator("a[data-row]").first().click({ timeout: 60_000 });
  if (press) await page.getByRole("button", { name: press }).first().click({ timeout: 60_000 });
  await expect(page.getByText(screen.shows).filter({ visible: true }).first()).toBeVisible({ timeout: 60_000 });
  await expect(page.locator(".skeleton")).toHaveCount(0);
  // What is loaded beside it.
  await page.waitForLoadState("networkidle");
  await shoot(page, screen.name, colorScheme);
}

const text = (all: Pick<Screen, "name" | "title">[]): string => {
  const rows = all.map(({ name, title }) => {
    const image = (scheme: string) => `![${title}, ${scheme}](images/console/${name}-${scheme}.jpg)`;
    return `## ${title}\n\n| light | dark |\n|---|---|\n| ${image("light")} | ${image("dark")} |\n`;
  });
  return `# Screens of the console\n\nTaken from the running sandbox by \`npm run pictures -w web/e2e -- screens\`. What each is for is said in [the console](CONSOLE.md).\n\n${rows.join("\n")}`;
};

/** Before anybody is in. */
const DOORS = [
  { name: "sign-in", title: "Signing in" },
  { name: "invitation", title: "Somebody who was invited" },
];

test("doors", async ({ browser, proof }) => {
  const invited = proofCommand(proof, "operator", "invite", "--email", "dana@example.com");
  const invitation = /http\S+\/console\/invitations\/\S+/.exec(invited)?.[0] ?? "";
  for (const colorScheme of ["light", "dark"] as const) {
    const context = await browser.newContext({ colorScheme, reducedMotion: "reduce", viewport: SIZE });
    const page = await context.newPage();
    await page.goto(at(proof, "/"));
    await expect(page.getByRole("button", { name: "Sign in with a passkey" })).toBeVisible();
    await shoot(page, "sign-in", colorScheme);
    await page.goto(invitation);
    await expect(page.getByRole("button", { name: /^(Take the invitation|Make a passkey and go in)/ }).first()).toBeVisible();
    await shoot(page, "invitation", colorScheme);
    await context.close();
  }
});

test("screens", async ({ desk, page, browser, proof }) => {
  test.setTimeout(600_000);
  const id = await world(page, await browser.newPage(), await browser.newPage(), proof);
  const all = screens(id, proof.partners[0]?.partner_id ?? "");
  // By person, so that each sits down twice only.
  for (const colorScheme of ["light", "dark"] as const) for (const screen of all) await take(desk, proof, screen, colorScheme);
  writeFileSync(`${DOCS}/console-screens.md`, text([...DOORS, ...all]));
});

// Into the console and out of it: by an invitation, by keyboard alone, and no further than one's role.

import { at, codeOf, said, title } from "../src/console.ts";
import { expect, test } from "../src/desk.ts";
import { proofCommand } from "../src/operators.ts";

const PASSWORD = "a long walk by the sea";

test("somebody is invited, chooses who they are, and comes back by keyboard alone", async ({ page, proof }) => {
  const link = /http\S+\/console\/invitations\/\S+/.exec(proofCommand(proof, "operator", "invite", "--email", "dana@example.com"))?.[0] ?? "";
  await page.goto(link);
  await title(page, "Your invitation");
  await expect(page.getByText("For dana@example.com, as owner.")).toBeVisible();
  await page.getByRole("radio", { name: "Password and authenticator app" }).check();
  await expect(page.getByRole("img", { name: "Code for the authenticator app" })).toBeVisible();
  const secret = ((await page.locator("form code").first().textContent()) ?? "").replace(/\s/g, "");
  expect(secret).toMatch(/^[A-Z2-7]{32}$/);

  const take = async (name: string) => {
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByLabel("Code", { exact: true }).fill(codeOf(secret));
    await page.getByRole("button", { name: "Take the invitation" }).click();
  };
  await take("alice");
  await expect(page.getByRole("alert")).toContainText("Somebody has this name; choose another.");
  await take("dana");
  await title(page, "Overview");
  await page.getByRole("button", { name: "Sign out" }).click();
  await title(page, "Sign in");
  // A link is good once.
  await page.goto(link);
  await expect(page.getByText("This invitation is unknown, was taken, or is too old; ask for another.")).toBeVisible();

  await page.goto(at(proof, "/"));
  await title(page, "Sign in");
  const type = async (label: string, text: string) => {
    await page.keyboard.press("Tab");
    await expect(page.getByLabel(label)).toBeFocused();
    await page.keyboard.type(text);
  };
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "Sign in with a passkey" })).toBeFocused();
  await type("Name", "dana");
  await type("Password", PASSWORD);
  await type("Code", "000000");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("The name, the password or the code is not right.");
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.type(codeOf(secret, 1));
  await page.keyboard.press("Enter");
  await title(page, "Overview");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: /[Kk]eyboard/ })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Sign out" }).press("Enter");
  await title(page, "Sign in");
});

test("a partner's admin sees that partner alone", async ({ desk, proof }) => {
  const page = await desk("carol");
  await page.goto(at(proof, "/"));
  await title(page, "Your integration");
  const [own, other] = proof.partners;
  await expect(page.getByText(own?.partner_id ?? "")).toBeVisible();
  await expect(page.getByRole("navigation", { name: "Main" }).getByRole("link")).toHaveText([
    "Overview", "Checklist", "Orders", "Webhooks", "Integration log", "Keys & origins", "Sandbox", "Statements", "People",
  ]);
  for (const path of ["/partners", `/partners/${other?.partner_id}`, "/ledger", "/audit", "/risk", "/waiting"]) {
    await page.goto(at(proof, path));
    await title(page, "Nothing is here");
  }
  // Nor does the server say more than the pages do.
  const ask = async (path: string) => (await page.request.get(at(proof, `/api/${path}`))).status();
  expect(await ask(`partners/${own?.partner_id}`)).toBe(200);
  expect(await ask(`partners/${other?.partner_id}`)).toBe(404);
  expect(await ask(`partners/${other?.partner_id}/checklist`)).toBe(404);
  for (const path of ["ledger", "audit", "listings", "reviews"]) expect(await ask(path)).toBe(403);

  await page.goto(at(proof, "/people"));
  await page.getByRole("button", { name: "Invite somebody" }).click();
  await expect(page.getByLabel("Role").getByRole("option")).toHaveText(["Partner admin", "Partner developer"]);
});

test("who is disabled is out at once", async ({ desk, page, proof }) => {
  const alice = await desk("alice");
  await alice.goto(at(proof, "/people"));
  await alice.getByRole("button", { name: "Invite somebody" }).click();
  await alice.getByLabel("Email").fill("erin@example.com");
  await alice.getByLabel("Role").selectOption("Support");
  await alice.getByRole("button", { name: "Make the link" }).click();
  const link = (await alice.getByRole("dialog").locator("code").first().textContent()) ?? "";
  await alice.getByRole("button", { name: "It is handed over" }).click();

  await page.goto(link);
  await title(page, "Your invitation");
  await page.getByRole("radio", { name: "Password and authenticator app" }).check();
  const secret = ((await page.locator("form code").first().textContent()) ?? "").replace(/\s/g, "");
  await page.getByLabel("Name").fill("erin");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Code", { exact: true }).fill(codeOf(secret));
  await page.getByRole("button", { name: "Take the invitation" }).click();
  await title(page, "Overview");
  await expect(page.getByRole("navigation", { name: "Main" }).getByRole("link")).toHaveText(["Overview", "Orders", "Waiting", "Partners", "Health"]);

  await alice.reload();
  await alice.getByRole("button", { name: "Disable erin" }).click();
  await alice.getByRole("dialog").getByRole("button", { name: "Disable" }).click();
  await said(alice, "erin is disabled.");
  await page.getByRole("link", { name: "Orders" }).click();
  await expect(page.getByText("Your session is over")).toBeVisible();
});

// In with a passkey, kept by an authenticator that the browser simulates: by an invitation, at the door, and
// before money moves; and the ways to sign in that somebody adds and takes away.

import type { Page } from "@playwright/test";
import { clean } from "../src/axe.ts";
import { at, codeOf, dialog, said, signIn, title } from "../src/console.ts";
import { expect, test } from "../src/desk.ts";
import { come, device } from "../src/passkey.ts";

const PASSWORD = "a long walk by the sea";

async function leave(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Sign out" }).click();
  await title(page, "Sign in");
}

async function byPasskey(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
}

/** The server takes the sign-in for an old one, once. */
async function stale(page: Page, path: string): Promise<void> {
  const body = { error: "forbidden", code: "sign_in_again", message: "Confirm that it is you.", docs_url: "", request_id: "" };
  await page.route(`**/console/api/${path}`, (route) => route.fulfill({ status: 403, json: body }), { times: 1 });
}

test("somebody comes in with a passkey, comes back with it, and makes a token with it", async ({ page, proof }) => {
  await device(page);
  await come(page, proof, "alice");
  await expect(page.getByRole("alert")).toContainText("Somebody has this name; choose another.");
  await clean(page);
  await page.getByLabel("Name").fill("fay");
  await page.getByRole("button", { name: "Make a passkey and go in" }).click();
  await title(page, "Overview");
  await leave(page);
  await clean(page);
  await byPasskey(page);
  await title(page, "Overview");

  const [shop] = proof.partners;
  await page.goto(at(proof, `/partners/${shop?.partner_id}/keys`));
  await stale(page, "partners/*/tokens");
  await page.getByRole("button", { name: "One more…" }).click();
  await dialog(page).getByRole("button", { name: "Make" }).click();
  const confirm = page.getByRole("dialog", { name: "Confirm that it is you" });
  await expect(confirm.getByRole("button", { name: "Confirm with a passkey" })).toBeFocused();
  await expect(confirm.getByLabel("Code")).toHaveCount(0);
  await clean(page);
  await page.keyboard.press("Enter");
  await expect(page.getByText(/sk_test_/)).toBeVisible();
});

test("ways to sign in are added and taken away, but never the last", async ({ page, proof }) => {
  await device(page);
  await come(page, proof, "gil");
  await title(page, "Overview");
  await page.getByRole("link", { name: "Your sign-in" }).click();
  await title(page, "Your sign-in");
  const keys = page.getByRole("region", { name: "Passkeys" });
  await expect(keys.getByRole("row")).toHaveCount(2);
  await expect(page.getByText("It is your only way in.")).toBeVisible();
  await expect(page.getByRole("button", { name: /^Remove/ })).toHaveCount(0);
  await clean(page);
  // The same device has one already.
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await dialog(page).getByLabel("Name").fill("Key ring");
  await dialog(page).getByRole("button", { name: "Make the passkey" }).click();
  await expect(dialog(page)).toContainText("This device has a passkey of yours for this console already.");
  await clean(page);
  await dialog(page).getByRole("button", { name: "Leave it" }).click();

  await page.getByRole("button", { name: "Set up…" }).click();
  await dialog(page).getByRole("button", { name: "Begin" }).click();
  await expect(dialog(page).getByRole("img", { name: "Code for the authenticator app" })).toBeVisible();
  const secret = ((await dialog(page).locator("form code").first().textContent()) ?? "").replace(/\s/g, "");
  await dialog(page).getByLabel("Password").fill(PASSWORD);
  await dialog(page).getByLabel("Code", { exact: true }).fill("000000");
  await dialog(page).getByRole("button", { name: "Set it" }).click();
  await expect(dialog(page).getByRole("alert")).toContainText("This is not the code that the app shows now");
  await clean(page);
  await dialog(page).getByLabel("Code", { exact: true }).fill(codeOf(secret));
  await dialog(page).getByRole("button", { name: "Set it" }).click();
  await said(page, "Password and app are set.");

  await keys.getByRole("button", { name: /^Remove / }).click();
  await dialog(page).getByRole("button", { name: "Remove" }).click();
  await said(page, "is removed.");
  await expect(page.getByRole("heading", { name: "No passkey yet" })).toBeVisible();
  await clean(page);
  await leave(page);
  await byPasskey(page);
  await expect(page.getByRole("alert")).toContainText("This passkey was not accepted.");
  await signIn(page, proof, { name: "gil", password: PASSWORD, totp_secret: secret });
  await page.goto(at(proof, "/you"));
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await dialog(page).getByLabel("Name").fill("Key ring");
  await dialog(page).getByRole("button", { name: "Make the passkey" }).click();
  await said(page, "The passkey is added.");
  await expect(keys).toContainText("Key ring");
  await leave(page);
  await byPasskey(page);
  await expect(page.getByRole("link", { name: "Your sign-in" })).toBeVisible();
});

test("whoever closes the question goes on with a password", async ({ page, proof }) => {
  const { cdp, authenticatorId } = await device(page);
  await come(page, proof, "hal");
  await title(page, "Overview");
  await leave(page);
  await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
  await byPasskey(page);
  await expect(page.getByText("No passkey was given: the question was closed, or it took too long.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Sign in", exact: true })).toBeEnabled();
  await clean(page);
});

test("an owner invites somebody again, who stays who they are", async ({ desk, page, proof }) => {
  const { cdp, authenticatorId } = await device(page);
  await come(page, proof, "ida");
  await title(page, "Overview");
  // Whoever lost it has it no more.
  await cdp.send("WebAuthn.clearCredentials", { authenticatorId });
  const alice = await desk("alice");
  await alice.goto(at(proof, "/people"));
  await expect(alice.getByRole("button", { name: "Invite alice again" })).toHaveCount(0);
  await alice.getByRole("button", { name: "Invite ida again" }).click();
  await expect(dialog(alice)).toContainText("Their passkeys, password and sessions are good no more.");
  await dialog(alice).getByRole("button", { name: "End it and make a link" }).click();
  const link = (await dialog(alice).locator("code").first().textContent()) ?? "";
  await clean(alice);
  await alice.getByRole("button", { name: "It is handed over" }).click();

  // By what they do next, or by what their page asks for by itself.
  const over = page.getByText("Your session is over");
  await page.getByRole("link", { name: "Orders" }).or(over).click();
  await expect(over).toBeVisible();
  await page.goto(link);
  await expect(page.getByText("You are still ida, and choose anew how you sign in.")).toBeVisible();
  await clean(page);
  await page.getByRole("button", { name: "Make a passkey and go in" }).click();
  await title(page, "Overview");
  await alice.goto(at(proof, "/audit"));
  await expect(alice.getByRole("cell", { name: "Member return" }).first()).toBeVisible();
});

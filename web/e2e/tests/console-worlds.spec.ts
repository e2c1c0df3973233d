// Both worlds of a partner, rehearsed against a second one: what is live is changed by two, and each world has
// its own webhook, deliveries, log and days.

import { freshTron } from "../src/chain.ts";
import { clean } from "../src/axe.ts";
import { answer, at, dialog, said, title } from "../src/console.ts";
import { expect, test, type Desk } from "../src/desk.ts";
import type { Proof } from "../src/server.ts";

test.use({ options: ["--rehearse-live"] });

const EVIL = "<img src=x onerror=\"document.title='owned'\">";

/** Live, for carol's partner, by alice's and bob's word; the live token. */
async function live(desk: Desk, proof: Proof): Promise<string> {
  const [alice, bob] = [await desk("alice"), await desk("bob")];
  const api = at(proof, `/api/partners/${shop(proof)}`);
  const { stage, wallets } = (await (await alice.request.get(api)).json()) as { stage: string; wallets: object[] };
  const headers = { "x-proof-console": "1" };
  const token = async (path: string, data: object): Promise<string> => {
    let given = "";
    for (const page of [alice, bob]) {
      const answer = await page.request.post(`${api}/${path}`, { headers, data });
      expect(answer.ok()).toBe(true);
      given = ((await answer.json()) as { client_token: string }).client_token;
    }
    return given;
  };
  if (stage !== "sandbox") return token("tokens", { environment: "live" });
  return token("live", { origins: ["https://shop.example"], wallets, override_reason: "It is a rehearsal." });
}

const shop = (proof: Proof): string => proof.partners[0]?.partner_id ?? "";

test("live wallets are changed by two, and the second sees every address", async ({ desk, proof }) => {
  await live(desk, proof);
  const [alice, bob] = [await desk("alice"), await desk("bob")];
  const [path, wallet] = [at(proof, `/partners/${shop(proof)}/overview`), freshTron()];
  await alice.goto(path);
  await alice.getByLabel("World").selectOption("Live");
  await expect(alice).toHaveURL(/environment=live/);
  await expect(alice.getByText("https://shop.example")).toBeVisible();
  await alice.getByRole("button", { name: "Change the wallets" }).click();
  const field = alice.getByRole("textbox", { name: "USDT/TRC20" });
  await field.fill(`${wallet.slice(0, -1)}l`);
  await expect(alice.getByText("This is no address of TRC20")).toBeVisible();
  await field.fill(wallet);
  await expect(alice.getByText("This is no address of TRC20")).toHaveCount(0);
  await clean(alice);
  await alice.getByRole("button", { name: "Propose these wallets" }).click();
  await said(alice, "Proposed");
  await expect(alice.getByText("You have proposed a change of what is live")).toBeVisible();
  await expect(alice.getByRole("button", { name: "I want the same" })).toHaveCount(0);
  await bob.goto(at(proof, `/partners/${shop(proof)}/keys`));
  await bob.getByRole("link", { name: "Overview 1 proposed" }).click();
  await bob.getByLabel("World").selectOption("Live");
  await expect(bob.getByText("alice wants other live wallets")).toBeVisible();
  await expect(bob.getByLabel("A wish").getByText(wallet)).toBeVisible();
  await clean(bob);
  await bob.getByRole("button", { name: "I want the same" }).click();
  await said(bob, "The live wallets are changed.");
  await expect(bob.getByLabel("A wish")).toHaveCount(0);
  await expect(bob.getByText(wallet)).toBeVisible();
  // The sandbox keeps its own.
  await bob.getByLabel("World").selectOption("Sandbox");
  await expect(bob.getByRole("button", { name: "Change the wallets" })).toBeVisible();
  await expect(bob.getByText(wallet)).toHaveCount(0);
});

test("a live page goes when two say so, and the last one stays", async ({ desk, proof }) => {
  await live(desk, proof);
  const [alice, bob] = [await desk("alice"), await desk("bob")];
  const path = at(proof, `/partners/${shop(proof)}/overview?environment=live`);
  await alice.goto(path);
  await alice.getByRole("button", { name: "Remove https://shop.example" }).click();
  await expect(dialog(alice).getByText("who is in the middle cannot open it again")).toBeVisible();
  await answer(alice, "Propose to remove it");
  await expect(dialog(alice).getByText("This is the only live page")).toBeVisible();
  await answer(alice, "Leave it");
  await alice.getByLabel("One more live page").fill("https://other.example");
  await alice.getByRole("button", { name: "Propose", exact: true }).click();
  await said(alice, "Proposed");
  await bob.goto(path);
  await bob.getByRole("button", { name: "Turn it down" }).click();
  await said(bob, "It is taken back.");
  await expect(bob.getByText("https://other.example")).toHaveCount(0);
});

test("a partner's admin and an operator set a live webhook, and its deliveries are of that world", async ({ desk, proof }) => {
  await live(desk, proof);
  const [bob, carol] = [await desk("bob"), await desk("carol")];
  await carol.goto(at(proof, "/webhook?environment=live"));
  await carol.getByRole("button", { name: "Set an address" }).click();
  await carol.getByLabel("Address").fill("https://hooks.example/live");
  await carol.getByRole("button", { name: "Propose", exact: true }).click();
  await said(carol, "Proposed");
  const path = at(proof, `/partners/${shop(proof)}/webhook?environment=live`);
  await bob.goto(path);
  await expect(bob.getByText("carol wants another live webhook address")).toBeVisible();
  await clean(bob);
  await bob.getByRole("button", { name: "I want the same" }).click();
  await expect(dialog(bob).getByText(/^whsec_/)).toBeVisible();
  await answer(bob, "I have it");
  await bob.getByRole("button", { name: "Send a test event" }).click();
  await said(bob, "A test event is on its way.");
  const row = bob.getByRole("table").getByRole("link").first();
  await row.click();
  await expect(bob.getByRole("complementary", { name: "Delivery" }).getByText("None: a test event")).toBeVisible();
  await bob.keyboard.press("Escape");
  await expect(bob).toHaveURL(/environment=live/);
  await bob.getByLabel("World").selectOption("Sandbox");
  await expect(bob.getByText("https://hooks.example/live")).toHaveCount(0);
  await bob.goto(path);
  await bob.getByRole("button", { name: "Remove it…" }).click();
  await answer(bob, "Remove it now");
  await said(bob, "The webhook is removed.");
  await expect(bob.getByText("No address is set.")).toBeVisible();
});

test("what was refused live is acknowledged, and comes back when it happens again", async ({ desk, proof }) => {
  const token = await live(desk, proof);
  const carol = await desk("carol");
  const refused = async () => {
    const data = { partner_user_id: "user-1", user_email: "ann@example.com", network: "TRC20", currency: "DOGE", amount: "20" };
    const made = await carol.request.post(new URL("/widget/session", proof.base_url).href, { headers: { authorization: `Bearer ${token}` }, data });
    expect(made.status()).toBe(400);
  };
  await refused();
  await carol.goto(at(proof, "/log?environment=live"));
  await carol.getByRole("button", { name: /^Acknowledge currency_not_allowed/ }).click();
  await expect(dialog(carol).getByText("The checklist is not touched")).toBeVisible();
  await dialog(carol).getByLabel("Note").fill(EVIL);
  await clean(carol);
  await answer(carol, "Acknowledge");
  await expect(carol.getByText("All of it was looked at")).toBeVisible();
  await carol.getByLabel("Show").selectOption("Acknowledged");
  await expect(carol.getByText("Acknowledged by carol")).toBeVisible();
  await expect(carol.getByText(EVIL)).toBeVisible();
  await expect(carol.locator("img[src='x']")).toHaveCount(0);
  await clean(carol);
  await refused();
  await carol.goto(at(proof, "/log?environment=live"));
  await expect(carol.getByText("It came again since it was acknowledged by carol")).toBeVisible();
});

test("a partner's admin makes statements of both worlds", async ({ desk, proof }) => {
  await live(desk, proof);
  const carol = await desk("carol");
  await carol.goto(at(proof, "/"));
  await carol.getByRole("link", { name: "Statements" }).click();
  await title(carol, "Statements");
  for (const [world, file] of [["Sandbox", /^demo-shop-\d/], ["Live", /^demo-shop-live-\d/]] as const) {
    await carol.getByLabel("World").selectOption(world);
    await carol.getByRole("button", { name: "Make the statement" }).click();
    const saved = carol.waitForEvent("download");
    await carol.getByRole("button", { name: "CSV" }).click();
    expect((await saved).suggestedFilename()).toMatch(file);
  }
  await clean(carol);
});

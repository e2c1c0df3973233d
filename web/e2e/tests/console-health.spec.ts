// How the installation does: what is wrong with it is said with what to do, and each part is shown.

import { join } from "node:path";
import { clean } from "../src/axe.ts";
import { CARDS, delivered, order, pay } from "../src/buyer.ts";
import { at, person, signIn, title } from "../src/console.ts";
import { expect, test } from "../src/desk.ts";
import { knownBuyer } from "../src/known.ts";
import { startProof } from "../src/server.ts";

// The server looks at itself every 15 seconds.
const LOOKED_MS = 45_000;

test("each part is shown, and a partner's people see none of it", async ({ desk, page, proof }) => {
  const widget = await order(page, proof, await knownBuyer(proof));
  await pay(widget, CARDS.good);
  await delivered(widget);
  const alice = await desk("alice");
  await alice.goto(at(proof, "/"));
  await alice.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Health" }).click();
  await title(alice, "Health");
  await expect(alice.getByText("Nothing is wrong.")).toBeVisible();
  const row = (table: string, name: string) => alice.getByRole("region", { name: table }).getByRole("row", { name });
  await expect(row("Chains", "TRC20")).toContainText("Well");
  await expect(row("Providers", "Card payments")).toContainText("Well");
  await expect(row("Hot wallets", "USDT/TRC20")).toContainText("Enough");
  await expect(row("Workers", "Webhooks")).toBeVisible();
  await expect(row("Backups", "Proven")).toBeVisible({ timeout: LOOKED_MS });
  const carol = await desk("carol");
  await carol.goto(at(proof, "/health"));
  await title(carol, "Nothing is here");
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`what is wrong is said with what to do, ${colorScheme}`, async ({ browser }, { parallelIndex }) => {
    const missing = join("/nonexistent", "elsewhere");
    const { proof, stop } = await startProof(parallelIndex, ["--backup-to", missing, "--backup-continuous"]);
    try {
      const context = await browser.newContext({ colorScheme, reducedMotion: "reduce", viewport: { width: 1280, height: 900 } });
      const page = await context.newPage();
      await signIn(page, proof, person(proof, "alice"));
      await page.goto(at(proof, "/health"));
      const alert = page.getByRole("list", { name: "Open alerts" }).getByRole("listitem").filter({ hasText: "A backup failed" });
      await expect(alert).toContainText(`A backup failed: ${missing} is not there`, { timeout: LOOKED_MS });
      await expect(alert).toContainText("The next try comes by itself.");
      await expect(page.getByRole("region", { name: "Backups" })).toContainText("Failed");
      await expect(page.getByText(/^What was committed in the last [\d,]+ seconds? is on this machine only$/)).toBeVisible();
      await expect(page.getByText(`${missing} is not there. 60 seconds are allowed`)).toBeVisible();
      await page.goto(at(proof, "/"));
      await page.getByRole("link", { name: /^\d alerts? waits? for somebody$/ }).click();
      await title(page, "Health");
      await alert.getByRole("button", { name: /^I have it/ }).click();
      await page.getByRole("dialog").getByLabel("What you do about it").fill("I mount it.");
      await page.getByRole("dialog").getByRole("button", { name: "I have it" }).click();
      await expect(alert).toContainText(/alice has it, .*: I mount it\./);
      for (const size of [{ width: 1280, height: 900 }, { width: 390, height: 844 }]) {
        await page.setViewportSize(size);
        await clean(page);
        expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
      }
      await context.close();
    } finally {
      await stop();
    }
  });
}

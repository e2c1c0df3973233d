// The pictures of the README, taken from the running product: `npm run pictures -w web/e2e`.

import { resolve } from "node:path";
import { CARDS, delivered, fillCard, heading, identify, order, widgetOf } from "../src/buyer.ts";
import { expect, newBuyer, test } from "../src/test.ts";

const FOLDER = resolve(import.meta.dirname, "../../../docs/src/images");

for (const colorScheme of ["light", "dark"] as const) {
  test(`widget, ${colorScheme}`, async ({ browser, proof }) => {
    const context = await browser.newContext({ colorScheme, reducedMotion: "reduce", viewport: { width: 400, height: 860 }, deviceScaleFactor: 2 });
    const page = await context.newPage();
    const widget = await order(page, proof, newBuyer());
    await identify(widget);
    await fillCard(widget, CARDS.good);
    await expect(widget.getByRole("button", { name: /^Pay €\d/ })).toBeEnabled();
    const frame = page.locator("#widget");
    await frame.screenshot({ path: `${FOLDER}/widget-${colorScheme}.png` });
    await widget.getByRole("button", { name: /^Pay €\d/ }).click();
    await expect(widget.getByText(/\d of \d confirmations/)).toBeVisible({ timeout: 30_000 });
    await frame.screenshot({ path: `${FOLDER}/widget-progress-${colorScheme}.png` });
    await delivered(widget);
    await context.close();
  });
}

test("shop", async ({ page, proof }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await order(page, proof, newBuyer());
  await heading(widgetOf(page), "Check your order");
  await page.screenshot({ path: `${FOLDER}/shop.png` });
});

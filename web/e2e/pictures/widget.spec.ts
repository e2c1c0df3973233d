// The screens of the widget on a phone, light, dark and from right to left: `npm run pictures -w web/e2e -- widget`. The
// page of the docs that shows them is written with them.

import { existsSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "../src/test.ts";
import { SCREENS, tour } from "../src/tour.ts";

const DOCS = resolve(import.meta.dirname, "../../../docs/src");

for (const language of ["en", "ar"] as const) {
  test(`widget screens, ${language}`, async ({ browser, proof }) => {
    test.setTimeout(400_000);
    await tour(browser, proof, language, async (page, name, scheme) => {
      const path = `${DOCS}/images/widget/${name}-${language === "ar" ? "ar" : scheme}.jpg`;
      await page.screenshot({ path, type: "jpeg", quality: 70, fullPage: true });
    });
  });
}

test("widget screens, their page", () => {
  const rows = Object.entries(SCREENS).map(([name, title]) => {
    const image = (look: string) => (existsSync(`${DOCS}/images/widget/${name}-${look}.jpg`) ? `![${title}, ${look}](images/widget/${name}-${look}.jpg)` : "");
    return `## ${title}\n\n| light | dark | right to left |\n|---|---|---|\n| ${["light", "dark", "ar"].map(image).join(" | ")} |\n`;
  });
  const intro = "Taken from the running sandbox, 360 pixels wide, by `npm run pictures -w web/e2e -- widget`.";
  writeFileSync(`${DOCS}/widget-screens.md`, `# Screens of the widget\n\n${intro}\n\n${rows.join("\n")}`);
});

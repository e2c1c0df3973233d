// Every screen of the widget, on a phone 360 pixels wide, light, dark, from right to left and with words that are 40 % longer: axe
// finds nothing (WCAG 2.2 AA, R12), nothing is wider than the phone or cut, and no words were forgotten.

import { withoutFault } from "../src/axe.ts";
import { expect, test } from "../src/test.ts";
import { SCREENS, tour } from "../src/tour.ts";
import { readable } from "../src/words.ts";

for (const language of ["en", "ar", "pseudo"] as const) {
  test(`no screen has a fault, ${language}`, async ({ browser, proof }) => {
    test.setTimeout(400_000);
    const seen = new Set<string>();
    await tour(browser, proof, language, async (page, name, scheme) => {
      seen.add(name);
      await test.step(`${name}, ${scheme}`, async () => {
        // Longer words are a matter of room; what the screen is made of is the same.
        if (language !== "pseudo") await withoutFault(page, "alone");
        await readable(page.mainFrame(), language);
      });
    });
    // The letters of a world are found by their words in English, so that one screen is not reached in another language.
    const elsewhere = language === "en" ? [] : ["late"];
    expect([...seen, ...elsewhere].sort()).toEqual(Object.keys(SCREENS).sort());
  });
}

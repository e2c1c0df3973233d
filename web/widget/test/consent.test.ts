import { expect, it } from "vitest";
import { CONSENT_TEXT, consentWords } from "../src/consent";

// Text by text, what it says. Other words are another text, to which everybody is asked to agree again; the former
// ones stay here, since checks of that time name them.
const SAID: Record<string, string[]> = {
  "2026-11": [
    "What happens with the pictures",
    "What: Photos of your document, and some pictures of your face while you move your head. From them we measure your face, to compare it with the document.",
    "Who: The payment service that Demo Shop uses: a program, and people where the program is not sure. Demo Shop hears the outcome and sees no picture.",
    "How long: Pictures are kept encrypted and deleted after 90 days. The outcome stays as long as the law asks.",
    "By going on you agree to this. You may stop at any time, and nothing is charged then.",
    "Agree and continue",
  ],
};

it("says under this name what it has always said under it", () => {
  const { title, points, agree, button } = consentWords({ partner: "Demo Shop" }, 90);
  expect([title, ...points.map(({ label, text }) => `${label}: ${text}`), agree, button]).toEqual(SAID[CONSENT_TEXT]);
});

it("promises no day where none is known", () => {
  const { points } = consentWords({ partner: "Demo Shop" }, null);
  expect(points.at(-1)?.text).toBe("Pictures are kept encrypted, no longer than the check needs. The outcome stays as long as the law asks.");
});

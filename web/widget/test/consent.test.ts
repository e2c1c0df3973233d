import { expect, it } from "vitest";
import { createHash } from "node:crypto";
import { read } from "../build/words";
import { CONSENT_TEXT, consentWords } from "../src/consent";
import { languages } from "../src/lang/speak";

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

// The same text in each language has the same name, by its digest. Other words, in one language alone, are another text.
const DIGESTS: Record<string, Record<string, string>> = {
  "2026-11": {
    en: "da83e97a8ac14f98",
    es: "01f33e1f92cf39b8",
    de: "a6ac2e830e306514",
    fr: "8ff3e8bf9046cbd1",
    pt: "aabc545054abd80c",
    tr: "62c29af0ce41230b",
    ru: "55afb1fbd194f1ba",
    ar: "8cb1fb654e6ddb37",
    zh: "f483661bbd574c87",
    ja: "98eb393badaf88c9",
  },
};

it.each(languages)("says in %s under this name what it has always said under it", (language) => {
  const said = Object.entries(read(language)).filter(([key]) => key.startsWith("consent."));
  const digest = createHash("sha256").update(JSON.stringify(said)).digest("hex").slice(0, 16);
  expect(digest).toBe(DIGESTS[CONSENT_TEXT]?.[language]);
});

import { expect, it } from "vitest";
import { createHash } from "node:crypto";
import { read } from "../build/words";
import { CONSENT_TEXT, consentWords } from "../src/consent";
import { languages } from "../src/lang/speak";

// Text by text, what it says. Other words are another text, to which everybody is asked to agree again; the former
// ones stay here, since checks of that time name them.
const SAID: Record<string, string[]> = {
  "2026-11-26": [
    "What happens with the pictures",
    "What: Photos of your document, and some pictures of your face while you move your head. From them we measure your face, to compare it with the document.",
    "Who: The payment service that Demo Shop uses: a program, and people where the program is not sure. Demo Shop hears the outcome and sees no picture.",
    "How long: Pictures are kept encrypted and deleted after 90 days. What we measured of your face, encrypted, and a code made from your document’s number stay for some years, so that we know you again. The outcome stays as long as the law asks.",
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
  expect(points.at(-1)?.text).toBe("Pictures are kept encrypted, no longer than the check needs. What we measured of your face, encrypted, and a code made from your document’s number stay for some years, so that we know you again. The outcome stays as long as the law asks.");
});

// The same text in each language has the same name, by its digest. Other words, in one language alone, are another text.
const DIGESTS: Record<string, Record<string, string>> = {
  "2026-11-26": {
    en: "ab8c5df3059befde",
    es: "67643bb405fd8b1c",
    de: "0b1f2526f22d3a7b",
    fr: "6a518ef133a418f5",
    pt: "da7e359f6bee6e35",
    tr: "c89556e11f217f85",
    ru: "457e6b26415971f4",
    ar: "66edb66bfacce7f9",
    zh: "5b1af3c43f33d39d",
    ja: "ba5100c23e1e0fb2",
  },
};

it.each(languages)("says in %s under this name what it has always said under it", (language) => {
  const said = Object.entries(read(language)).filter(([key]) => key.startsWith("consent."));
  const digest = createHash("sha256").update(JSON.stringify(said)).digest("hex").slice(0, 16);
  expect(digest).toBe(DIGESTS[CONSENT_TEXT]?.[language]);
});

// What somebody agrees to before the first picture. Whoever changes the words names another text, here and in the
// server (`proof-core`, identity/consent.rs), which keeps the name with the check: a test holds them together.

import type { View } from "./view";

export const CONSENT_TEXT = "2026-11";

export interface ConsentWords {
  title: string;
  points: { label: string; text: string }[];
  agree: string;
  button: string;
}

export const consentWords = (view: Pick<View, "partner">, keptDays: number | null): ConsentWords => ({
  title: "What happens with the pictures",
  points: [
    {
      label: "What",
      text: "Photos of your document, and some pictures of your face while you move your head. From them we measure your face, to compare it with the document.",
    },
    {
      label: "Who",
      text: `The payment service that ${view.partner} uses: a program, and people where the program is not sure. ${view.partner} hears the outcome and sees no picture.`,
    },
    {
      label: "How long",
      text: keptDays === null
        ? "Pictures are kept encrypted, no longer than the check needs. The outcome stays as long as the law asks."
        : `Pictures are kept encrypted and deleted after ${keptDays} days. The outcome stays as long as the law asks.`,
    },
  ],
  agree: "By going on you agree to this. You may stop at any time, and nothing is charged then.",
  button: "Agree and continue",
});

// What somebody agrees to before the first picture, in each language the same. Whoever changes the words names another
// text, here and in the server (`proof-core`, identity/consent.rs), which keeps the name with the check: a test holds
// them together.

import { t } from "./lang/speak";
import { apart } from "./format";
import type { View } from "./view";

export const CONSENT_TEXT = "2026-11-26";

export interface ConsentWords {
  title: string;
  points: { label: string; text: string }[];
  agree: string;
  button: string;
}

export const consentWords = (view: Pick<View, "partner">, keptDays: number | null): ConsentWords => ({
  title: t("consent.title"),
  points: [
    { label: t("consent.whatLabel"), text: t("consent.what") },
    { label: t("consent.whoLabel"), text: t("consent.who", { partner: apart(view.partner) }) },
    { label: t("consent.longLabel"), text: keptDays === null ? t("consent.longNeeded") : t("consent.longDays", { days: keptDays }) },
  ],
  agree: t("consent.agree"),
  button: t("consent.button"),
});

// From the server's view and the little that only this window knows to the screen to draw.

import { hasDeposit, lateOf } from "./sale";
import type { Case, DocumentKind, Handover, Identity, Side, Step, View } from "./view";

/** What this window remembers of the identity steps; a reload starts it afresh, and the view fills in. */
export interface Local {
  /** The order and its price were looked at. */
  checked: boolean;
  introSeen: boolean;
  choosing: boolean;
  /** This is the device that the check was handed over to. */
  isOther: boolean;
  /** Whoever says to be known from another shop. */
  known?: boolean;
}

export type Screen =
  | { name: "check" }
  | { name: "identity_intro" }
  | { name: "known_selfie" }
  | { name: "known_code" }
  | { name: "email_codes"; former: string }
  | { name: "document_choice"; present: DocumentKind | null }
  | { name: "document_side"; document: DocumentKind; side: Side; index: number; count: number }
  | { name: "liveness" }
  | { name: "identity_send" }
  | { name: "handover"; handover: Handover }
  | { name: "handed_back" }
  | { name: "identity_retry"; reason: string }
  | { name: "identity_checking" }
  | { name: "review" }
  | { name: "pay" }
  | { name: "authorising" }
  | { name: "three_ds"; url: string | null }
  | { name: "terms" }
  | { name: "deposit" }
  | { name: "confirming" }
  | { name: "choice" }
  | { name: "late"; one: Case }
  | { name: "progress" }
  | { name: "completed" }
  | { name: "failed" }
  | { name: "cancelled" }
  | { name: "expired" };

const IDENTITY_STEPS: readonly Step[] = ["identity", "identity_checking", "review"];

export function screenOf(view: View, local: Local): Screen {
  if (local.isOther && !IDENTITY_STEPS.includes(view.step)) return { name: "handed_back" };
  const late = lateOf(view);
  if (late) return { name: "late", one: late };
  switch (view.step) {
    case "identity":
      return identityScreen(view, local);
    case "quote":
    case "pay":
      return { name: view.type === "sell" ? "terms" : "pay" };
    case "three_ds":
      return { name: "three_ds", url: view.payment?.three_ds_url ?? null };
    case "identity_checking":
    case "review":
    case "authorising":
    case "terms":
    case "deposit":
    case "confirming":
    case "choice":
    case "progress":
    case "completed":
    case "failed":
    case "cancelled":
    case "expired":
      return { name: view.step };
  }
}

function identityScreen(view: View, local: Local): Screen {
  const identity = view.identity;
  const begun = local.checked || local.isOther || identity?.consent.given || identity?.handover;
  if (!begun) return { name: "check" };
  if (identity?.handover && !local.isOther) return { name: "handover", handover: identity.handover };
  if (local.choosing) return { name: "document_choice", present: identity?.document ?? null };
  if (identity?.asks === "email") return { name: "email_codes", former: identity.former_email ?? "" };
  if (local.known && identity?.asks !== "selfie") return { name: "known_code" };
  if (identity?.asks === "selfie") return selfieScreen(identity);
  if (!identity?.consent.given) return local.introSeen ? { name: "document_choice", present: null } : { name: "identity_intro" };
  if (identity.reason) return { name: "identity_retry", reason: identity.reason };
  const { document } = identity;
  if (!document) return { name: "document_choice", present: null };
  const sides = identity.sides ?? ["front"];
  const received = identity.received ?? [];
  const index = sides.findIndex((side) => !received.includes(side));
  const side = sides[index];
  if (side === undefined) return { name: identity.kept === "selfie" ? "identity_send" : "liveness" };
  return { name: "document_side", document, side, index, count: sides.length };
}

/** Of whoever is known: no document. */
function selfieScreen({ reason, status, consent }: Identity): Screen {
  if (reason) return { name: "identity_retry", reason };
  return { name: status === "collecting" && consent.given ? "liveness" : "known_selfie" };
}

/** Changes exactly when the person sees another screen: the moment to move the focus. */
export const screenKey = (screen: Screen): string =>
  screen.name === "document_side" ? `${screen.name}:${screen.side}` : screen.name === "handover" ? `${screen.name}:${screen.handover.state}` : screen.name;

/**
 * Whether the user may still call the order off: a buy until the capture is called, which the view
 * calls progress; a sell until anything has been seen at its deposit address.
 */
export const mayCancel = (view: View): boolean =>
  !["confirming", "choice", "progress", "completed", "failed", "cancelled", "expired"].includes(view.step) && !hasDeposit(view);

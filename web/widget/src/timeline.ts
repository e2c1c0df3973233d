// The progress line: what has happened, with its real times, then what is still to come.

import { messages } from "./messages";
import { isLost, isReturning } from "./sale";
import type { View } from "./view";

export interface Row {
  code: string;
  title: string;
  at?: string;
  note?: string;
  state: "done" | "trouble" | "now" | "ahead";
}

/** Which facts make the line, in their order, and which of them must come before it ends. */
interface Course {
  shown: string[];
  mustCome: string[];
}

const TROUBLE = ["deposit.lost"];
const BEFORE = ["order.created", "identity.verified"];

export function timelineRows(view: View): Row[] {
  const { shown, mustCome } = view.type === "sell" ? sellCourse(view) : buyCourse(view);
  const rows: Row[] = [];
  for (const code of shown) {
    // The last entry counts: a quote or a transfer may have been made more than once.
    const entry = view.timeline.findLast((candidate) => candidate.code === code);
    if (entry && !isUndone(view, code)) rows.push({ code, title: messages.timeline.done(code, view), at: entry.at, state: TROUBLE.includes(code) ? "trouble" : "done" });
    else if (mustCome.includes(code)) rows.push({ code, title: messages.timeline.ahead(code, view), state: "ahead" });
  }
  const next = rows.find((row) => row.state === "ahead");
  if (next) {
    next.state = "now";
    const note = confirmationsNote(view, next.code);
    if (note) next.note = note;
  }
  return rows;
}

function buyCourse(view: View): Course {
  const refunding = view.timeline.some((entry) => entry.code === "refund.started");
  const mustCome = refunding ? ["payment.captured", "refund.started"] : ["payment.captured", "transfer.broadcast", "transfer.confirmed"];
  return { shown: [...BEFORE, ...mustCome], mustCome };
}

function sellCourse(view: View): Course {
  // What came late for another order was here before this one was made.
  const has = (code: string): boolean => view.timeline.some((entry) => entry.code === code);
  const cameLate = has("deposit.confirmed") && !has("deposit.awaited");
  const deposit = cameLate ? ["deposit.confirmed"] : ["deposit.awaited", "deposit.seen", "deposit.confirmed"];
  const begun = [...BEFORE, ...deposit];
  if (isReturning(view)) {
    const mustCome = ["return.started", "transfer.broadcast", "transfer.confirmed"];
    return { shown: [...begun, "price.moved", ...mustCome], mustCome };
  }
  if (isLost(view)) return { shown: [...begun, "deposit.lost", "deposit.found"], mustCome: ["deposit.found"] };
  return { shown: [...begun, "price.moved", "payout.sent", "order.completed"], mustCome: [...deposit, "payout.sent", "order.completed"] };
}

/** Of a deposit in parts, an earlier one may be confirmed while the last is not. */
const isUndone = (view: View, code: string): boolean => view.step === "confirming" && code === "deposit.confirmed";

function confirmationsNote(view: View, code: string): string | undefined {
  const { confirmations, confirmations_final: final } = view.transfer ?? {};
  if (code !== "transfer.confirmed" || confirmations == null || final == null) return undefined;
  return messages.timeline.confirmations(Math.min(confirmations, final), final);
}

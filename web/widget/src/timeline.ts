// The progress line: what has happened, with its real times, then what is still to come.

import { messages } from "./messages";
import type { View } from "./view";

export interface Row {
  code: string;
  title: string;
  at?: string;
  note?: string;
  state: "done" | "now" | "ahead";
}

const SHOWN = ["order.created", "identity.verified", "payment.captured", "transfer.broadcast", "transfer.confirmed"];
const AHEAD = ["payment.captured", "transfer.broadcast", "transfer.confirmed"];
const TURNED_ROUND = ["payment.captured", "refund.started"];

export function timelineRows(view: View): Row[] {
  const refunding = view.timeline.some((entry) => entry.code === "refund.started");
  const order = refunding ? [...SHOWN.slice(0, 2), ...TURNED_ROUND] : SHOWN;
  const mustCome = refunding ? TURNED_ROUND : AHEAD;
  const rows: Row[] = [];
  for (const code of order) {
    // The last entry counts: a quote or a transfer may have been made more than once.
    const entry = view.timeline.findLast((candidate) => candidate.code === code);
    if (entry) rows.push({ code, title: messages.timeline.done(code, view), at: entry.at, state: "done" });
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

function confirmationsNote(view: View, code: string): string | undefined {
  const { confirmations, confirmations_final: final } = view.transfer ?? {};
  if (code !== "transfer.confirmed" || confirmations == null || final == null) return undefined;
  return messages.timeline.confirmations(Math.min(confirmations, final), final);
}

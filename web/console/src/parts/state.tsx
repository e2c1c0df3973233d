// A state as an icon and a word in its colour; never the colour alone.

import { wordsOf } from "../format";
import type { LineState, PartnerListed, Return, Status } from "../wire";
import type { Tone } from "./basics";
import { Icon, type IconName } from "./icons";

interface Look {
  tone: Tone;
  icon: IconName;
  word: string;
}

const STATUSES: Record<Status, Look> = {
  pending: { tone: "info", icon: "circle", word: "Pending" },
  processing: { tone: "accent", icon: "wait", word: "Processing" },
  completed: { tone: "ok", icon: "check", word: "Completed" },
  failed: { tone: "stop", icon: "stop", word: "Failed" },
  cancelled: { tone: "info", icon: "dash", word: "Cancelled" },
};

export const LINE_LOOKS: Record<LineState, Look> = {
  passing: { tone: "ok", icon: "check", word: "Passing" },
  signed_off: { tone: "ok", icon: "pen", word: "Signed off" },
  failing: { tone: "stop", icon: "warn", word: "Failing" },
  unseen: { tone: "wait", icon: "circle", word: "Not seen yet" },
  not_applicable: { tone: "info", icon: "dash", word: "Does not apply" },
};

const STAGES: Record<PartnerListed["stage"], Look> = {
  sandbox: { tone: "info", icon: "circle", word: "Sandbox" },
  live_watched: { tone: "wait", icon: "wait", word: "Live, watched" },
  live: { tone: "ok", icon: "check", word: "Live" },
  suspended: { tone: "stop", icon: "stop", word: "Suspended" },
};

const DELIVERIES: Record<string, Look> = {
  pending: { tone: "wait", icon: "wait", word: "Pending" },
  delivered: { tone: "ok", icon: "check", word: "Delivered" },
  superseded: { tone: "info", icon: "dash", word: "Superseded" },
  failed: { tone: "stop", icon: "warn", word: "Failed" },
};

const RETURNS: Record<Return["state"], Look> = {
  done: { tone: "ok", icon: "check", word: "Done" },
  not_asked: { tone: "wait", icon: "circle", word: "Not asked for yet" },
  asked: { tone: "wait", icon: "wait", word: "Asked for" },
  refused: { tone: "stop", icon: "stop", word: "Refused: pay by bank" },
  withheld: { tone: "stop", icon: "warn", word: "Withheld: disputed" },
  not_sent: { tone: "wait", icon: "circle", word: "Not sent yet" },
  sent: { tone: "wait", icon: "wait", word: "Sent, not final" },
};

export function Mark({ tone, icon, word }: Look) {
  return <span class={`mark ${tone}`}><Icon name={icon} size={14} />{word}</span>;
}

const unknown = (code: string): Look => ({ tone: "info", icon: "circle", word: wordsOf(code) });

export const StatusMark = ({ status }: { status: Status }) => <Mark {...(STATUSES[status] ?? unknown(status))} />;
export const LineMark = ({ state }: { state: LineState }) => <Mark {...(LINE_LOOKS[state] ?? unknown(state))} />;
export const StageMark = ({ stage }: { stage: PartnerListed["stage"] }) => <Mark {...(STAGES[stage] ?? unknown(stage))} />;
export const DeliveryMark = ({ state }: { state: string }) => <Mark {...(DELIVERIES[state] ?? unknown(state))} />;
export const ReturnMark = ({ state }: { state: Return["state"] }) => <Mark {...(RETURNS[state] ?? unknown(state))} />;

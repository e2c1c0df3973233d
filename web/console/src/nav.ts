// Where somebody can go, by what they may do. Never more than nine.

import type { Act, Me } from "./wire";
import type { IconName } from "./parts/icons";
import { isPortal, may } from "./core/session";

export interface Entry {
  /** The first part of the path; empty for the start page. */
  key: string;
  title: string;
  icon: IconName;
  /** Any of them is enough. */
  acts: Act[];
}

const OPERATORS: Entry[] = [
  { key: "", title: "Overview", icon: "overview", acts: ["order_read"] },
  { key: "orders", title: "Orders", icon: "orders", acts: ["order_read"] },
  { key: "waiting", title: "Waiting", icon: "wait", acts: ["case_read", "order_rule"] },
  { key: "partners", title: "Partners", icon: "partners", acts: ["partner_read"] },
  { key: "ledger", title: "Ledger", icon: "ledger", acts: ["ledger_read"] },
  { key: "risk", title: "Risk", icon: "risk", acts: ["listing_read"] },
  { key: "audit", title: "Audit", icon: "audit", acts: ["audit_read"] },
  { key: "health", title: "Health", icon: "health", acts: ["health_read"] },
  { key: "people", title: "People", icon: "people", acts: ["member_read"] },
];

const PORTAL: Entry[] = [
  { key: "", title: "Overview", icon: "overview", acts: ["partner_read", "checklist_read"] },
  { key: "checklist", title: "Checklist", icon: "checklist", acts: ["checklist_read"] },
  { key: "orders", title: "Orders", icon: "orders", acts: ["order_read"] },
  { key: "webhook", title: "Webhooks", icon: "webhook", acts: ["partner_read"] },
  { key: "log", title: "Integration log", icon: "log", acts: ["partner_read"] },
  { key: "keys", title: "Keys & origins", icon: "key", acts: ["partner_read"] },
  { key: "sandbox", title: "Sandbox", icon: "play", acts: ["sandbox_play"] },
  { key: "statements", title: "Statements", icon: "statement", acts: ["statement_read"] },
  { key: "people", title: "People", icon: "people", acts: ["member_read"] },
];

export const entriesOf = (me: Me): Entry[] =>
  (isPortal(me) ? PORTAL : OPERATORS).filter((entry) => entry.acts.some((act) => may(me, act)));

import { expect, it } from "vitest";
import { entriesOf } from "../src/nav";
import type { Act, Me } from "../src/wire";

const ALL: Act[] = ["order_read", "order_rule", "case_read", "partner_read", "checklist_read", "ledger_read", "statement_read", "listing_read", "member_read", "audit_read", "health_read"];
const me = (may: Act[], partner: boolean): Me => ({ may, member: { partner: partner ? { id: "prt_1", name: "P" } : null } }) as Me;

it("never shows more than nine ways", () => {
  expect(entriesOf(me(ALL, false))).toHaveLength(9);
  expect(entriesOf(me(ALL, true))).toHaveLength(8);
});

it("shows a developer of a partner the sandbox, and still no more", () => {
  const developer = entriesOf(me(["order_read", "partner_read", "checklist_read", "sandbox_play", "member_read"], true));
  expect(developer.map(({ key }) => key)).toContain("sandbox");
  expect(developer.length).toBeLessThanOrEqual(8);
});

it("shows only what may be seen", () => {
  expect(entriesOf(me(["order_read"], false)).map(({ title }) => title)).toEqual(["Overview", "Orders"]);
  expect(entriesOf(me(["checklist_read"], true)).map(({ title }) => title)).toEqual(["Overview", "Checklist"]);
  expect(entriesOf(me([], false))).toEqual([]);
});

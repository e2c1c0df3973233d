import { expect, it } from "vitest";
import { csvOf } from "../src/core/csv";
import { LOG_CSV, kindOf, shownOf, type Refusal } from "../src/log";

const one = (more: Partial<Refusal>): Refusal => ({
  route: "POST /widget/session",
  error: "invalid_request",
  code: "validation_error",
  field: "amount",
  origin: null,
  message: "The amount is too large.",
  count: 2,
  first_seen: "2026-11-26T08:00:00Z",
  last_seen: "2026-11-26T08:01:00Z",
  request_id: "req_1",
  docs_url: "",
  acknowledged: null,
  is_new: true,
  ...more,
});
const said = (note: string) => ({ by: "dora", at: "2026-11-26T08:02:00Z", note });
const none = { query: "", code: "", seen: "" };

it("folds away what somebody has looked at, until it comes again", () => {
  const [fresh, seen] = [one({}), one({ field: "currency", is_new: false, acknowledged: said("told them") })];
  const again = one({ field: "network", acknowledged: said("before") });
  const all = [fresh, seen, again];
  expect(shownOf(all, none)).toEqual([fresh, again]);
  expect(shownOf(all, { ...none, seen: "seen" })).toEqual([seen]);
  expect(shownOf(all, { ...none, seen: "all" })).toEqual(all);
  expect(shownOf(all, { query: "TOLD", code: "validation_error", seen: "all" })).toEqual([seen]);
  expect(shownOf(all, { ...none, code: "else" })).toEqual([]);
  expect(new Set(all.map(kindOf)).size).toBe(3);
});

it("exports no formula, whoever wrote it", () => {
  const evil = one({ origin: "@evil", message: '=HYPERLINK("http://x")', is_new: false, acknowledged: said("+1\r\n-2,\"x\"") });
  const [, row] = csvOf([evil], LOG_CSV).split(/\r\n(?=POST)/);
  expect(row).toContain(`,'@evil,"'=HYPERLINK(""http://x"")",2,`);
  expect(row).toContain(`,"'+1\r\n-2,""x"""`);
  expect(csvOf([], LOG_CSV)).toBe(`${LOG_CSV.map(({ title }) => title).join(",")}\r\n`);
});

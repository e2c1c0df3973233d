import { describe, expect, it } from "vitest";
import { countOf, isShown, matrixRows, mayList, maySign, nextLines, progressWords, sectionsOf, waitsFor } from "../src/checklist";
import type { Checklist, Line, LineState, Me } from "../src/wire";

const line = (id: string, state: LineState, more: Partial<Line> = {}): Line =>
  ({ id, text: id, who: "auto", state, why: "", next: null, evidence: [], signed: null, signs: null, matrix: null, basis: "", ...more });

const lines = [
  line("MOB-1", "not_applicable"),
  line("ACC-1", "failing"),
  line("ONB-1", "passing"),
  line("ONB-3", "signed_off"),
  line("ACC-3", "unseen", { signs: "partner" }),
  line("KYC-1", "unseen"),
  line("NEW-1", "unseen"),
];

describe("sections", () => {
  it("stand in the list's order, unknown ones last", () => {
    expect(sectionsOf(lines).map(({ key, green, of }) => [key, green, of])).toEqual([
      ["ONB", 2, 2],
      ["ACC", 0, 2],
      ["KYC", 0, 1],
      ["MOB", 0, 0],
      ["NEW", 0, 1],
    ]);
  });
});

describe("what is shown", () => {
  it("counts", () => {
    expect((["all", "todo", "failing", "green"] as const).map((show) => countOf(lines, show))).toEqual([7, 4, 1, 2]);
    expect(isShown(line("X-1", "not_applicable"), "todo")).toBe(false);
  });
});

describe("what comes next", () => {
  it("is what fails, then what waits for the one who looks", () => {
    expect(nextLines(lines, (one) => one.signs === "partner").map(({ id }) => id)).toEqual(["ACC-1", "ACC-3", "KYC-1"]);
  });
});

describe("progress in words", () => {
  const list = (green: number, of: number, ready: boolean): Checklist => ({
    partner: { id: "p", name: "P" },
    profile: { ios: false, android: false, wallet_payments: false },
    declared_by: null,
    declared_at: null,
    lines,
    green,
    of,
    ready,
  });
  it("says how much is left, and of what kind", () => {
    expect(progressWords(list(2, 6, false))).toBe("4 lines to go: 1 failing, 3 not seen yet.");
    expect(progressWords(list(5, 6, true))).toBe("Ready to go live: only the first watched transaction is left.");
    expect(progressWords(list(6, 6, false))).toBe("Every line is green.");
  });
});

it("lets only those sign whose line it is", () => {
  const me = (...may: Me["may"]): Me => ({ may }) as Me;
  expect(maySign(me("checklist_sign_partner"), line("A-1", "unseen", { signs: "partner" }))).toBe(true);
  expect(maySign(me("checklist_sign_partner"), line("A-1", "unseen", { signs: "operator" }))).toBe(false);
  expect(maySign(me("checklist_sign_partner", "checklist_sign_operator"), line("A-1", "unseen"))).toBe(false);
});

it("asks the partner for its pairs until they are listed, then the operator", () => {
  const cell = (asked: boolean) => ({ pair: "BTC/BITCOIN", side: "buy", state: "passing", asked, at: null }) as const;
  const cov = (asked: boolean) => line("COV-1", "unseen", { signs: "operator", matrix: [cell(asked)] });
  const [partner, operator] = [{ may: ["checklist_sign_partner"] } as unknown as Me, { may: ["checklist_sign_operator"] } as unknown as Me];
  expect([mayList(partner, cov(true)), mayList(operator, cov(true)), mayList(partner, line("COV-2", "unseen"))]).toEqual([true, false, false]);
  expect([cov(false), cov(true)].map((one) => [waitsFor(partner, one), waitsFor(operator, one)])).toEqual([[true, false], [false, true]]);
});

it("lays the matrix out by pair", () => {
  const cell = { pair: "BTC/BITCOIN", side: "sell", state: "unseen", asked: false, at: null } as const;
  expect(matrixRows([cell])).toEqual([{ pair: "BTC/BITCOIN", buy: undefined, sell: cell }]);
});

import { describe, expect, it } from "vitest";
import { signedIn } from "../src/core/session";
import { changesOf } from "../src/diff";
import { draftOf, newPair, policyOf, readable, toBase, toDecimal, unitOf } from "../src/policy";
import type { Me, Policy } from "../src/wire";

// Of the assets that the tests are about; `NEW/NET` is one that the server does not know.
const decimals = { "USDT/TRC20": 6, "BTC/BITCOIN": 8, "ETH/ERC20": 18 };
signedIn({ decimals } as unknown as Me);

const fees = { spread: 90, processing: 140, processing_fixed_minor: "25", partner: 5 };
const policy: Policy = {
  version: 3,
  pairs: [
    {
      asset: "USDT/TRC20",
      min: { asset: "USDT/TRC20", base: "10000000" },
      max: { asset: "USDT/TRC20", base: "5000500000" },
      buys: true,
      sells: false,
      fees: null,
    },
    {
      asset: "NEW/NET",
      min: { asset: "NEW/NET", base: "7" },
      max: { asset: "NEW/NET", base: "123456789012345678901234" },
      buys: true,
      sells: true,
      fees,
    },
  ],
  fiats: ["EUR"],
  fees,
  risk: {
    limits: { EUR: { day_minor: "1500000", month_minor: "5000050" }, JPY: { day_minor: "1500", month_minor: "1500" } },
    pair_limits: { "USDT/TRC20": { day_base: "1", month_base: "2" } },
    payments_day_max: 5,
    card_customers_max: 4_294_967_295,
    disputes_reviewed: 1,
    first_delivery_seconds: 0,
    card_countries_refused: ["US", "KP"],
    document_countries_refused: [],
    card_abroad: "allow",
    without_liability_shift: "refuse",
  },
};
const risk = policy.risk as object;

describe("decimals", () => {
  it.each([
    ["10000000", 6, "10"],
    ["1", 18, "0.000000000000000001"],
    ["5000500000", 6, "5000.5"],
    ["0", 6, "0"],
    ["7", 0, "7"],
    ["150", 2, "1.5"],
  ])("%s with %d is %s, and back", (base, decimals, decimal) => {
    expect(toDecimal(base, decimals)).toBe(decimal);
    expect(toBase(decimal, decimals)).toBe(base);
  });

  it.each([
    ["", 6],
    ["1,5", 6],
    ["-1", 6],
    ["1e3", 6],
    [".5", 6],
    ["0.0000001", 6],
    ["1.5", 0],
    ["9".repeat(60), 6],
  ])("%j with %d is nothing", (decimal, decimals) => {
    expect(toBase(decimal, decimals)).toBeUndefined();
  });

  it("forgives zeros that change nothing", () => {
    expect(toBase("1.5000000000", 6)).toBe("1500000");
    expect(toBase("007", 0)).toBe("7");
  });
});

describe("a policy as a draft", () => {
  it("comes back whole when nothing is changed", () => {
    expect(policyOf(draftOf(policy), policy)).toEqual({ policy, wrongs: [] });
  });

  it("shows decimals where they are known, else base units", () => {
    const { pairs, fees: shown } = draftOf(policy);
    expect(pairs.map(({ max }) => max)).toEqual(["5000.5", "123456789012345678901234"]);
    expect(unitOf("USDT/TRC20")).toBe("USDT");
    expect(unitOf("NEW/NET")).toBe("base units");
    expect(shown).toEqual({ spread: "0.9", processing: "1.4", fixedMinor: "25", partner: "0.05" });
  });

  it("says what is wrong, at its field", () => {
    const draft = draftOf(policy);
    draft.pairs = [{ ...newPair("BTC/BITCOIN"), min: "2", max: "1" }, { ...newPair("USDT/TRC20"), min: "0.0000001", max: "1" }];
    draft.fees = { ...draft.fees, spread: "1.234", partner: "100" };
    draft.fiats = [];
    draft.rest = "[]";
    const { policy: none, wrongs } = policyOf(draft, policy);
    expect(none).toBeUndefined();
    expect(wrongs.map(({ field }) => field)).toEqual(["pair-0-max", "pair-1-min", "fees-spread", "fees-partner", "fiats", "rest"]);
  });

  it("is not overruled by the JSON of the rest", () => {
    const draft = { ...draftOf(policy), rest: '{"version":99,"pairs":[],"risk":{"payments_day_max":6}}' };
    expect(policyOf(draft, policy).policy).toEqual({ ...policy, risk: { ...risk, pair_limits: undefined } });
  });

  it("says limits in the currency, and nothing for none", () => {
    const { risk: draft, rest } = draftOf(policy);
    expect(draft?.limits).toEqual([{ fiat: "EUR", day: "15000", month: "50000.5" }, { fiat: "JPY", day: "1500", month: "1500" }]);
    expect([draft?.customers, draft?.cards]).toEqual(["", "US, KP"]);
    expect(JSON.parse(rest)).toEqual({ risk: { pair_limits: (risk as { pair_limits: unknown }).pair_limits } });
  });

  it("reads what somebody typed of risk, or says what is wrong with it", () => {
    const draft = draftOf(policy);
    if (!draft.risk) throw new Error("there is risk");
    const typed = { ...draft.risk, limits: [{ fiat: "EUR", day: "20", month: "" }, { fiat: "JPY", day: "1.5", month: "1" }], documents: "de fr, DE", payments: "many" };
    const { wrongs } = policyOf({ ...draft, risk: typed }, policy);
    expect(wrongs.map(({ field }) => field)).toEqual(["risk-EUR-month", "risk-JPY-day", "risk-payments"]);
    const good = { ...typed, limits: [{ fiat: "EUR", day: "", month: "" }], payments: "", cards: "" };
    expect(policyOf({ ...draft, risk: good }, policy).policy?.risk).toMatchObject({
      limits: {}, payments_day_max: 4_294_967_295, document_countries_refused: ["DE", "FR"], card_countries_refused: [],
    });
    const odd = policyOf({ ...draft, risk: { ...good, cards: "Germany" } }, policy);
    expect(odd.wrongs).toEqual([{ field: "risk-cards", message: "GERMANY is no country’s code: two letters each, such as DE, FR." }]);
  });
});

describe("what a colleague wants", () => {
  it("is told in the form's own units, by the pair's name", () => {
    const [first, ...others] = policy.pairs;
    if (!first) throw new Error("there is a pair");
    const dearer = { ...first, max: { ...first.max, base: "6000000000" } };
    const wanted: Policy = { ...policy, pairs: [dearer, ...others], fees: { ...fees, spread: 1000 }, risk: { ...risk, payments_day_max: 9 } };
    expect(changesOf(readable(policy), readable(wanted))).toEqual([
      { path: "pairs.USDT/TRC20.max", before: "5000.5", after: "6000" },
      { path: "fees.spread", before: "0.9", after: "10" },
      { path: "risk.payments", before: "5", after: "9" },
    ]);
    expect(changesOf(readable(policy), readable(policy))).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { draftOf, newPair, policyOf, toBase, toDecimal, unitOf } from "../src/policy";
import type { Policy } from "../src/wire";

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
  risk: { payments_day_max: 5 },
};

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
    expect(policyOf(draft, policy).policy).toEqual({ ...policy, risk: { payments_day_max: 6 } });
  });
});

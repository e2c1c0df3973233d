import { describe, expect, it } from "vitest";
import { ago, amountWords, atPoint, exact, groupDigits, isNothing, plural, share, shorten, webAddress, wordsOf, span } from "../src/format";

describe("amounts", () => {
  it.each([
    ["101.40", "101.40"], ["1234567.89", "1,234,567.89"], ["999", "999"], ["-1000", "−1,000"],
    // Beyond what a number could hold exactly.
    ["123456789012345678901.123456789012345678", "123,456,789,012,345,678,901.123456789012345678"],
  ])("groups %s as %s", (given, written) => {
    expect(groupDigits(given)).toBe(written);
  });

  it("keeps the unit beside the amount", () => {
    expect(amountWords("2500", "USDC")).toBe("2,500\u00a0USDC");
  });

  it("cuts at the point, where columns are aligned", () => {
    expect(atPoint("-1204.50")).toEqual({ whole: "−1,204", part: ".50" });
    expect(atPoint("7")).toEqual({ whole: "7", part: "" });
  });
});

describe("times", () => {
  const now = Date.parse("2026-04-01T10:00:00Z");
  it.each([
    ["2026-04-01T09:59:30Z", "just now"],
    ["2026-04-01T09:56:00Z", "4\u00a0min ago"],
    ["2026-04-01T07:30:00Z", "2\u00a0h ago"],
    ["2026-04-01T10:12:00Z", "in 12\u00a0min"],
    ["2026-03-24T10:00:00Z", "24 Mar 2026"],
    ["someday", "someday"],
  ])("says %s as %s", (at, words) => {
    expect(ago(at, now)).toBe(words);
  });

  it("is exact in UTC", () => {
    expect(exact("2026-04-01T23:05:09+02:00")).toBe("1 Apr 2026, 21:05:09 UTC");
  });
});

describe("words", () => {
  it("reads codes", () => {
    expect(wordsOf("in_review")).toBe("In review");
    expect(wordsOf("")).toBe("");
    expect(plural(1, "order")).toBe("1 order");
    expect(plural(1200, "entry", "entries")).toBe("1,200 entries");
  });

  it("never rounds something to nothing, or most to all", () => {
    expect(share(1, 1000)).toBe("under 1 %");
    expect(share(999, 1000)).toBe("over 99 %");
    expect(share(1, 2)).toBe("50\u00a0%");
    expect(share(0, 0)).toBe("0 %");
  });

  it("shortens only what is long", () => {
    expect(shorten("short")).toBe("short");
    expect(shorten("TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE")).toBe("TQn9Y2…KcbLSE");
  });
});

it("links to web addresses only", () => {
  expect(webAddress("https://tronscan.org/x")).toBe("https://tronscan.org/x");
  expect(webAddress("javascript:alert(1)")).toBeUndefined();
  expect(webAddress("nonsense")).toBeUndefined();
  expect(webAddress(null)).toBeUndefined();
});

it("says a length of time in two units", () => {
  const told = [0, 59, 2_700, 23_400, 90_061].map((seconds) => span(seconds).replaceAll("\u00a0", " "));
  expect(told).toEqual(["0 s", "59 s", "45 min", "6 h 30 min", "1 d 1 h"]);
});

describe("nothing", () => {
  it("is zero in any number of digits, and nothing else", () => {
    for (const zero of ["0", "0.00", "-0.000"]) expect(isNothing(zero)).toBe(true);
    for (const some of ["0.01", "-10.00", "100"]) expect(isNothing(some)).toBe(false);
  });
});

import { describe, expect, it } from "vitest";
import { countdown, crypto, fiat, groupDigits, inBlocks, networkName, secondsBetween, shorten } from "../src/format";
import { LANGUAGES, languages } from "../src/lang/speak";

// Marks for the direction of a text; the widget sets what it isolates.
const DIRECTIONS = /[\u200e\u200f\u061c]/g;

it.each(languages)("writes amounts in %s as Intl does", (language) => {
  const { tag, marks } = LANGUAGES[language];
  const said = (amount: number, how: Intl.NumberFormatOptions = {}) =>
    new Intl.NumberFormat(tag, how).formatToParts(amount).map((part) => ({ ...part, value: part.value.replace(DIRECTIONS, "") })).filter(({ value }) => value !== "");
  const one = (parts: { type: string; value: string }[], type: string) => parts.find((part) => part.type === type)?.value;
  const long = said(1234567.5, { minimumFractionDigits: 1 });
  const euro = said(1, { style: "currency", currency: "EUR" });
  expect(marks).toEqual({
    group: one(long, "group"),
    from: one(said(1234), "group") === undefined ? 5 : 4,
    decimal: one(long, "decimal"),
    signFirst: euro[0]?.type === "currency",
    between: one(euro, "literal") ?? "",
  });
  expect(new Intl.NumberFormat(tag).format(987)).toBe("987");
});

describe("amounts", () => {
  it.each([
    ["101.40", "101.40"], ["1234567.89", "1,234,567.89"], ["999", "999"], ["1000", "1,000"], ["0.00000001", "0.00000001"],
    // Beyond what a number could hold exactly.
    ["123456789012345678901.123456789012345678", "123,456,789,012,345,678,901.123456789012345678"],
  ])("groups %s as %s", (given, written) => {
    expect(groupDigits(given)).toBe(written);
  });

  it("puts the currency beside the amount, unbroken", () => {
    expect(fiat("101.40", "EUR")).toBe("€101.40");
    expect(fiat("2500", "JPY")).toBe("¥2,500");
    expect(fiat("101.40", "CHF")).toBe("101.40\u00a0CHF");
    expect(fiat("-0.01", "EUR")).toBe("−€0.01");
    expect(crypto("100.00", "USDT")).toBe("100.00\u00a0USDT");
  });
});

it("shortens only what is long", () => {
  expect(shorten("TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE")).toBe("TQn9Y2…KcbLSE");
  expect(shorten("short")).toBe("short");
});

it("cuts an address into blocks that lose nothing", () => {
  const address = "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE";
  expect(inBlocks(address).join("")).toBe(address);
  expect(inBlocks(address)[0]).toBe("TQn9");
});

describe("time", () => {
  const now = Date.parse("2026-04-01T10:00:05Z");
  it("counts up to whole seconds and stops at zero", () => {
    expect(secondsBetween(now, "2026-04-01T10:01:05Z")).toBe(60);
    expect(secondsBetween(now + 1, "2026-04-01T10:01:05Z")).toBe(60);
    expect(secondsBetween(now, "2026-04-01T10:00:00Z")).toBe(0);
    expect(secondsBetween(now, null)).toBeUndefined();
    expect(secondsBetween(now, "soon")).toBeUndefined();
  });

  it("writes minutes and seconds", () => {
    expect(countdown(599)).toBe("9:59");
    expect(countdown(5)).toBe("0:05");
  });
});

it("names networks, and unknown ones by their code", () => {
  expect(networkName("TRC20")).toBe("Tron (TRC20)");
  expect(networkName("NEWNET")).toBe("NEWNET");
});

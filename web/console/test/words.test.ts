import { describe, expect, it } from "vitest";
import { eventNote, traceWords } from "../src/words";

const ORDER = { currency: "USDT", fiat_currency: "EUR" };

describe("an event in one line", () => {
  it.each([
    [{ act: "approve", by: "bob", reason: "they asked" }, "approve · they asked · by bob"],
    [{ kind: "refund", by: "refunded" }, "refunded"],
    [{ kind: "late", by: "written_off" }, "written off"],
    [{}, ""],
    [null, ""],
  ])("%j is %j", (body, line) => {
    expect(eventNote(body, ORDER)).toBe(line);
  });
});

describe("the trace of a screen", () => {
  it("says what its number means", () => {
    expect(traceWords("7.4")).toBe("7.4 (about 2: none that a camera sees; more: fine lines or dots all over the face)");
  });
});

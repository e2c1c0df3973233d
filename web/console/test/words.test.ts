import { describe, expect, it } from "vitest";
import { eventNote } from "../src/words";

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

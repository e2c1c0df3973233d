import { expect, it } from "vitest";
import { areasOf, markWords, stepsOf } from "../src/sandbox";
import type { Play, Scenario } from "../src/wire";

const play = (state: Play["state"], reaches: string[], seen: string[]): Play =>
  ({ state, reaches, seen: seen.map((mark) => ({ mark, at: "2026-04-01T10:00:12Z" })) }) as Play;

const told = (of: Play): string[] => stepsOf(of).map(({ mark, at, isExpected }) => `${at ? (isExpected ? "✓" : "!") : "…"} ${mark}`);

it("shows what was seen and what is to come", () => {
  expect(told(play("playing", ["pending", "processing", "completed"], ["pending"]))).toEqual(["✓ pending", "… processing", "… completed"]);
  expect(told(play("missed", ["pending", "completed"], ["pending", "failed"]))).toEqual(["✓ pending", "! failed"]);
});

it("takes cases as they come", () => {
  const reaches = ["pending", "processing", "case.opened", "completed", "case.settled"];
  expect(told(play("playing", reaches, ["pending", "processing", "completed", "case.opened"]))).toEqual([
    "✓ pending",
    "✓ processing",
    "✓ completed",
    "✓ case.opened",
    "… case.settled",
  ]);
});

it("groups the catalogue and searches it", () => {
  const scenario = (name: string, area: string): Scenario => ({ name, area, about: "Nothing goes wrong." }) as Scenario;
  const all = [scenario("buy-completes", "payment"), scenario("sell-late", "deposit"), scenario("buy-declined", "payment")];
  expect(areasOf(all, "").map(({ area, list }) => [area, list.length])).toEqual([["payment", 2], ["deposit", 1]]);
  expect(areasOf(all, "LATE").map(({ area }) => area)).toEqual(["deposit"]);
  expect(areasOf(all, "nobody")).toEqual([]);
});

it("says what was seen in words", () => {
  expect(markWords("pending")).toBe("Pending");
  expect(markWords("payment.declined insufficient_funds")).toBe("Payment declined: insufficient funds");
});

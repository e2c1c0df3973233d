import { describe, expect, it } from "vitest";
import { changesOf } from "../src/diff";

describe("what changed", () => {
  it("is told leaf by leaf, with what stayed left out", () => {
    const before = { version: 6, fees: { spread: 80, partner: 0 }, fiats: ["EUR"] };
    const after = { version: 7, fees: { spread: 90, partner: 0 }, fiats: ["EUR", "USD"] };
    expect(changesOf(before, after)).toEqual([
      { path: "version", before: "6", after: "7" },
      { path: "fees.spread", before: "80", after: "90" },
      { path: "fiats.1", before: undefined, after: "USD" },
    ]);
  });

  it("has only one side where something came or went", () => {
    expect(changesOf(null, { key: "a", of: { x: 1 } })).toEqual([
      { path: "key", before: undefined, after: "a" },
      { path: "of.x", before: undefined, after: "1" },
    ]);
    expect(changesOf({ key: "a" }, undefined)).toEqual([{ path: "key", before: "a", after: undefined }]);
  });

  it("tells a tree that became a leaf as a whole", () => {
    expect(changesOf({ a: { b: 1 } }, { a: "x" })).toEqual([{ path: "a", before: '{"b":1}', after: "x" }]);
    expect(changesOf({ a: [1] }, { a: { b: 1 } })).toEqual([{ path: "a", before: "[1]", after: '{"b":1}' }]);
  });

  it("is nothing where nothing is different", () => {
    expect(changesOf({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toEqual([]);
    expect(changesOf(null, null)).toEqual([]);
  });

  it("does not mistake a name for one that every object has", () => {
    expect(changesOf({}, { constructor: "x" })).toEqual([{ path: "constructor", before: undefined, after: "x" }]);
  });

  it("sees what is empty", () => {
    expect(changesOf({ a: [] }, { a: ["x"] })).toEqual([{ path: "a.0", before: undefined, after: "x" }]);
    expect(changesOf({ a: {} }, {})).toEqual([{ path: "a", before: "{}", after: undefined }]);
    expect(changesOf({ a: 1 }, { a: null })).toEqual([{ path: "a", before: "1", after: "null" }]);
  });
});

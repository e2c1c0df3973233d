import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { faultsOf, read, typesOf } from "../build/words";
import { choose, languages } from "../src/lang/speak";

const english = read("en");

it("has the types that its words say", () => {
  const file = join(import.meta.dirname, "../src/lang/keys.d.ts");
  const types = typesOf(english);
  if (process.env["PROOF_GENERATE"]) writeFileSync(file, types);
  expect(readFileSync(file, "utf8")).toBe(types);
});

describe("a language is found amiss", () => {
  const source = { plain: "Pay {total}", counted: "{n, plural, one {# try} other {# tries}}", chosen: "{w, select, a {A} other {B}}" };
  it.each<[string, string, Record<string, string>, string]>([
    ["without a key", "de", { counted: source.counted, chosen: source.chosen }, "plain: missing"],
    ["with a key of its own", "de", { ...source, more: "x" }, "more: the English has no such key"],
    ["without an argument", "de", { ...source, plain: "Zahlen" }, "plain: {total} is missing, not string"],
    ["without a plural form of its own", "ru", source, "counted: no plural form “few”"],
    ["without a choice", "de", { ...source, chosen: "{w, select, other {B}}" }, "chosen: {w} has other choices"],
  ])("%s", (_, language, words, fault) => {
    expect(faultsOf(language, words, source)).toContain(fault);
  });
  it("and not where it is whole", () => {
    expect(faultsOf("de", source, source)).toEqual([]);
  });
});

it.each(languages)("%s says everything, with all forms", (language) => {
  expect(faultsOf(language, read(language), english)).toEqual([]);
});

it("speaks what the page asks for, else the browser's first language that is known", () => {
  expect(choose(["en-XA"], ["de"])).toBe("en");
  expect(choose([undefined, null], ["tlh", "en-US"])).toBe("en");
  expect(choose(["tlh"], [])).toBe("en");
});

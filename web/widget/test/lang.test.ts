import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { faultsOf, read, typesOf } from "../build/words";
import ar from "words:ar";
import de from "words:de";
import en from "words:en";
import es from "words:es";
import fr from "words:fr";
import ja from "words:ja";
import pt from "words:pt";
import ru from "words:ru";
import tr from "words:tr";
import zh from "words:zh";
import { duration, fiat, groupDigits, ltr } from "../src/format";
import { choose, languages, say, type Catalogue, type Language } from "../src/lang/speak";
import { messages } from "../src/messages";

const english = read("en");
const catalogues: Record<Language, Catalogue> = { en, es, de, fr, pt, tr, ru, ar, zh, ja };

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

it("has ten languages", () => {
  expect(languages).toEqual(["en", "es", "de", "fr", "pt", "tr", "ru", "ar", "zh", "ja"]);
});

// The same word in both languages.
const SHARED: Record<string, string[]> = {
  de: ["resume.label", "known.label"],
  es: ["pay.total"],
  fr: ["resume.label", "known.label", "pay.total", "progress.hash", "completed.hash", "sell.returned.hash"],
  pt: ["pay.total"],
};
it.each(languages.filter((language) => language !== "en"))("%s has nothing left in English", (language) => {
  const words = read(language);
  expect(Object.keys(english).filter((key) => words[key] === english[key])).toEqual(SHARED[language] ?? []);
});

// There ICU would print the braces.
it.each(languages)("%s quotes no apostrophe where an argument follows", (language) => {
  expect(Object.entries(read(language)).filter(([, text]) => /'[{}]/.test(text))).toEqual([]);
});

describe("the language is chosen", () => {
  it.each<[(string | undefined)[], string[], string]>([
    [["de-AT"], ["fr"], "de"],
    [["PT_br"], [], "pt"],
    [["tlh"], ["zh-TW", "ja"], "zh"],
    [[undefined, undefined], ["it-IT", "ru"], "ru"],
    [[undefined, "tr"], ["en"], "tr"],
    [["constructor"], [], "en"],
    [[], [], "en"],
  ])("from %s and %s: %s", (asked, browser, language) => {
    expect(choose(asked, browser)).toBe(language);
  });
});

describe("what is written follows the language", () => {
  const inLanguage = (language: Language, write: () => string): string => {
    say(language, catalogues[language]);
    try {
      return write();
    } finally {
      say("en", catalogues.en);
    }
  };
  it.each<[Language, string]>([
    ["en", "€1,234,567.80"], ["de", "1.234.567,80\u00a0€"], ["fr", "1\u202f234\u202f567,80\u00a0€"], ["pt", "€\u00a01.234.567,80"],
    ["ja", "€1,234,567.80"], ["ar", "\u20661,234,567.80\u00a0€\u2069"],
  ])("%s: amounts", (language, written) => {
    expect(inLanguage(language, () => fiat("1234567.80", "EUR"))).toBe(written);
  });
  it("leaves four digits together where the language does, and loses none", () => {
    expect(inLanguage("es", () => groupDigits("1234.50"))).toBe("1234,50");
    expect(inLanguage("es", () => groupDigits("12345.50"))).toBe("12.345,50");
    expect(inLanguage("de", () => groupDigits("123456789012345678901.123456789012345678"))).toBe("123.456.789.012.345.678.901,123456789012345678");
  });
  it("counts as the language counts", () => {
    expect([1, 2, 5, 21].map((left) => inLanguage("ru", () => messages.decline.attempts(left)).split("ещё ")[1])).toEqual(["1 раз.", "2 раза.", "5 раз.", "21 раз."]);
    expect([1, 2, 3, 11].map((left) => inLanguage("ar", () => messages.decline.attempts(left)).split("المحاولة ")[1])).toEqual(["مرة واحدة أخرى.", "مرتين أخريين.", "3 مرات أخرى.", "11 مرة أخرى."]);
  });
  it("tells lengths of time", () => {
    expect(inLanguage("de", () => duration(5400))).toBe("1 Stunde, 30 Minuten");
    expect(inLanguage("ja", () => duration(1800))).toMatch(/^30\s?分$/);
  });
  it("sets addresses apart from what is read from the right", () => {
    expect(inLanguage("ar", () => ltr("T…1"))).toBe("\u2066T…1\u2069");
    expect(inLanguage("de", () => ltr("T…1"))).toBe("T…1");
  });
});

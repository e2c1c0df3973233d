// Which language is spoken, and its words. English is always here; another comes as a file of its own, and where
// that does not arrive, English it is.

import english from "words:en";
import { later } from "../later";
import type { Words } from "./keys";

export type Key = keyof Words;
type Plain = { [K in Key]: Words[K] extends undefined ? K : never }[Key];
type Given = Exclude<Key, Plain>;
/** Whose keys end with a code, and with `other` for every code that is not known. */
type Group = Key extends infer K ? (K extends `${infer P}.other` ? P : never) : never;

/** What a language formats with. */
interface Forms {
  number: (value: number) => string;
  plural: (count: number, forms: Record<string, string>) => string;
  select: (value: string, forms: Record<string, string>) => string;
}
export type Catalogue = Record<string, string | ((given: Record<string, string | number>, forms: Forms) => string)>;

/** How amounts are written: between groups of three digits, from how many digits on; the decimal point; whether a currency's
 * sign comes first, and what stands between. It is what `Intl` says, which a telephone takes longer to ask than to draw a screen. */
export interface Marks {
  group: string;
  from: number;
  decimal: string;
  signFirst: boolean;
  between: string;
}

const marks = (group: string, decimal: string, signFirst: boolean, between: string, from = 4): Marks => ({ group, from, decimal, signFirst, between });
const SPACE = "\u00a0";

/** The tag is for `Intl`. Digits are those of card numbers, addresses and codes in every language. */
export const LANGUAGES: Record<Language, { tag: string; marks: Marks; load?: () => Promise<{ default: Catalogue }> }> = {
  en: { tag: "en-GB", marks: marks(",", ".", true, "") },
  es: { tag: "es", marks: marks(".", ",", false, SPACE, 5), load: () => import("words:es") },
  de: { tag: "de", marks: marks(".", ",", false, SPACE), load: () => import("words:de") },
  fr: { tag: "fr", marks: marks("\u202f", ",", false, SPACE), load: () => import("words:fr") },
  pt: { tag: "pt-BR", marks: marks(".", ",", true, SPACE), load: () => import("words:pt") },
  tr: { tag: "tr", marks: marks(".", ",", true, ""), load: () => import("words:tr") },
  ru: { tag: "ru", marks: marks(SPACE, ",", false, SPACE), load: () => import("words:ru") },
  ar: { tag: "ar-u-nu-latn", marks: marks(",", ".", false, SPACE), load: () => import("words:ar") },
  zh: { tag: "zh-Hans", marks: marks(",", ".", true, ""), load: () => import("words:zh") },
  ja: { tag: "ja", marks: marks(",", ".", true, ""), load: () => import("words:ja") },
};

export type Language = "en" | "es" | "de" | "fr" | "pt" | "tr" | "ru" | "ar" | "zh" | "ja";
export const languages = Object.keys(LANGUAGES) as Language[];
const RIGHT_TO_LEFT: readonly string[] = ["ar"];

/** What the page asks for, else what the browser speaks, else English. Of a tag the first part counts. */
export function choose(asked: readonly (string | null | undefined)[], browser: readonly string[]): Language {
  for (const tag of [...asked, ...browser]) {
    const language = tag?.toLowerCase().split(/[-_]/)[0];
    const known = languages.find((one) => one === language);
    if (known) return known;
  }
  return "en";
}

let language: Language = "en";
let catalogue: Catalogue = english;
let forms: Forms = formsOf("en-GB");

export const spoken = (): Language => language;
export const tag = (): string => LANGUAGES[language].tag;
export const written = (): Marks => LANGUAGES[language].marks;
export const isRightToLeft = (): boolean => RIGHT_TO_LEFT.includes(language);

/** From now on. What is on the screen already has to be drawn anew. */
export async function speak(wanted: Language): Promise<void> {
  const { load } = LANGUAGES[wanted];
  const words = load && (await later(`lang-${wanted}`, load));
  if (words) say(wanted, words.default);
  else say("en", english);
  const root = document.documentElement;
  const dir = isRightToLeft() ? "rtl" : "ltr";
  // The page comes in English, from left to right: browsers take a while over the first change of what it has.
  if (root.lang !== language) root.lang = language;
  if (root.dir !== dir) root.dir = dir;
}

export function say(next: Language, words: Catalogue): void {
  language = next;
  catalogue = words;
  forms = formsOf(tag());
}

function formsOf(locale: string): Forms {
  // Made when a sentence needs them: they take a telephone longer than the first screen's whole text.
  let rules: Intl.PluralRules | undefined;
  let numbers: Intl.NumberFormat | undefined;
  // Such numbers have nothing to be grouped.
  const isPlain = (value: number) => Number.isInteger(value) && value >= 0 && value < 1000;
  return {
    number: (value) => (isPlain(value) ? String(value) : (numbers ??= new Intl.NumberFormat(locale)).format(value)),
    plural: (count, given) => given[`=${count}`] ?? given[(rules ??= new Intl.PluralRules(locale)).select(count)] ?? given["other"] ?? "",
    select: (value, given) => given[value] ?? given["other"] ?? "",
  };
}

export function t<K extends Plain>(key: K): string;
export function t<K extends Given>(key: K, given: Words[K]): string;
export function t(key: Key, given: Record<string, string | number> = {}): string {
  const message = catalogue[key] ?? english[key];
  return typeof message === "function" ? message(given, forms) : (message ?? key);
}

const has = (key: string): key is Plain => typeof english[key] === "string";

/** The words for a code of the server, or those for any other. */
export function pick(group: Group, code: string | undefined): string {
  return pickKnown(group, code) ?? t(`${group}.other` as Plain);
}

export function pickKnown(group: string, code: string | undefined): string | undefined {
  const key = `${group}.${code ?? ""}`;
  return has(key) ? t(key) : undefined;
}

type Own<P extends string> = { readonly [K in Plain as K extends `${P}.${infer Name}` ? (Name extends `${string}.${string}` ? never : Name) : never]: string };

/** All words directly under a key, looked for when they are needed; and what has to be composed. */
export const group = <P extends string, More extends object = object>(prefix: P, more?: More): Own<P> & More =>
  new Proxy(more ?? {}, {
    get(composed, name) {
      const key = `${prefix}.${String(name)}`;
      return Object.hasOwn(composed, name) || !has(key) ? Reflect.get(composed, name) : t(key);
    },
    ownKeys() {
      throw new Error(`the words under ${prefix} are read one by one`);
    },
  }) as Own<P> & More;

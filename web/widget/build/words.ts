// From ICU messages to functions, when the widget is built: nothing reads ICU, and nothing is evaluated, in a
// browser. A language whose keys, arguments or plural forms are not those of the English stops the build.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, TYPE, type MessageFormatElement } from "@formatjs/icu-messageformat-parser";
import type { Plugin } from "vite";

export type Messages = Record<string, string>;
type Kind = "number" | "string";

const FOLDER = join(import.meta.dirname, "../src/lang");
const SOURCE = "en";

export const read = (language: string): Messages => JSON.parse(readFileSync(join(FOLDER, `${language}.json`), "utf8")) as Messages;

// Quotation marks are for readers: an apostrophe quotes nothing unless a brace follows, as ICU has it.
const parsed = (text: string): MessageFormatElement[] => parse(text, { ignoreTag: true, requiresOtherClause: true });

/** What a message has to be given, by name. */
export function argumentsOf(text: string): Record<string, Kind> {
  const found: Record<string, Kind> = {};
  const walk = (parts: MessageFormatElement[]): void => {
    for (const part of parts) {
      if (part.type === TYPE.literal || part.type === TYPE.pound) continue;
      if (part.type === TYPE.argument || part.type === TYPE.select) found[part.value] ??= "string";
      else if (part.type === TYPE.number || part.type === TYPE.plural) found[part.value] = "number";
      else throw new Error(`“${text}” has a part that is not supported`);
      if (part.type === TYPE.plural || part.type === TYPE.select) for (const { value } of Object.values(part.options)) walk(value);
    }
  };
  walk(parsed(text));
  return found;
}

/** The plural forms and the choices of a message, each set once. */
function branches(text: string): { plurals: Set<string>[]; selects: Record<string, string[]> } {
  const plurals: Set<string>[] = [];
  const selects: Record<string, string[]> = {};
  const walk = (parts: MessageFormatElement[]): void => {
    for (const part of parts) {
      if (part.type !== TYPE.plural && part.type !== TYPE.select) continue;
      const names = Object.keys(part.options);
      if (part.type === TYPE.plural) plurals.push(new Set(names));
      else selects[part.value] = names.sort();
      for (const { value } of Object.values(part.options)) walk(value);
    }
  };
  walk(parsed(text));
  return { plurals, selects };
}

/** What is wrong with a language, in words; nothing where it is whole. */
export function faultsOf(language: string, messages: Messages, source: Messages): string[] {
  const faults: string[] = [];
  const categories = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  for (const key of Object.keys(messages)) if (!(key in source)) faults.push(`${key}: the English has no such key`);
  for (const [key, english] of Object.entries(source)) {
    const text = messages[key];
    if (text === undefined) {
      faults.push(`${key}: missing`);
      continue;
    }
    const [has, wants] = [argumentsOf(text), argumentsOf(english)];
    const names = new Set([...Object.keys(has), ...Object.keys(wants)]);
    for (const name of names) if (has[name] !== wants[name]) faults.push(`${key}: {${name}} is ${has[name] ?? "missing"}, not ${wants[name] ?? "known"}`);
    const { plurals, selects } = branches(text);
    for (const forms of plurals) for (const category of categories) if (!forms.has(category)) faults.push(`${key}: no plural form “${category}”`);
    const wanted = branches(english).selects;
    for (const [name, choices] of Object.entries(selects)) {
      if (wanted[name] && choices.join() !== wanted[name].join()) faults.push(`${key}: {${name}} has other choices`);
    }
  }
  return faults;
}

type Written = (literal: string) => string;

/**
 * A module of plain texts and of functions `(a, f)`: `a` the arguments, `f` what the language formats with.
 * `written`: changes what is neither argument nor number, for a language that only tests speak.
 */
export function compile(messages: Messages, written: Written = (literal) => literal): string {
  const rows = Object.entries(messages).map(([key, text]) => `${JSON.stringify(key)}: ${codeOf(text, written)}`);
  return `export default {\n${rows.join(",\n")}\n};\n`;
}

function codeOf(text: string, written: Written): string {
  const parts = parsed(text);
  const body = expression(parts, undefined, written);
  return parts.every(({ type }) => type === TYPE.literal) ? body : `(a, f) => ${body}`;
}

function expression(parts: MessageFormatElement[], counted: string | undefined, written: Written): string {
  const pieces = parts.map((part) => {
    if (part.type === TYPE.literal) return JSON.stringify(written(part.value));
    if (part.type === TYPE.pound) return `f.number(${counted})`;
    if (part.type === TYPE.number) return `f.number(${named(part.value)})`;
    if (part.type === TYPE.plural || part.type === TYPE.select) {
      const from = named(part.value);
      const isPlural = part.type === TYPE.plural;
      const options = Object.entries(part.options).map(([name, { value }]) => `${JSON.stringify(name)}: ${expression(value, isPlural ? from : counted, written)}`);
      return `f.${isPlural ? "plural" : "select"}(${from}, {${options.join(", ")}})`;
    }
    if (part.type === TYPE.argument) return named(part.value);
    throw new Error("unsupported part");
  });
  // The empty text makes it text, whatever is first.
  return pieces.length === 1 ? (pieces[0] ?? '""') : `"" + ${pieces.join(" + ") || '""'}`;
}

const named = (name: string): string => `a[${JSON.stringify(name)}]`;

/** The types of the keys, for `src/lang/keys.d.ts`. */
export function typesOf(messages: Messages): string {
  const rows = Object.entries(messages).map(([key, text]) => {
    const fields = Object.entries(argumentsOf(text)).map(([name, kind]) => `${name}: ${kind}`);
    return `  ${JSON.stringify(key)}: ${fields.length === 0 ? "undefined" : `{ ${fields.join("; ")} }`};`;
  });
  return `// Made from en.json: PROOF_GENERATE=1 npx vitest run web/widget/test/lang.test.ts\n\n/** Each key, and what its message has to be given. */\nexport interface Words {\n${rows.join("\n")}\n}\n`;
}

const NAME = "words:";

/** `import german from "words:de"`. */
export const words = (): Plugin => ({
  name: "words",
  resolveId: (id) => (id.startsWith(NAME) ? `\0${id}` : undefined),
  load(id) {
    if (!id.startsWith(`\0${NAME}`)) return undefined;
    const language = id.slice(NAME.length + 1);
    for (const one of [language, SOURCE]) this.addWatchFile(join(FOLDER, `${one}.json`));
    const messages = read(language);
    const faults = faultsOf(language, messages, read(SOURCE));
    if (faults.length > 0) this.error(`${language}.json:\n${faults.join("\n")}`);
    return compile(messages);
  },
});

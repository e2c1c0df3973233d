// The promise about size, held: what a visitor loads before the first screen, in brotli as a
// browser receives it. Run after a build.

import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { brotliCompressSync } from "node:zlib";

const KB = 1024;
const compressed = (file) => brotliCompressSync(readFileSync(file)).length;
const here = import.meta.dirname;
const widget = join(here, "widget/dist");
const desk = join(here, "console/dist");
// A visitor loads one language beside the English: the longest is what counts.
// Not what `compress.mjs` made of them.
const built = (folder) => readdirSync(folder).filter((name) => !/\.(br|gz)$/.test(name)).map((name) => join(folder, name));
const parts = built(join(widget, "assets"));
const isLanguage = (file) => /\/lang-\w+-[^/]+\.js$/.test(file);
const longest = parts.filter(isLanguage).sort((a, b) => compressed(b) - compressed(a)).slice(0, 1);
// What a page of the console names, and what that imports at once: what it asks for later comes with another page.
const closure = (names, text) => {
  for (const [, name] of text.matchAll(/(?:from\s*["']\.\/|import\s*["']\.\/|\/assets\/)([\w.-]+)/g)) {
    if (names.includes(name)) continue;
    names.push(name);
    if (name.endsWith(".js")) closure(names, readFileSync(join(desk, "assets", name), "utf8"));
  }
  return names;
};
const first = closure([], readFileSync(join(desk, "index.html"), "utf8")).map((name) => join(desk, "assets", name));
const [largest] = built(join(desk, "assets")).filter((file) => !first.includes(file)).sort((a, b) => compressed(b) - compressed(a));
const bundles = [
  { name: "embed", limit: 5 * KB, files: [join(here, "embed/dist/widget.2.0.js")] },
  {
    name: "widget, first screen",
    limit: 70 * KB,
    files: [join(widget, "index.html"), ...parts.filter((file) => !isLanguage(file)), ...longest],
  },
  {
    // Opened many times a day by people at work: a page that is there at once, on any line.
    name: "console, first page",
    limit: 48 * KB,
    files: [join(desk, "index.html"), ...first],
  },
  { name: `console, largest other part (${basename(largest).replace(/-.{8}\./, ".")})`, limit: 8 * KB, files: [largest] },
];

for (const { name, limit, files } of bundles) {
  const bytes = files.reduce((sum, file) => sum + compressed(file), 0);
  console.log(`${name}: ${(bytes / KB).toFixed(1)} KB of ${limit / KB} KB brotli`);
  if (bytes > limit) process.exitCode = 1;
}

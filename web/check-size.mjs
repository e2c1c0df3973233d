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
// Not what `compress.mjs` made of them.
const built = (folder) => readdirSync(folder).filter((name) => !/\.(br|gz)$/.test(name)).map((name) => join(folder, name));
const largest = (files) => [...files].sort((a, b) => compressed(b) - compressed(a)).slice(0, 1);
// What a page names, and what that imports at once: what it asks for later comes with another screen. A map of digests loads nothing.
const closure = (folder, names, text) => {
  for (const [, name] of text.replace(/<script type="importmap">.*?<\/script>/, "").matchAll(/(?:from\s*["'`]\.\/|import\s*["'`]\.\/|\/assets\/)([\w.-]+)/g)) {
    if (names.includes(name)) continue;
    names.push(name);
    if (name.endsWith(".js")) closure(folder, names, readFileSync(join(folder, "assets", name), "utf8"));
  }
  return names;
};
/** What is loaded with a page, and everything else. */
const partsOf = (folder) => {
  const page = join(folder, "index.html");
  const first = closure(folder, [], readFileSync(page, "utf8")).map((name) => join(folder, "assets", name));
  return { first: [page, ...first], later: built(join(folder, "assets")).filter((file) => !first.includes(file)) };
};
const shown = (file) => basename(file).replace(/-.{8}\./, ".");
const ours = partsOf(widget);
const isLanguage = (file) => /\/lang-\w+-[^/]+\.js$/.test(file);
// A visitor loads one language beside the English: the longest is what counts.
const language = largest(ours.later.filter(isLanguage));
const screens = largest(ours.later.filter((file) => !isLanguage(file)));
const pages = partsOf(desk);
const part = largest(pages.later);
const bundles = [
  { name: "embed", limit: 5 * KB, files: [join(here, "embed/dist/widget.2.0.js")] },
  { name: "widget, first screen", limit: 70 * KB, files: [...ours.first, ...language] },
  // Comes while the screen before it is read.
  { name: `widget, largest later part (${screens.map(shown)})`, limit: 8 * KB, files: screens },
  // Opened many times a day by people at work: a page that is there at once, on any line.
  { name: "console, first page", limit: 48 * KB, files: pages.first },
  { name: `console, largest other part (${part.map(shown)})`, limit: 8 * KB, files: part },
];

for (const { name, limit, files } of bundles) {
  const bytes = files.reduce((sum, file) => sum + compressed(file), 0);
  console.log(`${name}: ${(bytes / KB).toFixed(1)} KB of ${limit / KB} KB brotli`);
  if (bytes > limit) process.exitCode = 1;
}

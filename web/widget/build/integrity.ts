// The page names the digest of what it loads, at once or later: a file that is another one by the time it arrives is not run.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

export const digestOf = (bytes: Uint8Array): string => `sha384-${createHash("sha384").update(bytes).digest("base64")}`;

/** For what `import()` asks for later, in the form that the page has it and its policy names it. Browsers that know no such map pass over it. */
export function importMap(digests: Record<string, string>): string {
  return `<script type="importmap">${JSON.stringify({ integrity: digests })}</script>`;
}

export function integrity(): Plugin {
  return {
    name: "integrity",
    // When the files are as they will stay.
    writeBundle({ dir }) {
      if (!dir) return;
      const page = join(dir, "index.html");
      const digest = (path: string) => digestOf(readFileSync(join(dir, path)));
      const html = readFileSync(page, "utf8").replace(/ (src|href)="(\/assets\/[^"]+)"/g, (named, _, path: string) => `${named} integrity="${digest(path)}"`);
      const scripts = readdirSync(join(dir, "assets")).filter((name) => name.endsWith(".js")).map((name) => `/assets/${name}`);
      const later = scripts.filter((path) => !html.includes(`src="${path}"`));
      // Before the first script of the page: a map that comes after it is no longer read.
      const sealed = html.replace(/<script type="module"/, (first) => importMap(Object.fromEntries(later.map((path) => [path, digest(path)]))) + `\n    ${first}`);
      if (sealed === html) throw new Error("the page has no script to put the import map before");
      writeFileSync(page, sealed);
    },
  };
}

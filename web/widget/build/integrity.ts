// The page names the digest of what it loads: a file that is another one by the time it arrives is not run.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

export const digestOf = (bytes: Uint8Array): string => `sha384-${createHash("sha384").update(bytes).digest("base64")}`;

export function integrity(): Plugin {
  return {
    name: "integrity",
    // When the files are as they will stay.
    writeBundle({ dir }) {
      if (!dir) return;
      const page = join(dir, "index.html");
      const html = readFileSync(page, "utf8").replace(/ (src|href)="(\/assets\/[^"]+)"/g, (named, _, path: string) => `${named} integrity="${digestOf(readFileSync(join(dir, path)))}"`);
      writeFileSync(page, html);
    },
  };
}

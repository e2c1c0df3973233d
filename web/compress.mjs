// Beside each built file its forms for the way to the browser, which the server hands out as they are: nothing is
// compressed while somebody waits. Browsers ask for Brotli over TLS, and for gzip everywhere.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const here = import.meta.dirname;
const folders = ["embed/dist", "widget/dist/assets", "console/dist/assets"];

for (const folder of folders.map((name) => join(here, name))) {
  for (const name of readdirSync(folder).filter((file) => /\.(js|css)$/.test(file))) {
    const file = join(folder, name);
    const bytes = readFileSync(file);
    writeFileSync(`${file}.br`, brotliCompressSync(bytes));
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
  }
}

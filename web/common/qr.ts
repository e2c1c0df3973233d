// A QR code as one path. Loaded only when one is drawn: most visitors never see one.

import encode from "qr";

export interface Code {
  size: number;
  path: string;
}

// The quiet zone that readers need around the code, in modules.
const BORDER = 4;

export function codeOf(text: string): Code {
  const rows = encode(text, "raw", { ecc: "medium", border: BORDER });
  return { size: rows.length, path: rows.map(runsOf).join("") };
}

/** One rectangle for each run of dark modules in a row. */
function runsOf(row: boolean[], y: number): string {
  let path = "";
  for (let x = 0; x < row.length; x += 1) {
    if (!row[x]) continue;
    const start = x;
    while (row[x + 1]) x += 1;
    const width = x + 1 - start;
    path += `M${start} ${y}h${width}v1h-${width}z`;
  }
  return path;
}

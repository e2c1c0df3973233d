// What a list shows, as a file for a spreadsheet.

export interface CsvColumn<T> {
  title: string;
  of: (row: T) => string;
}

// A cell that begins so is a formula to a spreadsheet, whoever wrote it: a user's id can be one.
const FORMULA = /^[=+\-@\t\r]/;

export function csvCell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csvOf<T>(rows: T[], columns: CsvColumn<T>[]): string {
  const lines = [columns.map((column) => column.title), ...rows.map((row) => columns.map((column) => column.of(row)))];
  return lines.map((line) => `${line.map(csvCell).join(",")}\r\n`).join("");
}

export function download(name: string, type: string, content: string | Uint8Array<ArrayBuffer>): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // The browser has begun to read it when the click returns, but not in every browser to its end.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

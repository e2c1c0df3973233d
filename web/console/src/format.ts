// How amounts, ids and times are written. Amounts are decimal text from end to end: they are grouped
// and cut as text and never pass through a number.

export const NARROW_SPACE = "\u00a0";
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export function groupDigits(decimal: string): string {
  const [whole = "", part] = decimal.replace(/^-/, "−").split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return part === undefined ? grouped : `${grouped}.${part}`;
}

/** `1234.5` and `EUR`; never broken between the two. */
export const amountWords = (amount: string, unit: string): string => `${groupDigits(amount)}${NARROW_SPACE}${unit}`;

/** A grouped decimal cut where columns are aligned. */
export function atPoint(decimal: string): { whole: string; part: string } {
  const grouped = groupDigits(decimal);
  const point = grouped.indexOf(".");
  return point < 0 ? { whole: grouped, part: "" } : { whole: grouped.slice(0, point), part: grouped.slice(point) };
}

/** Zero, however many digits it has. */
export const isNothing = (decimal: string): boolean => /^[-0.]*$/.test(decimal);

/** Enough of both ends to compare by eye. */
export const shorten = (text: string, ends = 6): string =>
  text.length <= ends * 2 + 3 ? text : `${text.slice(0, ends)}…${text.slice(-ends)}`;

/** Of ids made of their time: the beginning is alike for hours, the end tells them apart. */
export const shortId = (id: string): string => (id.length <= 14 ? id : `${id.slice(0, 4)}…${id.slice(-6)}`);

/** `in_review` as words. */
export function wordsOf(code: string): string {
  const text = code.replace(/[_.]/g, " ").trim();
  return text === "" ? "" : `${text[0]?.toUpperCase() ?? ""}${text.slice(1)}`;
}

export const plural = (count: number, one: string, many = `${one}s`): string => `${groupDigits(String(count))} ${count === 1 ? one : many}`;

/** As disks count them: thousands, with three digits at most. */
export function bytesWords(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)}${NARROW_SPACE}${units[unit] ?? ""}`;
}

/** Whole per cent; never 100 % or 0 % of what is not all or nothing. */
export function share(count: number, of: number): string {
  if (of === 0) return "0 %";
  const rounded = Math.round((count * 100) / of);
  if (rounded === 0 && count > 0) return "under 1 %";
  if (rounded === 100 && count < of) return "over 99 %";
  return `${rounded}${NARROW_SPACE}%`;
}

const two = (number: number): string => String(number).padStart(2, "0");
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Colleagues in two places, logs and statements: one clock for all, UTC. */
export function clock(at: string): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return at;
  return `${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())}`;
}

export function day(at: string): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return at;
  return `${time.getUTCDate()} ${MONTHS[time.getUTCMonth()] ?? ""} ${time.getUTCFullYear()}`;
}

/** A day on an axis: `24 Nov`. */
export const dayLabel = (at: string): string => day(at).split(" ").slice(0, 2).join(" ");

export const exact = (at: string): string => `${day(at)}, ${clock(at)} UTC`;

/** How long ago, or until; from a day on the date says more. */
export function ago(at: string, nowMs: number): string {
  const ms = nowMs - Date.parse(at);
  if (Number.isNaN(ms)) return at;
  const size = Math.abs(ms);
  if (size < MINUTE_MS) return ms >= -1000 ? "just now" : "in a moment";
  const far = size < HOUR_MS ? `${Math.floor(size / MINUTE_MS)}${NARROW_SPACE}min` : `${Math.floor(size / HOUR_MS)}${NARROW_SPACE}h`;
  if (size >= DAY_MS) return day(at);
  return ms > 0 ? `${far} ago` : `in ${far}`;
}

/** A length of time in its two largest units: `6 h 30 min`. */
export function span(seconds: number): string {
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  const words = parts.filter(([count]) => count > 0).slice(0, 2).map(([count, unit]) => `${count}${NARROW_SPACE}${unit}`);
  return words.join(" ") || `0${NARROW_SPACE}s`;
}

export const isoDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Only web addresses may be opened as links, whatever the server was told. */
export function webAddress(address: string | null | undefined): string | undefined {
  if (!address) return undefined;
  try {
    const { protocol, href } = new URL(address);
    return protocol === "https:" || protocol === "http:" ? href : undefined;
  } catch {
    return undefined;
  }
}

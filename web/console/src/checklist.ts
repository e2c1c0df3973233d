// The go-live checklist, read: its sections, how far it is, and what comes next.

import { may } from "./core/session";
import { plural } from "./format";
import type { Checklist, Line, LineState, Me } from "./wire";

const SECTIONS: [string, string][] = [
  ["ONB", "Onboarding"],
  ["ACC", "Access"],
  ["INT", "Integration"],
  ["COV", "Coverage"],
  ["ERR", "Errors"],
  ["KYC", "Identity"],
  ["PAY", "Payments"],
  ["WHK", "Webhook"],
  ["MOB", "Mobile apps"],
  ["LIVE", "Going live"],
];

export interface Section {
  key: string;
  title: string;
  lines: Line[];
  green: number;
  of: number;
}

export const isGreen = (state: LineState): boolean => state === "passing" || state === "signed_off";
const applies = (line: Line): boolean => line.state !== "not_applicable";

/** In the order of the list; a section that is not known here comes last, under its own name. */
export function sectionsOf(lines: Line[]): Section[] {
  const keyOf = (line: Line): string => line.id.split("-")[0] ?? "";
  const known = SECTIONS.map(([key]) => key);
  const others = [...new Set(lines.map(keyOf))].filter((key) => !known.includes(key));
  return [...SECTIONS, ...others.map((key): [string, string] => [key, key])]
    .map(([key, title]) => sectionOf(key, title, lines.filter((line) => keyOf(line) === key)))
    .filter((section) => section.lines.length > 0);
}

function sectionOf(key: string, title: string, lines: Line[]): Section {
  const applicable = lines.filter(applies);
  return { key, title, lines, green: applicable.filter((line) => isGreen(line.state)).length, of: applicable.length };
}

export type Show = "all" | "todo" | "failing" | "green";
export const SHOWS: Show[] = ["all", "todo", "failing", "green"];

export function isShown(line: Line, show: Show): boolean {
  switch (show) {
    case "all":
      return true;
    case "todo":
      return applies(line) && !isGreen(line.state);
    case "failing":
      return line.state === "failing";
    case "green":
      return isGreen(line.state);
  }
}

export const countOf = (lines: Line[], show: Show): number => lines.filter((line) => isShown(line, show)).length;

/** How far it is, as one says it. */
export function progressWords({ lines, green, of, ready }: Checklist): string {
  const failing = countOf(lines, "failing");
  if (green === of) return "Every line is green.";
  if (ready) return "Ready to go live: only the first watched transaction is left.";
  const parts = [failing > 0 ? `${failing} failing` : "", of - green - failing > 0 ? `${of - green - failing} not seen yet` : ""];
  return `${plural(of - green, "line")} to go: ${parts.filter(Boolean).join(", ")}.`;
}

/** What to do first: what is broken, then what waits for the one who looks, then what was never seen. */
export function nextLines(lines: Line[], mine: (line: Line) => boolean, most = 3): Line[] {
  const rank = (line: Line): number => (line.state === "failing" ? 0 : mine(line) ? 1 : 2);
  return lines
    .filter((line) => isShown(line, "todo"))
    .map((line, index) => ({ line, index }))
    .sort((a, b) => rank(a.line) - rank(b.line) || a.index - b.index)
    .slice(0, most)
    .map(({ line }) => line);
}

/** Whether this person's word is what the line waits for. */
export function maySign(me: Me, line: Line): boolean {
  if (line.signs === "operator") return may(me, "checklist_sign_operator");
  return line.signs === "partner" && may(me, "checklist_sign_partner");
}

/** Whether this person says what the partner's users will ask for. */
export const mayList = (me: Me, line: Line): boolean => line.id === "COV-1" && may(me, "checklist_sign_partner");

export const isUnlisted = (line: Line): boolean => line.id === "COV-1" && !(line.matrix ?? []).some(({ asked }) => asked);

/** Whether the line waits for this person: for the list, and then for a word about it. */
export const waitsFor = (me: Me, line: Line): boolean => (isUnlisted(line) ? mayList(me, line) : maySign(me, line));

const WHO: Record<Line["who"], string> = {
  auto: "Seen by the server",
  probe: "Provoked by the server",
  scan: "Read from the app’s files",
  person: "Signed by a person",
  auto_person: "Seen, then signed",
  probe_person: "Provoked, then signed",
  scan_auto: "Read from files, and seen",
};

export const whoWords = (who: Line["who"]): string => WHO[who] ?? who;

const STRENGTHS: Record<Line["evidence"][number]["strength"], { word: string; says: string }> = {
  observed: { word: "Observed", says: "The server saw it happen." },
  inferred: { word: "Inferred", says: "It follows from what the server saw." },
  attested: { word: "Attested", says: "A person says so." },
};
export const strengthWords = (strength: string): { word: string; says: string } =>
  STRENGTHS[strength as keyof typeof STRENGTHS] ?? { word: strength, says: "" };

type Cell = NonNullable<Line["matrix"]>[number];

/** Pairs as rows, sides as columns. */
export function matrixRows(matrix: Cell[]): { pair: string; buy: Cell | undefined; sell: Cell | undefined }[] {
  const pairs = [...new Set(matrix.map((cell) => cell.pair))];
  const at = (pair: string, side: Cell["side"]) => matrix.find((cell) => cell.pair === pair && cell.side === side);
  return pairs.map((pair) => ({ pair, buy: at(pair, "buy"), sell: at(pair, "sell") }));
}

// What the integration log shows, and what of it goes into a file.

import type { CsvColumn } from "./core/csv";
import type { Refusals } from "./wire";

export type Refusal = Refusals["data"][number];

export const kindOf = (one: Refusal): string => [one.route, one.code, one.field ?? "", one.origin ?? ""].join(" ");

export interface LogFilters {
  query: string;
  code: string;
  seen: string;
}

export function shownOf(all: Refusal[], { query, code, seen }: LogFilters): Refusal[] {
  const text = (one: Refusal) => `${one.message} ${one.route} ${one.code} ${one.origin ?? ""} ${one.request_id ?? ""} ${one.acknowledged?.note ?? ""}`;
  const isAsked = (one: Refusal) => seen === "all" || one.is_new === (seen !== "seen");
  return all.filter((one) => isAsked(one) && (code === "" || one.code === code) && text(one).toLowerCase().includes(query.toLowerCase()));
}

export const LOG_CSV: CsvColumn<Refusal>[] = [
  { title: "route", of: (one) => one.route },
  { title: "code", of: (one) => one.code },
  { title: "field", of: (one) => one.field ?? "" },
  { title: "origin", of: (one) => one.origin ?? "" },
  { title: "message", of: (one) => one.message },
  { title: "count", of: (one) => String(one.count) },
  { title: "first_seen", of: (one) => one.first_seen },
  { title: "last_seen", of: (one) => one.last_seen },
  { title: "request_id", of: (one) => one.request_id ?? "" },
  { title: "acknowledged_by", of: (one) => one.acknowledged?.by ?? "" },
  { title: "acknowledged_at", of: (one) => one.acknowledged?.at ?? "" },
  { title: "note", of: (one) => one.acknowledged?.note ?? "" },
];

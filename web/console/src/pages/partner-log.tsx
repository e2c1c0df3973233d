// The integration log: every call that was refused, with its cause and what to do about it.

import { useLoad } from "../core/load";
import { part } from "../core/api";
import { readFilters, writeFilters } from "../core/filters";
import { go, place } from "../core/location";
import { useStore } from "../core/store";
import { groupDigits, webAddress } from "../format";
import { Empty, Loading, Problem } from "../parts/basics";
import { FilterBar, FilterSelect, SearchField } from "../parts/filter-bar";
import { Icon } from "../parts/icons";
import { Table, type Column } from "../parts/table";
import { Ago, Copy } from "../parts/text";
import type { Refusals } from "../wire";

const LOOK_AGAIN_MS = 10_000;
const NAMES = ["query", "code"] as const;
type Refusal = Refusals["data"][number];

const COLUMNS: Column<Refusal>[] = [
  {
    title: "What was refused",
    cell: (one) => (
      <div class="refusal">
        <p><strong>{one.message}</strong></p>
        <p class="small muted refusal-of">
          <code>{one.route}</code>
          {one.field && (
            <span>
              field <code>{one.field}</code>
            </span>
          )}
          {one.origin && (
            <span>
              from <code>{one.origin}</code>
            </span>
          )}
          {one.request_id && (
            <span class="with-copy">
              <span>
                request <code>{one.request_id}</code>
              </span>
              <Copy text={one.request_id} what="the request id" quiet />
            </span>
          )}
        </p>
      </div>
    ),
  },
  { title: "How to mend it", gives: 2, cell: (one) => <Fix one={one} /> },
  { title: "Times", number: true, cell: (one) => groupDigits(String(one.count)) },
  { title: "First", number: true, gives: 2, cell: (one) => <Ago at={one.first_seen} /> },
  { title: "Last", number: true, cell: (one) => <Ago at={one.last_seen} /> },
];

function Fix({ one }: { one: Refusal }) {
  const page = webAddress(one.docs_url);
  if (!page) return <code>{one.code}</code>;
  return <a class="outward" href={page} target="_blank" rel="noopener noreferrer"><code>{one.code}</code><Icon name="out" size={12} /></a>;
}

export function PartnerLog({ partner }: { partner: string }) {
  const { data, problem, reload } = useLoad<Refusals>(`partners/${part(partner)}/refusals`, { everyMs: LOOK_AGAIN_MS });
  const { path, query } = useStore(place);
  const filters = readFilters(query, NAMES);
  const set = (name: (typeof NAMES)[number]) => (value: string) => go(path, writeFilters({ ...filters, [name]: value }, NAMES), { replace: true });
  const all = data?.data ?? [];
  const rows = all.filter(
    (one) =>
      (filters.code === "" || one.code === filters.code) &&
      `${one.message} ${one.route} ${one.code} ${one.origin ?? ""} ${one.request_id ?? ""}`.toLowerCase().includes(filters.query.toLowerCase()),
  );
  return (
    <>
      {problem !== undefined && <Problem problem={problem} onRetry={() => void reload()} />}
      {!data && problem === undefined && <Loading />}
      {all.length > 0 && (
        <FilterBar label="Integration log">
          <SearchField label="Search the log" placeholder="Message, route or request id" value={filters.query} onSearch={set("query")} />
          <FilterSelect
            label="Code"
            value={filters.code}
            onSelect={set("code")}
            choices={[...new Set(all.map(({ code }) => code))].sort().map((value) => ({ value, label: value }))}
          />
        </FilterBar>
      )}
      {rows.length > 0 && (
        <Table
          label="Refused calls"
          rows={rows}
          columns={COLUMNS}
          keyOf={(one) => `${one.route} ${one.code} ${one.field ?? ""} ${one.origin ?? ""}`}
        />
      )}
      {data && all.length > 0 && rows.length === 0 && <Empty icon="search" title="Nothing in the log is like this" />}
      {data && all.length === 0 && (
        <Empty icon="log" title="No call was refused">
          When a call is refused, it appears here with its cause and a page that says what to do. The same refusal is counted, not repeated.
        </Empty>
      )}
    </>
  );
}

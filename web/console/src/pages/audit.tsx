// What people did, the latest first. Each entry holds the hash of the one before it.

import { part } from "../core/api";
import type { CsvColumn } from "../core/csv";
import { isFiltered, readFilters, writeFilters } from "../core/filters";
import { useLoad } from "../core/load";
import { go, place, url } from "../core/location";
import { usePages } from "../core/pages";
import { useStore } from "../core/store";
import { deedWords } from "../deeds";
import { changesOf } from "../diff";
import { plural } from "../format";
import { Empty, Loading, Page, Problem } from "../parts/basics";
import { Changes } from "../parts/changes";
import { useExport } from "../parts/export";
import { FilterBar, FilterSelect, SearchField } from "../parts/filter-bar";
import { ListEnd } from "../parts/list-end";
import { Facts, Folded, Panel, Part } from "../parts/panel";
import { Table, type Column } from "../parts/table";
import { Ago, Copy, Exact, Json } from "../parts/text";
import type { AuditEntry, AuditNames } from "../wire";

const NAMES = ["query", "by", "act"] as const;

const COLUMNS: Column<AuditEntry>[] = [
  { title: "What", cell: (entry) => deedWords(entry.act) },
  { title: "Who", cell: (entry) => <strong class="row-name">{entry.by}</strong> },
  { title: "About", gives: 2, cell: (entry) => <code class="value" title={entry.subject}>{entry.subject}</code> },
  { title: "From", gives: 1, cell: (entry) => <span class="muted">{entry.ip}</span> },
  { title: "Number", gives: 1, number: true, cell: (entry) => <span class="muted">{entry.number}</span> },
  { title: "When", number: true, cell: (entry) => <Ago at={entry.at} /> },
];

const CSV: CsvColumn<AuditEntry>[] = [
  { title: "number", of: (entry) => String(entry.number) },
  { title: "at", of: (entry) => entry.at },
  { title: "by", of: (entry) => entry.by },
  { title: "act", of: (entry) => entry.act },
  { title: "subject", of: (entry) => entry.subject },
  { title: "from", of: (entry) => entry.ip },
  { title: "before", of: (entry) => JSON.stringify(entry.before) },
  { title: "after", of: (entry) => JSON.stringify(entry.after) },
  { title: "hash", of: (entry) => entry.hash },
];

export function AuditPage({ open }: { open: string | undefined }) {
  const { query } = useStore(place);
  const filters = readFilters(query, NAMES);
  const asked = writeFilters(filters, NAMES);
  const pages = usePages<AuditEntry>("audit", asked, { keyOf: (entry) => String(entry.number) });
  const names = useLoad<AuditNames>("audit/names").data;
  const { rows } = pages;
  const older = "search for the older ones.";
  const file = useExport<AuditEntry>({ name: "audit", path: "audit", query: asked, columns: CSV, one: "entry", many: "entries", older });
  const path = open === undefined ? "/audit" : `/audit/${open}`;
  const set = (name: (typeof NAMES)[number]) => (value: string) => go(path, writeFilters({ ...filters, [name]: value }, NAMES), { replace: true });
  return (
    <>
      <Page
        title="Audit"
        lead="Everything that people did here; nothing in it can be changed unseen."
        action={rows && rows.length > 0 && file.button}
      >
        {file.problem}
        <FilterBar label="Audit">
          <SearchField label="Search the entries" placeholder="Order, partner, person, address" value={filters.query} onSearch={set("query")} />
          <FilterSelect label="Who" value={filters.by} onSelect={set("by")} choices={(names?.by ?? []).map((value) => ({ value, label: value }))} />
          <FilterSelect label="What" value={filters.act} onSelect={set("act")} choices={(names?.acts ?? []).map((value) => ({ value, label: deedWords(value) }))} />
          {isFiltered(filters) && <a class="clear" href={url("/audit")}>Clear</a>}
        </FilterBar>
        {pages.problem !== undefined && <Problem problem={pages.problem} onRetry={() => void pages.reload()} />}
        {rows === undefined && pages.isLoading && <Loading rows={10} />}
        {rows && rows.length > 0 && (
          <Table
            label="Audit"
            rows={rows}
            columns={COLUMNS}
            keyOf={(entry) => String(entry.number)}
            hrefOf={(entry) => url(`/audit/${entry.number}`, asked)}
            selected={open}
            dim={pages.isLoading}
          />
        )}
        {rows?.length === 0 && !pages.isLoading && <NoEntry isFiltered={isFiltered(filters)} />}
        {rows && <ListEnd pages={pages} counted={plural(rows.length, "entry", "entries")} />}
      </Page>
      {open !== undefined && <EntryPanel key={open} number={open} back={{ path: "/audit", query: asked }} />}
    </>
  );
}

function NoEntry({ isFiltered: filtered }: { isFiltered: boolean }) {
  if (filtered)
    return (
      <Empty icon="search" title="No entry is like this" action={<a class="button plain" href={url("/audit")}>Show all entries</a>}>
        The whole log was searched for what it was done to: an order, a partner, a person, an address, or a part of one.
      </Empty>
    );
  return (
    <Empty icon="audit" title="Nobody has done anything yet">
      Whatever a person changes appears here: who, what, before and after, from where.
    </Empty>
  );
}

/** By itself, since it may be further back than the list has read. */
function EntryPanel({ number, back }: { number: string; back: { path: string; query: string } }) {
  const { data: entry, problem, reload } = useLoad<AuditEntry>(`audit/${part(number)}`);
  if (!entry)
    return (
      <Panel title="Entry" back={back}>
        {problem === undefined ? <Loading /> : <Problem problem={problem} onRetry={() => void reload()} />}
      </Panel>
    );
  const changes = changesOf(entry.before, entry.after);
  return (
    <Panel title={deedWords(entry.act)} back={back} head={<span class="muted">by {entry.by}</span>}>
      <Facts
        rows={[
          ["About", <code>{entry.subject}</code>],
          ["When", <Exact at={entry.at} />],
          ["From", <code>{entry.ip}</code>],
          ["Number", String(entry.number)],
          ["Hash", <span class="with-copy"><code class="value">{entry.hash}</code><Copy text={entry.hash} what="the hash" quiet /></span>],
        ]}
      />
      <Part title="What changed">
        {changes.length === 0 && <p class="muted">Nothing that is kept has another value than before.</p>}
        {changes.length > 0 && <Changes changes={changes} />}
      </Part>
      <Folded title="Before and after, as JSON"><Json value={{ before: entry.before, after: entry.after }} /></Folded>
    </Panel>
  );
}

// What people did, the latest first. Each entry holds the hash of the one before it.

import { isFiltered, readFilters, writeFilters } from "../core/filters";
import { go, place, url } from "../core/location";
import { usePages } from "../core/pages";
import { useStore } from "../core/store";
import { changesOf } from "../diff";
import { plural, wordsOf } from "../format";
import { Button, Empty, Loading, Notice, Page, Problem } from "../parts/basics";
import { FilterBar, FilterSelect, SearchField } from "../parts/filter-bar";
import { Facts, Folded, Panel, Part } from "../parts/panel";
import { Table, type Column } from "../parts/table";
import { Ago, Copy, Exact, Json } from "../parts/text";
import type { AuditEntry } from "../wire";

const NAMES = ["query", "by", "act"] as const;

const COLUMNS: Column<AuditEntry>[] = [
  { title: "What", cell: (entry) => wordsOf(entry.act) },
  { title: "Who", cell: (entry) => <strong class="row-name">{entry.by}</strong> },
  { title: "About", gives: 2, cell: (entry) => <code class="value" title={entry.subject}>{entry.subject}</code> },
  { title: "From", gives: 1, cell: (entry) => <span class="muted">{entry.ip}</span> },
  { title: "Number", gives: 1, number: true, cell: (entry) => <span class="muted">{entry.number}</span> },
  { title: "When", number: true, cell: (entry) => <Ago at={entry.at} /> },
];

export function AuditPage({ open }: { open: string | undefined }) {
  const { query } = useStore(place);
  const filters = readFilters(query, NAMES);
  const asked = writeFilters(filters, NAMES);
  const pages = usePages<AuditEntry>("audit", "", { keyOf: (entry) => String(entry.number) });
  const all = pages.rows ?? [];
  const rows = all.filter((entry) => matches(entry, filters));
  const path = open === undefined ? "/audit" : `/audit/${open}`;
  const set = (name: (typeof NAMES)[number]) => (value: string) => go(path, writeFilters({ ...filters, [name]: value }, NAMES), { replace: true });
  const choices = (of: (entry: AuditEntry) => string, words: (text: string) => string) =>
    [...new Set(all.map(of))].sort().map((value) => ({ value, label: words(value) }));
  return (
    <>
      <Page title="Audit" lead="Everything that people did here; nothing in it can be changed unseen.">
        <FilterBar label="Audit">
          <SearchField label="Search the entries" placeholder="Order, partner, name, address" value={filters.query} onSearch={set("query")} />
          <FilterSelect label="Who" value={filters.by} onSelect={set("by")} choices={choices((entry) => entry.by, (by) => by)} />
          <FilterSelect label="What" value={filters.act} onSelect={set("act")} choices={choices((entry) => entry.act, wordsOf)} />
          {isFiltered(filters) && <a class="clear" href={url("/audit")}>Clear</a>}
        </FilterBar>
        {pages.problem !== undefined && <Problem problem={pages.problem} onRetry={() => void pages.reload()} />}
        {pages.rows === undefined && pages.isLoading && <Loading rows={10} />}
        {rows.length > 0 && (
          <Table
            label="Audit"
            rows={rows}
            columns={COLUMNS}
            keyOf={(entry) => String(entry.number)}
            hrefOf={(entry) => url(`/audit/${entry.number}`, asked)}
            selected={open}
          />
        )}
        {pages.rows !== undefined &&
          rows.length === 0 &&
          (isFiltered(filters) ? (
            <Empty icon="search" title="No entry so far is like this">
              {pages.hasMore ? "Only what is loaded is searched. Load more to look further back." : "All entries are loaded."}
            </Empty>
          ) : (
            <Empty icon="audit" title="Nobody has done anything yet">
              Whatever a person changes appears here: who, what, before and after, from where.
            </Empty>
          ))}
        {all.length > 0 && (
          <p class="list-end">
            {pages.hasMore && <Button onClick={pages.more} isBusy={pages.isMore}>Load more</Button>}
            <span class="muted small">{plural(all.length, "entry", "entries")} loaded{isFiltered(filters) && `, ${rows.length} shown`}.</span>
          </p>
        )}
      </Page>
      {open !== undefined && (
        <EntryPanel
          key={open}
          entry={all.find((entry) => String(entry.number) === open)}
          back={{ path: "/audit", query: asked }}
          isLoading={pages.isLoading}
        />
      )}
    </>
  );
}

function matches(entry: AuditEntry, { query, by, act }: Record<(typeof NAMES)[number], string>): boolean {
  const text = `${entry.act} ${entry.by} ${entry.subject} ${entry.ip} ${entry.hash}`.toLowerCase();
  return text.includes(query.toLowerCase()) && (by === "" || entry.by === by) && (act === "" || entry.act === act);
}

function EntryPanel({ entry, back, isLoading }: { entry: AuditEntry | undefined; back: { path: string; query: string }; isLoading: boolean }) {
  if (!entry)
    return (
      <Panel title="Entry" back={back}>
        {isLoading ? <Loading /> : <Notice tone="info">This entry is further back. Load more to reach it.</Notice>}
      </Panel>
    );
  const changes = changesOf(entry.before, entry.after);
  return (
    <Panel title={wordsOf(entry.act)} back={back} head={<span class="muted">by {entry.by}</span>}>
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
        {changes.length > 0 && (
          <dl class="diff">
            {changes.map(({ path, before, after }) => (
              <div key={path}>
                <dt>{path === "" ? "All" : path}</dt>
                {before !== undefined && <dd class="was"><span class="aloud">before </span>{before}</dd>}
                {after !== undefined && <dd class="is"><span class="aloud">after </span>{after}</dd>}
              </div>
            ))}
          </dl>
        )}
      </Part>
      <Folded title="Before and after, as JSON"><Json value={{ before: entry.before, after: entry.after }} /></Folded>
    </Panel>
  );
}

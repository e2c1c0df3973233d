// All cases, by whom they wait for: what is with the user or a bank, and how others were settled.

import type { CsvColumn } from "../core/csv";
import { readFilters, writeFilters } from "../core/filters";
import { go, place, url } from "../core/location";
import { usePages } from "../core/pages";
import { useStore } from "../core/store";
import { plural, wordsOf } from "../format";
import { Empty, Loading, Page, Problem } from "../parts/basics";
import { useExport } from "../parts/export";
import { FilterBar, FilterSelect } from "../parts/filter-bar";
import { ListEnd } from "../parts/list-end";
import { Table, type Column } from "../parts/table";
import { Tabs } from "../parts/tabs";
import { Ago, Id } from "../parts/text";
import { caseTitle } from "../words";
import type { Case } from "../wire";
import { CasePanel } from "./case";

const LOOK_AGAIN_MS = 10_000;
const NAMES = ["waits_for"] as const;

const WAITS = [
  { value: "user", label: "The user" },
  { value: "others", label: "A chain or a bank" },
  { value: "nobody", label: "Nobody: settled" },
];

const TABS = [
  { key: "waiting", title: "For us to decide", href: url("/waiting") },
  { key: "cases", title: "All cases", href: url("/waiting/cases") },
  { key: "returns", title: "Refunds and returns", href: url("/waiting/returns") },
];

export const WaitingTabs = ({ at }: { at: string }) => <Tabs tabs={TABS} at={at} label="Parts of what waits" />;

export const dueOf = ({ due_at }: Case) => (due_at ? <Ago at={due_at} /> : <span class="muted">–</span>);

const COLUMNS: Column<Case>[] = [
  { title: "Case", cell: (one) => caseTitle(one.kind) },
  { title: "State", cell: (one) => wordsOf(one.state) },
  { title: "Amount", number: true, cell: (one) => one.amount },
  { title: "Due", number: true, gives: 2, cell: dueOf },
  { title: "Of order", gives: 1, cell: (one) => <Id id={one.order} /> },
  { title: "Opened", number: true, gives: 2, cell: (one) => <Ago at={one.opened_at} /> },
];

const CSV: CsvColumn<Case>[] = [
  { title: "case", of: (one) => one.case },
  { title: "kind", of: (one) => one.kind },
  { title: "state", of: (one) => one.state },
  { title: "amount", of: (one) => one.amount },
  { title: "about", of: (one) => one.about },
  { title: "why", of: (one) => one.why },
  { title: "order", of: (one) => one.order },
  { title: "opened_at", of: (one) => one.opened_at },
  { title: "due_at", of: (one) => one.due_at ?? "" },
];

export function CasesPage({ open }: { open: string | undefined }) {
  const filters = readFilters(useStore(place).query, NAMES);
  const waits = filters.waits_for || "us";
  const asked = writeFilters({ waits_for: waits }, NAMES);
  const pages = usePages<Case>("cases", asked, { keyOf: (one) => one.case, everyMs: LOOK_AGAIN_MS });
  const { rows } = pages;
  const older = "older ones are in their orders.";
  const file = useExport<Case>({ name: "cases", path: "cases", query: asked, columns: CSV, one: "case", older });
  const select = (value: string) => go("/waiting/cases", writeFilters({ waits_for: value }, NAMES), { replace: true });
  return (
    <>
      <Page
        title="Waiting"
        lead="Money or coins that fit no order, and what a bank wants back: the newest first."
        action={rows && rows.length > 0 && file.button}
      >
        <WaitingTabs at="cases" />
        {file.problem}
        <FilterBar label="Cases">
          <FilterSelect label="Waits for" value={waits === "us" ? "" : waits} onSelect={select} choices={WAITS} all="Us" />
        </FilterBar>
        {pages.problem !== undefined && <Problem problem={pages.problem} onRetry={() => void pages.reload()} />}
        {!rows && pages.isLoading && <Loading />}
        {rows && rows.length > 0 && (
          <Table
            label="Cases"
            rows={rows}
            columns={COLUMNS}
            keyOf={(one) => one.case}
            hrefOf={(one) => url(`/waiting/cases/${encodeURIComponent(one.case)}`, asked)}
            selected={open}
            dim={pages.isLoading}
          />
        )}
        {rows?.length === 0 && !pages.isLoading && (
          <Empty icon="check" title="No case is like this">
            A case is opened when money or coins come that fit no order, or when a bank asks for a payment back.
          </Empty>
        )}
        {rows && <ListEnd pages={pages} counted={plural(rows.length, "case")} />}
      </Page>
      {open !== undefined && <CasePanel key={open} id={open} back={{ path: "/waiting/cases", query: asked }} onChanged={() => void pages.reload()} />}
    </>
  );
}

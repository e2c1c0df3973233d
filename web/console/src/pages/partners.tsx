// All partners: their stage, and how far each is on the way to live.

import { isFiltered, readFilters, writeFilters } from "../core/filters";
import { go, place, url } from "../core/location";
import { useMay } from "../core/me";
import { usePages } from "../core/pages";
import type { CsvColumn } from "../core/csv";
import { useStore } from "../core/store";
import { Empty, Loading, Page, Problem } from "../parts/basics";
import { Meter } from "../parts/charts";
import { useExport } from "../parts/export";
import { FilterBar, SearchField } from "../parts/filter-bar";
import { Icon } from "../parts/icons";
import { ListEnd } from "../parts/list-end";
import { StageMark } from "../parts/state";
import { Table, type Column } from "../parts/table";
import { KINDS } from "../words";
import { plural, wordsOf } from "../format";
import type { PartnerListed } from "../wire";

const NAMES = ["query"] as const;

/** So many are seen at one look: nobody searches among them. */
const FEW = 8;

const COLUMNS: Column<PartnerListed>[] = [
  { title: "Partner", cell: (partner) => <strong class="row-name">{partner.name}</strong> },
  { title: "Stage", cell: (partner) => <StageMark stage={partner.stage} /> },
  {
    title: "Checklist",
    cell: ({ checklist: { green, of } }) => (
      <span class="meter-cell">
        <Meter value={green} of={of} tone={green === of ? "ok" : "accent"} />
        <span class="amount">
          {green} of {of}
        </span>
      </span>
    ),
  },
  { title: "Type", gives: 2, cell: (partner) => KINDS[partner.kind]?.title ?? wordsOf(partner.kind) },
  { title: "Contact", gives: 2, cell: (partner) => <span class="muted">{partner.contact_email}</span> },
  { title: "Widget", gives: 1, cell: (partner) => <code class="muted">{partner.widget_id}</code> },
];

const CSV: CsvColumn<PartnerListed>[] = [
  { title: "id", of: (partner) => partner.id },
  { title: "name", of: (partner) => partner.name },
  { title: "stage", of: (partner) => partner.stage },
  { title: "type", of: (partner) => partner.kind },
  { title: "contact", of: (partner) => partner.contact_email },
  { title: "widget_id", of: (partner) => partner.widget_id },
  { title: "checklist_green", of: ({ checklist }) => String(checklist.green) },
  { title: "checklist_of", of: ({ checklist }) => String(checklist.of) },
];

export function PartnersPage() {
  const filters = readFilters(useStore(place).query, NAMES);
  const asked = writeFilters(filters, NAMES);
  const pages = usePages<PartnerListed>("partners", asked, { keyOf: (partner) => partner.id });
  const file = useExport<PartnerListed>({ name: "partners", path: "partners", query: asked, columns: CSV, one: "partner", older: "search for the others.", kept: "first" });
  const { rows } = pages;
  const search = (query: string) => go("/partners", writeFilters({ query }, NAMES), { replace: true });
  const mayMake = useMay("partner_write");
  const make = mayMake && <a class="button primary" href={url("/partners/new")}><Icon name="plus" />New partner</a>;
  return (
    <Page title="Partners" action={<>{rows && rows.length > 0 && file.button}{make}</>}>
      {file.problem}
      {pages.problem !== undefined && <Problem problem={pages.problem} onRetry={() => void pages.reload()} />}
      {!rows && pages.isLoading && <Loading />}
      {rows && (pages.hasMore || rows.length > FEW || isFiltered(filters)) && (
        <FilterBar label="Partners">
          <SearchField label="Search partners" placeholder="Name" value={filters.query} onSearch={search} />
        </FilterBar>
      )}
      {rows && rows.length > 0 && (
        <Table
          label="Partners"
          rows={rows}
          dim={pages.isLoading}
          columns={COLUMNS}
          keyOf={(partner) => partner.id}
          hrefOf={(partner) => url(`/partners/${encodeURIComponent(partner.id)}`)}
        />
      )}
      {rows && <ListEnd pages={pages} counted={plural(rows.length, "partner")} />}
      {rows?.length === 0 && !pages.isLoading && isFiltered(filters) && (
        <Empty icon="search" title="No partner is called like this" action={<a class="button plain" href={url("/partners")}>Show all partners</a>} />
      )}
      {rows?.length === 0 && !pages.isLoading && !isFiltered(filters) && (
        <Empty icon="partners" title="No partners yet" action={make}>
          A partner is a shop or a wallet whose users buy and sell here. A new one starts in the sandbox, with a token, a widget and a checklist that
          ticks itself.
        </Empty>
      )}
    </Page>
  );
}

// Orders: the table that follows what happens, and one order's story beside it.

import type { CsvColumn } from "../core/csv";
import { isFiltered, readFilters, writeFilters, type Filters } from "../core/filters";
import { useLoad } from "../core/load";
import { go, place, url } from "../core/location";
import { useMay, useMe } from "../core/me";
import { usePages } from "../core/pages";
import { isPortal } from "../core/session";
import { useStore } from "../core/store";
import { amountWords, plural } from "../format";
import { Button, Empty, Loading, Page, Problem } from "../parts/basics";
import { useExport } from "../parts/export";
import { FilterBar, FilterDay, FilterSelect, SearchField } from "../parts/filter-bar";
import { SavedViews } from "../parts/saved-views";
import { StatusMark } from "../parts/state";
import { Table, type Column } from "../parts/table";
import { Ago, Id } from "../parts/text";
import { wordsOf } from "../format";
import type { Order, PartnerNames, Status } from "../wire";
import { OrderPanel } from "./order";

const NAMES = ["query", "status", "side", "from", "to", "partner", "environment"] as const;
type Name = (typeof NAMES)[number];

const LOOK_AGAIN_MS = 5000;
const STATUSES: Status[] = ["pending", "processing", "completed", "failed", "cancelled"];
const choices = (codes: string[]) => codes.map((value) => ({ value, label: wordsOf(value) }));

const CSV: CsvColumn<Order>[] = [
  { title: "order", of: (order) => order.id },
  { title: "partner", of: (order) => order.partner.name },
  { title: "environment", of: (order) => order.environment },
  { title: "partner_user_id", of: (order) => order.partner_user_id },
  { title: "side", of: (order) => order.side },
  { title: "status", of: (order) => order.status },
  { title: "state", of: (order) => order.state },
  { title: "amount", of: (order) => order.amount },
  { title: "currency", of: (order) => order.currency },
  { title: "network", of: (order) => order.network },
  { title: "fiat_amount", of: (order) => order.fiat_amount },
  { title: "fiat_currency", of: (order) => order.fiat_currency },
  { title: "created_at", of: (order) => order.created_at },
  { title: "updated_at", of: (order) => order.updated_at },
];

const COLUMNS: Column<Order>[] = [
  { title: "Order", cell: (order) => <><Id id={order.id} />{order.environment === "test" && <span class="tag">test</span>}</> },
  { title: "Side", gives: 2, cell: (order) => wordsOf(order.side) },
  { title: "Status", cell: (order) => <StatusMark status={order.status} /> },
  { title: "Amount", number: true, cell: (order) => <>{amountWords(order.amount, order.currency)}</> },
  { title: "Network", gives: 1, cell: (order) => <span class="muted">{order.network}</span> },
  { title: "Money", number: true, gives: 2, cell: (order) => (order.fiat_amount === "" ? "–" : amountWords(order.fiat_amount, order.fiat_currency)) },
  { title: "State", gives: 1, cell: (order) => <span class="muted">{wordsOf(order.state)}</span> },
  { title: "Partner", gives: 2, cell: (order) => order.partner.name },
  { title: "User", gives: 1, cell: (order) => <span class="cut" title={order.partner_user_id}>{order.partner_user_id}</span> },
  { title: "Made", number: true, gives: 2, cell: (order) => <Ago at={order.created_at} /> },
];

export function OrdersPage({ open }: { open: string | undefined }) {
  const { query } = useStore(place);
  const me = useMe();
  const filters = readFilters(query, NAMES);
  const asked = writeFilters(filters, NAMES);
  const pages = usePages<Order>("orders", asked, { keyOf: (order) => order.id, everyMs: LOOK_AGAIN_MS });
  const { rows } = pages;
  const path = open === undefined ? "/orders" : `/orders/${encodeURIComponent(open)}`;
  const set = (name: Name) => (value: string) => go(path, writeFilters({ ...filters, [name]: value }, NAMES), { replace: true });
  const columns = isPortal(me) ? COLUMNS.filter(({ title }) => title !== "Partner") : COLUMNS;
  const older = "choose days for the older ones.";
  const file = useExport<Order>({ name: "orders", path: "orders", query: asked, columns: CSV, one: "order", older });
  return (
    <>
      <Page title="Orders" action={rows && rows.length > 0 && file.button}>
        {file.problem}
        <OrderFilters filters={filters} set={set} />
        <SavedViews path="/orders" query={asked} />
        {pages.problem !== undefined && <Problem problem={pages.problem} onRetry={() => void pages.reload()} />}
        {!rows && pages.isLoading && <Loading rows={10} />}
        {rows && rows.length > 0 && (
          <Table
            label="Orders"
            rows={rows}
            columns={columns}
            keyOf={(order) => order.id}
            hrefOf={(order) => url(`/orders/${encodeURIComponent(order.id)}`, asked)}
            selected={open}
            dim={pages.isLoading}
          />
        )}
        {rows && !pages.isLoading && <p class="aloud" role="status">{plural(rows.length, "order")} shown</p>}
        {rows?.length === 0 && !pages.isLoading && <NoOrders isFiltered={isFiltered(filters)} />}
        {rows && rows.length > 0 && (
          <p class="list-end">
            {pages.hasMore ? (
              <Button onClick={pages.more} isBusy={pages.isMore}>
                Load more
              </Button>
            ) : (
              <span class="muted small">{plural(rows.length, "order")}, all there are.</span>
            )}
          </p>
        )}
      </Page>
      {open !== undefined && <OrderPanel key={open} id={open} back={{ path: "/orders", query: asked }} onChanged={() => void pages.reload()} />}
    </>
  );
}

function OrderFilters({ filters, set }: { filters: Filters<Name>; set: (name: Name) => (value: string) => void }) {
  const me = useMe();
  const listsPartners = useMay("partner_read") && !isPortal(me);
  const partners = useLoad<PartnerNames>(listsPartners ? "partners/names" : null).data?.data ?? [];
  return (
    <FilterBar label="Orders">
      <SearchField label="Search orders" placeholder="Order, user, email, address, hash" value={filters.query} onSearch={set("query")} />
      <FilterSelect label="Status" value={filters.status} onSelect={set("status")} choices={choices(STATUSES)} />
      <FilterSelect label="Side" value={filters.side} onSelect={set("side")} choices={choices(["buy", "sell"])} />
      <FilterDay label="From" value={filters.from} onSelect={set("from")} />
      <FilterDay label="To" value={filters.to} onSelect={set("to")} />
      {listsPartners && (
        <FilterSelect
          label="Partner"
          value={filters.partner}
          onSelect={set("partner")}
          choices={partners.map(({ id, name }) => ({ value: id, label: name }))}
        />
      )}
      <FilterSelect label="World" value={filters.environment} onSelect={set("environment")} choices={[{ value: "live", label: "Live" }]} all="Sandbox" />
      {isFiltered(filters) && (
        <a class="clear" href={url("/orders")}>
          Clear
        </a>
      )}
    </FilterBar>
  );
}

function NoOrders({ isFiltered: filtered }: { isFiltered: boolean }) {
  if (filtered)
    return (
      <Empty
        icon="search"
        title="No order is like this"
        action={
          <a class="button plain" href={url("/orders")}>
            Show all orders
          </a>
        }
      >
        Search finds an order’s id or its beginning, a partner’s own user ids, the email of a checked user, the hash of a transfer, deposit addresses, and to which address an order delivers, once it was paid or has ended. Days are UTC.
      </Empty>
    );
  return (
    <Empty icon="orders" title="No orders yet">
      An order begins when a partner’s server makes a session and its user opens the widget. It appears here by itself, and its story grows as it goes.
    </Empty>
  );
}

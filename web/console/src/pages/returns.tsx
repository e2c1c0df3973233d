// Refunds and returns: what is on its way back to users, the longest first, and what they have back.

import type { CsvColumn } from "../core/csv";
import { readFilters, writeFilters } from "../core/filters";
import { go, place, url } from "../core/location";
import { useMay } from "../core/me";
import { usePages } from "../core/pages";
import { useStore } from "../core/store";
import { plural } from "../format";
import { Empty, Loading, Page, Problem } from "../parts/basics";
import { useExport } from "../parts/export";
import { FilterBar, FilterSelect } from "../parts/filter-bar";
import { ListEnd } from "../parts/list-end";
import { ReturnMark } from "../parts/state";
import { Table, type Column } from "../parts/table";
import { Ago, Id } from "../parts/text";
import type { Return } from "../wire";
import { WaitingTabs } from "./cases";
import { OrderPanel } from "./order";

// Of each kind the server gives no more of what is under way.
const UNDER_WAY_MAX = 200;

const LOOK_AGAIN_MS = 10_000;
const NAMES = ["state", "environment"] as const;

const KINDS: Record<Return["kind"], string> = {
  refund: "Refund to the card",
  refund_by_bank: "Paid back from our bank",
  return: "Return of crypto",
};

const WHAT: Column<Return> = { title: "What", cell: (one) => KINDS[one.kind] };
const AMOUNT: Column<Return> = { title: "Amount", number: true, cell: (one) => one.amount };
const ORDER: Column<Return> = { title: "Of order", gives: 1, cell: (one) => <Id id={one.order} /> };

const UNDER_WAY: Column<Return>[] = [
  WHAT,
  { title: "State", cell: (one) => <ReturnMark state={one.state} /> },
  AMOUNT,
  ORDER,
  { title: "Since", number: true, gives: 2, cell: (one) => <Ago at={one.at} /> },
];

const DONE: Column<Return>[] = [
  WHAT,
  AMOUNT,
  { title: "Partner", gives: 2, cell: (one) => one.partner_name },
  ORDER,
  { title: "Booked", number: true, gives: 2, cell: (one) => <Ago at={one.at} /> },
];

const CSV: CsvColumn<Return>[] = [
  { title: "entry", of: (one) => one.id },
  { title: "kind", of: (one) => one.kind },
  { title: "amount", of: (one) => one.amount },
  { title: "order", of: (one) => one.order },
  { title: "partner", of: (one) => one.partner_name ?? "" },
  { title: "booked_at", of: (one) => one.at },
];

export function ReturnsPage({ open }: { open: string | undefined }) {
  const filters = readFilters(useStore(place).query, NAMES);
  const asked = writeFilters(filters, NAMES);
  const isDone = filters.state === "done";
  const pages = usePages<Return>("returns", asked, { keyOf: (one) => one.id, everyMs: LOOK_AGAIN_MS });
  const { rows } = pages;
  const path = "/waiting/returns";
  const set = (name: (typeof NAMES)[number]) => (value: string) => go(path, writeFilters({ ...filters, [name]: value }, NAMES), { replace: true });
  const older = "older ones are in the partners' statements.";
  const file = useExport<Return>({ name: "refunds-and-returns", path: "returns", query: asked, columns: CSV, one: "line", older });
  const readsOrders = useMay("order_read");
  return (
    <>
      <Page
        title="Waiting"
        lead="Money on its way back to cards, and crypto to the addresses it came for."
        action={isDone && rows && rows.length > 0 && file.button}
      >
        <WaitingTabs at="returns" />
        {file.problem}
        <FilterBar label="Refunds and returns">
          <FilterSelect label="State" value={filters.state} onSelect={set("state")} choices={[{ value: "done", label: "Done" }]} all="Under way" />
          <FilterSelect label="World" value={filters.environment} onSelect={set("environment")} choices={[{ value: "live", label: "Live" }]} all="Sandbox" />
        </FilterBar>
        {pages.problem !== undefined && <Problem problem={pages.problem} onRetry={() => void pages.reload()} />}
        {!rows && pages.isLoading && <Loading />}
        {rows && rows.length > 0 && (
          <Table
            label="Refunds and returns"
            rows={rows}
            columns={isDone ? DONE : UNDER_WAY}
            keyOf={(one) => one.id}
            hrefOf={(one) => url(`${path}/${encodeURIComponent(one.order)}`, asked)}
            dim={pages.isLoading}
          />
        )}
        {rows?.length === 0 && !pages.isLoading && <Nothing isDone={isDone} />}
        {rows && rows.length > 0 && (isDone || rows.length < UNDER_WAY_MAX) && <ListEnd pages={pages} counted={plural(rows.length, "line")} />}
        {rows && !isDone && rows.length >= UNDER_WAY_MAX && <p class="muted small">Not all are shown: at most {UNDER_WAY_MAX} of each kind.</p>}
      </Page>
      {open !== undefined && readsOrders && <OrderPanel key={open} id={open} back={{ path, query: asked }} onChanged={() => void pages.reload()} />}
    </>
  );
}

const Nothing = ({ isDone }: { isDone: boolean }) =>
  isDone ? (
    <Empty icon="check" title="Nothing went back yet">
      What users get back stands here when it is booked: a refund when the provider confirms it, a return when the network does.
    </Empty>
  ) : (
    <Empty icon="check" title="Nothing is on its way back">
      An order turns round when its crypto cannot be delivered or its payout fails; a case returns what came too late, twice or wrong. A partial refund
      is made on the order’s page.
    </Empty>
  );

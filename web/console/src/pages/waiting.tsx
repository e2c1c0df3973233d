// What waits for people: orders, cases and checks of identity, the longest first, each with its choices beside the list.

import { useLoad } from "../core/load";
import { url } from "../core/location";
import { useMay } from "../core/me";
import { inWorld } from "../core/world";
import { groupDigits, plural, wordsOf } from "../format";
import { Empty, Loading, Page, Problem } from "../parts/basics";
import { Mark } from "../parts/state";
import { Table, type Column } from "../parts/table";
import { Ago, Id } from "../parts/text";
import { caseTitle } from "../words";
import type { Case, IdentityWaits, Reviews, Wished } from "../wire";
import { CasePanel } from "./case";
import { dueOf, WaitingTabs } from "./cases";
import { IdentityPanel } from "./identity";
import { OrderPanel } from "./order";

const LOOK_AGAIN_MS = 10_000;
type Waits = Reviews["orders"][number];

const Proposed = ({ proposed }: { proposed: string | null }) =>
  proposed ? <span title={proposed}><Mark tone="accent" icon="pen" word="Needs a second" /></span> : <Mark tone="wait" icon="wait" word="Nobody yet" />;

const ORDERS: Column<Waits>[] = [
  { title: "Order", cell: (one) => <Id id={one.order} /> },
  { title: "Decided", cell: (one) => <Proposed proposed={one.proposed} /> },
  { title: "Amount", number: true, cell: (one) => one.amount },
  { title: "Side", gives: 2, cell: (one) => wordsOf(one.side) },
  { title: "Why", gives: 2, cell: (one) => <span class="cut-wide" title={one.why}>{one.why}</span> },
  { title: "Stopped in", gives: 1, cell: (one) => <span class="muted">{wordsOf(one.stopped_in)}</span> },
  { title: "Since", number: true, gives: 2, cell: (one) => <Ago at={one.since} /> },
];

const CASES: Column<Case>[] = [
  { title: "Case", cell: (one) => caseTitle(one.kind) },
  { title: "Decided", cell: (one) => <Proposed proposed={one.proposed} /> },
  { title: "Amount", number: true, cell: (one) => one.amount },
  { title: "Due", number: true, cell: dueOf },
  { title: "Why", gives: 2, cell: (one) => <span class="cut-wide" title={one.why}>{one.why}</span> },
  { title: "Of order", gives: 1, cell: (one) => <Id id={one.order} /> },
  { title: "Since", number: true, gives: 2, cell: (one) => <Ago at={one.opened_at} /> },
];

const CHECKS: Column<IdentityWaits>[] = [
  { title: "Document", cell: (one) => wordsOf(one.document) },
  { title: "Decided", cell: (one) => <Proposed proposed={one.proposed} /> },
  { title: "Why", gives: 2, cell: (one) => wordsOf(one.why) },
  { title: "Try", number: true, gives: 2, cell: (one) => one.try_number },
  { title: "Of order", gives: 1, cell: (one) => <Id id={one.order} /> },
  { title: "Since", number: true, gives: 2, cell: (one) => <Ago at={one.since} /> },
];

/** The part of a partner's page where a wish is looked at, and what it is called. */
const WISHES: Record<Wished["about"], { tab: string; title: string }> = {
  policy: { tab: "policy", title: "Another policy" },
  live: { tab: "live", title: "Open live" },
  token: { tab: "keys", title: "A live token" },
  webhook: { tab: "webhook", title: "Another live webhook" },
  secret: { tab: "webhook", title: "Another webhook secret" },
  origins: { tab: "overview", title: "Another live page" },
  returns: { tab: "overview", title: "Another live return link" },
  wallets: { tab: "overview", title: "Other live wallets" },
};

const WISHED: Column<Wished>[] = [
  { title: "What", cell: ({ about }) => WISHES[about].title },
  { title: "Partner", cell: ({ partner }) => partner.name },
  { title: "Wanted by", gives: 1, cell: ({ by }) => by },
  { title: "Since", number: true, gives: 2, cell: ({ at }) => <Ago at={at} /> },
];

function wishAddress({ about, partner }: Wished): string {
  const address = url(`/partners/${encodeURIComponent(partner.id)}/${WISHES[about].tab}`);
  return about === "policy" || about === "live" ? address : inWorld(address, "live");
}

/** What is there beyond the page: those that have waited longest stand on it. */
const Beyond = ({ shown, total }: { shown: number; total: number }) =>
  shown < total ? <p class="muted small">The {shown} that have waited longest, of {groupDigits(String(total))}.</p> : null;

export function WaitingPage({ kind, open }: { kind: string | undefined; open: string | undefined }) {
  const { data, problem, reload } = useLoad<Reviews>("reviews", { everyMs: LOOK_AGAIN_MS });
  const readsOrders = useMay("order_read");
  const back = { path: "/waiting" };
  const isOpen = (name: string): string | undefined => (kind === name ? open : undefined);
  const checks = data?.identity ?? [];
  // Of an order that waits for its check alone, the check is what is decided.
  const orders = data?.orders.filter((one) => !checks.some((check) => check.order === one.order)) ?? [];
  const wishes = data?.wishes ?? [];
  const nothing = data && orders.length + data.cases.length + checks.length + wishes.length === 0;
  return (
    <>
      <Page title="Waiting" lead="What goes on only when people decide. Two have to say the same.">
        <WaitingTabs at="waiting" />
        {problem !== undefined && <Problem problem={problem} onRetry={() => void reload()} />}
        {!data && problem === undefined && <Loading />}
        {nothing && (
          <Empty icon="check" title="Nothing waits">
            Orders stop here when a rule wants people to look, cases when money or coins came that fit no order, and checks of identity when the
            provider is not sure. You decide, a colleague confirms.
          </Empty>
        )}
        {checks.length > 0 && (
          <section class="list-part">
            <h2>{plural(checks.length, "identity check")}</h2>
            <Table
              label="Identity checks that wait"
              rows={checks}
              columns={CHECKS}
              keyOf={(one) => one.id}
              hrefOf={(one) => url(`/waiting/identity/${encodeURIComponent(one.id)}`)}
              selected={isOpen("identity")}
            />
          </section>
        )}
        {orders.length > 0 && (
          <section class="list-part">
            <h2>{plural(orders.length, "order")}</h2>
            <Table
              label="Orders that wait"
              rows={orders}
              columns={ORDERS}
              keyOf={(one) => one.order}
              hrefOf={(one) => url(`/waiting/orders/${encodeURIComponent(one.order)}`)}
              selected={isOpen("orders")}
            />
            <Beyond shown={data?.orders.length ?? 0} total={data?.orders_total ?? 0} />
          </section>
        )}
        {data && data.cases.length > 0 && (
          <section class="list-part">
            <h2>{plural(data.cases.length, "case")}</h2>
            <Table
              label="Cases that wait"
              rows={data.cases}
              columns={CASES}
              keyOf={(one) => one.case}
              hrefOf={(one) => url(`/waiting/cases/${encodeURIComponent(one.case)}`)}
              selected={isOpen("cases")}
            />
            <Beyond shown={data.cases.length} total={data.cases_total} />
          </section>
        )}
        {wishes.length > 0 && (
          <section class="list-part">
            <h2>{plural(wishes.length, "wish", "wishes")} about partners</h2>
            <Table label="Wishes about partners" rows={wishes} columns={WISHED} keyOf={(wish) => `${wish.partner.id} ${wish.about}`} hrefOf={wishAddress} />
          </section>
        )}
      </Page>
      {kind === "orders" && open !== undefined && readsOrders && <OrderPanel key={open} id={open} back={back} onChanged={() => void reload()} />}
      {kind === "identity" && open !== undefined && <IdentityPanel key={open} id={open} back={back} onChanged={() => void reload()} />}
      {kind === "cases" && open !== undefined && <CasePanel key={open} id={open} back={back} onChanged={() => void reload()} />}
    </>
  );
}

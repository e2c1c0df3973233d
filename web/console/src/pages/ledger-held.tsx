// What the books hold for orders: in sums, however many they are, and when asked for, one by one.

import { useState } from "preact/hooks";
import { url } from "../core/location";
import { usePages } from "../core/pages";
import { useWorld } from "../core/world";
import { amountWords, plural } from "../format";
import { Button, Loading, Problem } from "../parts/basics";
import { ListEnd } from "../parts/list-end";
import { Table, type Column } from "../parts/table";
import { Id } from "../parts/text";
import type { HeldAccount, Ledger } from "../wire";

type Sum = Ledger["held"][number];

const KINDS: Record<string, string> = { customer: "Owed to customers", deposit: "At deposit addresses" };
const kindOf = (account: string): string => account.split(":")[0]?.replace("live/", "") ?? "";

const SUMS: Column<Sum>[] = [
  { title: "What", cell: ({ kind }) => KINDS[kind] ?? kind },
  { title: "Orders", number: true, cell: ({ accounts }) => accounts },
  { title: "Together", number: true, cell: ({ amount, unit }) => amountWords(amount, unit) },
];

const ONE_BY_ONE: Column<HeldAccount>[] = [
  { title: "Order", cell: ({ order, account }) => <Id id={order ?? account} /> },
  { title: "What", gives: 2, cell: ({ account }) => KINDS[kindOf(account)] ?? kindOf(account) },
  { title: "Balance", number: true, cell: ({ amount, unit }) => amountWords(amount, unit) },
];

export function Held({ held }: { held: Sum[] }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <section class="list-part">
      <h2>Held for orders</h2>
      {held.length === 0 && <p class="muted">Nothing: no order has money or coins of its own now.</p>}
      {held.length > 0 && <Table label="Held for orders" rows={held} columns={SUMS} keyOf={({ kind, unit }) => `${kind} ${unit}`} />}
      {held.length > 0 && !isOpen && <p class="list-end"><Button onClick={() => setOpen(true)}>Show order by order</Button></p>}
      {isOpen && <OneByOne />}
    </section>
  );
}

function OneByOne() {
  const world = useWorld();
  const pages = usePages<HeldAccount>("ledger/held", world === "live" ? "environment=live" : "", { keyOf: ({ account }) => account });
  const { rows } = pages;
  return (
    <>
      <h3>Order by order</h3>
      {pages.problem !== undefined && <Problem problem={pages.problem} onRetry={() => void pages.reload()} />}
      {!rows && pages.isLoading && <Loading rows={4} />}
      {rows && rows.length > 0 && (
        <Table
          label="Held, order by order"
          rows={rows}
          columns={ONE_BY_ONE}
          keyOf={({ account }) => account}
          hrefOf={({ order }) => url(`/orders/${encodeURIComponent(order ?? "")}`)}
        />
      )}
      {rows && <ListEnd pages={pages} counted={plural(rows.length, "account")} />}
    </>
  );
}

// The day of the whole house: what each partner's orders moved, and each account from the morning to the night.

import { useLoad } from "../core/load";
import { useWorld } from "../core/world";
import { amountWords, groupDigits, isNothing, plural, wordsOf } from "../format";
import { Empty, Page } from "../parts/basics";
import { Table, type Column } from "../parts/table";
import type { HouseRead, PartnerNames, Statement } from "../wire";
import { LedgerTabs } from "./ledger-tabs";
import { shortAccount } from "./order-postings";
import { totalsOf, type Total } from "./statement";
import { StatementForm } from "./statement-form";

type Account = HouseRead["accounts"][number];
type PartnerTotal = Total & { partner: string };

const PARTNERS: Column<PartnerTotal>[] = [
  { title: "Partner", cell: ({ partner }) => partner },
  { title: "Sum of the day", cell: ({ what }) => what },
  { title: "Amount", number: true, cell: ({ amount }) => <strong>{amount}</strong> },
];

const ACCOUNTS: Column<Account>[] = [
  { title: "Account", cell: ({ account }) => <code class="account" title={account}>{shortAccount(account)}</code> },
  { title: "Opening", number: true, gives: 1, cell: ({ opening, unit }) => amountWords(opening, unit) },
  { title: "Moved by", gives: 2, cell: ({ movements }) => movements.map(({ kind, lines }) => <div key={kind}>{wordsOf(kind)}{lines > 1 && <span class="muted"> × {lines}</span>}</div>) },
  { title: "Movement", number: true, gives: 1, cell: ({ movements }) => movements.map(({ kind, amount }) => <div key={kind}>{groupDigits(amount)}</div>) },
  { title: "Closing", number: true, cell: ({ closing, unit }) => <strong>{amountWords(closing, unit)}</strong> },
];

export function HouseStatementPage() {
  const world = useWorld();
  return (
    <Page title="Ledger">
      <LedgerTabs at="statements" />
      <StatementForm
        key={world}
        title="Statement of the house"
        lead="All partners of one world, and each account of the house from what it held in the morning to what it held at night. Days begin and end in UTC. A partner’s orders, line by line, are in its own statement."
        of="the house"
        head="The house"
        file="house"
        path="ledger/statements"
        world={world}
        body={(statement) => <HouseDay statement={statement} />}
      />
    </Page>
  );
}

function HouseDay({ statement }: { statement: Statement }) {
  const read = JSON.parse(statement.json) as HouseRead;
  const names = useLoad<PartnerNames>("partners/names").data?.data ?? [];
  const nameOf = (id: string) => names.find((partner) => partner.id === id)?.name ?? id;
  const totals = read.partners.flatMap((partner) => totalsOf(partner).map((total) => ({ ...total, partner: nameOf(partner.partner_id) })));
  const isQuiet = read.accounts.every(({ movements }) => movements.length === 0);
  const held = read.accounts.filter(({ movements, opening }) => movements.length > 0 || !isNothing(opening));
  if (held.length === 0) return <Empty icon="statement" title={`The books were empty on ${statement.day}`}>Nothing was held and nothing moved (UTC). The files below say the same, signed.</Empty>;
  return (
    <>
      {totals.length === 0 ? (
        <p class="muted">{isQuiet ? "Nothing moved on this day." : "No partner’s order moved money or coins on this day."}</p>
      ) : (
        <Table label="Sums of the day by partner" rows={totals} columns={PARTNERS} keyOf={({ partner, unit, what }) => `${partner} ${unit} ${what}`} />
      )}
      <Table label="Accounts of the day" rows={held} columns={ACCOUNTS} keyOf={({ account }) => account} />
      <p class="muted small">
        {plural(held.length, "account")}; what comes in is positive. <code>customer</code> and <code>deposit</code> are what is held for orders, together.
      </p>
    </>
  );
}

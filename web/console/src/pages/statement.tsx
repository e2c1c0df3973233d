// One partner's day, to be read and printed: what came together of each unit, then line by line.

import { url } from "../core/location";
import { amountWords, isNothing, plural, wordsOf } from "../format";
import { Empty } from "../parts/basics";
import { Table, type Column } from "../parts/table";
import { Clock, Id } from "../parts/text";
import type { Partner, Statement, StatementLine, StatementRead } from "../wire";

/** More than that nobody reads on a page; the files have all. */
const LINES_MAX = 1000;

export interface Total {
  unit: string;
  what: string;
  amount: string;
}

/** Of each unit what is not nothing, in the document's own order. */
export function totalsOf({ fiat, crypto }: Pick<StatementRead, "fiat" | "crypto">): Total[] {
  const units = [...Object.entries(fiat), ...Object.entries(crypto)];
  return units.flatMap(([unit, sums]) =>
    Object.entries(sums).flatMap(([what, amount]) => (isNothing(amount) ? [] : [{ unit, what: wordsOf(what), amount: amountWords(amount, unit) }])),
  );
}

const TOTALS: Column<Total>[] = [
  { title: "Sum of the day", cell: ({ what }) => what },
  { title: "Amount", number: true, cell: ({ amount }) => <strong>{amount}</strong> },
];

const either = (amount: string, unit: string) => (amount === "" ? "–" : amountWords(amount, unit));

const LINES: Column<StatementLine>[] = [
  { title: "Time", cell: ({ at }) => <Clock at={at} /> },
  { title: "What", cell: ({ kind }) => wordsOf(kind) },
  { title: "Order", gives: 2, cell: ({ merchant_transaction_id: id }) => <a href={url(`/orders/${encodeURIComponent(id)}`)}><span class="no-print"><Id id={id} /></span><code class="print-only">{id}</code></a> },
  { title: "Money", number: true, cell: (line) => either(line.fiat_amount, line.fiat_currency) },
  { title: "Crypto", number: true, cell: (line) => either(line.crypto_amount, line.currency) },
  { title: "Fees", number: true, gives: 1, cell: (line) => either(line.fees, line.fiat_currency) },
  { title: "Partner’s share", number: true, gives: 2, cell: (line) => either(line.partner_share, line.fiat_currency) },
];

export function StatementDay({ partner, statement }: { partner: Partner; statement: Statement }) {
  const read = JSON.parse(statement.json) as StatementRead;
  const lines = read.lines.slice(0, LINES_MAX);
  const totals = totalsOf(read);
  if (lines.length === 0)
    return (
      <Empty icon="statement" title={`Nothing moved on ${statement.day}`}>
        No order of {partner.name} moved money or coins on that day (UTC). The files below say the same, signed.
      </Empty>
    );
  return (
    <>
      <Table label="Sums of the day" rows={totals} columns={TOTALS} keyOf={({ unit, what }) => `${unit} ${what}`} />
      <Table label="Lines of the day" rows={lines} columns={LINES} keyOf={({ entry_id }) => entry_id} />
      <p class="muted small">
        {read.lines.length > LINES_MAX
          ? `The first ${LINES_MAX} of ${plural(read.lines.length, "line")}; the files have all.`
          : `${plural(read.lines.length, "line")}, all there are.`}
      </p>
    </>
  );
}

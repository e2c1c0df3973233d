// The books: what is in them, what does not agree with the world, and the two ways to look now.

import { useState } from "preact/hooks";
import { post } from "../core/api";
import { useLoad } from "../core/load";
import { useMay } from "../core/me";
import { say } from "../core/say";
import { useSend } from "../core/send";
import { inWorld, useWorld } from "../core/world";
import { atPoint, groupDigits, isNothing, plural } from "../format";
import { Button, Empty, Loading, Notice, Page, Problem, SendProblem } from "../parts/basics";
import { Table, type Column } from "../parts/table";
import { Ago, Aligned } from "../parts/text";
import { findingTitle } from "../words";
import type { Checked, Ledger, Reconciled } from "../wire";
import { Held } from "./ledger-held";
import { LedgerTabs } from "./ledger-tabs";

type Finding = Ledger["findings"][number];
type Balance = Ledger["balances"][number];

const FINDINGS: Column<Finding>[] = [
  { title: "What", cell: (finding) => findingTitle(finding.kind) },
  { title: "About", gives: 2, cell: (finding) => <code>{finding.subject}</code> },
  { title: "Both sides", cell: (finding) => <span class="wrap">{finding.cause}</span> },
  { title: "Found", number: true, gives: 2, cell: (finding) => <Ago at={finding.found_at} /> },
];

export function LedgerPage() {
  const world = useWorld();
  const { data, problem, reload } = useLoad<Ledger>(inWorld("ledger", world));
  const mayLook = useMay("ledger_write");
  const [reconciled, setReconciled] = useState<Reconciled>();
  const [checked, setChecked] = useState<Checked>();
  const reconcile = useSend();
  const check = useSend();
  const compare = () =>
    void reconcile.send(() => post<Reconciled>(inWorld("ledger/reconcile", world)), (answer) => {
      setReconciled(answer);
      say("Books and world are compared.");
      void reload();
    });
  const addUp = () =>
    void check.send(() => post<Checked>("ledger/check"), (answer) => {
      setChecked(answer);
      say("The books are checked.");
    });
  const actions = mayLook && (
    <>
      <Button isBusy={check.isBusy} onClick={addUp}>Check the books</Button>
      <Button kind="primary" isBusy={reconcile.isBusy} onClick={compare}>Reconcile</Button>
    </>
  );
  return (
    <Page
      title="Ledger"
      action={actions}
      lead={mayLook && "Reconcile compares the books with the providers’ reports and the chains, as every night; Check adds up every entry."}
    >
      <LedgerTabs at="books" />
      <SendProblem problem={reconcile.problem ?? check.problem} />
      {reconciled && <ReconciledNotice answer={reconciled} />}
      {checked && <CheckedNotice answer={checked} />}
      {problem !== undefined && <Problem problem={problem} onRetry={() => void reload()} />}
      {!data && problem === undefined && <Loading rows={10} />}
      {data && <Findings findings={data.findings} />}
      {data && <Balances balances={data.balances} />}
      {data && data.balances.length > 0 && <Held held={data.held} />}
    </Page>
  );
}

function ReconciledNotice({ answer: { open, orders, report_lines, wallets, found } }: { answer: Reconciled }) {
  const agrees = open.length === 0;
  return (
    <Notice tone={agrees ? "ok" : "stop"} title={agrees ? "Books and world agree" : `${plural(open.length, "finding")} open`}>
      Compared {plural(orders, "order")}, {plural(report_lines, "line")} of reports and {plural(wallets, "wallet")};{" "}
      {found === 0 ? "nothing new was found" : `${found} found`}.
    </Notice>
  );
}

function CheckedNotice({ answer: { entries, accounts, mismatches, mismatches_total } }: { answer: Checked }) {
  const agrees = mismatches_total === 0;
  return (
    <Notice
      tone={agrees ? "ok" : "stop"}
      title={agrees ? "The books agree with themselves" : `${plural(mismatches_total, "mismatch", "mismatches")} in the books`}
    >
      {plural(entries, "entry", "entries")} in {plural(accounts, "account")} added up.
      {mismatches.length > 0 && <ul class="plain-list">{mismatches.map((mismatch) => <li key={mismatch}><code>{mismatch}</code></li>)}</ul>}
    </Notice>
  );
}

function Findings({ findings }: { findings: Finding[] }) {
  if (findings.length === 0) return <Notice tone="ok">No finding is open: what the books say is what providers and chains say.</Notice>;
  return (
    <section class="list-part">
      <h2>{plural(findings.length, "finding")} open</h2>
      <Table label="Findings" rows={findings} columns={FINDINGS} keyOf={(finding) => `${finding.kind} ${finding.subject}`} />
    </section>
  );
}

function Balances({ balances }: { balances: Balance[] }) {
  if (balances.length === 0)
    return (
      <Empty icon="ledger" title="The books are empty">
        Every amount that moves is written here twice, as from and to. The first order writes the first entries.
      </Empty>
    );
  const places = balances.reduce((most, { amount }) => Math.max(most, atPoint(amount).part.length), 0);
  return (
    <section class="list-part">
      <h2>Accounts of the house</h2>
      <div class="table-around fits" role="region" aria-label="Accounts of the house" tabIndex={0}>
        <table class="table">
          <thead><tr><th scope="col">Account</th><th scope="col" class="number">Balance</th><th scope="col" class="gives-2">Unit</th></tr></thead>
          <tbody>
            {balances.map(({ account, amount, unit }) => (
              <tr key={`${account} ${unit}`} class={isNothing(amount) ? "is-zero" : undefined}>
                <td><code class="account">{account}</code></td>
                <td class="number" title={groupDigits(amount)}><Aligned amount={amount} places={places} /></td>
                <td class="muted gives-2">{unit}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

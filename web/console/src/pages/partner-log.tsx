// The integration log: every call that was refused, with its cause and what to do about it.

import { useState } from "preact/hooks";
import { part, post } from "../core/api";
import { csvOf, download } from "../core/csv";
import { readFilters, writeFilters } from "../core/filters";
import { useLoad } from "../core/load";
import { go, place } from "../core/location";
import { useMay } from "../core/me";
import { say } from "../core/say";
import { useSend } from "../core/send";
import { useStore } from "../core/store";
import { inWorld } from "../core/world";
import { groupDigits, plural, webAddress } from "../format";
import { LOG_CSV, kindOf, shownOf, type LogFilters, type Refusal } from "../log";
import { Button, Empty, Loading, Problem, SendProblem } from "../parts/basics";
import { Dialog } from "../parts/dialog";
import { Area, Check } from "../parts/field";
import { FilterBar, FilterSelect, SearchField } from "../parts/filter-bar";
import { Icon } from "../parts/icons";
import { Facts } from "../parts/panel";
import { Table, type Column } from "../parts/table";
import { Ago, Copy } from "../parts/text";
import type { Partner, Refusals } from "../wire";

const LOOK_AGAIN_MS = 10_000;
const NAMES = ["environment", "query", "code", "seen"] as const;
const SEEN = [{ value: "seen", label: "Acknowledged" }, { value: "all", label: "All" }];
const NOTE_LENGTH_MAX = 500;

const columnsOf = (ask: ((one: Refusal) => void) | undefined): Column<Refusal>[] => [
  {
    title: "What was refused",
    cell: (one) => (
      <div class="refusal">
        <p><strong>{one.message}</strong></p>
        <p class="small muted refusal-of">
          <code>{one.route}</code>
          {one.field && (
            <span>
              field <code>{one.field}</code>
            </span>
          )}
          {one.origin && (
            <span>
              from <code>{one.origin}</code>
            </span>
          )}
          {one.request_id && (
            <span class="with-copy">
              <span>
                request <code>{one.request_id}</code>
              </span>
              <Copy text={one.request_id} what="the request id" quiet />
            </span>
          )}
        </p>
        {one.acknowledged && (
          <p class="small muted">
            {one.is_new ? "It came again since it was acknowledged by" : "Acknowledged by"} {one.acknowledged.by}, <Ago at={one.acknowledged.at} />
            {one.acknowledged.note && <>: {one.acknowledged.note}</>}
          </p>
        )}
        {ask && one.is_new && <p><Button small onClick={() => ask(one)} label={`Acknowledge ${one.code} of ${one.route}`}>Acknowledge</Button></p>}
      </div>
    ),
  },
  { title: "How to mend it", gives: 2, cell: (one) => <Fix one={one} /> },
  { title: "Times", number: true, cell: (one) => groupDigits(String(one.count)) },
  { title: "First", number: true, gives: 2, cell: (one) => <Ago at={one.first_seen} /> },
  { title: "Last", number: true, cell: (one) => <Ago at={one.last_seen} /> },
];

function Fix({ one }: { one: Refusal }) {
  const page = webAddress(one.docs_url);
  if (!page) return <code>{one.code}</code>;
  return <a class="outward" href={page} target="_blank" rel="noopener noreferrer"><code>{one.code}</code><Icon name="out" size={12} /></a>;
}

interface Asking {
  one: Refusal;
  /** How many kinds with this code nobody has looked at. */
  alike: number;
}

export function PartnerLog({ partner }: { partner: Partner }) {
  const at = `partners/${part(partner.id)}/refusals`;
  const { data, problem, reload } = useLoad<Refusals>(inWorld(at, partner.environment), { everyMs: LOOK_AGAIN_MS });
  const mayAcknowledge = useMay("refusal_acknowledge");
  const [asking, setAsking] = useState<Asking>();
  const { path, query } = useStore(place);
  const filters = readFilters(query, NAMES);
  const set = (name: (typeof NAMES)[number]) => (value: string) => go(path, writeFilters({ ...filters, [name]: value }, NAMES), { replace: true });
  const all = data?.data ?? [];
  const rows = shownOf(all, filters);
  const ask = (one: Refusal) => setAsking({ one, alike: all.filter(({ code, is_new }) => is_new && code === one.code).length });
  return (
    <>
      {problem !== undefined && <Problem problem={problem} onRetry={() => void reload()} />}
      {!data && problem === undefined && <Loading />}
      {all.length > 0 && (
        <FilterBar label="Integration log">
          <SearchField label="Search the log" placeholder="Message, route or request id" value={filters.query} onSearch={set("query")} />
          <FilterSelect
            label="Code"
            value={filters.code}
            onSelect={set("code")}
            choices={[...new Set(all.map(({ code }) => code))].sort().map((value) => ({ value, label: value }))}
          />
          <FilterSelect label="Show" value={filters.seen} onSelect={set("seen")} choices={SEEN} all="Not looked at" />
          {rows.length > 0 && <Button small icon="download" onClick={() => download(`log-${partner.environment}.csv`, "text/csv;charset=utf-8", csvOf(rows, LOG_CSV))}>Export</Button>}
        </FilterBar>
      )}
      {rows.length > 0 && <Table label="Refused calls" rows={rows} columns={columnsOf(mayAcknowledge ? ask : undefined)} keyOf={kindOf} />}
      {data && all.length > 0 && rows.length === 0 && <NoRows filters={filters} hidden={all.filter(({ is_new }) => !is_new).length} />}
      {data && all.length === 0 && (
        <Empty icon="log" title="No call was refused">
          When a call is refused, it appears here with its cause and a page that says what to do. The same refusal is counted, not repeated.
        </Empty>
      )}
      {asking && <AcknowledgeDialog at={inWorld(`${at}/acknowledge`, partner.environment)} {...asking} onClose={() => setAsking(undefined)} onDone={() => void reload()} />}
    </>
  );
}

function NoRows({ filters, hidden }: { filters: LogFilters; hidden: number }) {
  if (filters.query !== "" || filters.code !== "" || filters.seen !== "" || hidden === 0) return <Empty icon="search" title="Nothing in the log is like this" />;
  return <Empty icon="check" title="All of it was looked at">{plural(hidden, "kind")} of refused calls are folded away; each comes back when it happens again.</Empty>;
}

interface AcknowledgeDialogProps extends Asking {
  at: string;
  onClose: () => void;
  onDone: () => void;
}

function AcknowledgeDialog({ at, one, alike, onClose, onDone }: AcknowledgeDialogProps) {
  const [note, setNote] = useState("");
  const [isAll, setAll] = useState(false);
  const { isBusy, problem, send } = useSend();
  const acknowledge = (event: Event) => {
    event.preventDefault();
    const kind = isAll ? null : { route: one.route, field: one.field, origin: one.origin };
    void send(() => post(at, { code: one.code, kind, note: note.trim() }), () => {
      say("It is acknowledged.");
      onClose();
      onDone();
    });
  };
  return (
    <Dialog title="Acknowledge this?" onClose={onClose} isBusy={isBusy}>
      <form class="form" onSubmit={acknowledge}>
        <SendProblem problem={problem} />
        <Facts rows={[["Refused", one.message], ["Call", <code>{one.route}</code>], ["Times", groupDigits(String(one.count))]]} />
        <p>It is folded away until it happens again. The checklist is not touched: a line that is red because of it stays red.</p>
        <Area id="note" label="Note (optional)" hint="It stands beside it, under your name." value={note} onInput={setNote} required={false} maxLength={NOTE_LENGTH_MAX} />
        {alike > 1 && <Check id="all" label={<>All {alike} kinds with the code <code>{one.code}</code></>} checked={isAll} onInput={setAll} />}
        <div class="form-actions">
          <Button type="submit" kind="primary" isBusy={isBusy}>Acknowledge</Button>
          <Button onClick={onClose} disabled={isBusy}>Leave it</Button>
        </div>
      </form>
    </Dialog>
  );
}

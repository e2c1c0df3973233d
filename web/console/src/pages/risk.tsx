// With whom nobody deals: cards, persons and addresses, each with who said so and why.

import { useState } from "preact/hooks";
import { fieldOf, post } from "../core/api";
import { isFiltered, readFilters, writeFilters } from "../core/filters";
import { go, place, url } from "../core/location";
import { useMay } from "../core/me";
import { usePages } from "../core/pages";
import { say } from "../core/say";
import { useSend } from "../core/send";
import { useStore } from "../core/store";
import { plural, wordsOf } from "../format";
import { ActDialog } from "../parts/act-dialog";
import { Button, Empty, Loading, Page, Problem } from "../parts/basics";
import { Dialog } from "../parts/dialog";
import { Area, ErrorSummary, Input, Select } from "../parts/field";
import { FilterBar, FilterSelect, SearchField } from "../parts/filter-bar";
import { ListEnd } from "../parts/list-end";
import { Mark } from "../parts/state";
import { Table, type Column } from "../parts/table";
import { Ago } from "../parts/text";
import type { Listing, ListingNew } from "../wire";

const NAMES = ["query", "kind", "listed"] as const;
const KINDS: ListingNew["kind"][] = ["address", "card", "person"];
const LISTED = [{ value: "yes", label: "On the list" }, { value: "no", label: "Taken off" }];

/** A line stays when another word follows; only the last one counts. */
function stateOf({ is_listed, is_latest }: Listing) {
  if (!is_listed) return <Mark tone="info" icon="dash" word="Taken off" />;
  return is_latest ? <Mark tone="stop" icon="stop" word="On the list" /> : <Mark tone="info" icon="dash" word="Was on the list" />;
}

const COLUMNS: Column<Listing>[] = [
  { title: "Who", cell: (one) => <code class="value" title={one.value}>{one.value}</code> },
  { title: "Kind", gives: 2, cell: (one) => wordsOf(one.kind) },
  { title: "State", cell: stateOf },
  { title: "Why", gives: 2, cell: (one) => <span class="wrap">{one.reason}</span> },
  { title: "Said by", gives: 2, cell: (one) => one.said_by },
  { title: "When", number: true, gives: 2, cell: (one) => <Ago at={one.at} /> },
];

export function RiskPage() {
  const mayWrite = useMay("listing_write");
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Listing>();
  const { query } = useStore(place);
  const filters = readFilters(query, NAMES);
  const asked = writeFilters(filters, NAMES);
  const pages = usePages<Listing>("listings", asked, { keyOf: (one) => String(one.line) });
  const { rows } = pages;
  const set = (name: (typeof NAMES)[number]) => (value: string) => go("/risk", writeFilters({ ...filters, [name]: value }, NAMES), { replace: true });
  const changed = (text: string) => {
    setAdding(false);
    setRemoving(undefined);
    say(text);
    void pages.reload();
  };
  const remove: Column<Listing> = {
    title: "",
    number: true,
    cell: (one) =>
      one.is_listed &&
      one.is_latest && (
        <Button small kind="quiet" onClick={() => setRemoving(one)} label={`Take off: ${one.value}`}>
          Take off
        </Button>
      ),
  };
  return (
    <Page
      title="Risk list"
      lead="With whom nobody deals. A decision keeps the list as it was then."
      action={
        mayWrite && (
          <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
            Add to the list
          </Button>
        )
      }
    >
      {pages.problem !== undefined && <Problem problem={pages.problem} onRetry={() => void pages.reload()} />}
      {!rows && pages.isLoading && <Loading />}
      {rows && (rows.length > 0 || isFiltered(filters)) && (
        <FilterBar label="Risk list">
          <SearchField label="Search the list" placeholder="Value, reason or who said it" value={filters.query} onSearch={set("query")} />
          <FilterSelect label="Kind" value={filters.kind} onSelect={set("kind")} choices={KINDS.map((value) => ({ value, label: wordsOf(value) }))} />
          <FilterSelect label="State" value={filters.listed} onSelect={set("listed")} choices={LISTED} />
        </FilterBar>
      )}
      {rows && rows.length > 0 && (
        <Table label="Risk list" rows={rows} columns={mayWrite ? [...COLUMNS, remove] : COLUMNS} keyOf={(one) => String(one.line)} dim={pages.isLoading} />
      )}
      {rows?.length === 0 && !pages.isLoading && <NoListing isFiltered={isFiltered(filters)} />}
      {rows && <ListEnd pages={pages} counted={plural(rows.length, "line")} />}
      {adding && <AddDialog onClose={() => setAdding(false)} onDone={() => changed("It is on the list.")} />}
      {removing && <RemoveDialog one={removing} onClose={() => setRemoving(undefined)} onDone={() => changed("It is off the list.")} />}
    </Page>
  );
}

function NoListing({ isFiltered: filtered }: { isFiltered: boolean }) {
  if (filtered) return <Empty icon="search" title="Nothing on the list is like this" action={<a class="button plain" href={url("/risk")}>Show all</a>} />;
  return (
    <Empty icon="risk" title="Nobody is on the list">
      A card, a person or an address that is put here is refused: a buy is given back before its capture, a sell is frozen until two operators have
      looked. A lost dispute adds the cardholder’s own.
    </Empty>
  );
}

function RemoveDialog({ one, onClose, onDone }: { one: Listing; onClose: () => void; onDone: () => void }) {
  return (
    <ActDialog
      asked={{
        title: "Take it off the list?",
        verb: "Take it off",
        facts: [["Kind", wordsOf(one.kind)], ["Value", <code class="value">{one.value}</code>], ["Listed because", one.reason]],
        effect: "From then on it is dealt with again.",
        isDanger: true,
      }}
      onClose={onClose}
      act={({ reason }) => post("listings", listing(one, reason))}
      onDone={onDone}
    />
  );
}

const listing = (one: Listing, reason: string): ListingNew => ({
  kind: KINDS.find((kind) => kind === one.kind) ?? "address",
  value: one.value,
  is_listed: false,
  reason,
});

const HINTS: Record<ListingNew["kind"], string> = {
  address: "As it stands on its chain.",
  card: "The provider’s fingerprint of the card, from an order’s JSON.",
  person: "The person’s key, from an order’s JSON.",
};

function AddDialog({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const [said, setSaid] = useState<ListingNew>({ kind: "address", value: "", is_listed: true, reason: "" });
  const { isBusy, problem, send } = useSend();
  const field = fieldOf(problem, ["kind", "value", "reason"]);
  const message = problem instanceof Error ? problem.message : "";
  const wrong = (name: string) => (field === name ? message : undefined);
  return (
    <Dialog title="Add to the risk list" onClose={onClose} isBusy={isBusy}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); void send(() => post("listings", said), onDone); }}>
        <ErrorSummary wrongs={field ? [{ field, message }] : []} problem={problem} />
        <Select
          id="kind"
          label="Kind"
          value={said.kind}
          error={wrong("kind")}
          onInput={(kind) => setSaid({ ...said, kind: KINDS.find((name) => name === kind) ?? "address" })}
          choices={KINDS.map((value) => ({ value, label: wordsOf(value) }))}
        />
        <Input
          id="value"
          label="Value"
          hint={HINTS[said.kind]}
          value={said.value}
          error={wrong("value")}
          onInput={(value) => setSaid({ ...said, value })}
          mono
        />
        <Area
          id="reason"
          label="Reason"
          hint="It stays in the records under your name."
          value={said.reason}
          error={wrong("reason")}
          onInput={(reason) => setSaid({ ...said, reason })}
        />
        <div class="form-actions">
          <Button type="submit" kind="danger" isBusy={isBusy}>
            Deal with it no more
          </Button>
          <Button onClick={onClose} disabled={isBusy}>
            Leave it
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

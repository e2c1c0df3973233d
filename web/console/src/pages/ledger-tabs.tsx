// What stands under Ledger: the books, the hot wallets behind them, and the prices of the day.

import { readFilters, writeFilters } from "../core/filters";
import { go, place, url } from "../core/location";
import { useStore } from "../core/store";
import { FilterBar, FilterSelect } from "../parts/filter-bar";
import { Tabs } from "../parts/tabs";

const TABS = [
  { key: "books", title: "Books", href: url("/ledger") },
  { key: "treasury", title: "Treasury", href: url("/ledger/treasury") },
  { key: "rates", title: "Rates", href: url("/ledger/rates") },
];

export const LedgerTabs = ({ at }: { at: string }) => <Tabs tabs={TABS} at={at} label="Parts of the ledger" />;

const NAMES = ["environment"] as const;

/** Which world the address asks about. */
export function useWorld(): "test" | "live" {
  const { query } = useStore(place);
  return readFilters(query, NAMES).environment === "live" ? "live" : "test";
}

export function WorldFilter({ path }: { path: string }) {
  const world = useWorld();
  const set = (environment: string) => go(path, writeFilters({ environment }, NAMES), { replace: true });
  return (
    <FilterBar label="World">
      <FilterSelect label="World" value={world === "live" ? "live" : ""} onSelect={set} choices={[{ value: "live", label: "Live" }]} all="Sandbox" />
    </FilterBar>
  );
}

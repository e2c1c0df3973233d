// What stands under Ledger: the books, the hot wallets behind them, and the prices of the day, each of one world.

import { inWorld, useWorld } from "../core/world";
import { url } from "../core/location";
import { FilterBar } from "../parts/filter-bar";
import { Tabs } from "../parts/tabs";
import { WorldSelect } from "../parts/world";

const TABS = [
  { key: "books", title: "Books", path: "/ledger" },
  { key: "treasury", title: "Treasury", path: "/ledger/treasury" },
  { key: "statements", title: "Statements", path: "/ledger/statements" },
  { key: "rates", title: "Rates", path: "/ledger/rates" },
];

export function LedgerTabs({ at }: { at: string }) {
  const world = useWorld();
  return (
    <>
      <Tabs tabs={TABS.map(({ key, title, path }) => ({ key, title, href: inWorld(url(path), world) }))} at={at} label="Parts of the ledger" />
      <FilterBar label="Sandbox or live"><WorldSelect /></FilterBar>
    </>
  );
}

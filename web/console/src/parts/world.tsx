// Sandbox or live: the switch above what a partner has in both.

import { writeFilters } from "../core/filters";
import { go, place } from "../core/location";
import { useStore } from "../core/store";
import { useWorld } from "../core/world";
import { FilterSelect } from "./filter-bar";
import type { World } from "../wire";

const LIVE = [{ value: "live", label: "Live" }];

/** What else is chosen belongs to the other world, and goes. */
export function WorldSelect({ path }: { path?: string }) {
  const here = useStore(place).path;
  const world = useWorld();
  return (
    <FilterSelect
      label="World"
      value={world === "live" ? "live" : ""}
      onSelect={(environment) => go(path ?? here, writeFilters({ environment }, ["environment"]))}
      choices={LIVE}
      all="Sandbox"
    />
  );
}

export const worldWords = (world: World): string => (world === "live" ? "Live: real money" : "Sandbox");

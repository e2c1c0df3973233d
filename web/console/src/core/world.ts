// Which of a partner's two worlds a page shows: the address says it.

import { useStore } from "./store";
import { place } from "./location";
import { withQuery } from "./filters";
import type { Partner, World } from "../wire";

export const worldOf = (query: string): World => (new URLSearchParams(query).get("environment") === "live" ? "live" : "test");

export const useWorld = (): World => worldOf(useStore(place).query);

/** Of what is asked of the server; the sandbox is what it takes where nothing is said. */
export const inWorld = (path: string, world: World): string => (world === "live" ? withQuery(path, "environment=live") : path);

/** Whether there is a second world to look at. */
export const hasLive = ({ stage }: Pick<Partner, "stage">): boolean => stage !== "sandbox";

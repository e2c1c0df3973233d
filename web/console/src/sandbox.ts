// What a play shows: what is to be seen with what was seen, step by step.

import { wordsOf } from "./format";
import type { Play, Scenario } from "./wire";

export interface Step {
  mark: string;
  /** Undefined: it is still to come. */
  at: string | undefined;
  isExpected: boolean;
}

export const isOpen = (play: Play): boolean => play.state === "waiting" || play.state === "playing";

/** Cases go beside their order: each of the two is compared by itself, as the server does. */
const laneOf = (mark: string): boolean => mark.startsWith("case.");

/** What was seen in its order, and after it what is still to come. */
export function stepsOf(play: Play): Step[] {
  const left = [...play.reaches];
  const seen = play.seen.map(({ mark, at }) => {
    const next = left.findIndex((wanted) => laneOf(wanted) === laneOf(mark));
    const isExpected = next >= 0 && left[next] === mark;
    if (isExpected) left.splice(next, 1);
    return { mark, at, isExpected };
  });
  const toCome = left.map((mark) => ({ mark, at: undefined, isExpected: true }));
  return isOpen(play) ? [...seen, ...toCome] : seen;
}

/** `payment.declined insufficient_funds` as words. */
export function markWords(mark: string): string {
  const [kind = "", code] = mark.split(" ");
  return code ? `${wordsOf(kind)}: ${wordsOf(code).toLowerCase()}` : wordsOf(kind);
}

/** The catalogue by what it is about, in its own order; `query` is looked for in names and words. */
export function areasOf(scenarios: Scenario[], query: string): { area: string; list: Scenario[] }[] {
  const wanted = query.trim().toLowerCase();
  const areas: { area: string; list: Scenario[] }[] = [];
  for (const scenario of scenarios) {
    if (!`${scenario.name} ${scenario.about}`.toLowerCase().includes(wanted)) continue;
    const known = areas.find(({ area }) => area === scenario.area);
    if (known) known.list.push(scenario);
    else areas.push({ area: scenario.area, list: [scenario] });
  }
  return areas;
}

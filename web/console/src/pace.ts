// The sentence that answers how fast a webhook is.

import { groupDigits, NARROW_SPACE, plural, span } from "./format";
import type { Pace } from "./wire";

/** As exact as somebody feels it. */
export function took(ms: number | null): string {
  if (ms === null) return "–";
  if (ms < 1000) return `${ms}${NARROW_SPACE}ms`;
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)}${NARROW_SPACE}s` : span(Math.round(ms / 1000));
}

export function paceAnswer({ days, events, accepted, median_ms, p95_ms, retried, gave_up }: Pace): string {
  if (events === 0) return `No event was sent in the last ${plural(days, "day")}.`;
  const troubles = `${retried === 0 ? "none" : groupDigits(String(retried))} had to be tried again, and ${gave_up === 0 ? "none" : groupDigits(String(gave_up))} ${gave_up > 1 ? "were" : "was"} given up`;
  if (accepted === 0) return `None of ${plural(events, "event")} in the last ${plural(days, "day")} was accepted; ${troubles}.`;
  return `Of ${plural(events, "event")} in the last ${plural(days, "day")}, half were accepted within ${took(median_ms)}, 95 of 100 within ${took(p95_ms)}; ${troubles}.`;
}

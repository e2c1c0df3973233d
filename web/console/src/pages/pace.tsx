// How fast a webhook takes events, day by day.

import { part } from "../core/api";
import { useLoad } from "../core/load";
import { inWorld } from "../core/world";
import { dayLabel, plural } from "../format";
import { paceAnswer, took } from "../pace";
import { Loading, Problem } from "../parts/basics";
import { AsTable, Chart, TimeBars, type TimeBar } from "../parts/charts";
import type { Pace, Partner } from "../wire";

const LOOK_AGAIN_MS = 60_000;

export function PaceChart({ partner }: { partner: Partner }) {
  const { data, problem, reload } = useLoad<Pace>(inWorld(`partners/${part(partner.id)}/webhook/pace`, partner.environment), { everyMs: LOOK_AGAIN_MS });
  if (problem !== undefined) return <Problem problem={problem} onRetry={() => void reload()} />;
  if (!data) return <Loading rows={4} />;
  return (
    <Chart question="How fast are events accepted?" answer={paceAnswer(data)}>
      {data.events === 0 ? (
        <p class="small muted">From an event to the endpoint’s 2xx, tries that failed and the pauses between them included. A slow handler shows here: answer first, work afterwards.</p>
      ) : (
        <>
          <TimeBars title="Time until events were accepted, each day" every={3} bars={data.daily.map(bar)} />
          <p class="small muted">
            Each bar: within what 95 of 100 events of a day were accepted; its filled part: half of them. A mark below the line: some were tried again or given up.
            Of a day the latest {plural(data.events_per_day_max, "event")} count at most.
          </p>
          <AsTable
            head={["Day", "Events", "Accepted", "Median", "95 of 100", "Tried again", "Given up"]}
            rows={data.daily.map((day) => [dayLabel(day.day), day.events, day.accepted, took(day.median_ms), took(day.p95_ms), day.retried, day.gave_up])}
          />
        </>
      )}
    </Chart>
  );
}

const bar = ({ day, events, median_ms, p95_ms, retried, gave_up }: Pace["daily"][number]): TimeBar => ({
  label: dayLabel(day),
  whole: p95_ms ?? 0,
  part: median_ms ?? 0,
  isMarked: retried + gave_up > 0,
  says: `${plural(events, "event")}, half within ${took(median_ms)}, 95 of 100 within ${took(p95_ms)}, ${retried} tried again, ${gave_up} given up`,
  peak: took(p95_ms),
});

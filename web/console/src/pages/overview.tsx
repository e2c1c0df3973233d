// What waits for people, first; then how the last hours went.

import { useLoad } from "../core/load";
import { url } from "../core/location";
import { useMay } from "../core/me";
import { inWorld, useWorld } from "../core/world";
import { plural, share, wordsOf } from "../format";
import { failuresAnswer, funnelAnswer, hourLabel, hoursAnswer, stepTitle } from "../overview";
import { Empty, Loading, Page, Problem } from "../parts/basics";
import { AsTable, Bars, Chart, TimeBars, type TimeBar } from "../parts/charts";
import { Icon } from "../parts/icons";
import { WorldSelect } from "../parts/world";
import type { Overview } from "../wire";
import { VolumeCharts } from "./volume";

const LOOK_AGAIN_MS = 30_000;

export function OverviewPage() {
  const world = useWorld();
  const { data, problem, reload } = useLoad<Overview>(inWorld("overview", world), { everyMs: LOOK_AGAIN_MS });
  return (
    <Page title="Overview" action={<WorldSelect />} lead={data && `The last ${plural(data.hours, "hour")}, in UTC.`}>
      {problem !== undefined && <Problem problem={problem} onRetry={() => void reload()} />}
      {!data && problem === undefined && <Loading rows={8} />}
      {data && <Waiting waiting={data.waiting} />}
      {data && <Charts overview={data} />}
      {data && <VolumeCharts world={world} />}
    </Page>
  );
}

function Waiting({ waiting }: { waiting: Overview["waiting"] }) {
  const readsBooks = useMay("ledger_read");
  const readsHealth = useMay("health_read");
  const tiles = [
    { count: readsHealth ? waiting.alerts : 0, one: "alert waits for somebody", many: "alerts wait for somebody", href: url("/health") },
    { count: waiting.orders, one: "order waits for a decision", many: "orders wait for a decision", href: url("/waiting") },
    { count: waiting.cases, one: "case is open for a decision", many: "cases are open for a decision", href: url("/waiting") },
    { count: readsBooks ? waiting.findings : 0, one: "finding: books and world differ", many: "findings: books and world differ", href: url("/ledger") },
    { count: waiting.webhooks_failing, one: "partner’s webhook fails", many: "partners’ webhooks fail", href: url("/partners") },
  ].filter(({ count }) => count > 0);
  if (tiles.length === 0) return <p class="all-clear"><Icon name="check" /> Nothing waits for people.</p>;
  return (
    <ul class="tiles" aria-label="What waits for people">
      {tiles.map(({ count, one, many, href }) => (
        <li key={one}>
          <a href={href}>
            <strong>{count}</strong>
            <span>{count === 1 ? one : many}</span>
            <Icon name="right" size={14} />
          </a>
        </li>
      ))}
    </ul>
  );
}

const hourBar = ({ at, created, completed, failed }: Overview["hourly"][number]): TimeBar => ({
  label: hourLabel(at),
  whole: created,
  part: completed,
  isMarked: failed > 0,
  says: `${created} made, ${completed} completed, ${failed} failed`,
  peak: String(created),
});

function Charts({ overview }: { overview: Overview }) {
  const { funnel, failures, hourly } = overview;
  const begun = funnel[0]?.count ?? 0;
  const mayMake = useMay("partner_write");
  if (begun === 0 && hourly.every((hour) => hour.created === 0)) {
    return (
      <Empty icon="overview" title="No orders in this time" action={mayMake && <a class="button plain" href={url("/partners")}>To the partners</a>}>
        As soon as a partner’s users begin orders, this page says how far they come, when, and what stops them. In the sandbox the demo shop makes some.
      </Empty>
    );
  }
  const failed = failures.reduce((most, failure) => Math.max(most, failure.count), 0);
  const before = (index: number): string => (index === 0 ? "" : share(funnel[index]?.count ?? 0, begun));
  return (
    <div class="charts">
      <Chart question="When do orders come?" answer={hoursAnswer(overview)}>
        <TimeBars title="Orders each hour" every={6} bars={hourly.map(hourBar)} />
        <p class="small muted">Each bar: orders made in an hour; its filled part has completed; a mark below the line: some failed.</p>
        <AsTable head={["Hour", "Made", "Completed", "Failed"]} rows={hourly.map((hour) => [hourLabel(hour.at), hour.created, hour.completed, hour.failed])} />
      </Chart>
      <Chart question="How far do they come?" answer={funnelAnswer(funnel)}>
        <Bars of={begun} rows={funnel.map((step, index) => ({ label: stepTitle(step.step), count: step.count, note: before(index) }))} />
      </Chart>
      <Chart question="What stops them?" answer={failuresAnswer(failures)}>
        {failures.length > 0 && <Bars of={failed} tone="stop" rows={failures.map(({ reason, count }) => ({ label: wordsOf(reason), count }))} />}
      </Chart>
    </div>
  );
}

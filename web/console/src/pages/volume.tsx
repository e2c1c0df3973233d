// How much money orders move, day by day: a chart for each currency, since they are never added to each other.

import { useLoad } from "../core/load";
import { inWorld } from "../core/world";
import { amountWords, dayLabel, groupDigits, plural } from "../format";
import { cutWords, volumeAnswer } from "../overview";
import { Loading, Problem } from "../parts/basics";
import { AsTable, Chart, TimeBars, type TimeBar } from "../parts/charts";
import type { FiatVolume, Volume, World } from "../wire";

const LOOK_AGAIN_MS = 300_000;

export function VolumeCharts({ world }: { world: World }) {
  const { data, problem, reload } = useLoad<Volume>(inWorld("overview/volume", world), { everyMs: LOOK_AGAIN_MS });
  const cut = data && cutWords(data);
  return (
    <section class="charts volume" aria-label="Money">
      {problem !== undefined && <Problem problem={problem} onRetry={() => void reload()} />}
      {!data && problem === undefined && <Loading rows={4} />}
      {data?.fiats.length === 0 && (
        <Chart question="How much money do orders move?" answer={cut ?? `No order completed in the last ${plural(data.days, "day")}.`}>
          {cut === undefined && (
            <p class="small muted">A completed order counts on the day on which it completed, with what its user paid or was paid out; each currency has a chart of its own.</p>
          )}
        </Chart>
      )}
      {data?.fiats.map((fiat) => <FiatChart key={fiat.currency} of={fiat} cut={cut} />)}
    </section>
  );
}

function FiatChart({ of, cut }: { of: FiatVolume; cut: string | undefined }) {
  const { currency, daily } = of;
  return (
    <Chart question={`How much ${currency} do orders move?`} answer={volumeAnswer(of)}>
      <TimeBars title={`${currency} each day`} every={3} bars={daily.map((day) => dayBar(day, currency))} />
      <p class="small muted">Each bar: what orders moved that completed on a day, in UTC, before any refund; its filled part are buys, the rest sells.{cut && ` ${cut}`}</p>
      <AsTable
        head={["Day", `Buys, ${currency}`, "Orders", `Sells, ${currency}`, "Orders "]}
        rows={daily.map(({ day, buys, sells }) => [dayLabel(day), groupDigits(buys.amount), buys.orders, groupDigits(sells.amount), sells.orders])}
      />
    </Chart>
  );
}

function dayBar({ day, buys, sells, total }: FiatVolume["daily"][number], currency: string): TimeBar {
  // Heights on a screen: what is said and added up stays text.
  return {
    label: dayLabel(day),
    whole: Number(total.amount),
    part: Number(buys.amount),
    says: `${amountWords(buys.amount, currency)} in ${plural(buys.orders, "buy")}, ${amountWords(sells.amount, currency)} in ${plural(sells.orders, "sell")}`,
    peak: amountWords(total.amount, currency),
  };
}

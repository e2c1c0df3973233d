// The sentences that answer what the overview's charts ask.

import { amountWords, dayLabel, groupDigits, plural, share, wordsOf } from "./format";
import type { FiatVolume, Overview, Volume } from "./wire";

const STEPS: Record<string, string> = {
  session: "Session made",
  identity: "Identity verified",
  price: "Price locked",
  payment: "Paid",
  completed: "Completed",
};
export const stepTitle = (step: string): string => STEPS[step] ?? wordsOf(step);

export function funnelAnswer(funnel: Overview["funnel"]): string {
  const first = funnel[0]?.count ?? 0;
  const last = funnel.at(-1)?.count ?? 0;
  if (first === 0) return "Nobody has begun an order in this time.";
  const whole = `${share(last, first)} of ${plural(first, "order")} completed`;
  const worst = worstLoss(funnel);
  if (worst.lost === 0) return `${whole}; none was lost on the way.`;
  const between = `between “${stepTitle(worst.from).toLowerCase()}” and “${stepTitle(worst.to).toLowerCase()}”`;
  return `${whole}; most stop ${between}: ${groupDigits(String(worst.lost))}.`;
}

function worstLoss(funnel: Overview["funnel"]): { from: string; to: string; lost: number } {
  let worst = { from: "", to: "", lost: 0 };
  funnel.forEach(({ step, count }, index) => {
    const before = funnel[index - 1];
    const lost = before ? before.count - count : 0;
    if (before && lost > worst.lost) worst = { from: before.step, to: step, lost };
  });
  return worst;
}

export function hoursAnswer({ hourly, hours }: Overview): string {
  const sum = (name: "created" | "completed" | "failed"): number => hourly.reduce((total, hour) => total + hour[name], 0);
  const made = sum("created");
  if (made === 0) return `No orders in the last ${plural(hours, "hour")}.`;
  const busiest = hourly.reduce((best, hour) => (hour.created > best.created ? hour : best));
  const ended = `${groupDigits(String(sum("completed")))} completed and ${groupDigits(String(sum("failed")))} failed`;
  return `${plural(made, "order")} in the last ${plural(hours, "hour")}, ${ended}; the busiest hour began at ${hourLabel(busiest.at)}.`;
}

export function failuresAnswer(failures: Overview["failures"]): string {
  const all = failures.reduce((total, failure) => total + failure.count, 0);
  const first = failures[0];
  if (!first || all === 0) return "No order failed.";
  return `${wordsOf(first.reason)} is behind ${groupDigits(String(first.count))} of ${plural(all, "failed order")}.`;
}

export function volumeAnswer({ currency, total, buys, sells, daily }: FiatVolume): string {
  const whole = `${amountWords(total.amount, currency)} in ${plural(total.orders, "order")} in ${plural(daily.length, "day")}`;
  if (sells.orders === 0) return `${whole}, all of them buys.`;
  if (buys.orders === 0) return `${whole}, all of them sells.`;
  return `${whole}: ${plural(buys.orders, "buy")} with ${amountWords(buys.amount, currency)}, ${plural(sells.orders, "sell")} with ${amountWords(sells.amount, currency)}.`;
}

/** What is not shown, so that each sum is whole. */
export function cutWords({ whole, from }: Volume): string | undefined {
  if (whole) return undefined;
  if (from === null) return "More orders completed today than are added up here; the statements have each day’s sums.";
  return `More orders completed than are added up here: days before ${dayLabel(from)} are left out; the statements have their sums.`;
}

export const hourLabel = (at: string): string => {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? at : `${String(time.getUTCHours()).padStart(2, "0")}:00`;
};

// The sentences that answer what the overview's charts ask.

import { groupDigits, plural, share, wordsOf } from "./format";
import type { Overview } from "./wire";

const STEPS: Record<string, string> = {
  session: "Session made",
  identity: "Identity verified",
  quote: "Price locked",
  payment: "Paid",
  delivery: "Delivery begun",
  completed: "Completed",
};
export const stepTitle = (step: string): string => STEPS[step] ?? wordsOf(step);

export function funnelAnswer(funnel: Overview["funnel"]): string {
  const first = funnel[0]?.count ?? 0;
  const last = funnel.at(-1)?.count ?? 0;
  if (first === 0) return "Nobody has begun an order in this time.";
  const losses = funnel.slice(1).map((step, index) => ({ to: step.step, from: funnel[index]?.step ?? "", lost: (funnel[index]?.count ?? 0) - step.count }));
  const worst = losses.reduce((most, loss) => (loss.lost > most.lost ? loss : most), { to: "", from: "", lost: 0 });
  const whole = `${share(last, first)} of ${plural(first, "order")} completed`;
  if (worst.lost === 0) return `${whole}; none was lost on the way.`;
  return `${whole}; most stop between “${stepTitle(worst.from).toLowerCase()}” and “${stepTitle(worst.to).toLowerCase()}”: ${groupDigits(String(worst.lost))}.`;
}

export function hoursAnswer({ hourly, hours }: Overview): string {
  const sum = (name: "created" | "completed" | "failed"): number => hourly.reduce((total, hour) => total + hour[name], 0);
  const made = sum("created");
  if (made === 0) return `No orders in the last ${plural(hours, "hour")}.`;
  const busiest = hourly.reduce((best, hour) => (hour.created > best.created ? hour : best));
  return `${plural(made, "order")} in the last ${plural(hours, "hour")}, ${groupDigits(String(sum("completed")))} completed and ${groupDigits(String(sum("failed")))} failed; the busiest hour began at ${hourLabel(busiest.at)}.`;
}

export function failuresAnswer(failures: Overview["failures"]): string {
  const all = failures.reduce((total, failure) => total + failure.count, 0);
  const first = failures[0];
  if (!first || all === 0) return "No order failed.";
  return `${wordsOf(first.reason)} is behind ${groupDigits(String(first.count))} of ${plural(all, "failed order")}.`;
}

export const hourLabel = (at: string): string => {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? at : `${String(time.getUTCHours()).padStart(2, "0")}:00`;
};

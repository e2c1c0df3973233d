// Charts by hand, as SVG: one question each, answered by the sentence that stands above.

import type { ComponentChildren } from "preact";
import { groupDigits } from "../format";

/** How much of something, as a bar. The number stands beside it. */
export function Meter({ value, of, tone = "accent" }: { value: number; of: number; tone?: "accent" | "ok" | "stop" | "muted" }) {
  const width = of === 0 ? 0 : Math.min(100, (value * 100) / of);
  return (
    <svg class={`meter fill-${tone}`} viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
      <rect width="100" height="6" class="meter-ground" />
      <rect width={width} height="6" class="meter-value" />
    </svg>
  );
}

export function Chart({ question, answer, children }: { question: string; answer: string; children: ComponentChildren }) {
  return (
    <section class="chart">
      <h2>{question}</h2>
      <p class="chart-answer">{answer}</p>
      {children}
    </section>
  );
}

interface BarRow {
  label: string;
  count: number;
  note?: string;
}

/** Bars with their words and numbers beside them. */
export function Bars({ rows, of, tone }: { rows: BarRow[]; of: number; tone?: "accent" | "stop" }) {
  return (
    <ul class="bars">
      {rows.map((row) => (
        <li key={row.label}>
          <span class="bars-label">{row.label}</span>
          <Meter value={row.count} of={of} {...(tone ? { tone } : {})} />
          <span class="bars-count">{groupDigits(String(row.count))}{row.note && <small>{row.note}</small>}</span>
        </li>
      ))}
    </ul>
  );
}

export interface HourBar {
  label: string;
  created: number;
  completed: number;
  failed: number;
}

const HEIGHT = 132;
const STEP = 40;
const BAR = 26;
// Room for the number above the highest bar, and for the hours below.
const HEAD = 30;
const FOOT = 36;

/** Orders made each hour; of them completed, filled, and failed, marked at the foot. */
export function Hours({ hours }: { hours: HourBar[] }) {
  const top = Math.max(1, ...hours.map((hour) => hour.created));
  const width = hours.length * STEP;
  const high = (count: number): number => (count * HEIGHT) / top;
  const peak = hours.reduce((best, hour, index) => (hour.created > (hours[best]?.created ?? 0) ? index : best), 0);
  return (
    <svg class="hours" viewBox={`0 -${HEAD} ${width} ${HEIGHT + HEAD + FOOT}`} role="img" aria-label="Orders each hour; the table below has the numbers">
      {hours.map((hour, index) => (
        <g key={hour.label + index} transform={`translate(${index * STEP + (STEP - BAR) / 2} 0)`}>
          <title>{`${hour.label}: ${hour.created} made, ${hour.completed} completed, ${hour.failed} failed`}</title>
          <rect y={-HEAD} width={BAR} height={HEIGHT + HEAD + FOOT} class="hours-hit" />
          <rect y={HEIGHT - high(hour.created)} width={BAR} height={high(hour.created)} rx="2" class="hours-created" />
          <rect
            y={HEIGHT - high(Math.min(hour.completed, hour.created))}
            width={BAR}
            height={high(Math.min(hour.completed, hour.created))}
            rx="2"
            class="hours-completed"
          />
          {hour.failed > 0 && <rect y={HEIGHT + 4} width={BAR} height="4" rx="2" class="hours-failed" />}
          {(index % 6 === 0 || index === hours.length - 1) && <text x={BAR / 2} y={HEIGHT + 26} class="hours-label">{hour.label}</text>}
          {index === peak && hour.created > 0 && <text x={BAR / 2} y={HEIGHT - high(hour.created) - 7} class="hours-label strong">{hour.created}</text>}
        </g>
      ))}
      <line x1="0" x2={width} y1={HEIGHT + 0.5} y2={HEIGHT + 0.5} class="hours-line" />
    </svg>
  );
}

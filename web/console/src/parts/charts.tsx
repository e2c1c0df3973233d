// Charts by hand, as SVG: one question each, answered by the sentence that stands above.

import type { ComponentChildren } from "preact";
import { groupDigits } from "../format";
import { Folded } from "./panel";

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

/** One stretch of time: how much there was, how much of it was of one kind, and whether something is to be marked. */
export interface TimeBar {
  label: string;
  whole: number;
  part: number;
  isMarked?: boolean;
  /** In words, for whoever points at it. */
  says: string;
  /** Above the highest bar. */
  peak: string;
}

const HEIGHT = 132;
const STEP = 40;
const BAR = 26;
// Room for the number above the highest bar, and for the times below.
const HEAD = 30;
const FOOT = 36;
// So near to an edge, words that were centred would stand beyond it.
const EDGE = 3;

interface TimeBarsProps {
  bars: TimeBar[];
  /** What each of them is. */
  title: string;
  /** Every so manieth has its time below, counted from the last. */
  every: number;
}

/** Bars beside each other, one for each hour or day; of each a part is filled. */
export function TimeBars({ bars, title, every }: TimeBarsProps) {
  const top = Math.max(...bars.map((bar) => bar.whole)) || 1;
  const width = bars.length * STEP;
  const high = (count: number): number => (count * HEIGHT) / top;
  const peak = bars.reduce((best, bar, index) => (bar.whole > (bars[best]?.whole ?? 0) ? index : best), 0);
  const anchor = peak < EDGE ? "start" : peak >= bars.length - EDGE ? "end" : "middle";
  return (
    <svg class={bars.length > 20 ? "timebars many" : "timebars"} viewBox={`0 -${HEAD} ${width} ${HEIGHT + HEAD + FOOT}`} role="img" aria-label={`${title}; the table below has the numbers`}>
      {bars.map((bar, index) => (
        <g key={bar.label + index} transform={`translate(${index * STEP + (STEP - BAR) / 2} 0)`}>
          <title>{`${bar.label}: ${bar.says}`}</title>
          <rect y={-HEAD} width={BAR} height={HEIGHT + HEAD + FOOT} class="timebars-hit" />
          <rect y={HEIGHT - high(bar.whole)} width={BAR} height={high(bar.whole)} rx="2" class="timebars-whole" />
          <rect y={HEIGHT - high(Math.min(bar.part, bar.whole))} width={BAR} height={high(Math.min(bar.part, bar.whole))} rx="2" class="timebars-part" />
          {bar.isMarked && <rect y={HEIGHT + 4} width={BAR} height="4" rx="2" class="timebars-mark" />}
          {(bars.length - 1 - index) % every === 0 && <text x={BAR / 2} y={HEIGHT + 26} class="timebars-label">{bar.label}</text>}
          {index === peak && bar.whole > 0 && (
            <text x={anchor === "start" ? 0 : anchor === "end" ? BAR : BAR / 2} y={HEIGHT - high(bar.whole) - 7} class={`timebars-label strong ${anchor}`}>{bar.peak}</text>
          )}
        </g>
      ))}
      <line x1="0" x2={width} y1={HEIGHT + 0.5} y2={HEIGHT + 0.5} class="timebars-line" />
    </svg>
  );
}

/** What a chart shows, in numbers; the first column names the row. */
export function AsTable({ head, rows }: { head: string[]; rows: (string | number)[][] }) {
  const kind = (index: number): string => (index === 0 ? "" : "number");
  return (
    <Folded title="As a table">
      <table class="table dense">
        <thead><tr>{head.map((title, index) => <th key={title} scope="col" class={kind(index)}>{title}</th>)}</tr></thead>
        <tbody>{rows.map((row) => <tr key={row[0]}>{row.map((cell, index) => <td key={index} class={kind(index)}>{cell}</td>)}</tr>)}</tbody>
      </table>
    </Folded>
  );
}

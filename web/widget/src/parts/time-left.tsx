// A deadline that can be seen running, and that speaks only now and then.

import { countdown, fullTime } from "../format";
import { useSecondsUntil } from "../hooks";
import { Icon } from "./icons";

// Where a voice says how much is left.
const MILESTONES_S = [60, 600, 3600];
const SOON_S = 600;

interface TimeLeftProps {
  until: string | null | undefined;
  clockAheadMs: number;
  words: { within: string; over: string; left: (seconds: number) => string };
}

export function TimeLeft({ until, clockAheadMs, words }: TimeLeftProps) {
  const seconds = useSecondsUntil(until, clockAheadMs);
  if (seconds === undefined) return null;
  const milestone = MILESTONES_S.find((limit) => seconds <= limit);
  return (
    <p class={`time-left${seconds <= SOON_S ? " soon" : ""}`}>
      <Icon name="wait" />
      {seconds > 0 && <span role="timer">{words.within} <strong title={until ? fullTime(until) : ""}>{countdown(seconds)}</strong></span>}
      <span class={seconds > 0 ? "unseen" : ""} role="status">
        {seconds === 0 ? words.over : milestone && words.left(milestone)}
      </span>
    </p>
  );
}

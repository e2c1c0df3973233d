// A partner's sandbox: its clock, and the scenarios that it plays, with what is seen of each.

import { useEffect, useState } from "preact/hooks";
import { aheadSeconds } from "../core/ahead";
import { part, post } from "../core/api";
import { readFilters, writeFilters } from "../core/filters";
import { useLoad } from "../core/load";
import { go, place, url } from "../core/location";
import { useMay } from "../core/me";
import { say } from "../core/say";
import { useSend } from "../core/send";
import { useStore } from "../core/store";
import { span, wordsOf } from "../format";
import { Button, Empty, Loading, Notice, Problem, SendProblem, type Tone } from "../parts/basics";
import { SearchField } from "../parts/filter-bar";
import { Icon, type IconName } from "../parts/icons";
import { Mark } from "../parts/state";
import { Clock, Exact, Id } from "../parts/text";
import { areasOf, isOpen, markWords, stepsOf } from "../sandbox";
import type { Play, Sandbox, SandboxClock, Scenario } from "../wire";

const LOOK_AGAIN_MS = 1_000;
const LOOK_AGAIN_IDLE_MS = 5_000;
const PLAYS_SHOWN = 6;
const NAMES = ["query"] as const;

export function SandboxView({ partner, path }: { partner: string; path: string }) {
  const at = `partners/${part(partner)}/sandbox`;
  const [isBusy, setBusy] = useState(false);
  const { data, problem, put, reload } = useLoad<Sandbox>(at, { everyMs: isBusy ? LOOK_AGAIN_MS : LOOK_AGAIN_IDLE_MS });
  const busy = data?.plays.some(isOpen) ?? false;
  if (busy !== isBusy) setBusy(busy);
  // A play may have moved it, too.
  const ahead = data?.clock.ahead_seconds;
  useEffect(() => {
    if (ahead !== undefined) aheadSeconds.set(ahead);
  }, [ahead]);
  if (!data) return problem === undefined ? <Loading /> : <Problem problem={problem} onRetry={() => void reload()} />;
  const played = (play: Play) => put({ ...data, plays: [play, ...data.plays] });
  const moved = (clock: SandboxClock) => put({ ...data, clock });
  return (
    <div class="stack sandbox">
      {problem !== undefined && <Problem problem={problem} onRetry={() => void reload()} />}
      <ClockPart at={at} clock={data.clock} onMoved={moved} />
      <Plays plays={data.plays} />
      <Catalogue at={at} path={path} scenarios={data.scenarios} plays={data.plays} clock={data.clock} onPlayed={played} />
    </div>
  );
}

const STEPS: [string, string][] = [["5m", "5 min"], ["45m", "45 min"], ["6h", "6 h"], ["1d", "1 day"]];

function ClockPart({ at, clock, onMoved }: { at: string; clock: SandboxClock; onMoved: (clock: SandboxClock) => void }) {
  const mayMove = useMay("sandbox_play") && clock.movable;
  const { isBusy, problem, send } = useSend();
  const advance = (by: string, words: string) => () =>
    void send(() => post<SandboxClock>(`${at}/clock`, { advance: by }), (answer) => {
      onMoved(answer);
      say(`The clock was moved ${words}.`);
    });
  return (
    <section class="part" aria-labelledby="sandbox-clock">
      <h2 class="part-title" id="sandbox-clock">Clock</h2>
      <p>
        It is <strong><Exact at={clock.now} /></strong> here
        {clock.ahead_seconds > 0 ? <>, {span(clock.ahead_seconds)} ahead of the real time.</> : ", as everywhere."}
      </p>
      {mayMove ? (
        <div class="clock-steps" role="group" aria-label="Move the clock forwards">
          {STEPS.map(([by, words]) => (
            <Button key={by} small isBusy={isBusy} label={`Move the clock ${words} forwards`} onClick={advance(by, words)}>+ {words}</Button>
          ))}
        </div>
      ) : (
        !clock.movable && <p class="muted">The operator of this sandbox lets nobody move it.</p>
      )}
      <p class="muted small">Everybody's time in this sandbox passes at once, and never goes back. Open sessions and prices end.</p>
      <SendProblem problem={problem} />
    </section>
  );
}

const LOOKS: Record<Play["state"], { tone: Tone; icon: IconName; word: string }> = {
  waiting: { tone: "info", icon: "wait", word: "Waiting" },
  playing: { tone: "accent", icon: "play", word: "Playing" },
  reached: { tone: "ok", icon: "check", word: "Reached" },
  missed: { tone: "stop", icon: "warn", word: "Missed" },
};

function Plays({ plays }: { plays: Play[] }) {
  const latest = plays[0];
  const seen = latest?.seen.at(-1)?.mark;
  return (
    <section class="part" aria-labelledby="sandbox-plays">
      <h2 class="part-title" id="sandbox-plays">Played</h2>
      <p class="aloud" role="status">
        {latest && `${latest.scenario}: ${LOOKS[latest.state].word}${seen ? `, ${markWords(seen)}` : ""}`}
      </p>
      {plays.length === 0 && (
        <Empty icon="play" title="Nothing was played yet">Choose a scenario below: its user, bank and wallet are played, and your webhook hears of it.</Empty>
      )}
      <ul class="plays">
        {plays.slice(0, PLAYS_SHOWN).map((play) => <PlayItem key={play.id} play={play} />)}
      </ul>
    </section>
  );
}

function PlayItem({ play }: { play: Play }) {
  const order = play.merchant_transaction_id;
  return (
    <li class="card play">
      <div class="play-head">
        <h3>{play.scenario}</h3>
        <Mark {...LOOKS[play.state]} />
        {play.by_hand && <span class="tag">by hand</span>}
        {order && <a class="play-order" href={url(`/orders/${order}`)}>Order <Id id={order} /></a>}
      </div>
      <ol class="play-steps" aria-label={`What is seen of ${play.scenario}`}>
        {stepsOf(play).map((step, index) => (
          <li key={index} class={step.at === undefined ? "to-come" : step.isExpected ? "seen" : "odd"}>
            <Icon name={step.at === undefined ? "circle" : step.isExpected ? "check" : "warn"} size={14} />
            <span>{markWords(step.mark)}</span>
            {step.at === undefined ? <span class="aloud">not yet</span> : <span class="muted small"><Clock at={step.at} /></span>}
          </li>
        ))}
      </ol>
      {play.problem && <Notice tone="stop" title="It went another way">{play.problem}</Notice>}
    </li>
  );
}

interface CatalogueProps {
  at: string;
  path: string;
  scenarios: Scenario[];
  plays: Play[];
  clock: SandboxClock;
  onPlayed: (play: Play) => void;
}

function Catalogue({ at, path, scenarios, plays, clock, onPlayed }: CatalogueProps) {
  const mayPlay = useMay("sandbox_play");
  const { query } = readFilters(useStore(place).query, NAMES);
  const { isBusy, problem, send } = useSend();
  const play = (scenario: Scenario) => () =>
    void send(() => post<Play>(`${at}/scenarios/${part(scenario.name)}`), (answer) => {
      onPlayed(answer);
      say(`${scenario.name} is played.`);
    });
  const search = (text: string) => go(path, writeFilters({ query: text }, NAMES), { replace: true });
  const areas = areasOf(scenarios, query);
  return (
    <section class="part" aria-labelledby="sandbox-scenarios">
      <h2 class="part-title" id="sandbox-scenarios">Scenarios</h2>
      <p class="muted">
        From a terminal: <code>proof trigger sell-late</code>. By hand: open the widget for <code>ann+scenario-sell-late@example.com</code>.
      </p>
      <SearchField label="Search the scenarios" placeholder="Name or what happens" value={query} onSearch={search} />
      <SendProblem problem={problem} />
      {areas.length === 0 && <Empty icon="search" title="No scenario is like this" />}
      {areas.map(({ area, list }) => (
        <section key={area} class="area" aria-labelledby={`area-${area}`}>
          <h3 id={`area-${area}`}>{wordsOf(area)}</h3>
          <ul>
            {list.map((scenario) => (
              <li key={scenario.name} class="scenario">
                <div class="scenario-text">
                  <p><code>{scenario.name}</code>{scenario.moves_clock && <span class="tag">moves the clock</span>}</p>
                  <p>{scenario.about}</p>
                  <p class="muted small">{scenario.reaches.map(markWords).join(" → ")}</p>
                </div>
                <Latest play={plays.find((one) => one.scenario === scenario.name)} />
                {mayPlay && (
                  <Button
                    small
                    icon="play"
                    label={`Play ${scenario.name}`}
                    disabled={isBusy || (scenario.moves_clock && !clock.movable)}
                    onClick={play(scenario)}
                  >
                    Play
                  </Button>
                )}
              </li>
            ))}
          </ul>
        </section>
      ))}
    </section>
  );
}

/** How it went the last time, beside its button: the list of what was played may be out of sight. */
function Latest({ play }: { play: Play | undefined }) {
  if (!play) return null;
  return <span class="scenario-state"><Mark {...LOOKS[play.state]} /></span>;
}

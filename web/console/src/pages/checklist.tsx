// The go-live checklist: how far a partner is, what to do next, and what proves each line.

import { useEffect, useState } from "preact/hooks";
import { countOf, isShown, nextLines, progressWords, sectionsOf, SHOWS, waitsFor, whoWords, type Section, type Show } from "../checklist";
import { get, part, post } from "../core/api";
import { download as save } from "../core/csv";
import { useLoad } from "../core/load";
import { place, url } from "../core/location";
import { useMe } from "../core/me";
import { say } from "../core/say";
import { useSend } from "../core/send";
import { may } from "../core/session";
import { useStore } from "../core/store";
import { exact } from "../format";
import { Button, Empty, Loading, Notice, Problem, SendProblem } from "../parts/basics";
import { Icon } from "../parts/icons";
import { LINE_LOOKS } from "../parts/state";
import { Words } from "../parts/text";
import type { Checklist, PartnerListed, Report } from "../wire";
import { ChecklistLine } from "./checklist-line";
import { ProfileForm } from "./checklist-profile";

// Lines tick by themselves while somebody tries things in another window.
const LOOK_AGAIN_MS = 10_000;

type Count = PartnerListed["checklist"];

interface ChecklistViewProps {
  partner: string;
  path: string;
  /** How far it is now, for whoever shows that elsewhere. */
  onCount?: (count: Count) => void;
}

export function ChecklistView({ partner, path, onCount }: ChecklistViewProps) {
  const loaded = useLoad<Checklist>(`partners/${part(partner)}/checklist`, { everyMs: LOOK_AGAIN_MS });
  const { data, problem, put, reload } = loaded;
  usePrintWhole();
  const [green, of] = [data?.green, data?.of];
  useEffect(() => {
    if (green !== undefined && of !== undefined) onCount?.({ green, of });
  }, [green, of, onCount]);
  if (!data) return problem === undefined ? <Loading rows={9} /> : <Problem problem={problem} onRetry={() => void reload()} />;
  return (
    <div class="checklist">
      {problem !== undefined && <Problem problem={problem} onRetry={() => void reload()} />}
      <Summary list={data} put={put} />
      <ProfileForm list={data} put={put} />
      <Sections list={data} path={path} put={put} />
    </div>
  );
}

function Summary({ list, put }: { list: Checklist; put: (list: Checklist) => void }) {
  const me = useMe();
  const next = nextLines(list.lines, (line) => waitsFor(me, line));
  return (
    <section class="progress" aria-label="Progress">
      <p class="print-only">Go-live checklist of {list.partner.name}, as of {exact(new Date().toISOString())}</p>
      <div class="progress-head">
        <p class="progress-number"><strong>{list.green}</strong> of {list.of}</p>
        <p class="progress-words">{progressWords(list)}</p>
        <ChecklistActions list={list} put={put} />
      </div>
      <Strip sections={sectionsOf(list.lines)} />
      {list.ready && (
        <Notice tone="ok" title="Ready to go live">
          Every line that applies is green, but for the first live transaction, which an operator watches.
        </Notice>
      )}
      {next.length > 0 && (
        <div class="next">
          <h2>What to do next</h2>
          <ol>
            {next.map((line) => (
              <li key={line.id}>
                <a href={`#line-${line.id}`}>{line.id}</a>
                <span><Words text={line.next ?? line.why} /></span>
              </li>
            ))}
          </ol>
        </div>
      )}
    </section>
  );
}

/** Each line as a cell; the words are in the list below. */
function Strip({ sections }: { sections: Section[] }) {
  return (
    <div class="strip" aria-hidden="true">
      {sections.map((section) => (
        <div key={section.key} class="strip-part">
          <div class="strip-cells">
            {section.lines.map((line) => (
              <a
                key={line.id}
                href={`#line-${line.id}`}
                tabIndex={-1}
                class={`cell ${line.state}`}
                title={`${line.id}: ${LINE_LOOKS[line.state]?.word ?? line.state}`}
              />
            ))}
          </div>
          <span>{section.key}</span>
        </div>
      ))}
    </div>
  );
}

function ChecklistActions({ list, put }: { list: Checklist; put: (list: Checklist) => void }) {
  const me = useMe();
  const { isBusy, problem, send } = useSend();
  const mayProbe = may(me, "checklist_probe");
  const probe = () =>
    void send(() => post<Checklist>(`partners/${part(list.partner.id)}/checklist/probe`), (answer) => {
      put(answer);
      say("The probes run. Lines turn as the partner reacts.");
    });
  const report = useSend();
  const download = () =>
    void report.send(() => get<Report>(`partners/${part(list.partner.id)}/checklist/report`), (answer) => {
      save("checklist.json", "application/json", answer.json);
      save("checklist.json.sig", "text/plain", answer.json_signature);
      save("checklist.pdf", "application/pdf", Uint8Array.from(atob(answer.pdf), (letter) => letter.charCodeAt(0)));
      save("checklist.pdf.sig", "text/plain", answer.pdf_signature);
    });
  return (
    <div class="progress-actions no-print">
      {mayProbe && <Button kind="primary" isBusy={isBusy} onClick={probe}>Run the probes</Button>}
      <Button icon="print" onClick={() => print()}>Print</Button>
      <Button icon="download" isBusy={report.isBusy} onClick={download}>Signed report</Button>
      <SendProblem problem={problem ?? report.problem} />
    </div>
  );
}

const SHOW_WORDS: Record<Show, string> = { all: "All", todo: "To do", failing: "Failing", green: "Green" };

function Sections({ list, path, put }: { list: Checklist; path: string; put: (list: Checklist) => void }) {
  const query = new URLSearchParams(useStore(place).query);
  const show = SHOWS.find((name) => name === query.get("show")) ?? "all";
  const sections = sectionsOf(list.lines.filter((line) => isShown(line, show)));
  const whole = sectionsOf(list.lines);
  return (
    <>
      <nav class="chips no-print" aria-label="Which lines">
        {SHOWS.map((name) => (
          <a key={name} class="chip" href={url(path, name === "all" ? "" : `show=${name}`)} aria-current={name === show ? "true" : undefined}>
            {SHOW_WORDS[name]} <span class="chip-count">{countOf(list.lines, name)}</span>
          </a>
        ))}
      </nav>
      {sections.length === 0 && (
        <Empty icon="checklist" title="No line is like this">
          {show === "failing" ? "Nothing fails." : "Look at all lines instead."}
        </Empty>
      )}
      {sections.map((section) => {
        const all = whole.find((other) => other.key === section.key) ?? section;
        return (
          <section key={section.key} class="check-section" aria-labelledby={`section-${section.key}`}>
            <h2 id={`section-${section.key}`}>
              {section.title}
              <span class={`section-count${all.of > 0 && all.green === all.of ? " ok" : ""}`}>
                {all.of === 0 ? "does not apply" : <>{all.green === all.of && <Icon name="check" size={12} />} {all.green} of {all.of}</>}
              </span>
            </h2>
            <ul class="check-lines">
              {section.lines.map((line) => <ChecklistLine key={line.id} line={line} partner={list.partner} who={whoWords(line.who)} log={path.replace(/checklist$/, "log")} put={put} />)}
            </ul>
          </section>
        );
      })}
    </>
  );
}

/** On paper nothing can be unfolded. */
function usePrintWhole(): void {
  const [, setPrinting] = useState(false);
  useEffect(() => {
    let opened: HTMLDetailsElement[] = [];
    const before = () => {
      opened = [...document.querySelectorAll<HTMLDetailsElement>(".checklist details:not([open])")];
      for (const details of opened) details.open = true;
      setPrinting(true);
    };
    const after = () => {
      for (const details of opened) details.open = false;
      setPrinting(false);
    };
    addEventListener("beforeprint", before);
    addEventListener("afterprint", after);
    return () => {
      removeEventListener("beforeprint", before);
      removeEventListener("afterprint", after);
    };
  }, []);
}

// One case: what came that fits no order, or what a bank wants back; and what people can decide.

import { useState } from "preact/hooks";
import { part, post } from "../core/api";
import { useLoad } from "../core/load";
import { url } from "../core/location";
import { useMay, useMe } from "../core/me";
import { say } from "../core/say";
import { exact, shortId, wordsOf } from "../format";
import { ActDialog } from "../parts/act-dialog";
import { Button, Loading, Notice, Problem } from "../parts/basics";
import { Facts, Panel } from "../parts/panel";
import { Proposed } from "../parts/proposed";
import { Mark } from "../parts/state";
import { Ago, Copy, Exact } from "../parts/text";
import { troubleRow } from "../parts/trouble";
import { actWords, caseTitle, confirmWords } from "../words";
import type { Case, Rule, Ruled } from "../wire";

// A colleague may have said something about it meanwhile.
const LOOK_AGAIN_MS = 5000;

interface CasePanelProps {
  id: string;
  back: { path: string; query?: string };
  onChanged: () => void;
}

export function CasePanel({ id, back, onChanged }: CasePanelProps) {
  const { data, problem, reload } = useLoad<Case>(`cases/${part(id)}`, { everyMs: LOOK_AGAIN_MS });
  const changed = () => {
    void reload();
    onChanged();
  };
  return (
    <Panel title={data ? `${caseTitle(data.kind)}, ${data.amount}` : "Case"} back={back} head={data && <CaseMark state={data.state} />}>
      {problem !== undefined && <Problem problem={problem} onRetry={() => void reload()} />}
      {!data && problem === undefined && <Loading />}
      {data && <Story one={data} onChanged={changed} />}
    </Panel>
  );
}

function CaseMark({ state }: { state: string }) {
  const tone = state === "in_review" ? "wait" : state === "settled" ? "ok" : "info";
  return <Mark tone={tone} icon={tone === "ok" ? "check" : tone === "wait" ? "wait" : "circle"} word={wordsOf(state)} />;
}

// One operator is enough to answer the bank; what they say can be corrected by nobody anyway.
const ALONE = ["contest"];

function Story({ one, onChanged }: { one: Case; onChanged: () => void }) {
  const mayRule = useMay("case_rule");
  const [act, setAct] = useState<string>();
  const words = actWords(act ?? "");
  const me = useMe().member.name;
  const done = ({ ruled }: Ruled) => {
    setAct(undefined);
    say(ruled === "done" ? "Done." : "Proposed. A second operator has to say the same.", ruled === "done" ? "ok" : "wait");
    onChanged();
  };
  const facts = [
    ["Case", <span class="with-copy"><code>{one.case}</code><Copy text={one.case} what="the case's id" quiet /></span>],
    ["Amount", <strong class="amount">{one.amount}</strong>],
    ["About", one.about],
    ["Opened", <Exact at={one.opened_at} />],
    ...(one.due_at ? [["Due", <><Ago at={one.due_at} /> <span class="muted small">{exact(one.due_at)}</span></>] as const] : []),
    ["Of order", <a href={url(`/orders/${encodeURIComponent(one.order)}`)}><code>{shortId(one.order)}</code></a>],
    troubleRow(one.trouble),
  ] as const;
  return (
    <>
      {one.why && <Notice tone="wait" title="Waits for people">{one.why}</Notice>}
      {one.proposed && <Proposed text={one.proposed} />}
      {mayRule && one.rulings.length > 0 && (
        <div class="acts">
          {one.rulings.map((ruling) => (
            <Button key={ruling} kind={actWords(ruling).isDanger ? "plain" : "primary"} onClick={() => setAct(ruling)}>
              {caseVerb(ruling)}
            </Button>
          ))}
        </div>
      )}
      <Facts rows={[...facts]} />
      {act !== undefined && (
        <ActDialog<Ruled>
          asked={{
            title: `${caseVerb(act)}?`,
            verb: caseVerb(act),
            facts: [
              ["Case", caseTitle(one.kind)],
              ["Amount", <strong class="amount">{one.amount}</strong>],
              ["About", one.about],
              ["Of order", <code>{shortId(one.order)}</code>],
            ],
            effect: act === "approve" ? "What the case proposes is done: it is sent or paid back as said above." : words.effect,
            confirm: ALONE.includes(act) ? null : confirmWords(act, one.proposed, me),
            proposed: one.proposed,
            text: words.text,
            isDanger: words.isDanger,
          }}
          onClose={() => setAct(undefined)}
          act={({ reason, text }) => {
            const rule: Rule = { act, reason, ...(words.text ? { text } : {}) };
            return post<Ruled>(`cases/${part(one.case)}/rule`, rule);
          }}
          onDone={done}
        />
      )}
    </>
  );
}

const caseVerb = (act: string): string => (act === "approve" ? "Approve" : actWords(act).verb);

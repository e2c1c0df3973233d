// One person whom the provider leaves to people: what they showed, and what two of us make of it.

import { useState } from "preact/hooks";
import { part, post } from "../core/api";
import { useLoad } from "../core/load";
import { url } from "../core/location";
import { useMe } from "../core/me";
import { say } from "../core/say";
import { shortId, wordsOf } from "../format";
import { ActDialog, type Asked } from "../parts/act-dialog";
import { Button, Empty, Loading, Notice, Problem } from "../parts/basics";
import { Facts, Panel, Part } from "../parts/panel";
import { Proposed } from "../parts/proposed";
import { Mark } from "../parts/state";
import { Copy, Exact } from "../parts/text";
import { confirmWords, traceWords } from "../words";
import type { IdentityCheck, IdentityFindings, IdentityRule, ListedName, Resemblance, Ruled } from "../wire";

// A colleague may have said something about it meanwhile.
const LOOK_AGAIN_MS = 5000;

interface IdentityPanelProps {
  id: string;
  back: { path: string; query?: string };
  onChanged: () => void;
}

export function IdentityPanel({ id, back, onChanged }: IdentityPanelProps) {
  const { data, problem, reload } = useLoad<IdentityCheck>(`identity/${part(id)}`, { everyMs: LOOK_AGAIN_MS });
  const changed = () => {
    void reload();
    onChanged();
  };
  return (
    <Panel title={data ? `${wordsOf(data.document)}, try ${data.try_number}` : "Identity check"} back={back} head={data && <CheckMark state={data.state} />}>
      {problem !== undefined && <Problem problem={problem} onRetry={() => void reload()} />}
      {!data && problem === undefined && <Loading rows={6} />}
      {data && <Story one={data} onChanged={changed} />}
    </Panel>
  );
}

function CheckMark({ state }: { state: IdentityCheck["state"] }) {
  if (state === "approved") return <Mark tone="ok" icon="check" word="Approved" />;
  if (state === "rejected") return <Mark tone="stop" icon="stop" word="Rejected" />;
  return <Mark tone="wait" icon="wait" word={state === "review" ? "Waits for people" : wordsOf(state)} />;
}

const PROBLEMS = [
  { value: "document_unreadable", label: "The document cannot be read" },
  { value: "document_expired", label: "The document has expired" },
  { value: "document_forged", label: "The document is not genuine" },
  { value: "face_mismatch", label: "The selfie shows somebody else" },
  { value: "liveness_failed", label: "The selfie shows nobody live" },
  { value: "under_age", label: "The person is too young" },
];

// Somebody whose document is only blurred is asked again.
const FOR_GOOD = PROBLEMS.filter(({ value }) => value !== "document_unreadable");

const CHOICES: Record<string, Pick<Asked, "title" | "verb" | "effect" | "text" | "choice" | "isDanger">> = {
  approve: {
    title: "Is it them?",
    verb: "Approve",
    effect: "The order goes on, and the person is known from now on.",
    text: {
      label: "Issued by",
      hint: "The country on the document, two letters: DE. Risk goes by it.",
      pattern: "[A-Z]{2}",
      maxLength: 2,
    },
  },
  ask_again: {
    title: "Ask for new pictures?",
    verb: "Ask again",
    effect: "The user reads what is wrong and takes the pictures once more.",
    choice: { label: "What is wrong", hint: "The user reads it in these words, in their language.", choices: PROBLEMS },
  },
  refuse: {
    title: "Refuse this person?",
    verb: "Refuse for good",
    effect: "The order ends, and this customer is refused from now on. No money was taken.",
    choice: { label: "Why", hint: "Kept with the decision; the user reads only that the check was refused.", choices: FOR_GOOD },
    isDanger: true,
  },
};

function Story({ one, onChanged }: { one: IdentityCheck; onChanged: () => void }) {
  const [act, setAct] = useState<string>();
  const me = useMe().member.name;
  const choice = act === undefined ? undefined : CHOICES[act];
  const done = ({ ruled }: Ruled) => {
    setAct(undefined);
    say(ruled === "done" ? "Done." : "Proposed. A second operator has to say the same.", ruled === "done" ? "ok" : "wait");
    onChanged();
  };
  const order = <a href={url(`/orders/${encodeURIComponent(one.order)}`)}><code>{shortId(one.order)}</code></a>;
  return (
    <>
      {one.state === "review" && (
        <Notice tone="wait" title="Waits for two people">
          {one.listed.length > 0
            ? `${wordsOf(one.why)}. Compare the document with those below, and look them up in the list itself: names are shared by many.`
            : one.resembles.length > 0
            ? `${wordsOf(one.why)}. Compare who showed it with those below.`
            : `The provider is not sure: ${wordsOf(one.why).toLowerCase()}. Compare the face on the document with the selfie.`}
        </Notice>
      )}
      {one.state === "review" && one.has_lists && one.lists === null && (
        <Notice tone="wait" title="Not compared with sanctions lists">No name was read. Read it in the pictures, and look it up with proof list names before you approve.</Notice>
      )}
      {one.proposed && <Proposed text={one.proposed} />}
      {one.decided_by.length > 0 && <Notice tone="info" title={`Decided by ${one.decided_by.join(" and ")}`}>{wordsOf(one.why)}</Notice>}
      {one.state === "review" && (
        <div class="acts">
          <Button kind="primary" onClick={() => setAct("approve")}>Approve</Button>
          <Button kind="plain" onClick={() => setAct("ask_again")}>Ask for new pictures</Button>
          <Button kind="plain" onClick={() => setAct("refuse")}>Refuse for good</Button>
        </div>
      )}
      <Facts
        rows={[
          ["Email", <span class="with-copy">{one.email}<Copy text={one.email} what="the email" quiet /></span>],
          ["Document", wordsOf(one.document)],
          ["Of order", <>{order} {one.environment === "test" && <span class="tag">test</span>}</>],
          ["Amount", <strong class="amount">{one.amount}</strong>],
          ["Provider", wordsOf(one.provider)],
          ["Begun", <Exact at={one.since} />],
          ["Agreed", one.consent ? <>To the text of {one.consent.text}, <Exact at={one.consent.at} /></> : "Before it was asked for"],
        ]}
      />
      {one.listed.length > 0 && <Part title="On sanctions lists"><Listed ones={one.listed} /></Part>}
      {one.resembles.length > 0 && <Part title="Looks like"><Alike ones={one.resembles} /></Part>}
      {one.state === "review" && <Part title="Pictures"><Pictures check={one} /></Part>}
      {act !== undefined && choice && (
        <ActDialog<Ruled>
          asked={{
            ...choice,
            ...(act === "approve" ? sameOrNew(one.resembles) : {}),
            facts: [
              ["Email", one.email],
              ["Document", wordsOf(one.document)],
              ["Amount", <strong class="amount">{one.amount}</strong>],
            ],
            confirm: confirmWords(act, one.proposed, me),
            proposed: one.proposed,
          }}
          onClose={() => setAct(undefined)}
          act={({ reason, text, choice: problem }) => {
            const rule: IdentityRule = act === "approve" ? { act, reason, document_country: text, ...(problem ? { person: problem } : {}) } : { act, reason, problem };
            return post<Ruled>(`identity/${part(one.id)}/rule`, rule);
          }}
          onDone={done}
        />
      )}
    </>
  );
}

/** Two people may be sure that it is somebody who is known already. */
function sameOrNew(ones: Resemblance[]): Pick<Asked, "choice"> {
  const known = new Map(ones.flatMap(({ person, email }) => (person ? [[person, email] as const] : [])));
  if (known.size === 0) return {};
  const same = [...known].map(([value, email]) => ({ value, label: `The same as ${email}` }));
  const hint = "Whoever is known keeps one history; a person on the list is refused everywhere.";
  return { choice: { label: "Who it is", hint, choices: [{ value: "", label: "Somebody else, who is new" }, ...same] } };
}

const SAME = { both: "Same document, same face", document: "Same document, another face", face: "Same face, another document" };

function Alike({ ones }: { ones: Resemblance[] }) {
  return (
    <ul class="alike">
      {ones.map(({ order, partner, partner_user_id, email, verdict, reason, document, face, at }) => (
        <li key={order}>
          <strong>{SAME[document && face ? "both" : document ? "document" : "face"]}</strong>
          <span>{verdict === "approved" ? "Approved" : `Refused: ${wordsOf(reason ?? "").toLowerCase()}`}, <Exact at={at} /></span>
          <span>{email}, user {partner_user_id} of {partner}</span>
          <a href={url(`/orders/${encodeURIComponent(order)}`)}>Order <code>{shortId(order)}</code></a>
        </li>
      ))}
    </ul>
  );
}

function Listed({ ones }: { ones: ListedName[] }) {
  return (
    <ul class="alike">
      {ones.map(({ name, spelling, lists, id, percent, why }) => (
        <li key={`${lists} ${id}`}>
          <strong>{`${percent} %  ${name}`}</strong>
          {spelling !== name && <span>Spelt {spelling}</span>}
          <span>{why}</span>
          <span>{lists}, <code>{id}</code></span>
        </li>
      ))}
    </ul>
  );
}

/** What was read and measured, to be compared with the pictures. */
function Read({ check }: { check: IdentityCheck }) {
  const { data, problem } = useLoad<IdentityFindings>(`identity/${part(check.id)}/findings`);
  if (problem) return <Problem problem={problem} />;
  if (!data) return <Loading rows={3} />;
  const { name, born, document_number, issuer, valid_until, similarity, grid, notes } = data;
  const read = (value: string | null) => value ?? "Not read";
  return (
    <>
      {notes.length > 0 && <ul class="notes">{notes.map((note) => <li key={note}>{note}</li>)}</ul>}
      <Facts
        rows={[
          ["Name", read(name)],
          ["Born", read(born)],
          ["Number", read(document_number)],
          ["Issued by", read(issuer)],
          ["Valid until", valid_until ? <Exact at={valid_until} /> : read(null)],
          ["Likeness of portrait and selfie", read(similarity)],
          grid ? ["Trace of a screen or a print", traceWords(grid)] : null,
        ]}
      />
    </>
  );
}

/** Somebody's face is not shown to whoever walks by: only when asked for, and who asked is recorded. */
function Pictures({ check }: { check: IdentityCheck }) {
  const [isShown, setShown] = useState(false);
  if (check.pictures.length === 0) {
    return <Empty icon="search" title="No pictures">The provider keeps none of them any more. Ask for new ones.</Empty>;
  }
  if (!isShown) {
    return (
      <div class="hidden-pictures">
        <p>{`${check.pictures.length} pictures. They come from the provider, and are kept nowhere else; that you looked is recorded.`}</p>
        <Button onClick={() => setShown(true)}>Show them</Button>
      </div>
    );
  }
  return (
    <>
    <Read check={check} />
    <ul class="pictures">
      {check.pictures.map(({ document, side, step }, number) => (
        <li key={number} class={document ? "document" : "frame"}>
          <Picture at={`/console/api/identity/${part(check.id)}/pictures/${number}`} what={step ? `Selfie, ${wordsOf(step).toLowerCase()}` : `${wordsOf(document ?? "")}, ${side}`} />
        </li>
      ))}
    </ul>
    </>
  );
}

function Picture({ at, what }: { at: string; what: string }) {
  const [isMissing, setMissing] = useState(false);
  return (
    <figure>
      {isMissing ? <p class="missing">It could not be fetched.</p> : <img src={at} alt={what} onError={() => setMissing(true)} />}
      <figcaption>{what}</figcaption>
    </figure>
  );
}

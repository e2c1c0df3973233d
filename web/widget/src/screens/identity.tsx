// Before the camera: why, which document, and what went wrong the last time.

import { useEffect, useState } from "preact/hooks";
import { useAlive } from "../hooks";
import { messages } from "../messages";
import { Actions } from "../parts/frame";
import { Badge, Button, Notice, Screen, Waiting } from "../parts/basics";
import { Icon } from "../parts/icons";
import { HandoverOffer } from "./handover";
import { hasDeposit } from "../sale";
import type { Session } from "../session";
import type { DocumentKind, View } from "../view";

/** What is taken, by whom, and for how long: going on is agreeing. */
export function Consent({ view }: { view: View }) {
  const consent = messages.consent(view, view.identity?.consent.kept_days ?? null);
  return (
    <>
      <section class="consent" aria-labelledby="consent-title">
        <h2 id="consent-title">{consent.title}</h2>
        <dl>
          {consent.points.map(({ label, text }) => (
            <div key={label}><dt>{label}</dt><dd>{text}</dd></div>
          ))}
        </dl>
      </section>
      <p class="muted small">{consent.agree}</p>
    </>
  );
}

interface IntroProps {
  view: View;
  session: Session;
  onContinue: () => void;
  onKnown: () => void;
}

export function IdentityIntro({ view, session, onContinue, onKnown }: IntroProps) {
  const words = messages.intro;
  return (
    <Screen title={words.title}>
      <p class="muted">{words.text(view)}</p>
      <ul class="needs">
        <li><Icon name="document" size={20} />{words.document}</li>
        <li><Icon name="camera" size={20} />{words.camera}</li>
        <li><Icon name="mail" size={20} />{words.email(view)}</li>
      </ul>
      <Consent view={view} />
      <Actions>
        <Button onClick={onContinue}>{messages.consent(view, null).button}</Button>
        <HandoverOffer session={session} />
        <button type="button" class="link" onClick={onKnown}>{messages.known.link}</button>
      </Actions>
    </Screen>
  );
}

const KINDS: readonly DocumentKind[] = ["passport", "national_id", "driving_licence"];

export function DocumentChoice({ view, session, onChosen }: { view: View; session: Session; onChosen: () => void }) {
  const keep = view.identity?.keeps === "selfie";
  const [busy, setBusy] = useState<DocumentKind>();
  const [problem, setProblem] = useState<string>();
  const alive = useAlive();
  const choose = async (kind: DocumentKind) => {
    setBusy(kind);
    const failure = await session.command((api) => api.startIdentity(kind, keep));
    if (!failure) onChosen();
    if (!alive.current) return;
    setBusy(undefined);
    setProblem(failure && messages.error(failure.code, session.direction));
  };
  const words = messages.choice;
  return (
    <Screen title={words.title}>
      <p class="muted">{words.text}</p>
      {problem && <Notice tone="stop">{problem}</Notice>}
      <div class="choices">
        {KINDS.map((kind) => (
          <button key={kind} type="button" class="choice" disabled={busy !== undefined} aria-busy={busy === kind} onClick={() => void choose(kind)}>
            <Icon name="document" size={20} />
            <span><strong>{words.documents[kind]}</strong><small>{words.notes[kind]}</small></span>
            <Icon name="right" />
          </button>
        ))}
      </div>
    </Screen>
  );
}

interface RetryProps {
  view: View;
  session: Session;
  reason: string;
  onChoose: () => void;
}

export function IdentityRetry({ view, session, reason, onChoose }: RetryProps) {
  const words = messages.retry;
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const alive = useAlive();
  const { asks, document = null, keeps = null } = view.identity ?? {};
  // Where the document stays there is nothing to choose.
  const again = async () => {
    if (asks !== "selfie" && (keeps !== "document" || !document)) return onChoose();
    setBusy(true);
    const failure = await session.command((api) => (document ? api.startIdentity(document, true) : api.startSelfie()));
    if (!alive.current) return;
    setBusy(false);
    setProblem(failure && messages.error(failure.code, session.direction));
  };
  return (
    <Screen title={words.title} icon={<Badge tone="wait" />}>
      {problem && <Notice tone="stop">{problem}</Notice>}
      <p>{words.reason(reason)}</p>
      <p class="muted">{words.text(view, reason)}</p>
      {keeps && <p class="stays"><Icon name="check" size={18} />{words.stays[keeps]}</p>}
      <Actions>
        <Button busy={busy} onClick={() => void again()}>{words.start(keeps)}</Button>
        {keeps === "document" && <button type="button" class="link" onClick={onChoose}>{messages.side.other}</button>}
      </Actions>
    </Screen>
  );
}

/** Everything is there, the selfie from before: nothing to press. */
export function IdentitySend({ session }: { session: Session }) {
  const [problem, setProblem] = useState<string>();
  const alive = useAlive();
  const send = async () => {
    setProblem(undefined);
    const failure = await session.command((api) => api.submitIdentity());
    if (failure && alive.current) setProblem(messages.error(failure.code, session.direction));
  };
  useEffect(() => void send(), []);
  if (!problem) return <Waiting words={messages.checking} />;
  return (
    <Screen title={messages.checking.title}>
      <Notice tone="stop">{problem}</Notice>
      <Actions>
        <Button onClick={() => void send()}>{messages.tryAgain}</Button>
      </Actions>
    </Screen>
  );
}

export function Review({ view }: { view: View }) {
  // What is looked at after a deposit are not pictures.
  const late = hasDeposit(view);
  const { title, after } = messages.sell.review;
  return (
    <Screen title={late ? title : messages.review.title} icon={<Badge tone="wait" />}>
      <p class="muted">{late ? after : messages.review.text(view)}</p>
    </Screen>
  );
}

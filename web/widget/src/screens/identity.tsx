// Before the camera: why, which document, and what went wrong the last time.

import { useState } from "preact/hooks";
import { useAlive } from "../hooks";
import { messages } from "../messages";
import { Actions } from "../parts/frame";
import { Badge, Button, Notice, Screen } from "../parts/basics";
import { Icon } from "../parts/icons";
import { hasDeposit } from "../sale";
import type { Session } from "../session";
import type { DocumentKind, View } from "../view";

export function IdentityIntro({ view, onContinue, onKnown }: { view: View; onContinue: () => void; onKnown: () => void }) {
  const words = messages.intro;
  return (
    <Screen title={words.title}>
      <p class="muted">{words.text(view)}</p>
      <ul class="needs">
        <li><Icon name="document" size={20} />{words.document}</li>
        <li><Icon name="camera" size={20} />{words.camera}</li>
        <li><Icon name="mail" size={20} />{words.email(view)}</li>
      </ul>
      <Actions>
        <Button onClick={onContinue}>{words.start}</Button>
        <button type="button" class="link" onClick={onKnown}>{messages.known.link}</button>
      </Actions>
    </Screen>
  );
}

const KINDS: readonly DocumentKind[] = ["passport", "national_id", "driving_licence"];

export function DocumentChoice({ session, onChosen }: { session: Session; onChosen: () => void }) {
  const [busy, setBusy] = useState<DocumentKind>();
  const [problem, setProblem] = useState<string>();
  const alive = useAlive();
  const choose = async (kind: DocumentKind) => {
    setBusy(kind);
    const failure = await session.command((api) => api.startIdentity(kind));
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

export function IdentityRetry({ view, reason, onAgain }: { view: View; reason: string; onAgain: () => void }) {
  const words = messages.retry;
  return (
    <Screen title={words.title} icon={<Badge tone="wait" />}>
      <p>{words.reason(reason)}</p>
      <p class="muted">{words.text(view)}</p>
      <Actions>
        <Button onClick={onAgain}>{words.start}</Button>
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

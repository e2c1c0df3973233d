// The page that the link of an email opens, outside of any shop: a code, and then the order. Before the
// code nothing is shown that is not known to whoever has the link.

import { useEffect, useState } from "preact/hooks";
import { Refused, Unreachable } from "../api";
import type { Boot, Resume } from "../guards";
import { useSecondsUntil } from "../hooks";
import { messages } from "../messages";
import { Badge, Button, Notice, Screen } from "../parts/basics";
import { Actions } from "../parts/frame";
import type { Session } from "../session";

const words = messages.resume;

interface Sent {
  again: string;
}

interface Props {
  boot: Boot & { resume: Resume };
  link: string;
  session: Session;
  onOpen: () => void;
}

export function ResumePage({ boot, link, session, onOpen }: Props) {
  const [sent, setSent] = useState<Sent>();
  const [state, setState] = useState(boot.resume.state);
  const { partner } = boot.resume;
  useEffect(() => {
    document.title = words.title(partner);
  }, [partner]);
  if (state !== "open") return <Closed state={state} />;
  const asked = (seconds: number) => setSent({ again: new Date(Date.now() + seconds * 1000).toISOString() });
  const shared = { link, session, onAsked: asked, onOver: () => setState("over") };
  return sent ? <Enter {...shared} sent={sent} onOpen={onOpen} /> : <Ask {...shared} partner={partner} />;
}

function Closed({ state }: { state: "used" | "over" }) {
  return (
    <Screen title={words[state].title} icon={<Badge tone="info" />}>
      <p>{words[state].text}</p>
      <p class="muted">{words[state].next}</p>
    </Screen>
  );
}

interface StepProps {
  link: string;
  session: Session;
  onAsked: (againAfterS: number) => void;
  onOver: () => void;
}

/** Asks for a code. A code that is on its way already is as good. */
function useAsk({ link, session, onAsked, onOver }: StepProps) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const ask = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      onAsked((await session.api.askCode(link)).again_after_s);
    } catch (error) {
      const code = codeOf(error);
      if (code === "invalid_token") onOver();
      else if (code === "rate_limit_exceeded") onAsked(0);
      else setProblem(words.askProblem(code));
    }
    setBusy(false);
  };
  return { busy, problem, ask: () => void ask() };
}

function Ask({ partner, ...step }: StepProps & { partner: string | null }) {
  const { busy, problem, ask } = useAsk(step);
  return (
    <Screen title={words.title(partner)}>
      <p>{words.text}</p>
      {problem && <Notice tone="stop">{problem}</Notice>}
      <Actions>
        <Button busy={busy} onClick={ask}>{words.ask}</Button>
      </Actions>
      <p class="muted small">{words.note}</p>
    </Screen>
  );
}

function Enter({ sent, onOpen, ...step }: StepProps & { sent: Sent; onOpen: () => void }) {
  const again = useAsk(step);
  const wait = useSecondsUntil(sent.again, 0) ?? 0;
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const enter = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      step.session.resume(await step.session.api.enter(step.link, code));
      return onOpen();
    } catch (error) {
      const refused = codeOf(error);
      if (refused === "invalid_token") return step.onOver();
      setProblem(words.enterProblem(refused));
      setBusy(false);
    }
  };
  return (
    <Screen title={words.enterTitle}>
      <p>{words.enterText}</p>
      <form class="code-form" onSubmit={(event) => { event.preventDefault(); void enter(); }}>
        <label class="label" for="code">{words.label}</label>
        <input
          id="code"
          class={`code-input${problem ? " wrong" : ""}`}
          inputMode="numeric"
          autocomplete="one-time-code"
          maxLength={7}
          value={code}
          onInput={(event) => setCode(event.currentTarget.value)}
          aria-invalid={problem !== undefined}
          aria-describedby="code-error"
        />
        <p class="field-error" id="code-error" role="alert">{problem ?? again.problem}</p>
        <button type="submit" class="button primary" disabled={busy || code.trim().length < 6} aria-busy={busy}>{words.enter}</button>
      </form>
      <Actions>
        <Button kind="plain" busy={again.busy} disabled={wait > 0} onClick={again.ask}>{wait > 0 ? words.againIn(wait) : words.again}</Button>
      </Actions>
      <p class="muted small">{words.spam}</p>
    </Screen>
  );
}

function codeOf(error: unknown): string {
  if (error instanceof Refused) return error.code;
  if (error instanceof Unreachable) return "offline";
  throw error;
}

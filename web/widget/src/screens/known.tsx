// Whoever was checked before: here, so that a selfie is enough, or at another shop, which a code by email tells.

import { useState } from "preact/hooks";
import type { Api } from "../api";
import { useAlive, useSecondsUntil } from "../hooks";
import { messages } from "../messages";
import { Button, Notice, Screen } from "../parts/basics";
import { Actions } from "../parts/frame";
import type { Session } from "../session";
import { Consent } from "./identity";
import type { View } from "../view";

const words = messages.known;

/** A short while ago everything was shown, and only the face is looked at again. */
export function KnownSelfie({ view, session, onOther }: { view: View; session: Session; onOther: () => void }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const alive = useAlive();
  const start = async () => {
    setBusy(true);
    const failure = await session.command((api) => api.startSelfie());
    if (!alive.current) return;
    setBusy(false);
    setProblem(failure && messages.error(failure.code, view.type));
  };
  return (
    <Screen title={words.selfieTitle}>
      <p class="muted">{words.selfieText}</p>
      {problem && <Notice tone="stop">{problem}</Notice>}
      {!view.identity?.consent.given && <Consent view={view} />}
      <Actions>
        <Button busy={busy} onClick={() => void start()}>{words.selfie}</Button>
        <button type="button" class="link" onClick={onOther}>{words.document}</button>
      </Actions>
    </Screen>
  );
}

/** Says the same of every address: whether somebody was checked under it, its mailbox knows. */
export function KnownCode({ view, session, onOther }: { view: View; session: Session; onOther: () => void }) {
  const [againAt, setAgainAt] = useState<string>();
  const [code, setCode] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const alive = useAlive();
  const wait = useSecondsUntil(againAt ?? view.now, 0) ?? 0;
  const send = async (run: (api: Api) => Promise<View | void>) => {
    setBusy(true);
    setProblem(undefined);
    const failure = await session.command(run);
    if (!alive.current) return;
    setBusy(false);
    // A code that was asked for a moment ago is as good.
    if (failure?.code === "rate_limit_exceeded") setAgainAt(view.now);
    else setProblem(failure && words.problem(failure.code));
  };
  const ask = () =>
    send(async (api) => {
      const { again_after_s } = await api.askKnown();
      setAgainAt(new Date(Date.now() + again_after_s * 1000).toISOString());
    });
  const enter = () => send((api) => api.enterKnown(code));
  if (againAt === undefined) {
    return (
      <Screen title={words.title}>
        <p>{words.text(view)}</p>
        {problem && <Notice tone="stop">{problem}</Notice>}
        <Actions>
          <Button busy={busy} onClick={() => void ask()}>{words.ask}</Button>
          <button type="button" class="link" onClick={onOther}>{words.document}</button>
        </Actions>
      </Screen>
    );
  }
  return (
    <Screen title={words.enterTitle} part="enter">
      <p>{words.enterText(view)}</p>
      <form class="code-form" onSubmit={(event) => { event.preventDefault(); void enter(); }}>
        <label class="label" for="known-code">{words.label}</label>
        <input
          id="known-code"
          class={`code-input${problem ? " wrong" : ""}`}
          inputMode="numeric"
          autocomplete="one-time-code"
          maxLength={7}
          value={code}
          onInput={(event) => setCode(event.currentTarget.value)}
          aria-invalid={problem !== undefined}
          aria-describedby="known-error"
        />
        <p class="field-error" id="known-error" role="alert">{problem}</p>
        <button type="submit" class="button primary" disabled={busy || code.trim().length < 6} aria-busy={busy}>{words.enter}</button>
      </form>
      <Actions>
        <Button kind="plain" disabled={busy || wait > 0} onClick={() => void ask()}>{wait > 0 ? words.againIn(wait) : words.again}</Button>
        <button type="button" class="link" onClick={onOther}>{words.document}</button>
      </Actions>
    </Screen>
  );
}

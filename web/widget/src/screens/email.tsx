// The shop names another email address than the one that somebody is known by: both mailboxes say that it is theirs.

import { useState } from "preact/hooks";
import type { Api } from "../api";
import { useAlive, useSecondsUntil } from "../hooks";
import { messages } from "../messages";
import { Button, Notice, Screen } from "../parts/basics";
import { Actions } from "../parts/frame";
import type { Failure, Session } from "../session";
import type { View } from "../view";

const words = messages.email;
const { again, againIn, enter: enterWord, problem: problemOf } = messages.known;

interface Props {
  view: View;
  /** Masked, as the view's own address is. */
  former: string;
  session: Session;
  /** Whoever cannot read the former mailbox shows everything again. */
  onOther: () => void;
}

export function EmailCodes({ view, former, session, onOther }: Props) {
  const [againAt, setAgainAt] = useState<string>();
  const [codes, setCodes] = useState({ former: "", fresh: "" });
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const alive = useAlive();
  const wait = useSecondsUntil(againAt ?? view.now, 0) ?? 0;
  const send = async (run: (api: Api) => Promise<View | void>) => {
    setBusy(true);
    setFailure(undefined);
    const failed = await session.command(run);
    if (!alive.current) return;
    setBusy(false);
    // Codes that were asked for a moment ago are as good.
    if (failed?.code === "rate_limit_exceeded") setAgainAt(view.now);
    else setFailure(failed);
  };
  const ask = () =>
    send(async (api) => {
      const { again_after_s } = await api.askEmailCodes();
      setAgainAt(new Date(Date.now() + again_after_s * 1000).toISOString());
    });
  const problem = failure && problemOf(failure.code);
  const other = <button type="button" class="link" onClick={onOther}>{words.lost}</button>;
  if (againAt === undefined) {
    return (
      <Screen title={words.title}>
        <p>{words.text(view, former)}</p>
        {problem && <Notice tone="stop">{problem}</Notice>}
        <Actions>
          <Button busy={busy} onClick={() => void ask()}>{words.ask}</Button>
          {other}
        </Actions>
      </Screen>
    );
  }
  const isIn = (field: string): boolean => failure?.field === field;
  const isComplete = [codes.former, codes.fresh].every((code) => code.trim().length >= 6);
  const enter = () => send((api) => api.enterEmailCodes(codes.former, codes.fresh));
  return (
    <Screen title={words.enterTitle} part="enter">
      <p>{words.enterText}</p>
      <form class="code-form" onSubmit={(event) => { event.preventDefault(); void enter(); }}>
        <CodeField id="former-code" label={words.label(former)} value={codes.former} problem={isIn("former_code") ? problem : undefined} onInput={(text) => setCodes({ ...codes, former: text })} />
        <CodeField id="new-code" label={words.label(view.email)} value={codes.fresh} problem={isIn("new_code") ? problem : undefined} onInput={(text) => setCodes({ ...codes, fresh: text })} />
        {problem && !failure?.field && <Notice tone="stop">{problem}</Notice>}
        <button type="submit" class="button primary" disabled={busy || !isComplete} aria-busy={busy}>{enterWord}</button>
      </form>
      <Actions>
        <Button kind="plain" disabled={busy || wait > 0} onClick={() => void ask()}>{wait > 0 ? againIn(wait) : again}</Button>
        {other}
      </Actions>
    </Screen>
  );
}

interface CodeFieldProps {
  id: string;
  label: string;
  value: string;
  problem: string | undefined;
  onInput: (text: string) => void;
}

function CodeField({ id, label, value, problem, onInput }: CodeFieldProps) {
  return (
    <>
      <label class="label" for={id}>{label}</label>
      <input
        id={id}
        class={`code-input${problem ? " wrong" : ""}`}
        inputMode="numeric"
        autocomplete="one-time-code"
        maxLength={7}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-error`}
      />
      <p class="field-error" id={`${id}-error`} role="alert">{problem}</p>
    </>
  );
}

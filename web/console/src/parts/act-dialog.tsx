// The question before money moves or a key dies: what, how much, why, and who has to agree.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { place } from "../core/location";
import { useMe } from "../core/me";
import { useSend } from "../core/send";
import { account } from "../core/session";
import { keepUnsent, takeUnsent } from "../core/unsent";
import { Button, Notice, SendProblem } from "./basics";
import { Dialog } from "./dialog";
import { Area, Input, Select, type Choice } from "./field";
import { Facts } from "./panel";
import { Proposed } from "./proposed";

const REASON_LENGTH_MAX = 500;

export interface Asked {
  title: string;
  verb: string;
  facts: (readonly [string, ComponentChildren] | null)[];
  effect?: string;
  /** Who must confirm; null where one is enough. */
  confirm?: string | null;
  proposed?: string | null;
  needsReason?: boolean;
  text?: { label: string; hint: string; area?: boolean; pattern?: string; maxLength?: number } | undefined;
  choice?: { label: string; hint: string; choices: Choice[] } | undefined;
  /** Left empty it means all. */
  amount?: { label: string; hint: string } | undefined;
  isDanger?: boolean;
}

export interface Answered {
  reason: string;
  text: string;
  amount: string;
  choice: string;
}

interface ActDialogProps<T> {
  asked: Asked;
  onClose: () => void;
  act: (answered: Answered) => Promise<T>;
  onDone: (answer: T) => void;
}

/** What is typed outlives the end of a session: whoever signs in again and asks the same finds it. */
function useUnsent({ title, choice }: Asked) {
  const { id } = useMe().member;
  const question = `${place.value.path} ${title}`;
  const state = useState<Answered>(() => takeUnsent<Answered>(question, id) ?? { reason: "", text: "", amount: "", choice: choice?.choices[0]?.value ?? "" });
  const typed = useRef(state[0]);
  typed.current = state[0];
  useEffect(
    () => () => {
      const { value } = account;
      if (value.kind === "out" && value.ended) keepUnsent(question, id, typed.current);
    },
    [question, id],
  );
  return state;
}

export function ActDialog<T>({ asked, onClose, act, onDone }: ActDialogProps<T>) {
  const [answered, setAnswered] = useUnsent(asked);
  const { isBusy, problem, send } = useSend();
  const set = (name: keyof Answered) => (value: string) => setAnswered((old) => ({ ...old, [name]: value }));
  const submit = (event: Event) => {
    event.preventDefault();
    void send(() => act({ ...answered, reason: answered.reason.trim(), text: answered.text.trim(), amount: answered.amount.trim() }), onDone);
  };
  const { text, amount, choice, needsReason = true } = asked;
  return (
    <Dialog title={asked.title} onClose={onClose} isBusy={isBusy}>
      <form onSubmit={submit} class="form">
        <SendProblem problem={problem} />
        <Facts rows={asked.facts} />
        {asked.effect && <p>{asked.effect}</p>}
        {amount && (
          <Input
            id="act-amount"
            label={amount.label}
            hint={amount.hint}
            value={answered.amount}
            onInput={set("amount")}
            inputMode="decimal"
            pattern="[0-9]+([.][0-9]+)?"
            required={false}
          />
        )}
        {choice && <Select id="act-choice" {...choice} value={answered.choice} onInput={set("choice")} />}
        {text &&
          (text.area ? (
            <Area id="act-text" label={text.label} hint={text.hint} value={answered.text} onInput={set("text")} rows={5} />
          ) : (
            <Input
              id="act-text"
              label={text.label}
              hint={text.hint}
              value={answered.text}
              onInput={set("text")}
              {...(text.pattern ? { pattern: text.pattern } : {})}
              {...(text.maxLength ? { maxLength: text.maxLength } : {})}
            />
          ))}
        {needsReason && (
          <Area
            id="act-reason"
            label="Reason"
            hint="It stays in the records under your name."
            value={answered.reason}
            onInput={set("reason")}
            maxLength={REASON_LENGTH_MAX}
          />
        )}
        {asked.proposed && <Proposed text={asked.proposed} then={asked.confirm} />}
        {asked.confirm && !asked.proposed && <Notice tone="wait" title="Two people decide">{asked.confirm}</Notice>}
        <div class="form-actions">
          <Button type="submit" kind={asked.isDanger ? "danger" : "primary"} isBusy={isBusy}>{asked.verb}</Button>
          <Button onClick={onClose} disabled={isBusy}>Leave it</Button>
        </div>
      </form>
    </Dialog>
  );
}

// The price, and the card.

import { useEffect, useRef, useState } from "preact/hooks";
import { blankFields, FIELDS, type FieldName, type FieldStates, type HostedFields } from "../fields";
import { fiat } from "../format";
import { useAlive } from "../hooks";
import { messages } from "../messages";
import { CardFields } from "../parts/card-fields";
import { Actions } from "../parts/frame";
import { Button, Notice, Screen, Spinner } from "../parts/basics";
import { Icon } from "../parts/icons";
import { Price } from "../parts/price";
import { useQuote } from "../quote";
import type { Failure, Session } from "../session";
import type { View } from "../view";

const words = messages.pay;
// Long enough for a slow line; after it the person is told instead of shown a spinner for ever.
const FIELDS_TIMEOUT_MS = 15_000;

export function Pay({ view, session, clockAheadMs, fieldsOrigin }: { view: View; session: Session; clockAheadMs: number; fieldsOrigin: string }) {
  const [paying, setPaying] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [pressed, setPressed] = useState(false);
  const [refused, setRefused] = useState<{ field: FieldName; code: string }>();
  const [states, setStates] = useState<FieldStates>(blankFields);
  const hosted = useRef<HostedFields | null>(null);
  const alive = useAlive();
  const quote = useQuote({ view, session, clockAheadMs, inFlight: paying });

  const pay = async () => {
    setPressed(true);
    setRefused(undefined);
    setProblem(undefined);
    const missing = FIELDS.find((field) => !states[field].complete);
    if (missing) return hosted.current?.focus(missing);
    // The price that was on the button when it was pressed, and no other.
    const quoteId = quote.shown?.id;
    if (!hosted.current || quoteId === undefined) return;
    setPaying(true);
    const outcome = await hosted.current.tokenise();
    if (!alive.current) return;
    if ("error" in outcome) {
      setRefused({ field: outcome.field, code: outcome.error });
      return setPaying(false);
    }
    const failure = await session.command((api) => api.pay(outcome.token, quoteId));
    if (!alive.current) return;
    setPaying(false);
    setPressed(false);
    setProblem(failure && sentence(failure));
  };

  const total = quote.shown ? fiat(quote.shown.total, quote.shown.fiat_currency) : "";
  const ready = FIELDS.every((field) => states[field].ready);
  const attempt = view.payment?.attempt ?? 0;
  return (
    <Screen title={words.title}>
      {view.payment?.declined && <Declined code={view.payment.declined} attemptsLeft={view.payment.attempts_left} />}
      <Price view={view} quote={quote} />
      {/* A new attempt needs new fields: the processor takes each token once. */}
      <CardFields
        key={attempt}
        origin={fieldsOrigin}
        showMissing={pressed}
        refused={refused}
        states={states}
        onStates={setStates}
        onHosted={(made) => { hosted.current = made; }}
      />
      <FieldsLoading ready={ready} />
      {problem && <Notice tone="stop">{problem}</Notice>}
      <Actions>
        <Button busy={paying} disabled={!view.quote || quote.renewing || !ready} onClick={() => void pay()}>
          {paying ? words.paying : words.button(total)}
        </Button>
        <p class="hosted"><Icon name="lock" size={14} /> {words.hosted}</p>
      </Actions>
    </Screen>
  );
}

const sentence = (failure: Failure): string => messages.error(failure.code) ?? messages.unexpected;

function Declined({ code, attemptsLeft }: { code: string; attemptsLeft: number | null }) {
  const left = attemptsLeft === null ? messages.decline.nothing : messages.decline.attempts(attemptsLeft);
  return (
    <Notice tone="stop" title={messages.decline.title(code)}>
      {messages.decline.advice(code)} {left}
    </Notice>
  );
}

function FieldsLoading({ ready }: { ready: boolean }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (ready) return setLate(false);
    const timer = setTimeout(() => setLate(true), FIELDS_TIMEOUT_MS);
    return () => clearTimeout(timer);
  }, [ready]);
  if (ready) return null;
  if (!late) return <p class="muted small" role="status"><Spinner /> {words.fieldsLoading}</p>;
  return (
    <>
      <Notice tone="stop">{words.fieldsMissing}</Notice>
      <Button kind="plain" onClick={() => location.reload()}>{messages.tryAgain}</Button>
    </>
  );
}

// The price, and the card.

import { useState } from "preact/hooks";
import { useCard } from "../card";
import { fiat } from "../format";
import { useAlive } from "../hooks";
import { messages } from "../messages";
import { CardFields, FieldsLoading } from "../parts/card-fields";
import { Actions } from "../parts/frame";
import { Notice, Screen } from "../parts/basics";
import { GuardedButton } from "../parts/guarded";
import { Icon } from "../parts/icons";
import { Price } from "../parts/price";
import { Wallets } from "../parts/wallets";
import { useQuote } from "../quote";
import type { Session } from "../session";
import type { View } from "../view";

const words = messages.pay;

export function Pay({ view, session, clockAheadMs }: { view: View; session: Session; clockAheadMs: number }) {
  const [paying, setPaying] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [pressed, setPressed] = useState(false);
  const card = useCard();
  const alive = useAlive();
  const quote = useQuote({ view, session, clockAheadMs, inFlight: paying });

  const pay = async () => {
    setPressed(true);
    setProblem(undefined);
    card.refuse(undefined);
    if (card.missing) return card.focus(card.missing);
    // The price that was on the button when it was pressed, and no other.
    const quoteId = quote.shown?.id;
    if (quoteId === undefined) return;
    setPaying(true);
    const token = await card.tokenise();
    if (!alive.current) return;
    if (token === undefined) return setPaying(false);
    const failure = await session.command((api) => api.pay(token, quoteId));
    if (!alive.current) return;
    setPaying(false);
    setPressed(false);
    setProblem(failure && messages.error(failure.code, view.type));
  };

  const total = quote.shown ? fiat(quote.shown.total, quote.shown.fiat_currency) : "";
  const attempt = view.payment?.attempt ?? 0;
  return (
    <Screen title={words.title}>
      {view.payment?.declined && <Declined code={view.payment.declined} attemptsLeft={view.payment.attempts_left} />}
      <Price view={view} quote={quote} />
      <Wallets view={view} session={session} ready={!paying && view.quote !== null && !quote.renewing} onPaying={setPaying} onProblem={setProblem} />
      {/* A new attempt needs new fields: the processor takes each token once. */}
      <CardFields key={attempt} origin={view.fields_origin} showMissing={pressed} card={card} />
      <FieldsLoading ready={card.ready} />
      {problem && <Notice tone="stop">{problem}</Notice>}
      <Actions>
        <GuardedButton busy={paying} disabled={!view.quote || quote.renewing || !card.ready} onClick={() => void pay()}>
          {paying ? words.paying : words.button(total)}
        </GuardedButton>
        <p class="hosted"><Icon name="lock" size={14} /> {words.hosted}</p>
      </Actions>
    </Screen>
  );
}

function Declined({ code, attemptsLeft }: { code: string; attemptsLeft: number | null }) {
  const left = attemptsLeft === null ? messages.decline.nothing : messages.decline.attempts(attemptsLeft);
  return (
    <Notice tone="stop" title={messages.decline.title(code)}>
      {messages.decline.advice(code)} {left}
    </Notice>
  );
}

// The price, and the card.

import { useState } from "preact/hooks";
import { useCard } from "../card";
import { fiat } from "../format";
import { useAlive } from "../hooks";
import { messages } from "../messages";
import { CODE_FIELD, FIELDS } from "../fields";
import { CardFields } from "../parts/card-fields";
import { KeepCard, KeptCards } from "../parts/kept-cards";
import { Actions } from "../parts/frame";
import { Notice, Screen } from "../parts/basics";
import { GuardedButton } from "../parts/guarded";
import { Icon } from "../parts/icons";
import { Price } from "../parts/price";
import { Wallets } from "../parts/wallets";
import { orderOffer, useQuote } from "../quote";
import type { Session } from "../session";
import type { View } from "../view";

const words = messages.pay;

export function Pay({ view, session, clockAheadMs }: { view: View; session: Session; clockAheadMs: number }) {
  const [paying, setPaying] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [pressed, setPressed] = useState(false);
  const [removed, setRemoved] = useState<string[]>([]);
  const [choice, setChoice] = useState<string | null | undefined>(null);
  const [keep, setKeep] = useState(false);
  const cards = view.cards.filter(({ id }) => !removed.includes(id));
  // Until something is chosen it is the card that was kept last.
  const kept = choice === null ? cards[0]?.id : cards.find(({ id }) => id === choice)?.id;
  const fields = kept === undefined ? FIELDS : CODE_FIELD;
  const card = useCard(fields);
  const alive = useAlive();
  const quote = useQuote({ view, session, clockAheadMs, inFlight: paying, offer: orderOffer(view) });

  const pay = async () => {
    setPressed(true);
    setProblem(undefined);
    card.refuse(undefined);
    if (card.missing) return card.focus(card.missing);
    // Else the processor's field would be blamed for it.
    if (session.state.offline) return setProblem(messages.error("offline", view.type));
    // The price that was on the button when it was pressed, and no other.
    const quoteId = quote.shown?.id;
    if (quoteId === undefined) return;
    setPaying(true);
    const [key, gone] = kept === undefined ? [] : await keyOf(session, kept);
    // Another tab was faster: what became of the order is on the screen now.
    if (key === "") return setPaying(false);
    if (gone) {
      setPaying(false);
      return setProblem(gone === "not_found" ? words.cardGone : messages.error(gone, view.type));
    }
    const token = await card.tokenise(key);
    if (!alive.current) return;
    if (token === undefined) return setPaying(false);
    const failure = await session.command((api) => api.pay(token, quoteId, keep && kept === undefined));
    if (!alive.current) return;
    setPaying(false);
    setPressed(false);
    setProblem(failure && messages.error(failure.code, view.type));
  };

  const choose = (id: string | undefined) => {
    setChoice(id);
    setPressed(false);
    setProblem(undefined);
    card.refuse(undefined);
  };
  const remove = async (id: string) => {
    const failure = await session.command((api) => api.removeCard(id));
    if (!alive.current) return;
    if (failure && failure.code !== "not_found") return setProblem(messages.error(failure.code, view.type));
    setRemoved((gone) => [...gone, id]);
  };

  const total = quote.shown ? fiat(quote.shown.total, quote.shown.fiat_currency) : "";
  const attempt = view.payment?.attempt ?? 0;
  return (
    <Screen title={words.title}>
      {view.payment?.declined && <Declined code={view.payment.declined} attemptsLeft={view.payment.attempts_left} />}
      <Price view={view} quote={quote} />
      <Wallets view={view} session={session} ready={!paying && view.quote !== null && !quote.renewing} onPaying={setPaying} onProblem={setProblem} />
      <KeptCards cards={cards} chosen={kept} busy={paying} onChoose={choose} onRemove={(id) => void remove(id)} />
      {/* A new attempt needs new fields: the processor takes each token once. */}
      <CardFields key={`${attempt} ${kept ?? ""}`} origin={view.fields_origin} showMissing={pressed} card={card} fields={fields} />
      {view.may_keep_card && kept === undefined && <KeepCard checked={keep} busy={paying} onChange={setKeep} />}
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

/** What the field for the security code needs, or why there is none. */
async function keyOf(session: Session, id: string): Promise<[string] | [undefined, string]> {
  let key = "";
  const failure = await session.command(async (api) => {
    ({ key } = await api.cardKey(id));
  });
  return failure ? [undefined, failure.code] : [key];
}

function Declined({ code, attemptsLeft }: { code: string; attemptsLeft: number | null }) {
  const left = attemptsLeft === null ? messages.decline.nothing : messages.decline.attempts(attemptsLeft);
  return (
    <Notice tone="stop" title={messages.decline.title(code)}>
      {messages.decline.advice(code)} {left}
    </Notice>
  );
}

// The terms of a sell: the price, the card that is paid, and the address that the crypto goes back
// to if something goes wrong. With them the order gets its deposit address.

import { useRef, useState } from "preact/hooks";
import { useCard } from "../card";
import { fiat } from "../format";
import { useAlive } from "../hooks";
import { messages } from "../messages";
import { Notice, Screen } from "../parts/basics";
import { CardFields } from "../parts/card-fields";
import { Actions } from "../parts/frame";
import { GuardedButton } from "../parts/guarded";
import { Icon } from "../parts/icons";
import { RefundField, type Refund } from "../parts/refund-field";
import { SellPrice } from "../parts/sell-price";
import { orderOffer, useQuote } from "../quote";
import { addressProblem } from "../refund";
import type { Failure, Session } from "../session";
import type { View } from "../view";

const words = messages.sell.terms;

interface TermsProps {
  view: View;
  session: Session;
  clockAheadMs: number;
}

export function Terms({ view, session, clockAheadMs }: TermsProps) {
  const [making, setMaking] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [pressed, setPressed] = useState(false);
  const [refund, setRefund] = useState<Refund>({ address: view.sale?.refund_address ?? view.sale?.refund_hint ?? "", mine: false });
  const [refused, setRefused] = useState<string>();
  const address = useRef<HTMLTextAreaElement>(null);
  const mine = useRef<HTMLInputElement>(null);
  const card = useCard();
  const alive = useAlive();
  const quote = useQuote({ view, session, clockAheadMs, inFlight: making, offer: orderOffer(view) });

  /** Whether all is filled in; otherwise the first field that is not gets the focus. */
  const isWhole = (): boolean => {
    const wrongAddress = refund.address === refused || addressProblem(view.network, refund.address) !== undefined;
    if (card.missing) card.focus(card.missing);
    else if (wrongAddress) address.current?.focus();
    else if (!refund.mine) mine.current?.focus();
    else return true;
    return false;
  };
  const explain = (failure: Failure) => {
    if (failure.field === "refund_address") {
      setRefused(refund.address);
      return address.current?.focus();
    }
    if (failure.field === "card_token") {
      card.refuse({ field: "number", code: "card_refused" });
      return card.focus("number");
    }
    setProblem(messages.error(failure.code, view.type));
  };
  const make = async () => {
    setPressed(true);
    setProblem(undefined);
    card.refuse(undefined);
    // The price that was on the screen when the button was pressed, and no other.
    const quoteId = quote.shown?.id;
    if (!isWhole() || quoteId === undefined) return;
    setMaking(true);
    const token = await card.tokenise();
    if (!alive.current) return;
    if (token === undefined) return setMaking(false);
    const failure = await session.command((api) => api.sell(quoteId, token, refund.address));
    if (!alive.current) return;
    setMaking(false);
    if (failure) explain(failure);
  };

  const total = quote.shown ? fiat(quote.shown.total, quote.shown.fiat_currency) : "";
  return (
    <Screen title={words.title}>
      <SellPrice view={view} quote={quote} />
      <section class="part" aria-labelledby="card-title">
        <h2 id="card-title">{words.card}</h2>
        <p class="muted">{words.cardText(total)}</p>
        <CardFields origin={view.fields_origin} showMissing={pressed} card={card} fieldError={words.fieldError} />
        <p class="hosted"><Icon name="lock" size={14} /> {words.hosted}</p>
      </section>
      <section class="part" aria-labelledby="refund-title">
        <h2 id="refund-title">{words.refund}</h2>
        <RefundField view={view} refund={refund} showMissing={pressed} refused={refused} field={address} box={mine} onRefund={setRefund} />
      </section>
      {problem && <Notice tone="stop">{problem}</Notice>}
      <Actions>
        <GuardedButton busy={making} disabled={!view.quote || quote.renewing || !card.ready} onClick={() => void make()}>
          {making ? words.making : words.button}
        </GuardedButton>
      </Actions>
    </Screen>
  );
}

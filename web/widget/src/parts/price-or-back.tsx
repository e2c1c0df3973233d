// Today's price, or the crypto back: what the user is asked when the agreed price is gone.

import { useState } from "preact/hooks";
import type { Api } from "../api";
import { fiat } from "../format";
import { useAlive } from "../hooks";
import { messages } from "../messages";
import { useQuote, type Offer } from "../quote";
import type { Session } from "../session";
import type { View } from "../view";
import { Notice, Screen } from "./basics";
import { Actions } from "./frame";
import { GuardedButton } from "./guarded";
import { Countdown, Hero, Lines, NoQuote, totalOf } from "./price";
import { TimeLeft } from "./time-left";

const words = messages.sell.choice;

interface PriceOrBackProps {
  view: View;
  session: Session;
  clockAheadMs: number;
  offer: Offer;
  until: string | null | undefined;
  agreed?: { total: string; fiat_currency: string } | null | undefined;
  take: (api: Api, quote: string) => Promise<View>;
  back: (api: Api) => Promise<View>;
  title: string;
  text: string;
  standard: string;
}

export function PriceOrBack(props: PriceOrBackProps) {
  const { view, session, clockAheadMs, offer, until, agreed, title, text, standard } = props;
  const [sending, setSending] = useState<"payout" | "return">();
  const [problem, setProblem] = useState<string>();
  const alive = useAlive();
  const quote = useQuote({ view, session, clockAheadMs, inFlight: sending !== undefined, offer });
  const { shown } = quote;
  const total = shown ? fiat(shown.total, shown.fiat_currency) : undefined;

  const choose = async (what: "payout" | "return", call: (api: Api) => Promise<View>) => {
    setSending(what);
    setProblem(undefined);
    const failure = await session.command(call);
    if (!alive.current) return;
    setSending(undefined);
    setProblem(failure && messages.error(failure.code, view.type));
  };
  return (
    <Screen title={title}>
      <p>{text}</p>
      <TimeLeft until={until} clockAheadMs={clockAheadMs} words={words} />
      <div class="price">
        <dl class="heroes">
          {agreed && <div><dt>{words.agreed}</dt><dd class="before">{fiat(agreed.total, agreed.fiat_currency)}</dd></div>}
          <div>
            <dt>{words.today}</dt>
            <Hero text={totalOf(quote)} old={quote.renewing} />
            {!quote.problem && <Countdown quote={quote} />}
          </div>
        </dl>
        <NoQuote quote={quote} />
        <Lines view={view} quote={quote} total={messages.sell.terms.receive} />
      </div>
      {problem && <Notice tone="stop">{problem}</Notice>}
      <Actions>
        <GuardedButton
          busy={sending === "payout"}
          disabled={sending !== undefined || !offer.quote || quote.renewing}
          onClick={() => shown && void choose("payout", (api) => props.take(api, shown.id))}
        >
          {sending === "payout" ? words.taking : words.take(total)}
        </GuardedButton>
        <GuardedButton kind="plain" busy={sending === "return"} disabled={sending !== undefined} covered={messages.cancel.covered} onClick={() => void choose("return", props.back)}>
          {sending === "return" ? words.returning : words.back}
        </GuardedButton>
      </Actions>
      <p class="muted small">{standard}</p>
    </Screen>
  );
}

// The price moved while the deposit was on its way: today's price, or the crypto back.

import { useState } from "preact/hooks";
import type { Api } from "../api";
import { fiat } from "../format";
import { useAlive } from "../hooks";
import { messages } from "../messages";
import { Button, Notice, Screen } from "../parts/basics";
import { Actions } from "../parts/frame";
import { Countdown, Lines, NoQuote } from "../parts/price";
import { TimeLeft } from "../parts/time-left";
import { useQuote } from "../quote";
import type { Session } from "../session";
import type { View } from "../view";

const words = messages.sell.choice;

export function Choice({ view, session, clockAheadMs }: { view: View; session: Session; clockAheadMs: number }) {
  const [sending, setSending] = useState<"payout" | "return">();
  const [problem, setProblem] = useState<string>();
  const alive = useAlive();
  const quote = useQuote({ view, session, clockAheadMs, inFlight: sending !== undefined });
  const { shown } = quote;
  const total = shown ? fiat(shown.total, shown.fiat_currency) : undefined;
  const agreed = view.sale?.agreed;

  const choose = async (what: "payout" | "return", call: (api: Api) => Promise<View>) => {
    setSending(what);
    setProblem(undefined);
    const failure = await session.command(call);
    if (!alive.current) return;
    setSending(undefined);
    setProblem(failure && messages.error(failure.code, view.type));
  };
  return (
    <Screen title={words.title}>
      <p>{words.text(view)}</p>
      <TimeLeft until={view.sale?.choose_until} clockAheadMs={clockAheadMs} words={words} />
      <div class="price">
        <dl class="heroes">
          {agreed && <div><dt>{words.agreed}</dt><dd class="before">{fiat(agreed.total, agreed.fiat_currency)}</dd></div>}
          <div>
            <dt>{words.today}</dt>
            <dd class={`hero${quote.renewing ? " old" : ""}`} aria-live="polite">{total ?? "\u00a0"}</dd>
            {!quote.problem && <Countdown quote={quote} />}
          </div>
        </dl>
        <NoQuote quote={quote} />
        {shown && <Lines view={view} quote={shown} total={messages.sell.terms.receive} />}
      </div>
      {problem && <Notice tone="stop">{problem}</Notice>}
      <Actions>
        <Button
          busy={sending === "payout"}
          disabled={sending !== undefined || !view.quote || quote.renewing}
          onClick={() => shown && void choose("payout", (api) => api.takeTodaysPrice(shown.id))}
        >
          {sending === "payout" ? words.taking : words.take(total)}
        </Button>
        <Button kind="plain" busy={sending === "return"} disabled={sending !== undefined} onClick={() => void choose("return", (api) => api.takeCryptoBack())}>
          {sending === "return" ? words.returning : words.back}
        </Button>
      </Actions>
      <p class="muted small">{words.standard(view)}</p>
    </Screen>
  );
}

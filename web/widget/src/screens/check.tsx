// The first screen: what the order is about and what it costs today, before anybody is asked for a document.

import { messages } from "../messages";
import { Button, Screen } from "../parts/basics";
import { Actions } from "../parts/frame";
import { Price } from "../parts/price";
import { SellPrice } from "../parts/sell-price";
import { estimateOf, useQuote } from "../quote";
import type { Session } from "../session";
import type { View } from "../view";

interface CheckProps {
  view: View;
  session: Session;
  clockAheadMs: number;
}

export function Check({ view, session, clockAheadMs }: CheckProps) {
  const words = messages.check;
  const quote = useQuote({ view, session, clockAheadMs, inFlight: false, offer: estimateOf(session) });
  const Shown = view.type === "sell" ? SellPrice : Price;
  return (
    <Screen title={words.title}>
      <Shown view={view} quote={quote} open />
      <p class="muted">{words.next(view)}</p>
      <Actions>
        <Button onClick={session.check}>{words.button}</Button>
      </Actions>
    </Screen>
  );
}

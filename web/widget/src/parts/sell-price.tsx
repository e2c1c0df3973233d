// What is sent, what comes for it, and for how long.

import { crypto } from "../format";
import { messages } from "../messages";
import type { QuoteState } from "../quote";
import type { Price, View } from "../view";
import { Currencies, Hero, Holds, Lines, NoQuote, totalOf } from "./price";

const words = messages.sell.terms;

export function SellPrice({ view, quote, open = false }: { view: View; quote: QuoteState<Price>; open?: boolean }) {
  const total = totalOf(quote);
  const amount = crypto(view.crypto_amount, view.currency);
  return (
    <div class="price">
      <dl class="heroes">
        <div>
          <dt>{words.send}</dt>
          <Hero text={amount} />
          <dd class="muted small">{words.on(view)}</dd>
        </div>
        <div>
          <dt>{words.receive}<Currencies view={view} quote={quote} label={words.currency} /></dt>
          <Hero text={total} old={quote.renewing} />
          <Holds quote={quote} open={open} />
        </div>
      </dl>
      <NoQuote quote={quote} />
      <Lines view={view} quote={quote} total={words.receive} />
      {!open && <p class="muted small">{words.held(view)}</p>}
    </div>
  );
}

// What is sent, what comes for it, and for how long.

import { crypto, fiat } from "../format";
import { messages } from "../messages";
import type { QuoteState } from "../quote";
import type { View } from "../view";
import { Countdown, Currencies, Lines, NoQuote } from "./price";

const words = messages.sell.terms;

const LONG_CHARACTERS = 16;

/** An amount is never broken, so a long one is written smaller. */
export const heroClass = (amount: string): string => (amount.length > LONG_CHARACTERS ? "hero long" : "hero");

export function SellPrice({ view, quote }: { view: View; quote: QuoteState }) {
  const total = quote.shown ? fiat(quote.shown.total, quote.shown.fiat_currency) : "\u00a0";
  const amount = crypto(view.crypto_amount, view.currency);
  return (
    <div class="price">
      <dl class="heroes">
        <div>
          <dt>{words.send}</dt>
          <dd class={heroClass(amount)}>{amount}</dd>
          <dd class="muted small">{words.on(view)}</dd>
        </div>
        <div>
          <dt>{words.receive}<Currencies view={view} quote={quote} label={words.currency} /></dt>
          <dd class={`hero${quote.renewing ? " old" : ""}`} aria-live="polite">{total}</dd>
          {!quote.problem && <Countdown quote={quote} />}
        </div>
      </dl>
      <NoQuote quote={quote} />
      {quote.shown && <Lines view={view} quote={quote.shown} total={words.receive} />}
      <p class="muted small">{words.held(view)}</p>
    </div>
  );
}

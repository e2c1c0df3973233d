// What comes in, what goes out, and how the price is made.

import { useState } from "preact/hooks";
import { crypto, fiat, inBlocks, negated, networkName, shorten } from "../format";
import { messages } from "../messages";
import type { QuoteState } from "../quote";
import type { Ordered, Price as PriceOf, QuoteLine, View } from "../view";
import { Bone, Button, Notice } from "./basics";
import { Fingerprint } from "./receipt";

const words = messages.pay;
const QUOTE_S = 60;

const LONG_CHARACTERS = 16;

/** An amount that people act on. A long one is written smaller; where even that is too wide, its coin goes to a line of
 * its own, and the number is never broken. Without text it is on its way; `old`: another one is. */
export function Hero({ text, old }: { text: string | undefined; old?: boolean }) {
  if (text === undefined) return <dd class="hero" aria-live="polite"><Bone look="bone" /></dd>;
  const long = text.replace(/\p{Cf}/gu, "").length > LONG_CHARACTERS ? " long" : "";
  return <dd class={`hero${long}${old ? " old" : ""}`} aria-live={old === undefined ? undefined : "polite"}>{text.replace(/(?<=\d)\u00a0(?=\D*$)/, " ")}</dd>;
}

/** Where there is none for now, what is wrong stands below. */
export const totalOf = ({ shown, problem }: QuoteState<PriceOf>): string | undefined =>
  shown ? fiat(shown.total, shown.fiat_currency) : problem && "\u00a0";

interface PriceProps {
  view: View;
  quote: QuoteState<PriceOf>;
  /** Nothing is locked yet. */
  open?: boolean;
}

export function Price({ view, quote, open = false }: PriceProps) {
  const total = totalOf(quote);
  const amount = crypto(view.crypto_amount, view.currency);
  return (
    <div class="price">
      <dl class="heroes">
        <div>
          <dt>{words.receive}</dt>
          <Hero text={amount} />
          <dd class="muted small">{networkName(view.network)} {words.to} <Address text={view.address} /></dd>
          <dd class="muted small">{messages.receipt.fingerprint} <Fingerprint text={view.address_fingerprint} /></dd>
        </div>
        <div>
          <dt>
            {words.pay}
            <Currencies view={view} quote={quote} label={words.currency} />
          </dt>
          <Hero text={total} old={quote.renewing} />
          <Holds quote={quote} open={open} />
        </div>
      </dl>
      <NoQuote quote={quote} />
      <Lines view={view} quote={quote} total={words.total} />
    </div>
  );
}

/** For how long: some seconds, or not at all. */
export function Holds({ quote, open }: { quote: QuoteState<PriceOf>; open: boolean }) {
  if (quote.problem) return null;
  return open ? <dd class="muted small">{words.open}</dd> : <Countdown quote={quote} />;
}

export function NoQuote({ quote }: { quote: QuoteState<PriceOf> }) {
  if (!quote.problem) return null;
  return (
    <>
      <Notice tone="stop" title={words.noQuote}>{quote.problem}</Notice>
      <Button kind="plain" onClick={() => quote.ask()}>{messages.tryAgain}</Button>
    </>
  );
}

export function Address({ text }: { text: string }) {
  const [whole, setWhole] = useState(false);
  const label = whole ? words.hideAddress : words.showAddress;
  return (
    <button type="button" class="address" aria-expanded={whole} title={label} onClick={() => setWhole(!whole)}>
      {whole ? inBlocks(text).map((block, index) => <span key={index}>{block}</span>) : shorten(text)}
    </button>
  );
}

export function Currencies({ view, quote, label }: { view: View; quote: QuoteState<PriceOf>; label: string }) {
  if (view.fiat_currencies.length < 2) return null;
  const changed = (event: Event) => quote.ask((event.currentTarget as HTMLSelectElement).value);
  return (
    <select class="currencies" aria-label={label} value={quote.currency} onChange={changed}>
      {view.fiat_currencies.map((currency) => <option key={currency} value={currency}>{currency}</option>)}
    </select>
  );
}

const RING = 2 * Math.PI * 6;

export function Countdown({ quote }: { quote: QuoteState<PriceOf> }) {
  const share = Math.min(quote.seconds / QUOTE_S, 1);
  return (
    <dd class="muted small countdown">
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
        <circle class="ring-back" cx="8" cy="8" r="6" />
        <circle class="ring" cx="8" cy="8" r="6" stroke-dasharray={String(RING)} stroke-dashoffset={String(RING * (1 - share))} />
      </svg>
      {quote.renewing ? words.renewing : words.holds(quote.seconds)}
    </dd>
  );
}

/** It has its place before the price is here, so that nothing below moves under a finger. */
export function Lines({ view, quote, total }: { view: View; quote: QuoteState<PriceOf>; total: string }) {
  if (!quote.shown && quote.problem) return null;
  return (
    <details class="lines">
      <summary>{words.details}</summary>
      {quote.shown ? <PriceLines order={view} quote={quote.shown} total={total} /> : <p class="muted small">{words.renewing}</p>}
    </details>
  );
}

/** The lines add up to what a buy costs; of a sell the fees are taken off. */
export function PriceLines({ order, quote, total }: { order: Ordered; quote: PriceOf; total: string }) {
  const amountOf = ({ code, amount }: QuoteLine) => (order.type === "sell" && code !== "crypto" ? negated(amount) : amount);
  return (
    <>
      <dl>
        {quote.lines.map((line) => (
          <div key={line.code}><dt>{words.line(line.code, order)}</dt><dd>{fiat(amountOf(line), quote.fiat_currency)}</dd></div>
        ))}
        <div class="total"><dt>{total}</dt><dd>{fiat(quote.total, quote.fiat_currency)}</dd></div>
      </dl>
      <p class="muted small">{words.rate(order, quote.unit_price, quote.fiat_currency)}</p>
    </>
  );
}

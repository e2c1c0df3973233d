// Keeps a valid price on the screen: asks for one when there is none, and again when it has run
// out, but never while a payment with the present one is on its way or nobody is looking.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Api } from "./api";
import { TICK_MS, useAlive, useSecondsUntil } from "./hooks";
import { messages } from "./messages";
import type { Session } from "./session";
import type { Price, Quote, View } from "./view";

export interface QuoteState<T extends Price = Quote> {
  /** The price on the screen: while a new one is fetched, the last one, greyed. */
  shown: T | null;
  /** What it is asked for in. */
  currency: string;
  seconds: number;
  renewing: boolean;
  problem: string | undefined;
  ask: (fiatCurrency?: string) => void;
}

// A clock that disagrees with the server's must not turn into a stream of requests.
const ASK_AGAIN_MS = 3000;

/** What is priced: the order itself, unless somebody says otherwise. */
export interface Offer<T extends Price = Quote> {
  quote: T | null;
  ask: (api: Api, fiatCurrency: string) => Promise<View | void>;
}

interface QuoteInput<T extends Price> {
  view: View;
  session: Session;
  clockAheadMs: number;
  inFlight: boolean;
  offer: Offer<T>;
}

export const orderOffer = (view: View): Offer => ({ quote: view.quote, ask: (api, currency) => api.quote(currency) });

/** What the order costs, for whoever has yet to show who they are: nothing is locked. */
export const estimateOf = (session: Session): Offer<Price> => ({ quote: session.state.estimate ?? null, ask: session.estimate });

export function useQuote<T extends Price>({ view, session, clockAheadMs, inFlight, offer }: QuoteInput<T>): QuoteState<T> {
  // What nobody chose is asked for when the seconds are over, and that is what is drawn then.
  const [choosing, setChoosing] = useState(false);
  const asking = useRef(false);
  const [problem, setProblem] = useState<string>();
  const askedAt = useRef(-Infinity);
  const alive = useAlive();
  const last = useRef<T | null>(null);
  last.current = offer.quote ?? last.current;
  const seconds = useSecondsUntil(offer.quote?.expires_at, clockAheadMs) ?? 0;

  const currency = session.currency ?? view.fiat_currency;

  const ask = async (fiatCurrency: string) => {
    asking.current = true;
    setProblem(undefined);
    askedAt.current = performance.now();
    const failure = await session.command((api) => offer.ask(api, fiatCurrency));
    if (!alive.current) return;
    asking.current = false;
    setProblem(failure && messages.error(failure.code, session.direction));
  };

  const needed = seconds === 0 && !inFlight && problem === undefined;
  const askNow = useRef<() => void>(() => undefined);
  askNow.current = () => {
    const soon = performance.now() - askedAt.current < ASK_AGAIN_MS;
    if (!asking.current && !soon && document.visibilityState === "visible") void ask(currency);
  };
  useEffect(() => {
    if (!needed) return undefined;
    askNow.current();
    const timer = setInterval(() => askNow.current(), TICK_MS);
    return () => clearInterval(timer);
  }, [needed]);
  const choose = async (chosen?: string) => {
    session.currency = chosen ?? currency;
    setChoosing(true);
    await ask(session.currency);
    if (alive.current) setChoosing(false);
  };
  return { shown: last.current, currency, seconds, renewing: choosing || seconds === 0, problem, ask: (chosen) => void choose(chosen) };
}

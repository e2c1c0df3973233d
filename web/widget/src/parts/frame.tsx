// What stands around every screen: whose order it is, what is wrong with the connection, how much
// time is left, and the way out.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { countdown } from "../format";
import { useAlive, useSecondsUntil } from "../hooks";
import { messages } from "../messages";
import { mayCancel } from "../screen";
import type { Session } from "../session";
import { isTerminal, type Price, type View } from "../view";
import { Button, Notice } from "./basics";
import { Finding } from "./code";
import { GuardedButton } from "./guarded";
import { Onward } from "./onward";

// Before that the clock would only hurry people.
const PAY_UNTIL_SHOWN_S = 600;
// Where a voice says how much is left.
const MILESTONES_S = [60, PAY_UNTIL_SHOWN_S];

interface HeaderProps {
  view: View;
  /** Shown until there is a price to keep to, once it was looked at. */
  estimate: Price | undefined;
  logo: string | undefined;
  session: Session;
}

export function Header({ view, estimate, logo, session }: HeaderProps) {
  const heading = messages.heading(view);
  useEffect(() => {
    session.bridge.title(heading);
  }, [heading, session]);
  return (
    <header class="header">
      {logo && <img class="logo" src={logo} alt={view.partner} onError={({ currentTarget }) => currentTarget.remove()} />}
      <span class="header-title">{heading}</span>
      <span class="header-note">{messages.amountNote(view, estimate)}</span>
    </header>
  );
}

export function Connection({ offline }: { offline: boolean }) {
  const wasOffline = useRef(false);
  if (offline) wasOffline.current = true;
  return (
    <>
      {offline && <div class="offline"><Notice tone="wait">{messages.offline}</Notice></div>}
      <p class="unseen" role="status">{!offline && wasOffline.current && messages.online}</p>
    </>
  );
}

export function PayUntil({ view, clockAheadMs }: { view: View; clockAheadMs: number }) {
  const seconds = useSecondsUntil(view.pay_until, clockAheadMs);
  const relevant = view.step === "identity" || view.step === "quote" || view.step === "pay" || view.step === "terms";
  if (!relevant || seconds === undefined || seconds > PAY_UNTIL_SHOWN_S) return null;
  const milestone = MILESTONES_S.find((limit) => seconds <= limit);
  return (
    <p class="pay-until">
      <span role="timer">{messages.payUntil(countdown(seconds), view)}</span>
      <span class="unseen" role="status">{milestone && messages.payUntil(countdown(milestone), view)}</span>
    </p>
  );
}

export function Footer({ view, session }: { view: View; session: Session }) {
  return (
    <footer class="footer">
      <Onward view={view} session={session} />
      {mayCancel(view) && !session.isOther && <Cancel view={view} session={session} />}
      {session.isHosted && !isTerminal(view) && <p class="muted small from">{messages.hosted.from(view.partner)}</p>}
      <span class="order-number">{messages.order(view.merchant_transaction_id)}</span>
      {session.state.findings.map((code) => <Finding key={code} code={code} />)}
    </footer>
  );
}

function Cancel({ view, session }: { view: View; session: Session }) {
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const alive = useAlive();
  const question = useRef<HTMLDivElement>(null);
  const link = useRef<HTMLButtonElement>(null);
  const asked = useRef(false);
  // What was pressed is gone, and the focus with it: it goes to what came in its place.
  useEffect(() => {
    if (asking) question.current?.focus();
    else if (asked.current) link.current?.focus();
    asked.current = asking;
  }, [asking]);
  if (!asking) {
    return (
      <button type="button" class="link" ref={link} onClick={() => setAsking(true)}>
        {messages.cancel.ask}
      </button>
    );
  }
  const cancel = async () => {
    setBusy(true);
    const failure = await session.command((api) => api.cancel());
    if (!alive.current) return;
    setBusy(false);
    setProblem(failure && messages.error(failure.code, view.type));
  };
  return (
    <div class="cancel" role="group" aria-label={messages.cancel.ask} aria-describedby="cancel-question" tabIndex={-1} ref={question}>
      <p id="cancel-question" role="status">{problem ?? messages.cancel.sure(view)}</p>
      <div class="pair">
        <Button kind="plain" onClick={() => setAsking(false)}>{messages.cancel.no}</Button>
        <GuardedButton kind="plain" busy={busy} covered={messages.cancel.covered} onClick={() => void cancel()}>{messages.cancel.yes}</GuardedButton>
      </div>
    </div>
  );
}

/** The way back to the shop, where the session has one. */
export function BackToShop({ view, session, kind = "primary" }: { view: View; session: Session; kind?: "primary" | "plain" }) {
  const url = view.redirect_url;
  if (!isTerminal(view)) return null;
  if (!url) return session.isHosted ? <p class="muted" role="status">{messages.hosted.close}</p> : null;
  return (
    <Button kind={kind} onClick={() => session.bridge.redirect(url)}>
      {messages.backToShop(view.partner)}
    </Button>
  );
}

export const Actions = ({ children }: { children: ComponentChildren }) => <div class="actions">{children}</div>;

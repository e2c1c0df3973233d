// The bank's own page, in a frame of its origin. Its message says only that it is done; how it
// ended is asked from the server.

import { useEffect, useRef, useState } from "preact/hooks";
import { partner } from "../api";
import { bankPath, holdBank } from "../bank";
import { webAddress } from "../guards";
import { useAlive } from "../hooks";
import { messages } from "../messages";
import { Button, Notice, Screen } from "../parts/basics";
import type { Session } from "../session";

const words = messages.threeDs;

const SLOW_MS = 10_000;

export function ThreeDs({ url, session }: { url: string | null; session: Session }) {
  const [checking, setChecking] = useState(false);
  const [slow, setSlow] = useState(false);
  const [tries, setTries] = useState(0);
  const alive = useAlive();
  const apart = useRef(false);
  const address = webAddress(url);

  const check = () => {
    setChecking(true);
    void session.command((api) => api.checkPayment()).then(() => alive.current && setChecking(false));
  };
  useEffect(() => {
    // Whoever was in the bank's own window comes back.
    const seen = () => apart.current && document.visibilityState === "visible" && check();
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, [session]);

  // No browser tells whether a page of another origin is there: whoever waits is offered another way.
  useEffect(() => {
    setSlow(false);
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    return () => clearTimeout(timer);
  }, [address, tries]);

  return (
    <Screen title={words.title}>
      <p class="muted" role="status">{checking ? words.checking : words.text}</p>
      {address && partner.widget ? (
        <iframe key={tries} class="bank" title={words.title} src={bankPath(partner.widget)} onLoad={({ currentTarget }) => holdBank(currentTarget, { address, title: words.frame, onDone: check })} />
      ) : (
        <Notice tone="wait">{words.missing}</Notice>
      )}
      {address && slow && (
        <div class="pair" role="group" aria-labelledby="bank-slow">
          <p class="muted small" id="bank-slow" role="status">{words.slow}</p>
          <Button kind="plain" onClick={() => setTries(tries + 1)}>{messages.tryAgain}</Button>
          <a class="button plain" href={address} target="_blank" rel="noopener noreferrer" onClick={() => { apart.current = true; }}>{words.open}</a>
        </div>
      )}
    </Screen>
  );
}

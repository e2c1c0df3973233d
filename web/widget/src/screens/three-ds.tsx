// The bank's own page, in a frame of its origin. Its message says only that it is done; how it
// ended is asked from the server.

import { useEffect, useRef, useState } from "preact/hooks";
import { webAddress } from "../guards";
import { useAlive } from "../hooks";
import { messages } from "../messages";
import { Button, Notice, Screen } from "../parts/basics";
import type { Session } from "../session";

const words = messages.threeDs;

const SLOW_MS = 10_000;

export function ThreeDs({ url, session }: { url: string | null; session: Session }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [checking, setChecking] = useState(false);
  const [slow, setSlow] = useState(false);
  const [tries, setTries] = useState(0);
  const alive = useAlive();
  const apart = useRef(false);
  const address = webAddress(url);

  useEffect(() => {
    if (!address) return undefined;
    const bank = new URL(address).origin;
    const listen = (event: MessageEvent) => {
      if (event.source !== frame.current?.contentWindow || event.origin !== bank) return;
      if ((event.data as { type?: unknown } | null)?.type !== "three_ds.finished") return;
      check();
    };
    const check = () => {
      setChecking(true);
      void session.command((api) => api.checkPayment()).then(() => alive.current && setChecking(false));
    };
    // Whoever was in the bank's own window comes back.
    const seen = () => apart.current && document.visibilityState === "visible" && check();
    window.addEventListener("message", listen);
    document.addEventListener("visibilitychange", seen);
    return () => {
      window.removeEventListener("message", listen);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [address, session]);

  // No browser tells whether a page of another origin is there: whoever waits is offered another way.
  useEffect(() => {
    setSlow(false);
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    return () => clearTimeout(timer);
  }, [address, tries]);

  return (
    <Screen title={words.title}>
      <p class="muted" role="status">{checking ? words.checking : words.text}</p>
      {address ? (
        <iframe key={tries} ref={frame} class="bank" title={words.frame} src={address} sandbox="allow-scripts allow-forms allow-same-origin allow-popups" />
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

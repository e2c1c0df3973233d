// The bank's own page, in a frame of its origin. Its message says only that it is done; how it
// ended is asked from the server.

import { useEffect, useRef, useState } from "preact/hooks";
import { webAddress } from "../guards";
import { useAlive } from "../hooks";
import { messages } from "../messages";
import { Notice, Screen } from "../parts/basics";
import type { Session } from "../session";

const words = messages.threeDs;

export function ThreeDs({ url, session }: { url: string | null; session: Session }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [checking, setChecking] = useState(false);
  const alive = useAlive();
  const address = webAddress(url);

  useEffect(() => {
    if (!address) return undefined;
    const bank = new URL(address).origin;
    const listen = (event: MessageEvent) => {
      if (event.source !== frame.current?.contentWindow || event.origin !== bank) return;
      if ((event.data as { type?: unknown } | null)?.type !== "three_ds.finished") return;
      setChecking(true);
      void session.command((api) => api.checkPayment()).then(() => alive.current && setChecking(false));
    };
    window.addEventListener("message", listen);
    return () => window.removeEventListener("message", listen);
  }, [address, session]);

  return (
    <Screen title={words.title}>
      <p class="muted" role="status">{checking ? words.checking : words.text}</p>
      {address ? (
        <iframe ref={frame} class="bank" title={words.frame} src={address} sandbox="allow-scripts allow-forms allow-same-origin allow-popups" />
      ) : (
        <Notice tone="wait">{words.missing}</Notice>
      )}
    </Screen>
  );
}

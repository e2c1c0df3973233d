// The way to another device: a link by email, or a code to scan. Either asks there for a code that is emailed, so that a link
// that somebody else sees, or sends, opens nothing.

import { useEffect, useRef, useState } from "preact/hooks";
import { Refused } from "../api";
import { useAlive } from "../hooks";
import { messages } from "../messages";
import type { Session } from "../session";
import { isTerminal, type View } from "../view";
import { Button, Notice } from "./basics";
import { CopyButton } from "./copy";
import { QrCode } from "./qr";

const words = messages.onward;

export function Onward({ view, session }: { view: View; session: Session }) {
  const [asking, setAsking] = useState(false);
  const link = useRef<HTMLButtonElement>(null);
  const wasAsking = useRef(false);
  // What was pressed is gone, and the focus with it: it comes back to where it was.
  useEffect(() => {
    if (!asking && wasAsking.current) link.current?.focus();
    wasAsking.current = asking;
  }, [asking]);
  // Beside the code for the check alone, a second way to a phone would be a riddle.
  if (session.isOther || isTerminal(view) || view.identity?.handover) return null;
  if (asking) return <Ways view={view} session={session} onClose={() => setAsking(false)} />;
  return <button type="button" class="link" ref={link} onClick={() => setAsking(true)}>{words.offer}</button>;
}

function Ways({ view, session, onClose }: { view: View; session: Session; onClose: () => void }) {
  const [busy, setBusy] = useState(false);
  const [sent, setSent] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [shown, setShown] = useState(session.onwardToken);
  const alive = useAlive();
  const panel = useRef<HTMLDivElement>(null);
  // What was pressed is gone, and the focus with it.
  useEffect(() => panel.current?.focus(), [shown, sent]);
  const ask = async (way: "email" | "screen") => {
    setBusy(true);
    setProblem(undefined);
    try {
      const { token } = await session.api.wishLink(way);
      session.onwardToken = token ?? undefined;
      if (!alive.current) return;
      setShown(token ?? undefined);
      setSent(way === "email");
    } catch (error) {
      if (alive.current) setProblem(words.problem(error instanceof Refused ? error.code : "other"));
    }
    if (alive.current) setBusy(false);
  };
  const address = shown && `${location.origin}/resume/${shown}`;
  return (
    <div class="onward" role="group" aria-label={words.offer} tabIndex={-1} ref={panel}>
      <p>{words.text}</p>
      {problem && <Notice tone="stop">{problem}</Notice>}
      {sent && <Notice tone="ok">{words.sent(view)}</Notice>}
      {address && (
        <>
          <div class="handover-code"><QrCode text={address} label={words.code} /></div>
          <p class="muted small handover-link">{messages.handover.orCopy} <CopyButton text={address} what="link" /></p>
        </>
      )}
      {!sent && !address && (
        <div class="pair">
          <Button kind="plain" busy={busy} onClick={() => void ask("email")}>{words.email}</Button>
          <Button kind="plain" busy={busy} onClick={() => void ask("screen")}>{words.screen}</Button>
        </div>
      )}
      <button type="button" class="link" onClick={onClose}>{words.close}</button>
    </div>
  );
}

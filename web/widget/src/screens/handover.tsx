// The check on another device: the code that this one shows, and the page that the other one opens.

import { useEffect, useState } from "preact/hooks";
import { Refused } from "../api";
import { countdown } from "../format";
import type { Boot, Handed } from "../guards";
import { useAlive, useSecondsUntil } from "../hooks";
import { messages } from "../messages";
import { Badge, Button, Notice, Screen } from "../parts/basics";
import { CopyButton } from "../parts/copy";
import { Actions } from "../parts/frame";
import { Icon } from "../parts/icons";
import { QrCode } from "../parts/qr";
import type { Failure, Session } from "../session";
import type { Handover, View } from "../view";

const words = messages.handover;

/** Somebody at a phone has the camera in their hand. */
const isPhone = (): boolean => matchMedia("(pointer: coarse)").matches;

function useCommand(session: Session) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const alive = useAlive();
  const run = async (command: () => Promise<Failure | undefined>) => {
    setBusy(true);
    setProblem(undefined);
    const failure = await command();
    if (!alive.current) return;
    setBusy(false);
    setProblem(failure && (failure.code === "attempts_exhausted" ? words.exhausted : messages.error(failure.code, session.direction)));
  };
  return { busy, problem, run: (command: () => Promise<Failure | undefined>) => void run(command) };
}

/** `always`: there is no camera here, whatever this device is. */
export function HandoverOffer({ session, always = false }: { session: Session; always?: boolean }) {
  const { busy, problem, run } = useCommand(session);
  if (session.isOther || (!always && isPhone())) return null;
  const begin = () => run(() => session.handOver());
  return (
    <>
      {problem && <Notice tone="stop">{problem}</Notice>}
      {always
        ? <Button kind="plain" busy={busy} onClick={begin}>{words.offer}</Button>
        : <button type="button" class="link" disabled={busy} onClick={begin}>{words.offer}</button>}
    </>
  );
}

interface Props {
  view: View;
  handover: Handover;
  session: Session;
  clockAheadMs: number;
}

export function HandoverScreen({ view, handover, session, clockAheadMs }: Props) {
  const { busy, problem, run } = useCommand(session);
  const back = (
    <button type="button" class="link" disabled={busy} onClick={() => run(() => session.command((api) => api.endHandover()))}>{words.back}</button>
  );
  if (handover.state === "open") {
    const arrived = (view.identity?.received ?? []).length > 0;
    return (
      <Screen title={words.openTitle} icon={<Badge tone="info" />}>
        {problem && <Notice tone="stop">{problem}</Notice>}
        <p>{words.openText}</p>
        <p class="muted" role="status">{arrived ? words.arrived : words.opened}</p>
        <Actions>{back}</Actions>
      </Screen>
    );
  }
  const again = () => run(() => session.handOver());
  return (
    <Screen title={words.title}>
      {problem && <Notice tone="stop">{problem}</Notice>}
      <Code token={session.handoverToken} until={handover.until} clockAheadMs={clockAheadMs} busy={busy} onAgain={again} />
      <Actions>{back}</Actions>
    </Screen>
  );
}

interface CodeProps {
  /** Known to the tab that asked for it alone. */
  token: string | undefined;
  until: string;
  clockAheadMs: number;
  busy: boolean;
  onAgain: () => void;
}

function Code({ token, until, clockAheadMs, busy, onAgain }: CodeProps) {
  const seconds = useSecondsUntil(until, clockAheadMs) ?? 0;
  if (token === undefined || seconds === 0) {
    return (
      <>
        <p>{token === undefined ? words.elsewhere : words.over}</p>
        <Button busy={busy} onClick={onAgain}>{words.again}</Button>
      </>
    );
  }
  const link = `${location.origin}/handover/${token}`;
  return (
    <>
      <p>{words.text}</p>
      <div class="handover-code"><QrCode text={link} label={words.code} /></div>
      <p class="muted small handover-link"><Icon name="wait" /><span role="timer">{words.left(countdown(seconds))}</span></p>
      <p class="muted small handover-link">{words.orCopy} <CopyButton text={link} what="link" /></p>
    </>
  );
}

interface PageProps {
  boot: Boot & { handover: Handed };
  link: string;
  session: Session;
  onOpen: () => void;
}

/** What the code leads to. Nothing is used up before the button: cameras and messengers look at links by themselves. */
export function HandoverPage({ boot, link, session, onOpen }: PageProps) {
  const [isOver, setOver] = useState(boot.handover.state === "over");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const { partner } = boot.handover;
  useEffect(() => {
    document.title = words.pageTitle(partner);
  }, [partner]);
  const open = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      session.resume(await session.api.openHandover(link));
      return onOpen();
    } catch (error) {
      if (error instanceof Refused && error.code === "invalid_token") return setOver(true);
      setProblem(words.openProblem);
      setBusy(false);
    }
  };
  if (isOver) {
    return (
      <Screen title={words.pageOver.title} icon={<Badge tone="info" />}>
        <p>{words.pageOver.text}</p>
        <p class="muted">{words.pageOver.next}</p>
      </Screen>
    );
  }
  return (
    <Screen title={words.pageTitle(partner)}>
      <p>{words.pageText}</p>
      <Notice tone="wait">{words.pageWarning}</Notice>
      {problem && <Notice tone="stop">{problem}</Notice>}
      <Actions>
        <Button busy={busy} onClick={() => void open()}>{words.pageStart}</Button>
      </Actions>
    </Screen>
  );
}

/** The other device has done what it was for. */
export function HandedBack() {
  return (
    <Screen title={words.done.title} icon={<Badge tone="ok" />}>
      <p>{words.done.text}</p>
    </Screen>
  );
}

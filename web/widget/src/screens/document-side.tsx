// One side of the document: from the camera or from a file, looked at once before it is sent.

import { useEffect, useRef, useState } from "preact/hooks";
import { frameOf, warmedUp } from "../camera";
import { useAlive } from "../hooks";
import { messages } from "../messages";
import { CameraProblemNotice, CameraView, useCamera } from "../parts/camera-view";
import { useAim } from "../parts/aim";
import { Actions } from "../parts/frame";
import { HandoverOffer } from "./handover";
import { Button, Notice, Screen } from "../parts/basics";
import { prepare } from "../picture";
import type { Session } from "../session";
import type { DocumentKind, Side } from "../view";

interface DocumentSideProps {
  session: Session;
  document: DocumentKind;
  side: Side;
  index: number;
  count: number;
  onOther: () => void;
}

const words = messages.side;
const PHOTO_PX_MAX = 2000;

export function DocumentSide({ session, document, side, index, count, onOther }: DocumentSideProps) {
  const [mode, setMode] = useState<"choose" | "camera">("choose");
  const [picture, setPicture] = useState<Blob>();
  const [problem, setProblem] = useState<string>();
  const [sending, setSending] = useState(false);
  const alive = useAlive();

  const take = async (file: Blob) => {
    const outcome = await prepare(file);
    if (!alive.current) return;
    if ("problem" in outcome) setProblem(messages.picture(outcome.problem));
    else {
      setProblem(undefined);
      setPicture(outcome.picture);
    }
  };
  const again = () => {
    setPicture(undefined);
    setProblem(undefined);
  };
  const send = async (blob: Blob) => {
    setSending(true);
    const failure = await session.command((api) => api.sendDocument(side, blob));
    if (!alive.current) return;
    setSending(false);
    if (!failure) return;
    const refused = failure.code === "picture_refused";
    if (refused) setPicture(undefined);
    setProblem(refused ? messages.picture(failure.problem ?? "") : messages.error(failure.code, session.direction));
  };

  return (
    <Screen title={words.title(document, side, count)} part={picture ? "preview" : mode}>
      {count > 1 && <p class="step-of">{words.step(index, count)}</p>}
      {problem && <Notice tone="stop">{problem}</Notice>}
      {picture ? (
        <Preview picture={picture} sending={sending} onUse={() => void send(picture)} onAgain={again} />
      ) : mode === "camera" ? (
        <Shoot session={session} onPhoto={(photo) => void take(photo)} onBack={() => setMode("choose")} onFile={(file) => void take(file)} />
      ) : (
        <>
          <p class="muted">{words.text}</p>
          <div class="document-hint" aria-hidden="true"><span /><span /><span /></div>
          <Actions>
            <Button onClick={() => { setProblem(undefined); setMode("camera"); }}>{words.camera}</Button>
            <FileButton onFile={(file) => void take(file)} />
            <HandoverOffer session={session} />
            <button type="button" class="link" onClick={onOther}>{words.other}</button>
          </Actions>
        </>
      )}
    </Screen>
  );
}

function FileButton({ onFile }: { onFile: (file: File) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const changed = () => {
    const file = input.current?.files?.[0];
    if (file) onFile(file);
    // The same file chosen again must count as a change.
    if (input.current) input.current.value = "";
  };
  return (
    <label class="button plain file">
      {words.file}
      <input ref={input} type="file" accept="image/*" onChange={changed} />
    </label>
  );
}

interface ShootProps {
  session: Session;
  onPhoto: (photo: Blob) => void;
  onFile: (file: File) => void;
  onBack: () => void;
}

function Shoot({ session, onPhoto, onFile, onBack }: ShootProps) {
  const camera = useCamera("environment");
  const [video, setVideo] = useState<HTMLVideoElement>();
  const aim = useAim(video, "card");
  const alive = useAlive();
  const warm = async (element: HTMLVideoElement) => {
    await warmedUp(element);
    if (alive.current) setVideo(element);
  };
  if (camera.problem) {
    return (
      <Actions>
        <CameraProblemNotice camera={camera} />
        <FileButton onFile={onFile} />
        <HandoverOffer session={session} always />
        <button type="button" class="link" onClick={onBack}>{words.back}</button>
      </Actions>
    );
  }
  return (
    <>
      <CameraView camera={camera} mirrored={false} shape="card" aim={aim} onVideo={(element) => void warm(element)} />
      <Actions>
        <Button disabled={!video} onClick={() => video && void frameOf(video, PHOTO_PX_MAX).then(onPhoto)}>{words.shoot}</Button>
        <button type="button" class="link" onClick={onBack}>{words.back}</button>
      </Actions>
    </>
  );
}

interface PreviewProps {
  picture: Blob;
  sending: boolean;
  onUse: () => void;
  onAgain: () => void;
}

function Preview({ picture, sending, onUse, onAgain }: PreviewProps) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(picture);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [picture]);
  return (
    <>
      <p class="muted">{words.preview}</p>
      <div class="preview">{url && <img src={url} alt={words.alt} />}</div>
      <Actions>
        <Button busy={sending} onClick={onUse}>{sending ? words.sending : words.use}</Button>
        <Button kind="plain" disabled={sending} onClick={onAgain}>{words.retake}</Button>
      </Actions>
    </>
  );
}

// The live picture, and what to do when there is none.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { cameraProblem, closeCamera, onCameraPermission, openCamera, type CameraProblem } from "../camera";
import type { Aim, Shape } from "../aim";
import { messages } from "../messages";
import { AimHint } from "./aim";
import { Button, Notice, Spinner } from "./basics";

export interface Camera {
  stream: MediaStream | undefined;
  problem: CameraProblem | undefined;
  retry: () => void;
}

export function useCamera(facing: "user" | "environment"): Camera {
  const [stream, setStream] = useState<MediaStream>();
  const [problem, setProblem] = useState<CameraProblem>();
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let wanted = true;
    let opened: MediaStream | undefined;
    setProblem(undefined);
    openCamera(facing).then(
      (found) => {
        if (!wanted) return closeCamera(found);
        opened = found;
        setStream(found);
        // An unplugged camera ends its track.
        found.getVideoTracks()[0]?.addEventListener("ended", () => setProblem("missing"));
      },
      (error: unknown) => {
        if (wanted) setProblem(cameraProblem(error));
      },
    );
    return () => {
      wanted = false;
      closeCamera(opened);
      setStream(undefined);
    };
  }, [facing, attempt]);
  const retry = () => setAttempt((count) => count + 1);
  useEffect(() => (problem === "denied" ? onCameraPermission(retry) : undefined), [problem]);
  return { stream, problem, retry };
}

export function CameraProblemNotice({ camera }: { camera: Camera }) {
  if (!camera.problem) return null;
  const words = messages.camera[camera.problem];
  return (
    <>
      <Notice tone="stop" title={words.title}>{words.text}</Notice>
      <Button onClick={camera.retry}>{messages.tryAgain}</Button>
    </>
  );
}

interface CameraViewProps {
  camera: Camera;
  mirrored: boolean;
  shape: Shape;
  /** What the picture lacks, where it is looked at. */
  aim?: Aim | undefined;
  onVideo: (video: HTMLVideoElement) => void;
  children?: ComponentChildren;
}

export function CameraView({ camera, mirrored, shape, aim, onVideo, children }: CameraViewProps) {
  const attach = (video: HTMLVideoElement | null) => {
    if (!video || !camera.stream || video.srcObject === camera.stream) return;
    video.srcObject = camera.stream;
    video.onloadeddata = () => onVideo(video);
  };
  return (
    <div class={`camera ${shape}`}>
      <video ref={attach} class={mirrored ? "mirrored" : ""} aria-label={messages.camera.preview} playsInline muted autoPlay />
      <span class={`guide ${aim === undefined ? "" : aim === "good" ? "good" : "lacks"}`} aria-hidden="true" />
      {!camera.stream && (
        <p class="camera-wait" role="status">
          <Spinner /> {messages.camera.starting}
        </p>
      )}
      {children}
      <AimHint aim={aim} shape={shape} />
    </div>
  );
}

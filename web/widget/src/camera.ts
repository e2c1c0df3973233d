// The camera: asked for only when the person starts a step that needs it, and let go right after.

import { fitted, jpegOf } from "./picture";

export type CameraProblem = "denied" | "missing" | "busy" | "unsupported";

export function cameraProblem(error: unknown): CameraProblem {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "missing";
  if (name === "NotReadableError" || name === "AbortError") return "busy";
  return "unsupported";
}

export async function openCamera(facing: "user" | "environment"): Promise<MediaStream> {
  if (!navigator.mediaDevices?.getUserMedia) throw new Error("no media devices here");
  const width = facing === "environment" ? 1920 : 1280;
  return navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: facing, width: { ideal: width } } });
}

export function closeCamera(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** Tells when the person has changed their mind in the browser's own settings. Not every browser can. */
export function onCameraPermission(listener: () => void): () => void {
  let status: PermissionStatus | undefined;
  let stopped = false;
  navigator.permissions
    ?.query({ name: "camera" as PermissionName })
    .then((found) => {
      if (stopped) return;
      status = found;
      found.addEventListener("change", listener);
    })
    .catch(() => undefined);
  return () => {
    stopped = true;
    status?.removeEventListener("change", listener);
  };
}

export function frameOf(video: HTMLVideoElement, longest: number): Promise<Blob> {
  return jpegOf(video, fitted(video.videoWidth, video.videoHeight, longest));
}

/** Cameras begin with black frames while they adjust; the picture counts once a few have passed. */
export async function warmedUp(video: HTMLVideoElement): Promise<void> {
  const FRAMES = 5;
  for (let seen = 0; seen < FRAMES; seen += 1) {
    await new Promise<void>((resolve) => {
      if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(() => resolve());
      else setTimeout(resolve, 60);
    });
  }
}

// What the live picture lacks, in one calm sentence at a time. It never keeps anybody from taking it.

import { useEffect, useState } from "preact/hooks";
import { aimOfDocument, aimOfFace, closeUp, framed, Steady, type Aim, type Pixels, type Region, type Shape } from "../aim";
import { messages } from "../messages";
import { Icon } from "./icons";

const LOOK_MS = 250;
const SMALL = { width: 96, height: 64 };
const CLOSE_PX = 160;

/** Looks four times a second, once there is a video. */
export function useAim(video: HTMLVideoElement | undefined, shape: Shape): Aim | undefined {
  const [aim, setAim] = useState<Aim>();
  useEffect(() => {
    if (!video) return;
    const look = looker(shape);
    const steady = new Steady<Aim | undefined>(undefined, 2);
    const timer = setInterval(() => {
      if (video.videoWidth > 0) setAim(steady.see(look(video)));
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [video, shape]);
  return aim;
}

function looker(shape: Shape): (video: HTMLVideoElement) => Aim | undefined {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const pixels = (video: HTMLVideoElement, from: Region, width: number, height: number): Pixels | undefined => {
    canvas.width = width;
    canvas.height = height;
    context?.drawImage(video, from.x, from.y, from.width, from.height, 0, 0, width, height);
    return context?.getImageData(0, 0, width, height);
  };
  return (video) => {
    const guide = framed(video.videoWidth, video.videoHeight, shape);
    const whole = pixels(video, guide, SMALL.width, SMALL.height);
    const near = closeUp(guide, CLOSE_PX);
    const all = { x: 0, y: 0, width: video.videoWidth, height: video.videoHeight };
    const other = shape === "card" ? pixels(video, near, Math.round(near.width), Math.round(near.height)) : pixels(video, all, SMALL.width, SMALL.height);
    if (!whole || !other) return undefined;
    return shape === "card" ? aimOfDocument(whole, other) : aimOfFace(whole, other);
  };
}

/** Lies over the picture; said aloud when it changes. */
export function AimHint({ aim, shape }: { aim: Aim | undefined; shape: Shape }) {
  return (
    <p class={`aim ${aim === "good" ? "good" : ""}`} role="status" aria-live="polite" hidden={!aim}>
      {aim && <><Icon name={aim === "good" ? "check" : "info"} size={16} /><span>{messages.aim(shape, aim)}</span></>}
    </p>
  );
}

/** How much of the course is done, around the oval. */
export function OvalRing({ done }: { done: number }) {
  return (
    <svg class="oval" viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
      <ellipse cx="50" cy="50" rx="49" ry="49" pathLength="100" />
      <ellipse class="done" cx="50" cy="50" rx="49" ry="49" pathLength="100" stroke-dasharray={`${done * 100} 100`} />
    </svg>
  );
}

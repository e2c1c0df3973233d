// The selfie check as a course of steps: say what to do, count down, take the frames, send each
// while the next is taken.

import type { Api } from "./api";
import { Refused, Unreachable } from "./api";
import { frameOf } from "./camera";
import type { LivenessStep } from "./view";

export interface Plan {
  step: LivenessStep;
  stepIndex: number;
  frameIndex: number;
  first: boolean;
  last: boolean;
}

/** Frames are numbered through all steps, so that none can be mistaken for another. */
export function planOf(steps: readonly LivenessStep[], framesPerStep: number): Plan[] {
  return steps.flatMap((step, stepIndex) =>
    Array.from({ length: framesPerStep }, (_, frame) => ({
      step,
      stepIndex,
      frameIndex: stepIndex * framesPerStep + frame,
      first: frame === 0,
      last: frame === framesPerStep - 1,
    })),
  );
}

export type Moment =
  | { kind: "count"; plan: Plan; seconds: number }
  | { kind: "hold"; plan: Plan }
  /** Who shut their eyes may open them. */
  | { kind: "open"; plan: Plan }
  | { kind: "sending" };

const COUNT_FROM = 3;
const COUNT_MS = 800;
// All frames of a step, in as long as somebody holds a pose.
const STEP_MS = 900;
// Who has shut eyes sees no countdown, and shuts them when the words are read, sooner or later: the frames begin earlier
// and lie apart, so that one of them at least falls into the count to three that is asked for.
const SHUT_COUNT_FROM = 2;
const SHUT_STEP_MS = 2700;
// As long as it takes to say so.
const OPEN_MS = 1600;
const OPEN_BUZZ_MS = 200;
const FRAME_PX_MAX = 960;
const SEND_ATTEMPTS = 3;
const SEND_AGAIN_MS = 1000;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface Course {
  video: HTMLVideoElement;
  plans: Plan[];
  api: Api;
  /** False once the person has left the screen. */
  wanted: () => boolean;
  onMoment: (moment: Moment) => void;
}

/** Takes and sends every frame; throws when one cannot be sent. */
export async function runCourse({ video, plans, api, wanted, onMoment }: Course): Promise<void> {
  const uploads: Promise<void>[] = [];
  const begunMs = performance.now();
  const framesPerStep = Math.max(1, plans.filter((plan) => plan.stepIndex === 0).length);
  for (const plan of plans) {
    if (plan.first) {
      for (let seconds = plan.step === "blink" ? SHUT_COUNT_FROM : COUNT_FROM; seconds > 0 && wanted(); seconds -= 1) {
        onMoment({ kind: "count", plan, seconds });
        await wait(COUNT_MS);
      }
    }
    if (!wanted()) break;
    onMoment({ kind: "hold", plan });
    const takenMs = Math.round(performance.now() - begunMs);
    const frame = await frameOf(video, FRAME_PX_MAX);
    const upload = send(api, plan, takenMs, frame);
    // Its failure is reported by the wait below; until then it must not count as unhandled.
    upload.catch(() => undefined);
    uploads.push(upload);
    await wait((plan.step === "blink" ? SHUT_STEP_MS : STEP_MS) / framesPerStep);
    if (plan.step === "blink" && plan.last && wanted()) {
      onMoment({ kind: "open", plan });
      buzz();
      await wait(OPEN_MS);
    }
  }
  onMoment({ kind: "sending" });
  await Promise.all(uploads);
}

/** The end of what nobody sees is felt, where the device can. */
function buzz(): void {
  if ("vibrate" in navigator) navigator.vibrate(OPEN_BUZZ_MS);
}

async function send(api: Api, plan: Plan, takenMs: number, frame: Blob): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await api.sendFrame(plan.frameIndex, plan.step, takenMs, frame);
    } catch (error) {
      const passing = error instanceof Unreachable || (error instanceof Refused && error.status >= 500);
      if (!passing || attempt >= SEND_ATTEMPTS) throw error;
      await wait(SEND_AGAIN_MS * attempt);
    }
  }
}

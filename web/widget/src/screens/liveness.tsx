// The selfie check: what to do in front of the camera, step by step.

import { useState } from "preact/hooks";
import { Refused } from "../api";
import { warmedUp } from "../camera";
import { planOf, runCourse, type Moment } from "../capture";
import { useAlive } from "../hooks";
import { messages } from "../messages";
import { CameraProblemNotice, CameraView, useCamera } from "../parts/camera-view";
import { OvalRing, useAim } from "../parts/aim";
import { Actions } from "../parts/frame";
import { HandoverOffer } from "./handover";
import { Button, Notice, Screen } from "../parts/basics";
import { Icon } from "../parts/icons";
import type { Session } from "../session";
import type { LivenessStep, View } from "../view";

const words = messages.liveness;
const DEFAULT_STEPS: LivenessStep[] = ["center", "left", "right"];

export function Liveness({ view, session, onOther }: { view: View; session: Session; onOther: () => void }) {
  const [running, setRunning] = useState(false);
  const [problem, setProblem] = useState<string>();
  const failed = (text: string) => {
    setProblem(text);
    setRunning(false);
  };
  return (
    <Screen title={words.title} part={running ? "course" : "start"}>
      {problem && <Notice tone="stop">{problem}</Notice>}
      {running ? (
        <Course view={view} session={session} onFailed={failed} />
      ) : (
        <>
          <p class="muted">{words.text}</p>
          <div class="face-hint" aria-hidden="true"><span /></div>
          <Actions>
            <Button onClick={() => setRunning(true)}>{words.start}</Button>
            <HandoverOffer session={session} />
            <button type="button" class="link" onClick={onOther}>{messages.side.other}</button>
          </Actions>
        </>
      )}
    </Screen>
  );
}

function Course({ view, session, onFailed }: { view: View; session: Session; onFailed: (text: string) => void }) {
  const camera = useCamera("user");
  const [moment, setMoment] = useState<Moment>();
  const [video, setVideo] = useState<HTMLVideoElement>();
  const aim = useAim(moment?.kind === "sending" ? undefined : video, "face");
  const alive = useAlive();
  const steps = view.identity?.steps ?? DEFAULT_STEPS;
  const plans = planOf(steps, view.identity?.frames_per_step ?? 1);

  const run = async (video: HTMLVideoElement) => {
    const wanted = () => alive.current && video.srcObject !== null;
    try {
      await warmedUp(video);
      if (alive.current) setVideo(video);
      await runCourse({ video, plans, api: session.api, wanted, onMoment: (next) => wanted() && setMoment(next) });
    } catch (error) {
      const refused = error instanceof Refused && error.code === "picture_refused";
      return alive.current && onFailed(refused ? messages.picture(error.problem ?? "") : words.retry);
    }
    if (!alive.current) return;
    const failure = await session.command((api) => api.submitIdentity());
    if (failure && alive.current) onFailed(failure.code === "incomplete" ? words.retry : messages.error(failure.code, view.type));
  };

  if (camera.problem) return <Actions><CameraProblemNotice camera={camera} /><HandoverOffer session={session} always /></Actions>;
  const plan = moment && moment.kind !== "sending" ? moment.plan : undefined;
  return (
    <>
      <p class="step-of">{plan ? words.stepOf(plan.stepIndex, steps.length) : "\u00a0"}</p>
      <p class="instruction" role="status" aria-live="assertive">{instruction(moment)}</p>
      <CameraView camera={camera} mirrored shape="face" aim={aim === "good" ? undefined : aim} onVideo={(element) => void run(element)}>
        <OvalRing done={moment?.kind === "sending" ? 1 : (plan?.frameIndex ?? 0) / Math.max(1, plans.length)} />
        {plan?.step === "left" && <span class="turn left"><Icon name="left" size={32} /></span>}
        {plan?.step === "right" && <span class="turn right"><Icon name="right" size={32} /></span>}
      </CameraView>
      <p class="count">{counting(moment)}</p>
    </>
  );
}

function instruction(moment: Moment | undefined): string {
  if (!moment) return words.ready;
  if (moment.kind === "sending") return words.sending;
  return moment.kind === "open" ? words.open : words.steps[moment.plan.step];
}

function counting(moment: Moment | undefined): string {
  if (!moment || moment.kind === "sending" || moment.kind === "open") return "\u00a0";
  // A count that nobody sees is the person's own.
  if (moment.plan.step === "blink") return words.shut;
  if (moment.kind === "count") return words.counting(moment.seconds);
  return words.hold;
}

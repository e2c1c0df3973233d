import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Api } from "../src/api";
import { cameraProblem } from "../src/camera";
import { planOf, runCourse, type Moment } from "../src/capture";
import { fitted, problemOfFile, problemOfSize, PICTURE_BYTES_MAX } from "../src/picture";
import { timelineRows } from "../src/timeline";
import { sample } from "./sample";

describe("frames", () => {
  it("are numbered through all steps", () => {
    const plans = planOf(["center", "left", "right"], 2);
    expect(plans.map((plan) => [plan.step, plan.frameIndex])).toEqual([
      ["center", 0], ["center", 1], ["left", 2], ["left", 3], ["right", 4], ["right", 5],
    ]);
    expect(plans.filter((plan) => plan.first).map((plan) => plan.frameIndex)).toEqual([0, 2, 4]);
    expect(plans.filter((plan) => plan.last).map((plan) => plan.frameIndex)).toEqual([1, 3, 5]);
  });
});

vi.mock("../src/camera", async (real) => ({ ...(await real<typeof import("../src/camera")>()), frameOf: async () => new Blob() }));

describe("a course", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  /** What is said and when, and when frames are taken; the course of somebody who leaves after `leavesMs`. */
  async function told(steps: Parameters<typeof planOf>[0], leavesMs = Infinity) {
    const begun = performance.now();
    const passed = () => performance.now() - begun;
    const moments: [string, number][] = [];
    const frames: [string, number][] = [];
    const buzzes: number[] = [];
    vi.stubGlobal("navigator", { vibrate: () => buzzes.push(passed()) });
    const onMoment = (moment: Moment) => moments.push([moment.kind === "sending" ? "sending" : `${moment.plan.step} ${moment.kind}`, passed()]);
    const sendFrame = async (_index: number, step: string, takenMs: number) => void frames.push([step, takenMs]);
    const api = { sendFrame } as unknown as Api;
    const course = runCourse({ video: {} as HTMLVideoElement, plans: planOf(steps, 3), api, wanted: () => passed() < leavesMs, onMoment });
    await vi.runAllTimersAsync();
    await course;
    return { moments, frames, buzzes };
  }

  it("says when eyes that were shut may open, and lets it be felt, after the last frame of them", async () => {
    const { moments, frames, buzzes } = await told(["center", "blink", "left"]);
    const kinds = moments.map(([kind]) => kind).filter((kind, at, all) => kind !== all[at - 1]);
    expect(kinds).toEqual(["center count", "center hold", "blink count", "blink hold", "blink open", "left count", "left hold", "sending"]);
    const [opened] = moments.filter(([kind]) => kind === "blink open");
    const lastShut = frames.filter(([step]) => step === "blink").at(-1);
    expect(lastShut?.[1]).toBeLessThan(opened?.[1] ?? 0);
    expect(buzzes).toEqual([opened?.[1]]);
    expect(frames.map(([step]) => step)).toEqual([...Array(3).fill("center"), ...Array(3).fill("blink"), ...Array(3).fill("left")]);
  });

  it.each([[0.8, 3.4], [1.5, 3], [3, 6]])("has a frame of eyes that are shut from %f s to %f s after it was asked", async (from, to) => {
    const { moments, frames } = await told(["center", "blink"]);
    const asked = moments.find(([kind]) => kind === "blink count")?.[1] ?? 0;
    const shut = frames.filter(([step, at]) => step === "blink" && at >= asked + from * 1000 && at <= asked + to * 1000);
    expect(shut.length).toBeGreaterThan(0);
  });

  it("asks nobody to open their eyes who has left, or was asked for no blink", async () => {
    expect((await told(["center", "left", "closer"])).buzzes).toEqual([]);
    const left = await told(["center", "blink"], 6000);
    expect([left.buzzes, left.moments.some(([kind]) => kind === "blink open")]).toEqual([[], false]);
  });

  it("runs on devices that cannot buzz", async () => {
    const course = told(["blink"]);
    vi.stubGlobal("navigator", {});
    expect((await course).moments.at(-1)?.[0]).toBe("sending");
  });
});

describe("pictures", () => {
  it("are refused by type and size", () => {
    expect(problemOfFile({ type: "text/plain", size: 10 })).toBe("not_an_image");
    expect(problemOfFile({ type: "", size: 10 })).toBe("not_an_image");
    expect(problemOfFile({ type: "image/png", size: PICTURE_BYTES_MAX + 1 })).toBe("too_large");
    expect(problemOfFile({ type: "image/png", size: PICTURE_BYTES_MAX })).toBeUndefined();
  });
  it("may lie or stand", () => {
    expect(problemOfSize(400, 250)).toBeUndefined();
    expect(problemOfSize(250, 400)).toBeUndefined();
    expect(problemOfSize(399, 250)).toBe("too_small");
    expect(problemOfSize(1000, 249)).toBe("too_small");
  });
  it("shrink to the longer side and keep their shape", () => {
    expect(fitted(4000, 3000)).toEqual({ width: 2000, height: 1500 });
    expect(fitted(3000, 4000)).toEqual({ width: 1500, height: 2000 });
    expect(fitted(800, 600)).toEqual({ width: 800, height: 600 });
  });
});

it.each([
  ["NotAllowedError", "denied"], ["NotFoundError", "missing"], ["OverconstrainedError", "missing"], ["NotReadableError", "busy"], ["TypeError", "unsupported"],
])("a camera's %s means %s", (name, problem) => {
  expect(cameraProblem(Object.assign(new Error("x"), { name }))).toBe(problem);
});

describe("the progress line", () => {
  const at = "2026-04-01T10:00:00Z";
  const entries = (...codes: string[]) => codes.map((code) => ({ code, at }));

  it("shows what happened, what happens now and what will", () => {
    const rows = timelineRows(sample({ timeline: entries("order.created", "identity.started", "identity.verified", "payment.captured") }));
    expect(rows.map((row) => [row.code, row.state])).toEqual([
      ["order.created", "done"], ["identity.verified", "done"], ["payment.captured", "done"], ["transfer.broadcast", "now"], ["transfer.confirmed", "ahead"],
    ]);
  });

  it("counts confirmations, never more than are needed", () => {
    const timeline = entries("order.created", "payment.captured", "transfer.broadcast");
    const transfer = { hash: "ab", explorer_url: null, confirmations: 5, confirmations_final: 3 };
    expect(timelineRows(sample({ timeline, transfer })).find((row) => row.state === "now")?.note).toBe("3 of 3 confirmations");
  });

  it("leaves out identity for a returning customer", () => {
    expect(timelineRows(sample({ timeline: entries("order.created") })).map((row) => row.code)).not.toContain("identity.verified");
  });

  it("turns round with the order", () => {
    const rows = timelineRows(sample({ timeline: entries("order.created", "payment.captured", "transfer.signed", "refund.started") }));
    expect(rows.map((row) => row.code)).toEqual(["order.created", "payment.captured", "refund.started"]);
  });
});

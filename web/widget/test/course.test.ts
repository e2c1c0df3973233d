import { describe, expect, it } from "vitest";
import { cameraProblem } from "../src/camera";
import { planOf } from "../src/capture";
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

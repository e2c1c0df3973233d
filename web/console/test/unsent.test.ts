import { describe, expect, it } from "vitest";
import { keepUnsent, takeUnsent } from "../src/core/unsent";

describe("what was typed when a session ended", () => {
  it("is its writer's again, once, at the same question", () => {
    keepUnsent("/orders/1 Refund?", "ann", { reason: "asked by phone" });
    expect(takeUnsent("/orders/2 Refund?", "ann")).toBeUndefined();
    expect(takeUnsent("/orders/1 Refund?", "ann")).toEqual({ reason: "asked by phone" });
    expect(takeUnsent("/orders/1 Refund?", "ann")).toBeUndefined();
  });

  it("is nobody else's, and gone when somebody else was here", () => {
    keepUnsent("/orders/1 Refund?", "ann", { reason: "asked by phone" });
    expect(takeUnsent("/orders/1 Refund?", "ben")).toBeUndefined();
    expect(takeUnsent("/orders/1 Refund?", "ann")).toBeUndefined();
  });
});

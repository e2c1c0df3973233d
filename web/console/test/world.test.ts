import { expect, it } from "vitest";
import { hasLive, inWorld, worldOf } from "../src/core/world";
import { graceWords } from "../src/parts/wish";

it("reads the world from the address, and takes anything else for the sandbox", () => {
  expect(["environment=live", "state=failed&environment=live"].map(worldOf)).toEqual(["live", "live"]);
  expect(["", "environment=test", "environment=LIVE", "environment=prod", "live"].map(worldOf)).toEqual(Array(5).fill("test"));
});

it("names the world only where it is not the sandbox", () => {
  expect(inWorld("partners/prt_1/refusals", "test")).toBe("partners/prt_1/refusals");
  expect(inWorld("partners/prt_1/refusals", "live")).toBe("partners/prt_1/refusals?environment=live");
});

it("gives a choice only where there are two", () => {
  expect((["sandbox", "live_watched", "live", "suspended"] as const).map((stage) => hasLive({ stage }))).toEqual([false, true, true, true]);
});

it("says when the old ones end", () => {
  expect([0, 3600, 86_400, 90].map(graceWords)).toEqual(["at once", "after 1 h", "after 1 d", "after 90 s"]);
});

import { afterEach, expect, it, vi } from "vitest";
import type { Api } from "../src/api";
import type { Bridge } from "../src/bridge";
import { Session } from "../src/session";
import { sample } from "./sample";

afterEach(() => vi.unstubAllGlobals());

it("what was asked before the line was lost says nothing of it", async () => {
  const line = new EventTarget();
  vi.stubGlobal("window", line);
  const bridge = { event: () => undefined } as unknown as Bridge;
  const session = new Session({} as Api, bridge);
  // It is over, so that nothing else is asked.
  session.resume(sample({ step: "completed" }));

  let answer = (): void => undefined;
  const asked = session.command(() => new Promise((resolve) => (answer = resolve)));
  line.dispatchEvent(new Event("offline"));
  answer();
  await asked;
  expect(session.state.offline).toBe(true);

  await session.command(() => Promise.resolve());
  expect(session.state.offline).toBe(false);
});

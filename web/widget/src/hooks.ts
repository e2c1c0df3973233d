import { useEffect, useRef, useState } from "preact/hooks";
import { secondsBetween } from "./format";
import type { Session, State } from "./session";

export function useSession(session: Session): State {
  const [state, setState] = useState(session.state);
  useEffect(() => {
    setState(session.state);
    return session.subscribe(() => setState(session.state));
  }, [session]);
  return state;
}

export const TICK_MS = 250;

/** How many seconds there are until then, by the server's clock. It changes once in each, and its screen is drawn as often. */
export function useSecondsUntil(until: string | null | undefined, clockAheadMs: number): number | undefined {
  const left = () => secondsBetween(Date.now() + clockAheadMs, until);
  const [, draw] = useState(left);
  useEffect(() => {
    const timer = setInterval(() => draw(left()), TICK_MS);
    return () => clearInterval(timer);
  }, [until, clockAheadMs]);
  return left();
}

/** Lets asynchronous work see whether its screen is still there. */
export function useAlive(): { current: boolean } {
  const alive = useRef(true);
  useEffect(() => {
    alive.current = true;
    return () => {
      alive.current = false;
    };
  }, []);
  return alive;
}

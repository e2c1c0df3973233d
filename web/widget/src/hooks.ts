import { useEffect, useRef, useState } from "preact/hooks";
import type { Session, State } from "./session";

export function useSession(session: Session): State {
  const [state, setState] = useState(session.state);
  useEffect(() => {
    setState(session.state);
    return session.subscribe(() => setState(session.state));
  }, [session]);
  return state;
}

const TICK_MS = 250;

/** The server's time, ticking. */
export function useServerNow(clockAheadMs: number): number {
  const [now, setNow] = useState(() => Date.now() + clockAheadMs);
  useEffect(() => {
    const tick = () => setNow(Date.now() + clockAheadMs);
    tick();
    const timer = setInterval(tick, TICK_MS);
    return () => clearInterval(timer);
  }, [clockAheadMs]);
  return now;
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

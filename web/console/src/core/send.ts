// A call that changes something: one at a time, however often somebody presses.

import { useRef, useState } from "preact/hooks";

export interface Sending {
  isBusy: boolean;
  problem: unknown;
  /** Runs the call unless one is running; `then` gets what was answered. */
  send: <T>(call: () => Promise<T>, then?: (answer: T) => void) => Promise<void>;
  clear: () => void;
}

export function useSend(): Sending {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  // Two presses may come before the button is drawn disabled.
  const running = useRef(false);
  const send = async <T>(call: () => Promise<T>, then?: (answer: T) => void): Promise<void> => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setProblem(undefined);
    try {
      const answer = await call();
      then?.(answer);
    } catch (caught) {
      setProblem(caught);
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return { isBusy, problem, send, clear: () => setProblem(undefined) };
}

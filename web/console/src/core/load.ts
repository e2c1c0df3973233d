// What a page shows of the server: loading, there, or why not.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { get } from "./api";

export interface Loaded<T> {
  data: T | undefined;
  problem: unknown;
  isLoading: boolean;
  reload: () => Promise<void>;
  /** What another call answered about the same thing. */
  put: (data: T) => void;
}

interface Held<T> {
  path: string | null;
  data?: T | undefined;
  problem?: unknown;
  isLoading: boolean;
}

interface Options {
  everyMs?: number;
  /** Show what was there until the new path has answered; for lists that are filtered. */
  keep?: boolean;
}

export function useLoad<T>(path: string | null, { everyMs, keep = false }: Options = {}): Loaded<T> {
  const [held, setHeld] = useState<Held<T>>({ path, isLoading: path !== null });
  // Answers may overtake each other; only the newest question's counts.
  const turn = useRef(0);
  const load = useCallback(async () => {
    if (path === null) return;
    const mine = ++turn.current;
    try {
      const data = await get<T>(path);
      if (mine === turn.current) setHeld({ path, data, isLoading: false });
    } catch (problem) {
      if (mine === turn.current) setHeld((old) => ({ path, data: old.path === path ? old.data : undefined, problem, isLoading: false }));
    }
  }, [path]);
  useEffect(() => {
    void load();
    return () => void (turn.current += 1);
  }, [load]);
  useEvery(everyMs, load);
  const put = useCallback((data: T) => {
    turn.current += 1;
    setHeld({ path, data, isLoading: false });
  }, [path]);
  const isOwn = held.path === path;
  return {
    data: isOwn || keep ? held.data : undefined,
    problem: isOwn ? held.problem : undefined,
    isLoading: !isOwn || held.isLoading,
    reload: load,
    put,
  };
}

// Somebody who has stopped for so long only left the cursor there.
const TYPING_MS = 3000;
let typedMs = 0;

/** Nobody wants a list to move under what they are typing, or behind a question. */
const isBusy = (): boolean => Date.now() - typedMs < TYPING_MS || document.querySelector("dialog[open]") !== null;

export function followTyping(): void {
  document.addEventListener("input", () => (typedMs = Date.now()), true);
}

/** Again and again while somebody looks. */
export function useEvery(everyMs: number | undefined, act: () => Promise<void>): void {
  useEffect(() => {
    if (everyMs === undefined) return undefined;
    let running = false;
    const timer = setInterval(() => {
      if (running || document.visibilityState !== "visible" || isBusy()) return;
      running = true;
      void act().finally(() => (running = false));
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs, act]);
}

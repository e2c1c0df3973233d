// A list that is read page by page, the latest first, and whose beginning is looked at again.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { get } from "./api";
import { withQuery } from "./filters";
import { useEvery } from "./load";

interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

export interface Pages<T> {
  rows: T[] | undefined;
  problem: unknown;
  isLoading: boolean;
  hasMore: boolean;
  isMore: boolean;
  more: () => void;
  reload: () => Promise<void>;
}

/**
 * A fresh beginning over rows that are there already. What the fresh page spans is taken from it alone;
 * below that the older rows stay.
 */
export function mergeFresh<T>(old: T[], fresh: T[], hasMore: boolean, keyOf: (row: T) => string): T[] {
  const last = fresh.at(-1);
  if (!hasMore || last === undefined) return fresh;
  const keys = new Set(fresh.map(keyOf));
  const end = old.findIndex((row) => keyOf(row) === keyOf(last));
  // So much is new that the two do not meet: only the fresh page is known to be whole.
  if (end < 0) return fresh;
  return [...fresh, ...old.slice(end + 1).filter((row) => !keys.has(keyOf(row)))];
}

interface Held<T> {
  of: string;
  rows?: T[];
  cursor: string | null;
  problem?: unknown;
}

interface Options<T> {
  keyOf: (row: T) => string;
  everyMs?: number;
}

// More than a screen, so that whoever scans a list rarely asks for more.
const PAGE = "50";

export function usePages<T>(path: string, query: string, { keyOf, everyMs }: Options<T>): Pages<T> {
  const asked = new URLSearchParams(query);
  asked.set("limit", PAGE);
  const of = withQuery(path, asked.toString());
  const [held, setHeld] = useState<Held<T>>({ of, cursor: null });
  const [isMore, setMore] = useState(false);
  const key = useRef(keyOf);
  const now = useRef(of);
  now.current = of;
  const reload = useCallback(async () => {
    try {
      const page = await get<Page<T>>(of);
      if (now.current === of) setHeld((old) => merged(old, of, page, key.current));
    } catch (problem) {
      if (now.current === of) setHeld((old) => ({ ...(old.of === of ? old : { cursor: null }), of, problem }));
    }
  }, [of]);
  useEffect(() => void reload(), [reload]);
  useEvery(everyMs, reload);
  const isOwn = held.of === of;
  const more = () => {
    if (isMore || held.cursor === null || !isOwn) return;
    setMore(true);
    const search = new URLSearchParams(asked);
    search.set("after", held.cursor);
    get<Page<T>>(withQuery(path, search.toString()))
      .then((page) => setHeld((old) => (old.of === of ? { of, rows: added(old.rows ?? [], page.data, key.current), cursor: page.next_cursor } : old)))
      .catch((problem: unknown) => setHeld((old) => (old.of === of ? { ...old, problem } : old)))
      .finally(() => setMore(false));
  };
  return {
    // While other filters are asked for, the rows of the last ones stay, dimmed.
    rows: held.rows,
    problem: isOwn ? held.problem : undefined,
    isLoading: !isOwn || (held.rows === undefined && held.problem === undefined),
    hasMore: isOwn && held.cursor !== null,
    isMore,
    more,
    reload,
  };
}

// What one call gives at most.
const PAGE_MAX = 100;

/** Everything, page by page, up to `max` rows; what is left out is the oldest. */
export async function readAll<T>(path: string, query: string, max: number): Promise<{ rows: T[]; isCut: boolean }> {
  const asked = new URLSearchParams(query);
  asked.set("limit", String(PAGE_MAX));
  const rows: T[] = [];
  for (;;) {
    const page = await get<Page<T>>(withQuery(path, asked.toString()));
    rows.push(...page.data);
    if (page.next_cursor === null) return { rows, isCut: false };
    if (rows.length >= max) return { rows, isCut: true };
    asked.set("after", page.next_cursor);
  }
}

const added = <T>(rows: T[], next: T[], keyOf: (row: T) => string): T[] => {
  const keys = new Set(rows.map(keyOf));
  return [...rows, ...next.filter((row) => !keys.has(keyOf(row)))];
};

function merged<T>(old: Held<T>, of: string, page: Page<T>, keyOf: (row: T) => string): Held<T> {
  const before = old.of === of ? (old.rows ?? []) : [];
  const rows = mergeFresh(before, page.data, page.next_cursor !== null, keyOf);
  // Whoever has read on keeps the place to read on from.
  const cursor = rows.length > page.data.length ? old.cursor : page.next_cursor;
  return { of, rows, cursor };
}

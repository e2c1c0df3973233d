// What this browser keeps for us. A person may have forbidden it: then nothing is kept, and the name of a store alone may throw.

type Store = "localStorage" | "sessionStorage";

export function kept(store: Store, key: string): string | undefined {
  try {
    return globalThis[store].getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Whether it is kept. */
export function keep(store: Store, key: string, value: string): boolean {
  try {
    globalThis[store].setItem(key, value);
    return true;
  } catch {
    return false;
  }
}

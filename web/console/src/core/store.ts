// A value that components follow.

import { useEffect, useState } from "preact/hooks";

export class Store<T> {
  private readonly followers = new Set<() => void>();

  constructor(private held: T) {}

  get value(): T {
    return this.held;
  }

  set = (value: T): void => {
    if (Object.is(value, this.held)) return;
    this.held = value;
    for (const follower of [...this.followers]) follower();
  };

  follow = (follower: () => void): (() => void) => {
    this.followers.add(follower);
    return () => void this.followers.delete(follower);
  };
}

export function useStore<T>(store: Store<T>): T {
  const [value, setValue] = useState(() => store.value);
  useEffect(() => {
    const look = () => setValue(() => store.value);
    // It may have changed between the drawing and this effect.
    look();
    return store.follow(look);
  }, [store]);
  return value;
}

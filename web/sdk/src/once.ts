// The same webhook may come more than once. The contract's key for "the same" is order and status.

import type { WebhookEvent } from "./wire.js";

/** Where it is remembered what was dealt with. A table with a unique key does it for many servers. */
export interface OnceStore {
  /** Remembers the key; false: it was there already. Must be one step, so that two at a time cannot both win. */
  add(key: string): boolean | Promise<boolean>;
  /** Forgets the key again. */
  remove(key: string): void | Promise<void>;
}

/** For one process. The oldest keys go first when it is full. */
export class MemoryOnceStore implements OnceStore {
  readonly #keys = new Set<string>();
  readonly #size: number;

  constructor(size = 10_000) {
    this.#size = size;
  }

  add(key: string): boolean {
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    // A set keeps the order in which it was filled.
    for (const oldest of this.#keys) {
      if (this.#keys.size <= this.#size) break;
      this.#keys.delete(oldest);
    }
    return true;
  }

  remove(key: string): void {
    this.#keys.delete(key);
  }
}

export type Once = (event: Pick<WebhookEvent, "merchant_transaction_id" | "status">, handle: () => unknown) => Promise<boolean>;

/**
 * Runs a handler at most once for each order and status; answers whether it ran. A handler that fails is
 * forgotten, so that the next delivery runs it again.
 */
export function once(store: OnceStore = new MemoryOnceStore()): Once {
  return async (event, handle) => {
    const key = `${event.merchant_transaction_id} ${event.status}`;
    if (!(await store.add(key))) return false;
    try {
      await handle();
    } catch (error) {
      await store.remove(key);
      throw error;
    }
    return true;
  };
}

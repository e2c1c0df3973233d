import { callJson, segment, type CallOptions, type Wire } from "./http.js";
import type { Transaction, TransactionFilter, TransactionPage } from "./wire.js";

export class Transactions {
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  async get(id: string, { signal }: CallOptions = {}): Promise<Transaction> {
    return callJson(this.#wire, { path: transactionPath(id), signal });
  }

  async list(filter: TransactionFilter = {}, { signal }: CallOptions = {}): Promise<TransactionPage> {
    return callJson(this.#wire, { path: "/widget/transactions", query: { ...filter }, signal });
  }
}

/** @internal */
export const transactionPath = (id: string): string => `/widget/transactions/${segment(id)}`;

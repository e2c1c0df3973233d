// The shop's own record of its orders. A real shop has a database; what matters is the rule in
// `hear`: the same news may arrive on every channel, more than once and out of order.

import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { isTerminal } from "@proof/sdk";

/** @typedef {"webhook" | "websocket" | "polling"} Channel */
/** @typedef {{ status: string, at: string, heard_at: string, times: number }} News */
/**
 * @typedef {object} Order
 * @property {string} id
 * @property {string} user_id
 * @property {string} currency
 * @property {string} amount
 * @property {string} status
 * @property {string} created_at
 * @property {News[]} webhook
 * @property {News[]} websocket
 * @property {News[]} polling
 */

const RANK = { pending: 0, processing: 1, completed: 2, failed: 2, cancelled: 2 };
/** @param {string} status */
const rank = (status) => RANK[/** @type {keyof typeof RANK} */ (status)] ?? 0;

export class Store {
  /** @type {Map<string, Order>} */
  #orders = new Map();
  /** How often each event moved an order on. @type {Map<string, number>} */
  #effects = new Map();
  #file;

  /** @param {string | undefined} file */
  constructor(file) {
    this.#file = file;
    for (const order of readOrders(file)) this.#orders.set(order.id, order);
  }

  /** @param {Pick<Order, "id" | "user_id" | "currency" | "amount">} facts */
  add(facts) {
    /** @type {Order} */
    const order = { ...facts, status: "pending", created_at: new Date().toISOString(), webhook: [], websocket: [], polling: [] };
    this.#orders.set(order.id, order);
    this.#save();
    return order;
  }

  /** @param {string} id */
  get(id) {
    return this.#orders.get(id);
  }

  open() {
    return [...this.#orders.values()].filter((order) => !isTerminal(order.status));
  }

  /**
   * One piece of news. Returns whether it moved the order on, which is the moment, and the only
   * one, to act on it (credit the customer, send the receipt).
   * @param {string} id @param {Channel} channel @param {{ status: string, at: string }} news
   */
  hear(id, channel, news) {
    const order = this.#orders.get(id);
    if (!order) return false;
    const known = order[channel].find((entry) => entry.status === news.status);
    if (known) known.times += 1;
    else order[channel].push({ ...news, heard_at: new Date().toISOString(), times: 1 });
    // A status never goes back, and a terminal one stays.
    const moved = !isTerminal(order.status) && rank(news.status) > rank(order.status);
    if (moved) order.status = news.status;
    if (moved || !known) this.#save();
    return moved;
  }

  /** @param {string} event @param {boolean} moved */
  count(event, moved) {
    this.#effects.set(event, this.effects(event) + Number(moved));
  }

  /** @param {string} event */
  effects(event) {
    return this.#effects.get(event) ?? 0;
  }

  #save() {
    if (!this.#file) return;
    // Written beside and renamed, so that a crash leaves the old file or the new one.
    const beside = `${this.#file}.new`;
    writeFileSync(beside, JSON.stringify([...this.#orders.values()], null, 2));
    renameSync(beside, this.#file);
  }
}

/** @param {string | undefined} file @returns {Order[]} */
function readOrders(file) {
  if (!file) return [];
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return [];
    throw error;
  }
}

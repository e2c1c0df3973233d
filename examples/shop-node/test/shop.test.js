import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Store } from "../src/store.js";

const facts = { id: "a", user_id: "u", currency: "USDT", amount: "100" };
/** @param {string} status */
const news = (status) => ({ status, at: "2026-04-01T10:00:00Z" });

describe("news of an order", () => {
  it("moves it on once, whatever channel was first", () => {
    const store = new Store(undefined);
    store.add(facts);
    expect(store.hear("a", "websocket", news("processing"))).toBe(true);
    expect(store.hear("a", "webhook", news("processing"))).toBe(false);
    expect(store.hear("a", "webhook", news("completed"))).toBe(true);
    expect(store.hear("a", "webhook", news("completed"))).toBe(false);
    expect(store.get("a")?.webhook.map((entry) => [entry.status, entry.times])).toEqual([["processing", 1], ["completed", 2]]);
  });

  it("never goes back, and an end stays", () => {
    const store = new Store(undefined);
    store.add(facts);
    store.hear("a", "polling", news("completed"));
    expect(store.hear("a", "webhook", news("processing"))).toBe(false);
    expect(store.hear("a", "webhook", news("failed"))).toBe(false);
    expect(store.get("a")?.status).toBe("completed");
    expect(store.open()).toEqual([]);
  });

  it("about an unknown order changes nothing", () => {
    expect(new Store(undefined).hear("x", "webhook", news("completed"))).toBe(false);
  });

  it("counts what an event did, once", () => {
    const store = new Store(undefined);
    store.add(facts);
    store.count("evt_1", store.hear("a", "webhook", news("processing")));
    store.count("evt_1", store.hear("a", "webhook", news("processing")));
    expect([store.effects("evt_1"), store.effects("evt_2")]).toEqual([1, 0]);
  });

  it("is there after a restart", () => {
    const file = join(mkdtempSync(join(tmpdir(), "shop-")), "orders.json");
    const store = new Store(file);
    store.add(facts);
    store.hear("a", "websocket", news("processing"));
    expect(new Store(file).get("a")).toEqual(store.get("a"));
    expect(JSON.parse(readFileSync(file, "utf8"))).toHaveLength(1);
  });
});

import { afterEach, expect, it, vi } from "vitest";
import { ownDevice } from "../src/device";
import { keep, kept } from "../src/kept";

afterEach(() => vi.unstubAllGlobals());

it("a browser draws its number once", () => {
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value) });
  const first = ownDevice();
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  expect(ownDevice()).toBe(first);
  kept.set("proof-device", "somebody's");
  expect(ownDevice()).not.toBe("somebody's");
});

it("where nothing can be kept there is none", () => {
  vi.stubGlobal("localStorage", undefined);
  expect(ownDevice()).toBeUndefined();
  const throws = (): never => {
    throw new Error("blocked");
  };
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: throws });
  expect(ownDevice()).toBeUndefined();
});

it.each(["localStorage", "sessionStorage"] as const)("a %s that is blocked keeps nothing and stops nobody", (store) => {
  const denied = (): never => {
    throw new DOMException("denied", "SecurityError");
  };
  Object.defineProperty(globalThis, store, { get: denied, configurable: true });
  expect(keep(store, "key", "value")).toBe(false);
  expect(kept(store, "key")).toBeUndefined();
  Reflect.deleteProperty(globalThis, store);
});

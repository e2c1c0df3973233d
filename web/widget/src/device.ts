// Whether this browser was here before: a number that it draws once and keeps, in a store that other shops' pages do not see.

import { keep, kept } from "./kept";

const KEY = "proof-device";

/** Nothing where nothing can be kept: then this browser is a new one each time. */
export function ownDevice(): string | undefined {
  const before = kept("localStorage", KEY);
  if (before !== undefined && /^[0-9a-f]{32}$/.test(before)) return before;
  const drawn = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return keep("localStorage", KEY, drawn) ? drawn : undefined;
}

// Whether this browser was here before: a number that it draws once and keeps, in a store that other shops' pages do not see.

const KEY = "proof-device";

/** Nothing where nothing can be kept: then this browser is a new one each time. */
export function ownDevice(): string | undefined {
  try {
    const kept = localStorage.getItem(KEY);
    if (kept !== null && /^[0-9a-f]{32}$/.test(kept)) return kept;
    const drawn = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    localStorage.setItem(KEY, drawn);
    return drawn;
  } catch {
    return undefined;
  }
}

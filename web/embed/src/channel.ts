// One opened frame speaks on one channel, and counts what it says: whatever else gets into its window, or is said
// twice, is not heard.

export interface Said {
  type: string;
  [name: string]: unknown;
}

export class Channel {
  readonly id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  private heard = 0;

  /** The message, if it is the next one of this channel. */
  next(data: unknown): Said | undefined {
    const said = read(data);
    if (said?.["channel"] !== this.id || said["n"] !== this.heard + 1) return undefined;
    this.heard += 1;
    return said;
  }
}

export const textsOf = (list: unknown): string[] => (Array.isArray(list) ? list.filter((text): text is string => typeof text === "string") : []);

export function read(data: unknown): Said | undefined {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return undefined;
  const { type } = data as Partial<Said>;
  return typeof type === "string" ? (data as Said) : undefined;
}

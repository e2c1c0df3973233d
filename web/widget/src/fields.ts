// The provider's hosted card fields, seen from our side: three frames of another origin that tell
// whether they are complete and trade their content for a token. Of a card that is kept there is one:
// that of the security code, which trades it together with a key. No digit comes over here.

import { isRecord } from "./guards";

export const FIELDS = ["number", "expiry", "cvc"] as const;
export type FieldName = (typeof FIELDS)[number];
/** Of a card that is kept. */
export const CODE_FIELD: readonly FieldName[] = ["cvc"];

export interface FieldState {
  ready: boolean;
  focused: boolean;
  complete: boolean;
  empty: boolean;
  error?: string | undefined;
  brand?: string | undefined;
}

export type FieldStates = Record<FieldName, FieldState>;

const BLANK: FieldState = { ready: false, focused: false, complete: false, empty: true };
export const blankFields = (): FieldStates => ({ number: BLANK, expiry: BLANK, cvc: BLANK });

/** What one message of a frame changes. Unknown messages change nothing. */
export function afterMessage(states: FieldStates, field: FieldName, message: unknown): FieldStates {
  if (!isRecord(message)) return states;
  const change = changeOf(message);
  return change ? { ...states, [field]: { ...states[field], ...change } } : states;
}

function changeOf(message: Record<string, unknown>): Partial<FieldState> | undefined {
  switch (message["type"]) {
    case "fields.ready":
      return { ready: true };
    case "fields.focus":
      return { focused: true };
    case "fields.blur":
      return { focused: false };
    case "fields.change":
      return {
        complete: message["complete"] === true,
        empty: message["empty"] === true,
        error: typeof message["error"] === "string" ? message["error"] : undefined,
        brand: typeof message["brand"] === "string" ? message["brand"] : undefined,
      };
    default:
      return undefined;
  }
}

export const fieldUrl = (origin: string, field: FieldName, page: string): string =>
  `${origin}/fields/v1/frame?field=${field}&parent=${encodeURIComponent(page)}`;

export type TokenOutcome = { token: string } | { error: string; field: FieldName };

const TOKEN_TIMEOUT_MS = 20_000;

export class HostedFields {
  private readonly frames = new Map<FieldName, HTMLIFrameElement>();
  private pending: { id: string; field: FieldName; settle: (outcome: TokenOutcome) => void } | undefined;
  private requests = 0;

  constructor(
    private readonly origin: string,
    private readonly onMessage: (field: FieldName, message: unknown) => void,
  ) {
    window.addEventListener("message", this.listen);
  }

  attach(field: FieldName, frame: HTMLIFrameElement | null): void {
    if (frame) this.frames.set(field, frame);
    else this.frames.delete(field);
  }

  style(field: FieldName, style: Record<string, string>): void {
    this.tell(field, { type: "fields.style", style });
  }

  /** What a voice says there: the field's name, and what is wrong with it. */
  say(field: FieldName, words: { lang: string; label: string; error: string }): void {
    this.tell(field, { type: "fields.words", words });
  }

  focus(field: FieldName): void {
    this.frames.get(field)?.focus();
    this.tell(field, { type: "fields.focus" });
  }

  /** `key`: of the card that is kept. */
  tokenise(key?: string): Promise<TokenOutcome> {
    const field: FieldName = key === undefined ? "number" : "cvc";
    this.requests += 1;
    const id = `token-${this.requests}`;
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle({ error: "unreachable", field }), TOKEN_TIMEOUT_MS);
      const settle = (outcome: TokenOutcome) => {
        clearTimeout(timer);
        if (this.pending?.id === id) this.pending = undefined;
        resolve(outcome);
      };
      this.pending = { id, field, settle };
      this.tell(field, { type: "fields.tokenise", id, ...(key === undefined ? {} : { key }) });
    });
  }

  close(): void {
    window.removeEventListener("message", this.listen);
  }

  private tell(field: FieldName, message: Record<string, unknown>): void {
    this.frames.get(field)?.contentWindow?.postMessage(message, this.origin);
  }

  private readonly listen = (event: MessageEvent) => {
    if (event.origin !== this.origin || event.source === null) return;
    for (const [field, frame] of this.frames) {
      if (frame.contentWindow !== event.source) continue;
      this.onMessage(field, event.data);
      if (field === this.pending?.field) this.settle(event.data);
      // The window of a frame that is still empty is made when it is asked for.
      return;
    }
  };

  private settle(message: unknown): void {
    if (!isRecord(message) || !this.pending || message["id"] !== this.pending.id) return;
    if (message["type"] === "fields.token" && typeof message["token"] === "string") {
      this.pending.settle({ token: message["token"] });
    }
    if (message["type"] === "fields.error") {
      const field = FIELDS.find((name) => name === message["field"]) ?? this.pending.field;
      this.pending.settle({ error: String(message["code"]), field });
    }
  }
}

// One opened order: its latest view, the loop that follows it, and the commands of the person.
// Every answer of the server replaces the view; nothing is guessed in between.

import { Api, Refused, Unreachable } from "./api";
import type { Bridge } from "./bridge";
import { eventsBetween, transferEnabled } from "./events";
import type { Init } from "./guards";
import { isNewer, isTerminal, type Direction, type View } from "./view";

export type Blocked =
  | { kind: "parameter_mismatch"; field: string | undefined }
  | { kind: "invalid_token" | "not_embedded" | "silent" | "unavailable" };

export interface State {
  view?: View;
  blocked?: Blocked;
  offline: boolean;
  /** Server time minus this device's, in milliseconds: countdowns follow the server. */
  clockAheadMs: number;
}

export interface Failure {
  code: string;
  field?: string | undefined;
  problem?: string | undefined;
}

const BACKOFF_MS = [500, 1000, 2000, 4000, 8000];
// A server that answers at once with nothing new must not be asked in a tight loop.
const QUIET_MS = 1000;

export class Session {
  state: State = { offline: false, clockAheadMs: 0 };
  private readonly listeners = new Set<() => void>();
  private opening: Parameters<Api["open"]>[0] | undefined;
  private watching = false;
  private depositTold = false;

  constructor(
    readonly api: Api,
    readonly bridge: Bridge,
  ) {}

  /** Whether this is a buy or a sell: the words for what went wrong depend on it. */
  get direction(): Direction {
    return this.state.view?.type ?? "buy";
  }

  /** Tells the page that the deposit address is on the screen. It may come there again; that is no news. */
  depositShown(): void {
    const event = this.state.view && transferEnabled(this.state.view);
    if (!event || this.depositTold) return;
    this.depositTold = true;
    this.bridge.event(event.name, event.payload);
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  block(blocked: Blocked): void {
    this.set({ blocked });
  }

  async open(widgetId: string, init: Init, pageOrigin: string): Promise<void> {
    const { parameters } = init;
    this.opening = {
      widget_id: widgetId,
      init_token: String(parameters["init_token"] ?? ""),
      parameters,
      page_origin: pageOrigin,
    };
    // The browser knows of a lost line sooner than a request that waits does.
    window.addEventListener("offline", () => this.set({ offline: true }));
    window.addEventListener("online", () => void this.refresh());
    await this.retry();
  }

  /** Opens, or opens again, with the session's own token: a visit may have ended while the hour runs. */
  async reopen(): Promise<void> {
    if (!this.opening) return;
    for (let attempt = 0; ; attempt += 1) {
      try {
        this.apply(await this.api.open(this.opening));
        void this.watch();
        return;
      } catch (error) {
        if (error instanceof Refused && error.status < 500) return this.block(blockedBy(error));
        if (error instanceof Refused && attempt >= BACKOFF_MS.length) return this.block({ kind: "unavailable" });
        this.set({ offline: error instanceof Unreachable });
        await pause(attempt);
      }
    }
  }

  /** Forgets a problem that may have passed and tries again. */
  async retry(): Promise<void> {
    const { blocked: _, ...rest } = this.state;
    this.state = rest;
    this.changed();
    await this.reopen();
  }

  /** Runs one command of the person. Resolves to what went wrong, in a form that can be said. */
  async command(run: (api: Api) => Promise<View | void>): Promise<Failure | undefined> {
    try {
      const view = await run(this.api);
      if (view) this.apply(view);
      this.set({ offline: false });
      return undefined;
    } catch (error) {
      return this.recover(error);
    }
  }

  private async recover(error: unknown): Promise<Failure | undefined> {
    if (error instanceof Unreachable) {
      this.set({ offline: true });
      await this.refresh();
      return { code: "offline" };
    }
    if (!(error instanceof Refused)) throw error;
    if (error.status === 401) {
      await this.reopen();
      return { code: "offline" };
    }
    if (error.status === 409) await this.refresh();
    // Another tab was faster: its outcome is on the screen now, and there is nothing to complain of.
    if (error.code === "wrong_state") return undefined;
    return { code: error.code, field: error.field, problem: error.problem };
  }

  private async refresh(): Promise<void> {
    try {
      this.apply(await this.api.order(undefined));
      this.set({ offline: false });
    } catch {
      // The loop that follows the order goes on trying.
    }
  }

  private async watch(): Promise<void> {
    if (this.watching) return;
    this.watching = true;
    let failures = 0;
    while (this.state.view && !isTerminal(this.state.view) && !this.state.blocked) {
      const { version } = this.state.view;
      const startedAt = performance.now();
      try {
        // After a failure the state is asked for at once: a long wait would leave the warning standing.
        const view = await this.api.order(failures === 0 ? version : undefined);
        this.set({ offline: false });
        this.apply(view);
        if (view.version === version && failures === 0 && performance.now() - startedAt < QUIET_MS) await pause(1);
        failures = 0;
      } catch (error) {
        if (error instanceof Refused && error.status === 401) {
          this.watching = false;
          return this.reopen();
        }
        this.set({ offline: error instanceof Unreachable });
        await pause(failures);
        failures += 1;
      }
    }
    this.watching = false;
  }

  private apply(view: View): void {
    const previous = this.state.view;
    if (!isNewer(view, previous)) return;
    const serverMs = Date.parse(view.now);
    const clockAheadMs = Number.isNaN(serverMs) ? this.state.clockAheadMs : serverMs - Date.now();
    this.set({ view, clockAheadMs });
    for (const event of eventsBetween(previous, view)) this.bridge.event(event.name, event.payload);
  }

  private set(change: Partial<State>): void {
    const next = { ...this.state, ...change };
    const same = (Object.keys(change) as (keyof State)[]).every((key) => this.state[key] === next[key]);
    if (same) return;
    this.state = next;
    this.changed();
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}

function blockedBy(error: Refused): Blocked {
  if (error.code === "parameter_mismatch") return { kind: "parameter_mismatch", field: error.field };
  return { kind: error.status === 401 || error.status === 403 || error.status === 404 ? "invalid_token" : "unavailable" };
}

/** Waits longer with every failure, and not at all once the browser says it is back online. */
function pause(failures: number): Promise<void> {
  const ms = BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)];
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    window.addEventListener("online", done);
  });
}

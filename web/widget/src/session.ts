// One opened order: its latest view, the loop that follows it, and the commands of the person.
// Every answer of the server replaces the view; nothing is guessed in between.

import { Api, Refused, Unreachable, type Opening } from "./api";
import type { Bridge } from "./bridge";
import { eventsBetween, transferEnabled } from "./events";
import { ownDevice } from "./device";
import type { Init } from "./guards";
import { isOldLoader, lookAround } from "./look-around";
import { isNewer, isSettled, type Direction, type Price, type View } from "./view";

export type Blocked =
  | { kind: "parameter_mismatch"; field: string | undefined }
  | { kind: "invalid_token"; code: string }
  | { kind: "not_embedded" | "silent" | "unavailable" | "visit_over" | "handed_back" };

export interface State {
  view?: View;
  blocked?: Blocked;
  offline: boolean;
  /** Server time minus this device's, in milliseconds: countdowns follow the server. */
  clockAheadMs: number;
  /** Codes of the embed doctor: what the partner's people should know of this page. */
  findings: string[];
  /** What the order costs today, until a price is locked. */
  estimate?: Price;
  /** The person has looked at the order and that price. */
  checked: boolean;
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
  state: State = { offline: false, clockAheadMs: 0, findings: [], checked: false };
  /** The server wants to know whether this browser was here before. */
  asksDevice = false;
  /** This is the other device: it does the identity check and nothing else. */
  isOther = false;
  /** What this tab has asked for, for another device to open. */
  handoverToken: string | undefined;
  /** A page of ours for an app, with no page around it. */
  isHosted = false;
  /** What the person chose to pay in, before there was a price to lock. */
  currency: string | undefined;
  /** Of the link to another device that this tab shows. */
  onwardToken: string | undefined;
  private readonly listeners = new Set<() => void>();
  private opening: Opening | undefined;
  private watching = false;
  /** How often the browser has said that the line is gone. */
  private losses = 0;
  private depositTold = false;
  /** The order that the page around this frame knows; another one's story is not told to it. */
  private told: string | undefined;

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

  /** `fromApp`: an app of the telephone has opened this page. */
  async open(widgetId: string, init: Init, pageOrigin: string, fromApp = false): Promise<void> {
    const { parameters } = init;
    const device = this.asksDevice ? ownDevice() : undefined;
    this.opening = {
      widget_id: widgetId,
      init_token: String(parameters["init_token"] ?? ""),
      parameters,
      page_origin: pageOrigin,
      from_app: fromApp,
      ...(device === undefined ? {} : { device }),
      findings: isOldLoader(init.loader) ? [...lookAround(), "embed_old_script"] : lookAround(),
    };
    this.followLine();
    await this.retry();
  }

  /** Goes on with a visit that was opened outside of any shop. */
  resume(view: View): void {
    this.followLine();
    this.apply(view);
    void this.watch();
  }

  /** The browser knows of a lost line sooner than a request that waits does. */
  private followLine(): void {
    window.addEventListener("offline", () => {
      this.losses += 1;
      this.set({ offline: true });
    });
    window.addEventListener("online", () => void this.refresh());
  }

  /** An answer came. To what was asked before the line was lost it says nothing of the line now. */
  private answered(losses: number): void {
    if (losses === this.losses) this.set({ offline: false });
  }

  /** Opens, or opens again, with the session's own token: a visit may have ended while the hour runs. */
  async reopen(): Promise<void> {
    if (!this.opening) return this.block({ kind: this.isOther ? "handed_back" : "visit_over" });
    for (let attempt = 0; ; attempt += 1) {
      try {
        const { view, findings } = await this.api.open(this.opening);
        // With the first screen, not after it.
        this.state = { ...this.state, findings };
        this.apply(view);
        // The screen comes first.
        setTimeout(() => void this.watch());
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

  /** Shows the way to another device; a former one leads nowhere any more. */
  handOver(): Promise<Failure | undefined> {
    return this.command(async (api) => {
      const { token, view } = await api.beginHandover();
      this.handoverToken = token;
      return view;
    });
  }

  /** Asks what the order costs today. */
  estimate = async (api: Api, currency: string): Promise<void> => this.set({ estimate: await api.estimate(currency) });

  check = (): void => this.set({ checked: true });

  /** Runs one command of the person. Resolves to what went wrong, in a form that can be said. */
  async command(run: (api: Api) => Promise<View | void>): Promise<Failure | undefined> {
    const { losses } = this;
    try {
      const view = await run(this.api);
      if (view) this.apply(view);
      this.answered(losses);
      void this.watch();
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
    const { losses } = this;
    try {
      const view = await this.look(undefined);
      if (view) this.apply(view);
      this.answered(losses);
    } catch {
      // The loop that follows the order goes on trying.
    }
  }

  /** The order as it is now; nothing where another one was opened while this was asked. */
  private async look(seen: number | undefined): Promise<View | undefined> {
    const visit = this.api.visitToken;
    const view = await this.api.order(seen);
    return visit === this.api.visitToken ? view : undefined;
  }

  private async watch(): Promise<void> {
    if (this.watching) return;
    this.watching = true;
    let failures = 0;
    while (this.state.view && !isSettled(this.state.view) && !this.state.blocked) {
      const { version } = this.state.view;
      const startedAt = performance.now();
      const { losses } = this;
      try {
        // After a failure the state is asked for at once: a long wait would leave the warning standing.
        const view = await this.look(failures === 0 ? version : undefined);
        this.answered(losses);
        if (!view) continue;
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
    this.told ??= view.merchant_transaction_id;
    if (this.told !== view.merchant_transaction_id) return;
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
  if (error.status === 403) return { kind: "invalid_token", code: "embed_origin" };
  // Also what cannot be read as a session at all.
  if ([400, 401, 404].includes(error.status)) return { kind: "invalid_token", code: "embed_session" };
  return { kind: "unavailable" };
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

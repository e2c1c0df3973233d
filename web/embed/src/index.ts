// The script that a partner's page loads. It opens one frame, hands it the session's parameters
// and passes its events on; everything a person sees or types lives in the frame, on our origin.

import { LOADER } from "../../common/protocol";
import { Channel, read, textsOf, type Said } from "./channel";
import type { Doctor } from "./doctor";
import { CALLBACKS, collect, mayRedirect, required, type CallbackName, type Options } from "./parameters";
import { notice, report, watch, type Place } from "./trouble";

declare const DOCTOR_INTEGRITY: string;

export interface Handle {
  /** Takes the widget off the page. The order itself goes on. */
  destroy(): void;
}

// Must be read while the script runs: later there is no current script any more.
const script = document.currentScript as HTMLScriptElement | null;
const HEIGHT_PX_MIN = 320;
const HEIGHT_PX_MAX = 4000;

// What was opened last, and what its frame has found wrong: `diagnose` asks about it.
let last: Place | undefined;
let found: string[] = [];

export function run(options: Options): Handle {
  const host = findHost(options);
  const { parameters, lang, theme } = collect(options);
  const place = { origin: serverOrigin(), widgetId: required(parameters, "widgetId") };
  required(parameters, "initToken");
  const { origin } = place;

  const frame = document.createElement("iframe");
  frame.title = parameters["type"] === "sell" ? "Sell crypto" : "Buy crypto";
  // The clipboard is for the deposit address of a sell; it is written only, and only on a press.
  frame.allow = "camera; payment; clipboard-write";
  Object.assign(frame.style, { display: "block", width: "100%", height: "640px", border: "0" });
  // So that its words are on their way, and its colours here, before it is asked to open anything.
  const query = new URLSearchParams();
  if (lang !== undefined) query.set("lang", lang);
  if (theme !== undefined) query.set("theme", theme);
  frame.src = `${origin}/frame/${encodeURIComponent(place.widgetId)}?${query}`;

  const emit = (name: CallbackName, payload?: unknown) => {
    const callback = options[name];
    if (typeof callback === "function") payload === undefined ? callback() : callback(payload);
  };

  let channel: Channel | undefined;
  let slow: HTMLElement | undefined;
  const onMessage = (event: MessageEvent) => {
    if (event.source === null || event.source !== frame.contentWindow || event.origin !== origin) return;
    if (read(event.data)?.type === "proof.hello") {
      // A frame that was loaded again is another one: what the former still says is not heard.
      channel = new Channel();
      slow?.remove();
      frame.contentWindow?.postMessage({ type: "proof.init", parameters, lang, theme, channel: channel.id, loader: LOADER }, origin);
      return;
    }
    const said = channel?.next(event.data);
    if (said) obey(said, frame, emit);
  };
  window.addEventListener("message", onMessage);
  const unwatch = watch(frame, place, () => channel !== undefined, (code) => {
    const box = notice(code, lang, origin);
    if (code === "embed_frame_slow") frame.before((slow = box));
    else host.replaceChildren(box);
    report(place, [code]);
    console.error(`proofWidget: ${code}, see ${origin}/docs/partner/embed-doctor#${code}`);
  });
  host.replaceChildren(frame);
  last = place;
  found = [];
  // A callback that throws is reported by the browser and does not keep the widget from opening.
  queueMicrotask(() => emit("onLoad"));

  return {
    destroy() {
      unwatch();
      slow?.remove();
      window.removeEventListener("message", onMessage);
      frame.remove();
    },
  };
}

function obey(said: Said, frame: HTMLIFrameElement, emit: (name: CallbackName, payload?: unknown) => void): void {
  switch (said.type) {
    case "proof.event": {
      const name = CALLBACKS.find((known) => known === said["name"]);
      if (name) emit(name, said["payload"]);
      break;
    }
    case "proof.resize":
      resize(frame, said["height"]);
      break;
    case "proof.title":
      if (typeof said["title"] === "string") frame.title = said["title"];
      break;
    case "proof.found":
      found = textsOf(said["codes"]);
      break;
    case "proof.redirect":
      if (mayRedirect(said["url"])) location.assign(said["url"]);
      break;
  }
}

export interface Finding {
  code: string;
  docs: string;
}

/**
 * Looks at this page as the widget needs it, and says what is wrong with it; nothing on a good page. What it finds is in your
 * integration log, too. After `run` it needs no arguments.
 */
export async function diagnose(options: { widgetId?: string } = {}): Promise<Finding[]> {
  const origin = serverOrigin();
  const widgetId = options.widgetId ?? last?.widgetId;
  if (!widgetId) throw new Error("proofWidget.diagnose: call run first, or pass the widgetId.");
  const said = (codes: string[]): Finding[] => codes.map((code) => ({ code, docs: `${origin}/docs/partner/embed-doctor#${code}` }));
  const doctor = await fetchDoctor(origin);
  if (!doctor) return said(["embed_doctor_blocked"]);
  const place = { origin, widgetId };
  const codes = await doctor({ place, script: script?.src, loader: LOADER });
  if (codes.length > 0) report(place, codes);
  // Of the session, only the frame that has opened it knows; the server has heard it.
  const ofSession = widgetId === last?.widgetId ? found : [];
  return said([...new Set([...codes, ...ofSession])]);
}

/** The second file: its digest is in this one, so that nothing else is run in its place. */
function fetchDoctor(origin: string): Promise<Doctor | undefined> {
  const known = (window as { proofWidgetDoctor?: { examine: Doctor } }).proofWidgetDoctor;
  if (known) return Promise.resolve(known.examine);
  return new Promise((resolve) => {
    const element = document.createElement("script");
    element.crossOrigin = "anonymous";
    element.integrity = DOCTOR_INTEGRITY;
    try {
      element.src = `${origin}/widget-doctor.2.0.js`;
    } catch {
      // The page asks for Trusted Types, and has no policy for us.
      return resolve(undefined);
    }
    element.onload = () => resolve((window as { proofWidgetDoctor?: { examine: Doctor } }).proofWidgetDoctor?.examine);
    element.onerror = () => resolve(undefined);
    document.head.append(element);
  });
}

function findHost(options: Options): Element {
  const { host } = options ?? {};
  const element = typeof host === "string" ? document.querySelector(host) : host;
  if (element instanceof Element) return element;
  throw new Error("proofWidget.run: host is missing. Pass an element of the page, or a selector that finds one.");
}

function serverOrigin(): string {
  const source = script?.src || document.querySelector<HTMLScriptElement>('script[src*="/widget.2.0.js"]')?.src;
  if (source) return new URL(source).origin;
  throw new Error("proofWidget.run: load widget.2.0.js with a script element of its own; it finds its server by that address.");
}

function resize(frame: HTMLIFrameElement, height: unknown): void {
  if (typeof height !== "number" || !Number.isFinite(height)) return;
  frame.style.height = `${Math.ceil(Math.min(Math.max(height, HEIGHT_PX_MIN), HEIGHT_PX_MAX))}px`;
}

// The script that a partner's page loads. It opens one frame, hands it the session's parameters
// and passes its events on; everything a person sees or types lives in the frame, on our origin.

import { CALLBACKS, collect, mayRedirect, required, type CallbackName, type Options } from "./parameters";

export interface Handle {
  /** Takes the widget off the page. The order itself goes on. */
  destroy(): void;
}

// Must be read while the script runs: later there is no current script any more.
const script = document.currentScript as HTMLScriptElement | null;
const HEIGHT_PX_MIN = 320;
const HEIGHT_PX_MAX = 4000;

export function run(options: Options): Handle {
  const host = findHost(options);
  const { parameters, lang, theme } = collect(options);
  const widgetId = required(parameters, "widgetId");
  required(parameters, "initToken");
  const origin = serverOrigin();

  const frame = document.createElement("iframe");
  frame.title = parameters["type"] === "sell" ? "Sell crypto" : "Buy crypto";
  // The clipboard is for the deposit address of a sell; it is written only, and only on a press.
  frame.allow = "camera; payment; clipboard-write";
  Object.assign(frame.style, { display: "block", width: "100%", height: "640px", border: "0" });
  // So that its words are on their way before it is asked to open anything.
  const query = lang === undefined ? "" : `?lang=${encodeURIComponent(lang)}`;
  frame.src = `${origin}/frame/${encodeURIComponent(widgetId)}${query}`;

  const emit = (name: CallbackName, payload?: unknown) => {
    const callback = options[name];
    if (typeof callback === "function") payload === undefined ? callback() : callback(payload);
  };

  const onMessage = (event: MessageEvent) => {
    if (event.source === null || event.source !== frame.contentWindow || event.origin !== origin) return;
    const message = event.data as { type?: string; name?: CallbackName; payload?: unknown; height?: unknown; url?: unknown; title?: unknown } | null;
    switch (message?.type) {
      case "proof.hello":
        frame.contentWindow?.postMessage({ type: "proof.init", parameters, lang, theme }, origin);
        break;
      case "proof.event":
        if (message.name && CALLBACKS.includes(message.name)) emit(message.name, message.payload);
        break;
      case "proof.resize":
        resize(frame, message.height);
        break;
      case "proof.title":
        if (typeof message.title === "string") frame.title = message.title;
        break;
      case "proof.redirect":
        if (mayRedirect(message.url)) location.assign(message.url);
        break;
    }
  };
  window.addEventListener("message", onMessage);
  host.replaceChildren(frame);
  // A callback that throws is reported by the browser and does not keep the widget from opening.
  queueMicrotask(() => emit("onLoad"));

  return {
    destroy() {
      window.removeEventListener("message", onMessage);
      frame.remove();
    },
  };
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

// The line to the partner's page: its loader says hello back with the session's parameters, and
// hears what happens. Nothing personal goes over it.

import { isAllowedOrigin, isRecord, isWayBack, readInit, type Init } from "./guards";
import { lookAround } from "./look-around";

export class Bridge {
  private page: string | undefined;
  private channel: string | undefined;
  private said = 0;

  /** Calls `onInit` once for the first good answer of the page around this frame. */
  connect(origins: readonly string[], onInit: (init: Init, pageOrigin: string) => void): void {
    window.addEventListener("message", (event) => {
      if (event.source !== window.parent || !isAllowedOrigin(origins, event.origin)) return;
      if (this.page !== undefined) return;
      if (isRecord(event.data) && event.data["type"] === "proof.look") {
        window.parent.postMessage({ type: "proof.seen", codes: lookAround() }, event.origin);
        return;
      }
      const init = readInit(event.data);
      if (!init) return;
      this.page = event.origin;
      this.channel = init.channel;
      onInit(init, event.origin);
    });
    // The page's origin is not known yet, so this goes to anybody and carries nothing.
    window.parent.postMessage({ type: "proof.hello" }, "*");
  }

  event(name: string, payload?: unknown): void {
    this.tell(payload === undefined ? { type: "proof.event", name } : { type: "proof.event", name, payload });
  }

  /** What the frame is called, in the language that it speaks. */
  title(title: string): void {
    document.title = title;
    this.tell({ type: "proof.title", title });
  }

  /** Codes of the embed doctor, for whoever asks the page's loader. */
  found(codes: string[]): void {
    this.tell({ type: "proof.found", codes });
  }

  redirect(url: string): void {
    if (window.parent !== window) this.tell({ type: "proof.redirect", url });
    else if (isWayBack(url)) location.assign(url);
  }

  /** Keeps the frame as tall as its content. */
  followHeight(element: Element): void {
    const observer = new ResizeObserver(() => {
      this.tell({ type: "proof.resize", height: Math.ceil(element.getBoundingClientRect().height) });
    });
    observer.observe(element);
  }

  private tell(message: Record<string, unknown>): void {
    if (this.page === undefined) return;
    this.said += 1;
    window.parent.postMessage({ ...message, channel: this.channel, n: this.said }, this.page);
  }
}

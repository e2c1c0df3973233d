// `proofWidget.diagnose()`: loaded when it is asked for. It opens a frame of its own, out of sight, and asks server and frame
// what they see of this page.

import { isLoaderOurs } from "../../common/loader";
import { textsOf } from "./channel";
import { blocksFrame, check, type Place } from "./trouble";

export interface Examined {
  place: Place;
  /** Where the page took the loader from. */
  script: string | undefined;
  loader: number;
}

export type Doctor = (of: Examined) => Promise<string[]>;

const CLOCK_MS = 120_000;
const FRAME_MS = 10_000;
const GRACE_MS = 500;

export async function examine({ place, script, loader }: Examined): Promise<string[]> {
  const [known, framed, isOurs] = await Promise.all([check(place), frameSays(place), script ? isLoaderOurs(place.origin, script) : true]);
  const found = new Set<string>();
  if (self.origin === "null" || known?.registered === false) found.add("embed_origin");
  if (known && Math.abs(known.now_ms - Date.now()) > CLOCK_MS) found.add("embed_clock");
  if (known && known.loader > loader) found.add("embed_old_script");
  if (!isOurs) found.add("embed_script_changed");
  // A frame that is refused for the page's origin is no finding of its own.
  for (const code of framed) if (code !== "embed_frame_silent" || !found.has("embed_origin")) found.add(code);
  return [...found];
}

/** What a frame of ours finds in this page, or that it does not come up. */
function frameSays({ origin, widgetId }: Place): Promise<string[]> {
  return new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.allow = "camera; payment; clipboard-write";
    frame.setAttribute("aria-hidden", "true");
    frame.tabIndex = -1;
    Object.assign(frame.style, { position: "fixed", width: "1px", height: "1px", border: "0", clipPath: "inset(50%)" });
    const end = (codes: string[]) => {
      clearTimeout(timer);
      document.removeEventListener("securitypolicyviolation", violated);
      window.removeEventListener("message", answered);
      frame.remove();
      resolve(codes);
    };
    const violated = (event: SecurityPolicyViolationEvent) => {
      if (blocksFrame(event, origin)) end(["embed_frame_blocked"]);
    };
    let alive = false;
    const answered = ({ source, origin: from, data }: MessageEvent) => {
      if (source === null || source !== frame.contentWindow || from !== origin) return;
      if (data?.type === "proof.hello") {
        alive = true;
        frame.contentWindow?.postMessage({ type: "proof.look" }, origin);
      }
      if (data?.type === "proof.seen") end(textsOf(data.codes));
    };
    const timer = setTimeout(() => end(["embed_frame_silent"]), FRAME_MS);
    document.addEventListener("securitypolicyviolation", violated);
    window.addEventListener("message", answered);
    frame.onload = () => setTimeout(() => alive || end(["embed_frame_silent"]), GRACE_MS);
    frame.src = `${origin}/frame/${encodeURIComponent(widgetId)}`;
    document.body.append(frame);
  });
}

// What the app believes of messages from other windows. Every message is checked for its window
// and its origin before it is read, and read as something unknown.

export interface Boot {
  origins: string[];
  /** Whose page this is; of a link that nobody knows it is nobody's. */
  widget?: string;
  /** The digest of the script that the page around has to have loaded. */
  loader?: string;
  /** The page was opened by the link of an email, outside of any shop. */
  resume?: Resume;
  /** The page was opened by the code that another device shows. */
  handover?: Handed;
  /** What the partner chose of how it looks; read where it is put on. */
  look: unknown;
  /** The page of a receipt, or one that holds the widget for an app. */
  receipt?: true;
  hosted?: true;
  /** The server wants to know whether this browser was here before. */
  device?: true;
  /** The console shows the app without an order; where the card fields come from then. */
  preview?: string;
}

export interface Resume {
  state: "open" | "used" | "over";
  partner: string | null;
}

export interface Handed {
  state: "open" | "over";
  partner: string | null;
}

export interface Init {
  parameters: Record<string, unknown>;
  lang?: string;
  theme?: string;
  /** On which the page hears this frame; older loaders have none. */
  channel?: string;
  loader?: number;
}

/** The block that the server wrote into the page; anything else means the page was not served by it. */
export function readBoot(text: string | null | undefined): Boot | undefined {
  const value = parse(text);
  if (!isRecord(value) || !Array.isArray(value["origins"])) {
    return undefined;
  }
  const origins = value["origins"].filter((origin): origin is string => typeof origin === "string");
  const resume = readResume(value["resume"]);
  const handover = readHanded(value["handover"]);
  const { preview, widget, loader } = value;
  return { origins, look: value["look"], ...(typeof widget === "string" ? { widget } : {}), ...(typeof loader === "string" ? { loader } : {}), ...(resume ? { resume } : {}), ...(handover ? { handover } : {}), ...(typeof preview === "string" ? { preview } : {}), ...(value["receipt"] === true ? { receipt: true } : {}), ...(value["hosted"] === true ? { hosted: true } : {}), ...(value["device"] === true ? { device: true } : {}) };
}

function readResume(value: unknown): Resume | undefined {
  if (!isRecord(value)) return undefined;
  const { state, partner } = value;
  if (state !== "open" && state !== "used" && state !== "over") return undefined;
  return { state, partner: typeof partner === "string" ? partner : null };
}

function readHanded(value: unknown): Handed | undefined {
  if (!isRecord(value)) return undefined;
  const { state, partner } = value;
  if (state !== "open" && state !== "over") return undefined;
  return { state, partner: typeof partner === "string" ? partner : null };
}

/** Exact origins only: no prefixes, no wildcards, and never the opaque origin "null". */
export const isAllowedOrigin = (origins: readonly string[], origin: string): boolean =>
  origin !== "" && origin !== "null" && origins.some((allowed) => allowed.toLowerCase() === origin.toLowerCase());

export function readInit(data: unknown): Init | undefined {
  if (!isRecord(data) || data["type"] !== "proof.init" || !isRecord(data["parameters"])) return undefined;
  const init: Init = { parameters: data["parameters"] };
  if (typeof data["lang"] === "string") init.lang = data["lang"];
  if (typeof data["theme"] === "string") init.theme = data["theme"];
  if (typeof data["channel"] === "string" && /^[0-9a-f]{32}$/.test(data["channel"])) init.channel = data["channel"];
  if (typeof data["loader"] === "number") init.loader = data["loader"];
  return init;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parse(text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}

// What the server refuses too; it is the last door.
const NO_WAY_BACK = /^(javascript|data|file|blob|vbscript|about|view-source|filesystem|intent|ws|wss|ftp):$/;

/** Whether a person may be sent there from a page of ours: the web or an app, and never a script in disguise. */
export function isWayBack(url: string): boolean {
  try {
    return !NO_WAY_BACK.test(new URL(url).protocol);
  } catch {
    return false;
  }
}

/** Only web addresses may be opened as links or frames, whatever the server was told. */
export function webAddress(url: string | null | undefined): string | undefined {
  if (!url) return undefined;
  try {
    const { protocol, href } = new URL(url);
    return protocol === "https:" || protocol === "http:" ? href : undefined;
  } catch {
    return undefined;
  }
}

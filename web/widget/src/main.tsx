// Start: read the server's block; then say hello to the page around and open the order it names, or, by
// the link of an email, ask for the code.

import { render } from "preact";
import { isLoaderOurs } from "../../common/loader";
import { LOADER } from "../../common/protocol";
import { Api, partner, tellPartner } from "./api";
import { App } from "./app";
import { Bridge } from "./bridge";
import { readBoot, type Boot, type Handed, type Init, type Resume } from "./guards";
import { keep, kept } from "./kept";
import { choose, speak } from "./lang/speak";
import { later } from "./later";
import { readLook, wear } from "./look";
import { messages } from "./messages";
import { Missing } from "./parts/missing";
import { HandoverPage } from "./screens/handover";
import { ResumePage } from "./screens/resume";
import { Session } from "./session";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/screens.css";
import "./styles/sell.css";

// A loader answers in the same turn of its page; only a page that does something else for so long is later, and then it goes on.
const PAGE_ANSWERS_MS = 1500;
// Of this tab alone: a reload goes on where it was, and nothing is left when the tab is closed.
const VISIT_KEY = "proof-visit";

const boot = readBoot(document.getElementById("proof-boot")?.textContent);
const bridge = new Bridge();
const session = new Session(new Api(), bridge);
const root = document.getElementById("app");
const lastOfPath = (): string => decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1) ?? "");

const look = readLook(boot?.look);
wear(look);

const embedded = window.parent !== window;
const asked = new URLSearchParams(location.search).get("lang");
session.asksDevice = boot?.device === true;
partner.widget = boot?.widget;
void begin();

/** Nothing is drawn before its words are here, so that no screen changes its language. */
async function begin(): Promise<void> {
  // The console shows a trial of the look, in its own language.
  if (boot?.preview !== undefined) return trial(boot.preview);
  // Before anything else is loaded: a page that waits for a word knows at once that this frame came up.
  const opened = boot && embedded && !boot.resume && !boot.handover && !boot.receipt && !boot.hosted ? connected(boot) : undefined;
  if (opened) noticeSilence(opened);
  await speak(choose([asked], navigator.languages));
  if (boot?.resume && !embedded) return resume(boot, boot.resume);
  if (boot?.handover && !embedded) return takeOver(boot, boot.handover);
  if (boot?.receipt && !embedded) return receipt();
  if (boot?.hosted && !embedded) return host();
  draw();
  if (!boot || !embedded) return session.block({ kind: "not_embedded" });
  if (!opened) return session.block({ kind: "silent" });
  const { init, pageOrigin } = await opened;
  // As with the language: a newer loader has told it to the server.
  if (init.theme === "dark" || init.theme === "light") document.documentElement.dataset["theme"] = init.theme;
  // A page with an older loader says its language only here, while nothing but bones is on the screen.
  await speak(choose([init.lang, asked], navigator.languages));
  await session.open(lastOfPath(), init, pageOrigin);
  if (boot.loader !== undefined) whenIdle(() => void checkLoader(boot.loader));
}

// Where browsers do not say when they have nothing to do.
const QUIET_MS = 2000;
const whenIdle = (run: () => void): unknown => ("requestIdleCallback" in window ? requestIdleCallback(run) : setTimeout(run, QUIET_MS));

/** Whoever changes the script of the page around has it say nothing of that: so this frame looks at what its address gives. */
async function checkLoader(digest: string | undefined): Promise<void> {
  if (!(await isLoaderOurs(location.origin, undefined, digest))) tellPartner("embed_script_changed");
}

/** While the words are still on their way, too. Opening the order afterwards takes it from the screen again. */
function noticeSilence(opened: Promise<unknown>): void {
  const silence = setTimeout(() => {
    session.block({ kind: "silent" });
    tellPartner("embed_page_silent");
  }, PAGE_ANSWERS_MS);
  void opened.then(() => clearTimeout(silence));
}

function connected(known: Boot): Promise<{ init: Init; pageOrigin: string }> {
  return new Promise((resolve) => bridge.connect(known.origins, (init, pageOrigin) => resolve({ init, pageOrigin })));
}

function draw(): void {
  if (root) render(<App session={session} logo={look.logo} />, root);
}

/** Only the console shows it, and only it needs the code. */
async function trial(fieldsOrigin: string): Promise<void> {
  const { preview } = await import("./preview");
  if (root) preview(root, fieldsOrigin);
}

async function resume(known: Boot, told: Resume): Promise<void> {
  const link = lastOfPath();
  session.subscribe(() => keepVisit(link));
  if (await goOn(link)) return draw();
  const page = <ResumePage boot={{ ...known, resume: told }} link={link} session={session} onOpen={draw} />;
  if (root) render(<main class="app">{page}</main>, root);
}

/** This device takes the pictures, and the other one goes on. */
async function takeOver(known: Boot, told: Handed): Promise<void> {
  const link = lastOfPath();
  session.isOther = true;
  session.subscribe(() => keepVisit(link));
  if (await goOn(link)) return draw();
  const page = <HandoverPage boot={{ ...known, handover: told }} link={link} session={session} onOpen={draw} />;
  if (root) render(<main class="app">{page}</main>, root);
}

/** Seldom opened, and loaded by nobody else. */
async function receipt(): Promise<void> {
  const token = location.hash.slice(1);
  // The page is the same for everybody: whose it is, the receipt says.
  const learn = async () => {
    partner.widget = (await session.api.receipt(token)).widget_id;
  };
  // Lost on the way, or changed on it and so not run: without a word there would be bones for ever.
  const page = await later("receipt-page", () => import("./screens/receipt-page"), learn);
  // Another link in the same tab is another receipt.
  window.addEventListener("hashchange", () => location.reload());
  const shown = page ? <page.ReceiptPage api={session.api} token={token} /> : <Missing title={messages.receiptPage.title} text={messages.receiptPage.unreachable} onAgain={() => location.reload()} />;
  if (root) render(<main class="app">{shown}</main>, root);
}

/** For an app that opens this page with its session behind the `#`, where no server's log and no other page sees it. */
async function host(): Promise<void> {
  const widgetId = lastOfPath();
  const token = location.hash.slice(1);
  session.isHosted = true;
  session.subscribe(() => keepVisit(widgetId));
  // A new order of the app in the same tab comes with a token of its own.
  window.addEventListener("hashchange", () => location.reload());
  const opened = token === "" ? reopen(widgetId) : session.open(widgetId, { parameters: { init_token: token }, loader: LOADER }, location.origin, document.referrer.startsWith("android-app:"));
  // While the server is asked. The page has its bones, and a slow telephone its breath.
  setTimeout(draw);
  await opened;
  // From now on this tab has its visit, and the history need not have the token; where the visit is not kept, a reload needs it.
  if (session.api.visitToken !== "" && visitIsKept) history.replaceState(null, "", location.pathname + location.search);
}

/** Without the session's token there is only what this tab has opened before. */
async function reopen(widgetId: string): Promise<void> {
  if (!(await goOn(widgetId))) session.block({ kind: "invalid_token", code: "embed_session" });
}

let keptToken: string | undefined;
let visitIsKept = false;
function keepVisit(link: string): void {
  const { visitToken: token } = session.api;
  if (token === keptToken) return;
  keptToken = token;
  visitIsKept = keep("sessionStorage", VISIT_KEY, JSON.stringify({ link, token }));
}

/** After a reload: the visit that this tab has opened with the same link, if it is still good. */
async function goOn(link: string): Promise<boolean> {
  try {
    const visit: unknown = JSON.parse(kept("sessionStorage", VISIT_KEY) ?? "null");
    if (typeof visit !== "object" || visit === null || !("link" in visit) || visit.link !== link) return false;
    if (!("token" in visit) || typeof visit.token !== "string" || visit.token === "") return false;
    session.api.visitToken = visit.token;
    session.resume(await session.api.order(undefined));
    return true;
  } catch {
    session.api.visitToken = "";
    return false;
  }
}

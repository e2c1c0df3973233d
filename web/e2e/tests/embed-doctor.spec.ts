// One page for each thing that can be wrong with how a shop embeds the widget, and a good one.

import type { Page } from "@playwright/test";
import { heading } from "../src/buyer.ts";
import { knownBuyer, sessionOf as sessionOfKnown } from "../src/known.ts";
import { logged, open, sessionOf, shop, type Session } from "../src/page.ts";
import type { Proof } from "../src/server.ts";
import { expect, test } from "../src/test.ts";
import { wordsOf } from "../src/words.ts";

const SOON_MS = 2000;
const STEP_MS = 100;
const ANSWER_MS = 400;
const at = (proof: Proof): string => `${proof.shop_url}/made-up`;
const frameOf = (page: Page) => page.frameLocator("#host iframe");

const diagnosed = (page: Page): Promise<string[]> =>
  page.evaluate(() => (globalThis as unknown as { proofWidget: { diagnose(): Promise<{ code: string }[]> } }).proofWidget.diagnose().then((found) => found.map(({ code }) => code)));

const isLogged = (page: Page, proof: Proof, code: string): Promise<void> => expect.poll(() => logged(page, proof)).toContain(code);

/** Opens it with a time of its own, so that a slow machine is not a slow page. */
async function openStopped(page: Page, ...what: [url: string, body: string, headers?: Record<string, string>]): Promise<void> {
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 1000);
  await open(page, ...what);
}

/** Lets the page's time pass until something has come true. Servers and frames answer while it stands still. */
async function passing(page: Page, isTrue: () => Promise<boolean>): Promise<number> {
  let passedMs = 0;
  const passes = (): Promise<boolean> => page.clock.runFor(STEP_MS).then(() => ((passedMs += STEP_MS), isTrue()));
  await expect.poll(passes, { intervals: [ANSWER_MS], timeout: 60_000 }).toBe(true);
  return passedMs;
}

/** The frame did not come up: the loader says so in its place, in time. */
async function saidByLoader(page: Page, proof: Proof, code: string): Promise<void> {
  const box = page.locator("#host").getByRole("alert");
  await passing(page, () => box.isVisible());
  await expect(box).toContainText("Nothing was charged");
  await expect(box.getByRole("link", { name: code })).toHaveAttribute("href", `${proof.base_url}/docs/partner/embed-doctor#${code}`);
  expect(await page.evaluate(() => window.tookMs)).toBeLessThan(SOON_MS);
  await page.clock.resume();
  await isLogged(page, proof, code);
}

/** The code leads to its page. */
const isLinked = (page: Page, proof: Proof, code: string): Promise<void> =>
  expect(frameOf(page).getByRole("link", { name: code })).toHaveJSProperty("href", `${proof.base_url}/docs/partner/embed-doctor#${code}`);

/** The code is there with the first screen, before there is anything to type, and with it what it is to a person. */
async function saidByFrame(page: Page, proof: Proof, code: string): Promise<void> {
  await heading(frameOf(page), "Check your order");
  await expect(frameOf(page).locator(".finding")).toHaveText(`${wordsOf("en")(`finding.${code}`)} ${code}`);
  await isLinked(page, proof, code);
  expect(await frameOf(page).locator(".codes").allTextContents()).toEqual([code]);
  await expect(frameOf(page).getByRole("textbox")).toHaveCount(0);
  await isLogged(page, proof, code);
}

test("a good page: nothing is found, by nobody", async ({ page, proof }) => {
  const before = await logged(page, proof);
  const looked = page.waitForResponse((answer) => answer.url() === proof.widget_script && answer.request().resourceType() === "fetch");
  // Without the time of a slow machine, which a frame may not have to spare.
  await openStopped(page, at(proof), shop(proof, await sessionOf(page, proof)));
  await passing(page, () => frameOf(page).getByRole("heading", { level: 1, name: "Check your order" }).isVisible());
  await page.clock.resume();
  await expect(frameOf(page).locator(".codes")).toHaveCount(0);
  // The frame has looked at the loader by itself.
  expect((await looked).ok()).toBe(true);
  expect(await diagnosed(page)).toEqual([]);
  expect(await logged(page, proof)).toEqual(before);
});

test("an origin that is not registered", async ({ page, proof }) => {
  await openStopped(page, "https://not-registered.test/", shop(proof, await sessionOf(page, proof)));
  await saidByLoader(page, proof, "embed_origin");
  expect(await diagnosed(page)).toEqual(["embed_origin"]);
});

test("a page whose own policy forbids the frame", async ({ page, proof }) => {
  const policy = { "content-security-policy": "frame-src 'none'" };
  await openStopped(page, at(proof), shop(proof, await sessionOf(page, proof)), policy);
  await saidByLoader(page, proof, "embed_frame_blocked");
  expect(await diagnosed(page)).toEqual(["embed_frame_blocked"]);
});

test("a frame whose scripts do not arrive", async ({ page, proof }) => {
  await page.route("**/assets/*.js", (route) => route.abort());
  await openStopped(page, at(proof), shop(proof, await sessionOf(page, proof)));
  await saidByLoader(page, proof, "embed_frame_silent");
});

test("a frame whose document hangs, and comes after all", async ({ page, proof }) => {
  let come = (): void => undefined;
  const held = new Promise<void>((resolve) => (come = resolve));
  await page.route("**/frame/*", async (route) => {
    await held;
    await route.continue();
  });
  await openStopped(page, at(proof), shop(proof, await sessionOf(page, proof)));
  await saidByLoader(page, proof, "embed_frame_slow");
  come();
  await heading(frameOf(page), "Check your order");
  await expect(page.locator("#host").getByRole("alert")).toHaveCount(0);
  await expect(frameOf(page).locator(".codes")).toHaveCount(0);
});

test("a page that passes no session on, and does so after all", async ({ page, proof }) => {
  const session = await sessionOf(page, proof);
  await openStopped(page, at(proof), `<script>addEventListener("message", ({ data }) => { if (data.type === "proof.hello") window.greeted = true; });</script>
    <div id="host"><iframe src="${proof.base_url}/frame/${session.widget_id}?lang=en"></iframe></div>`);
  await expect.poll(() => page.evaluate(() => "greeted" in window)).toBe(true);
  const code = frameOf(page).locator(".codes");
  expect(await passing(page, () => code.isVisible())).toBeLessThan(SOON_MS);
  await expect(code).toHaveText("embed_page_silent");
  await page.clock.resume();
  await isLogged(page, proof, "embed_page_silent");
  await page.evaluate((parameters) => {
    const frame = document.querySelector("iframe");
    frame?.contentWindow?.postMessage({ type: "proof.init", parameters, loader: 2 }, "*");
  }, session);
  await heading(frameOf(page), "Check your order");
});

test("a returning buyer, whose first screen has the card's fields: the code is there before them", async ({ page, proof }) => {
  const session = await sessionOfKnown(proof, await knownBuyer(proof));
  await page.addInitScript(() => {
    if (self === top) return;
    const watched = globalThis as unknown as { codesWithFirstInput?: number };
    new MutationObserver(() => {
      if (document.querySelector("input, textarea, select, iframe")) watched.codesWithFirstInput ??= document.querySelectorAll(".codes").length;
    }).observe(document, { childList: true, subtree: true });
  });
  await open(page, at(proof), shop(proof, session), { "permissions-policy": "camera=()" });
  await expect(frameOf(page).locator(".field-box").first()).toBeVisible();
  expect(await frameOf(page).locator("html").evaluate(() => (globalThis as unknown as { codesWithFirstInput?: number }).codesWithFirstInput)).toBe(1);
  await expect(frameOf(page).locator(".codes")).toHaveText("embed_camera");
  await isLogged(page, proof, "embed_camera");
});

for (const [feature, code] of [["camera", "embed_camera"], ["payment", "embed_payment"]] as const) {
  test(`a page that keeps the ${feature} to itself`, async ({ page, proof }) => {
    await open(page, at(proof), shop(proof, await sessionOf(page, proof)), { "permissions-policy": `${feature}=()` });
    await saidByFrame(page, proof, code);
    expect(await diagnosed(page)).toEqual([code]);
  });
}

const INITS: Record<string, () => void> = {
  embed_storage: () => {
    if (self === top) return;
    for (const store of ["localStorage", "sessionStorage"]) Object.defineProperty(window, store, { get: () => { throw new DOMException("denied", "SecurityError"); } });
  },
  embed_clock: () => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + 600_000;
  },
};

for (const [code, init] of Object.entries(INITS)) {
  test(`a device with ${code}`, async ({ page, proof }) => {
    await page.addInitScript(init);
    await open(page, at(proof), shop(proof, await sessionOf(page, proof)));
    await saidByFrame(page, proof, code);
    expect(await diagnosed(page)).toEqual([code]);
  });
}

test("an app's web view without wallets", async ({ browser, proof }) => {
  const agent = "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/AP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/125.0 Mobile Safari/537.36";
  const page = await browser.newPage({ userAgent: agent });
  await page.addInitScript(() => Reflect.deleteProperty(window, "PaymentRequest"));
  await open(page, at(proof), shop(proof, await sessionOf(page, proof)));
  await saidByFrame(page, proof, "embed_webview");
  await page.close();
});

/** The frame comes up, and has no order to show. */
async function refused(page: Page, proof: Proof, change: Partial<Session>, title: string, code: string): Promise<void> {
  await open(page, at(proof), shop(proof, { ...(await sessionOf(page, proof)), ...change }));
  await heading(frameOf(page), title);
  await expect(frameOf(page).locator(".codes")).toHaveText(code);
  await isLinked(page, proof, code);
  await expect(frameOf(page).getByRole("button")).toHaveCount(0);
  expect(await diagnosed(page)).toEqual([code]);
}

test("a session that is over, or was never there", async ({ page, proof }) => {
  await refused(page, proof, { init_token: `it_${"0".repeat(64)}` }, "This session has ended", "embed_session");
  await isLogged(page, proof, "embed_session");
});

test("a parameter that was changed on the way", async ({ page, proof }) => {
  await refused(page, proof, { amount: "1000" }, "This order was changed on the way", "embed_changed");
  await isLogged(page, proof, "parameter_mismatch");
});

test("a copy of an older loader", async ({ page, proof }) => {
  const session = await sessionOf(page, proof);
  // As the loader of the first release did it.
  await open(page, at(proof), `<div id="host"></div><script>
    const frame = document.createElement("iframe");
    frame.allow = "camera; payment; clipboard-write";
    frame.src = "${proof.base_url}/frame/${session.widget_id}?lang=en";
    addEventListener("message", ({ data }) => { if (data.type === "proof.hello") frame.contentWindow.postMessage({ type: "proof.init", parameters: ${JSON.stringify(session)} }, "*"); });
    document.getElementById("host").append(frame);
  </script>`);
  await saidByFrame(page, proof, "embed_old_script");
});

test("a loader that somebody has changed", async ({ page, proof }) => {
  await page.route("**/widget.2.0.js", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: `${await answer.text()};window.skimmer = true;` });
  });
  const told = page.waitForRequest((request) => request.url().includes("/embed/findings/"));
  await open(page, at(proof), shop(proof, await sessionOf(page, proof)));
  await heading(frameOf(page), "Check your order");
  // By the frame, which nobody has asked: the loader of somebody who steals would not say it.
  expect((await told).frame().url()).toContain("/frame/");
  expect((await told).postDataJSON()).toEqual({ codes: ["embed_script_changed"] });
  await isLogged(page, proof, "embed_script_changed");
  expect(await diagnosed(page)).toEqual(["embed_script_changed"]);
});

test("a changed script of the frame is not run", async ({ page, proof }) => {
  await page.route("**/assets/index-*.js", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: `window.skimmer = true;${await answer.text()}` });
  });
  await openStopped(page, at(proof), shop(proof, await sessionOf(page, proof)));
  await saidByLoader(page, proof, "embed_frame_silent");
});

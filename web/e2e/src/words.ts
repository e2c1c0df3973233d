// What the widget says in a language, and whether all of it can be read on the screen.

import { expect, type Frame, type FrameLocator, type Page } from "@playwright/test";
import { digestOf } from "../../widget/build/integrity.ts";
import { compile, read } from "../../widget/build/words.ts";

/** A text without arguments, or what stands before its first one. */
export type Say = (key: string) => string;

export function wordsOf(language: string): Say {
  const words = read(language);
  return (key) => {
    const text = words[key]?.split("{")[0]?.trim();
    if (!text) throw new Error(`no words for ${key} in ${language}`);
    return text;
  };
}

const ACCENTS: Record<string, string> = { a: "áá", e: "éé", i: "íí", o: "óó", u: "úú", A: "ÁÁ", E: "ÉÉ", I: "ÍÍ", O: "ÓÓ", U: "ÚÚ", y: "ýý" };
const accented = (text: string): string => text.replace(/[aeiouAEIOUy]/g, (letter) => ACCENTS[letter] ?? letter);

/** English with accents and about 40 % longer: what has no accent was never translated, and what does not fit shows itself. */
export const pseudo: Say = (key) => accented(wordsOf("en")(key));

const PSEUDO = "de";

/** How the page's address names a language. */
export const tagOf = (language: string): string => (language === "pseudo" ? PSEUDO : language);

/** The shop asks for a language. */
export async function speaking(page: Page, language: string): Promise<void> {
  await page.route("**/checkout", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), lang: language === "pseudo" ? `${PSEUDO}-DE` : language } });
  });
  if (language === "pseudo") await speakPseudo(page);
}

/** In the place of German, for the server knows no such language. */
export const speakPseudo = (page: Page): Promise<void> => sealed(page, PSEUDO, compile(read("en"), accented));

/** Puts other words in the place of a language's. Its file is run for the digest that the page has of it: as a release with these words, the page names theirs. */
async function sealed(page: Page, language: string, body: string): Promise<void> {
  await page.route(`**/assets/lang-${language}-*.js`, (route) => route.fulfill({ contentType: "text/javascript", body }));
  // To the browser, a page that a test made up comes from the internet, which may not reach this machine unasked.
  await page.context().grantPermissions(["local-network-access"]);
  const isOurs = ({ pathname }: URL): boolean => /^\/((frame|w)\/[0-9a-f-]{36}|(resume|handover)\/\w+|receipt)$/.test(pathname);
  await page.route(isOurs, async (route) => {
    const answer = await route.fetch();
    const html = await answer.text();
    const map = /<script type="importmap">(.*?)<\/script>/.exec(html)?.[1] ?? "";
    const ours = map.replace(new RegExp(`("/assets/lang-${language}-[^"]+":")[^"]+`), `$1${digestOf(Buffer.from(body))}`);
    if (ours === map) throw new Error(`the page names no digest of the words of ${language}`);
    const headers = answer.headers();
    const policy = headers["content-security-policy"]?.replace(digestOf(Buffer.from(map)), digestOf(Buffer.from(ours))) ?? "";
    await route.fulfill({ response: answer, headers: { ...headers, "content-security-policy": policy }, body: html.replace(map, ours) });
  });
}

const KEYS = Object.keys(read("en"));
/** Names, and what `Intl` writes. */
const NAMES = /Demo|Shop|Tron|Bitcoin|Ethereum|Visa|Minuten|Stunden|example|buyer/;

/** Numbers, addresses and codes are no words, and `Intl` writes dates in the language whose place is taken: "28. Dezember". */
const isEnglish = (text: string): boolean =>
  (text.replace(/\d+\. \p{L}+|\S*[…\d]\S*|embed_\w+/gu, "").match(/[A-Za-z]{4,}/g) ?? []).some((word) => /[aeiou]/.test(word) && !NAMES.test(word));

async function frameOf(widget: FrameLocator): Promise<Frame> {
  const frame = await (await widget.owner().elementHandle())?.contentFrame();
  if (!frame) throw new Error("the widget is not there");
  return frame;
}

const smallToType = (): string[] =>
  [...document.querySelectorAll("input:not([type=checkbox], [type=radio], [type=file]), select, textarea")]
    .filter((control) => parseFloat(getComputedStyle(control).fontSize) < 16)
    .map((control) => `${control.outerHTML} is typed into at ${getComputedStyle(control).fontSize}`);

/** Nothing is wider than its place or the window, nothing is cut, nothing that is typed into is small, and no key stands where words should. */
export async function readable(widget: FrameLocator | Frame, language: string): Promise<void> {
  const frame = "owner" in widget ? await frameOf(widget) : widget;
  const { faults, texts } = await frame.evaluate(() => {
    const faults: string[] = [];
    const texts: string[] = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) faults.push(`the page is ${root.scrollWidth} wide, of ${root.clientWidth}`);
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.textContent?.trim() ?? "";
      const parent = node.parentElement;
      if (!text || !parent || parent.closest("script, .unseen, [hidden], noscript") || !parent.checkVisibility()) continue;
      if (!parent.closest("code, .address, .order-number, option, time, .area")) texts.push(text);
      let box: Element = parent;
      while (getComputedStyle(box).display.startsWith("inline") && box.tagName !== "BUTTON" && box.parentElement) box = box.parentElement;
      const outer = box.getBoundingClientRect();
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const rect of range.getClientRects()) {
        const sticksOut = rect.left < Math.max(0, outer.left) - 1 || rect.right > Math.min(root.clientWidth, outer.right) + 1;
        const isCut = getComputedStyle(box).overflow === "hidden" && (rect.top < outer.top - 1 || rect.bottom > outer.bottom + 1);
        if (sticksOut || isCut) faults.push(`“${text}” at ${Math.round(rect.left)}–${Math.round(rect.right)}, of ${Math.round(outer.left)}–${Math.round(outer.right)}`);
      }
    }
    return { faults, texts };
  });
  // Of the card fields, too. Safari on a telephone zooms into anything smaller as soon as it has the focus.
  for (const one of [frame, ...frame.childFrames()]) faults.push(...(await one.evaluate(smallToType)));
  const said = texts.join("\n");
  expect(faults).toEqual([]);
  expect(texts.length).toBeGreaterThan(3);
  expect(KEYS.filter((key) => said.includes(key))).toEqual([]);
  if (language === "pseudo") expect(texts.filter(isEnglish)).toEqual([]);
}

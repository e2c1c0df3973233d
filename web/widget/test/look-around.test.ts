import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isOldLoader, isWebView } from "../src/look-around";
import { messages } from "../src/messages";

describe("a web view is known by its agent", () => {
  const ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/AP1A";
  const IOS = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
  it.each([
    ["Android's web view", `${ANDROID}; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/125.0 Mobile Safari/537.36`, true],
    ["Chrome and its custom tabs", `${ANDROID}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0 Mobile Safari/537.36`, false],
    ["WKWebView", `${IOS} Mobile/15E148`, true],
    ["Safari on a phone", `${IOS} Version/17.4 Mobile/15E148 Safari/604.1`, false],
    ["Chrome on a desk", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0 Safari/537.36", false],
    ["Firefox", "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0", false],
  ])("%s", (_, agent, expected) => {
    expect(isWebView(agent)).toBe(expected);
  });
});

it("a loader that does not say its number is an old one", () => {
  expect([undefined, null, "2", 1, 2, 3].map(isOldLoader)).toEqual([true, true, true, true, false, false]);
});

// What stands on a screen of its own, in the place of the frame, or in the log alone.
const ELSEWHERE = ["origin", "frame_blocked", "frame_slow", "frame_silent", "page_silent", "script_changed", "tampered", "session"];

it("each code beside an order says what it is to the person", () => {
  const source = readFileSync(join(import.meta.dirname, "../../../crates/proof-core/src/embed.rs"), "utf8");
  const codes = [...source.matchAll(/=> "embed_(\w+)"/g)].map(([, code]) => code ?? "");
  const isTold = (code: string) => messages.finding(`embed_${code}`) !== messages.finding("made_up");
  expect(codes.filter((code) => !isTold(code))).toEqual(ELSEWHERE);
});

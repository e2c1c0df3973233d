import { createHash } from "node:crypto";
import { afterEach, expect, it, vi } from "vitest";
import { isLoaderOurs } from "../../common/loader";

afterEach(() => vi.unstubAllGlobals());

const digestOf = (text: string): string => `sha384-${createHash("sha384").update(text).digest("base64")}`;
const OURS = "run();";

/** A server that gives `script`, and whose lists of digests name `listed`, one after the other; the last one stays. */
function serving(script: string | undefined, ...listed: (string | undefined)[]): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (address: string) => {
    asked.push(new URL(address).pathname);
    if (address.endsWith(".js")) return script === undefined ? Response.error() : new Response(script);
    const text = listed.length > 1 ? listed.shift() : listed[0];
    return text === undefined ? new Response("", { status: 502 }) : Response.json({ files: { "/widget.2.0.js": digestOf(text) } });
  });
  return asked;
}

const ask = (): Promise<boolean> => isLoaderOurs("https://widget.example", undefined, digestOf(OURS));

it("a loader that is the server's own needs no second question", async () => {
  const asked = serving(OURS);
  expect(await ask()).toBe(true);
  expect(asked).toEqual(["/widget.2.0.js"]);
});

it("a loader that is neither the frame's nor any server's was changed", async () => {
  serving(`${OURS}skim();`, OURS);
  expect(await ask()).toBe(false);
});

it("a loader of another release is none that was changed, though not every server has it", async () => {
  serving("run();// newer", OURS, "run();// newer");
  expect(await ask()).toBe(true);
});

it.each([
  ["the script does not come", undefined, OURS],
  ["the list does not come", `${OURS}skim();`, undefined],
])("nothing is said where %s", async (_, script, listed) => {
  serving(script, listed);
  expect(await ask()).toBe(true);
});

it("nothing is said where the browser computes no digests", async () => {
  serving(`${OURS}skim();`, OURS);
  vi.stubGlobal("crypto", {});
  expect(await ask()).toBe(true);
});

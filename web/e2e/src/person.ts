// People made of photographs, who do in front of the camera what the widget's page asks them for.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { BINARY } from "./server.ts";

const CACHE = process.env["PROOF_CACHE"] ?? join(homedir(), ".cache/proof");
export const MODELS = join(CACHE, "models");
const PICTURES = join(CACHE, "pictures");

const STEPS = ["center", "left", "right", "up", "blink", "closer"] as const;
const FRAMES = 3;

/** What `ci/models` fetched; where tests must not be skipped, they fail without it. */
export const modelsAreMissing = (): boolean =>
  process.env["PROOF_TEST_REQUIRE_MODELS"] === undefined && !existsSync(join(MODELS, "face-describe.onnx"));

/** A passport of nobody, with this portrait. */
export const passportOf = (portrait: string): Buffer =>
  made((dir) => {
    const file = join(dir, "page.png");
    proof(["specimen", "--portrait", join(PICTURES, portrait), "--out", file]);
    return readFileSync(file);
  });

/** The frames of everything that can be asked, as addresses of pictures. */
export type Film = Record<string, string[]>;

export const filmOf = (portrait: string): Film =>
  made((dir) => {
    proof(["film", "--portrait", join(PICTURES, portrait), "--models", MODELS, "--out", dir]);
    const frame = (step: string, at: number) => `data:image/jpeg;base64,${readFileSync(join(dir, `${step}-${at}.jpg`)).toString("base64")}`;
    return Object.fromEntries(STEPS.map((step) => [step, Array.from({ length: FRAMES }, (_, at) => frame(step, at))]));
  });

/** Somebody's photograph, held before the camera whatever is asked. */
export const stillOf = (film: Film): Film => Object.fromEntries(STEPS.map((step) => [step, [film["center"]?.[0] ?? ""]]));

function proof(more: string[]): void {
  execFileSync(BINARY, ["identity", ...more], { stdio: ["ignore", "ignore", "inherit"] });
}

function made<T>(make: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), "proof-e2e-film-"));
  try {
    return make(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

declare global {
  interface Window {
    proofActor?: Film;
  }
}

/** From now on, this is who sits before the camera of this page; another may take the seat later. */
export async function seat(page: Page, film: Film): Promise<void> {
  await page.addInitScript(camera);
  await page.addInitScript((played) => {
    window.proofActor = played;
  }, film);
}

/** The same, in a page that is open already. */
export async function reseat(page: Page, film: Film): Promise<void> {
  await page.addInitScript((played) => {
    window.proofActor = played;
  }, film);
  for (const frame of page.frames()) {
    await frame.evaluate((played) => {
      window.proofActor = played;
    }, film);
  }
}

/** Runs in the page. A camera that shows whoever is seated, doing what the instruction on the screen says. */
function camera(): void {
  const asked: [RegExp, string][] = [[/to your left/, "left"], [/to your right/, "right"], [/^Tilt/, "up"], [/^Close both/, "blink"], [/^Come closer/, "closer"]];
  const shown = new Map<string, HTMLImageElement>();
  const loaded = (url: string): HTMLImageElement => {
    const image = shown.get(url) ?? new Image();
    if (!shown.has(url)) image.src = url;
    shown.set(url, image);
    return image;
  };
  const step = (): string => {
    const text = document.querySelector(".instruction")?.textContent ?? "";
    return asked.find(([words]) => words.test(text))?.[1] ?? "center";
  };
  const open = async (): Promise<MediaStream> => {
    const actor = window.proofActor ?? {};
    await Promise.all(Object.values(actor).flat().map((url) => loaded(url).decode()));
    const first = loaded(actor["center"]?.[0] ?? "");
    const canvas = document.createElement("canvas");
    canvas.width = first.naturalWidth;
    canvas.height = first.naturalHeight;
    const context = canvas.getContext("2d");
    const draw = (): void => {
      const frames = actor[step()] ?? [];
      const image = loaded(frames[Math.floor(performance.now() / 250) % Math.max(1, frames.length)] ?? "");
      // No hand and no head is ever quite at rest.
      const [x, y] = [Math.sin(performance.now() / 170) * 1.5, Math.cos(performance.now() / 230) * 1.5];
      context?.drawImage(image, x, y);
    };
    draw();
    const stream = canvas.captureStream(15);
    const timer = setInterval(() => (stream.active ? draw() : clearInterval(timer)), 66);
    return stream;
  };
  navigator.mediaDevices.getUserMedia = open;
  // Counting down is for people.
  const later = window.setTimeout.bind(window);
  window.setTimeout = ((work: () => void, ms = 0) => later(work, ms === 800 ? 250 : ms)) as typeof window.setTimeout;
}

// Chromium with a camera that plays our own frames.

import { tmpdir } from "node:os";
import { join } from "node:path";

export const CAMERA_FILE = join(tmpdir(), `proof-e2e-camera-${process.getuid?.() ?? 0}.y4m`);

const QUIET = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

/** `asked`: the browser asks, and nobody is there to say yes. */
export function browserArguments({ camera }: { camera: "allowed" | "asked" }): string[] {
  const device = ["--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${CAMERA_FILE}`];
  return [...QUIET, ...device, ...(camera === "allowed" ? ["--use-fake-ui-for-media-stream"] : [])];
}

/**
 * `apart`: each site has a process of its own, as browsers have it. Then Chromium leads a press that comes in the frame of a scroll to what was there
 * before it, a card field for instance, which nobody is quick enough for but a test: most of them have all sites in one process.
 */
export const browserOptions = (apart: boolean): { executablePath: string; args: string[] } => ({
  executablePath: process.env["PROOF_E2E_CHROMIUM"] ?? "/usr/bin/chromium",
  args: [...browserArguments({ camera: "allowed" }), ...(apart ? [] : ["--disable-site-isolation-trials"])],
});

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

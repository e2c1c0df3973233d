import { renameSync, writeFileSync } from "node:fs";
import { CAMERA_FILE } from "./browser.ts";
import { cameraFilm } from "./media.ts";

/** Written beside and renamed: another run may be reading the file. */
export default function setup(): void {
  const beside = `${CAMERA_FILE}.${process.pid}`;
  writeFileSync(beside, cameraFilm());
  renameSync(beside, CAMERA_FILE);
}

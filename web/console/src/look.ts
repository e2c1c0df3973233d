// What is chosen of a widget's look, before it is saved.

import { isColour, readableAccent, type Scheme } from "../../common/accent";
import type { Look } from "./wire";

export const OURS: Look = { accent: null, radius: null, font: null, logo: null };
/** What the widget has where nothing is chosen. */
export const OUR_ACCENT = "#1f5eff";
export const OUR_RADIUS = 10;
export const RADIUS_MAX = 20;

export const FONTS: { value: string; label: string }[] = [
  { value: "", label: "Ours: the device’s own" },
  { value: "humanist", label: "Humanist" },
  { value: "rounded", label: "Rounded" },
  { value: "serif", label: "Serif" },
];

export const accentWrong = (accent: string | null): string | undefined =>
  accent === null || isColour(accent) ? undefined : "A colour is written as # and six hex digits: #1f5eff.";

/** Where the colour is drawn as another one, and as which. */
export function corrected(accent: string | null): { scheme: Scheme; drawn: string }[] {
  if (accent === null || !isColour(accent)) return [];
  const drawn = (scheme: Scheme) => ({ scheme, drawn: readableAccent(accent, scheme) });
  return [drawn("light"), drawn("dark")].filter((one) => one.drawn !== accent.toLowerCase());
}

const LOGO = { width: 480, height: 128, bytes: 32 * 1024 };
const SMALLER = 0.8;
const LEAST_HEIGHT = 24;

/** As a small PNG without anything but the picture; nothing where it is no picture, or does not get small enough. */
export async function logoOf(file: Blob): Promise<string | undefined> {
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(file);
  } catch {
    return undefined;
  }
  const fit = Math.min(1, LOGO.width / picture.width, LOGO.height / picture.height);
  for (let scale = fit; picture.height * scale >= Math.min(LEAST_HEIGHT, picture.height); scale *= SMALLER) {
    const url = drawn(picture, scale);
    if (url === undefined) return undefined;
    const data = url.slice(url.indexOf(",") + 1);
    if (data.length <= Math.floor(LOGO.bytes / 3) * 4) return url;
  }
  return undefined;
}

function drawn(picture: ImageBitmap, scale: number): string | undefined {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const context = canvas.getContext("2d");
  if (!context) return undefined;
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/png");
}

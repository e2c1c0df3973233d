// What can be said of a live picture before it is taken, from a few thousand of its pixels. It never
// decides: whoever looks at the picture afterwards does.

/** RGBA, row by row, as a canvas gives them. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8ClampedArray;
}

export type DocumentAim = "good" | "dark" | "empty" | "small" | "glare" | "blurred";
export type FaceAim = "good" | "dark" | "backlit" | "empty";
export type Aim = DocumentAim | FaceAim;

/** A part of the video's picture, in its own pixels. */
export interface Region {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** What the guide of each shape frames: `box` is the shape of the view, the rest the share of it that the guide takes (screens.css). */
export const GUIDES = {
  card: { box: 4 / 3, width: 0.88, height: 0.782 },
  face: { box: 1, width: 0.62, height: 0.82 },
} as const;

export type Shape = keyof typeof GUIDES;

/** The view covers its box, so that the picture's longer side is cut off on both ends alike. */
export function framed(videoWidth: number, videoHeight: number, shape: Shape): Region {
  const guide = GUIDES[shape];
  const shown = { width: Math.min(videoWidth, videoHeight * guide.box), height: Math.min(videoHeight, videoWidth / guide.box) };
  const [width, height] = [shown.width * guide.width, shown.height * guide.height];
  return { x: (videoWidth - width) / 2, y: (videoHeight - height) / 2, width, height };
}

/** The middle of a region, not scaled down: only there blur is seen. */
export function closeUp(region: Region, side: number): Region {
  const [width, height] = [Math.min(side, region.width), Math.min(side, region.height)];
  return { x: region.x + (region.width - width) / 2, y: region.y + (region.height - height) / 2, width, height };
}

const DARK_MAX = 55;
// White paper under even light stays below it; a lamp's mirror does not.
const WHITE_MIN = 250;
const WHITE_SHARE_MAX = 0.015;
// Of black and white, from one pixel to the next. The server refuses at 0.16 of a picture that is larger.
const STEEPNESS_MIN = 0.13;
// Less is an empty desk or noise, about which blur says nothing.
const CONTRAST_MIN = 40;
const CELLS = { across: 12, down: 8 };
const BUSY_MIN = 5;
const FILLED_MIN = 0.6;
const BACKLIT_MAX = 0.45;

/** `whole`: what the guide frames, made small. `detail`: a piece of it as the camera sees it. */
export function aimOfDocument(whole: Pixels, detail: Pixels): DocumentAim {
  const light = lights(whole);
  if (mean(light) < DARK_MAX) return "dark";
  const filled = filledBy(light, whole.width, whole.height);
  if (filled === 0) return "empty";
  if (filled < FILLED_MIN) return "small";
  if (whiteShare(whole) > WHITE_SHARE_MAX) return "glare";
  const steep = steepness(detail);
  return steep !== undefined && steep < STEEPNESS_MIN ? "blurred" : "good";
}

/** `whole`: what the oval frames. `around`: the whole picture, for the light behind. */
export function aimOfFace(whole: Pixels, around: Pixels): FaceAim {
  const light = lights(whole);
  const inside = mean(light);
  if (inside < DARK_MAX) return inside < mean(lights(around)) * BACKLIT_MAX ? "backlit" : "dark";
  return filledBy(light, whole.width, whole.height) < 0.4 ? "empty" : "good";
}

/** Rec. 601, in whole steps. */
function lights({ data }: Pixels): Float32Array {
  const out = new Float32Array(data.length / 4);
  for (let at = 0; at < out.length; at += 1) {
    out[at] = 0.299 * (data[at * 4] ?? 0) + 0.587 * (data[at * 4 + 1] ?? 0) + 0.114 * (data[at * 4 + 2] ?? 0);
  }
  return out;
}

const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

function whiteShare({ data }: Pixels): number {
  let white = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (Math.min(data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0) >= WHITE_MIN) white += 1;
  }
  return white / Math.max(1, data.length / 4);
}

/** Of the frame's width or height, whichever is filled less: how far apart the outermost cells are in which there is something to see. */
function filledBy(light: Float32Array, width: number, height: number): number {
  const busy = new Float32Array(CELLS.across * CELLS.down);
  const count = new Float32Array(busy.length);
  for (let y = 0; y + 1 < height; y += 1) {
    for (let x = 0; x + 1 < width; x += 1) {
      const at = y * width + x;
      const here = light[at] ?? 0;
      const cell = Math.floor((y * CELLS.down) / height) * CELLS.across + Math.floor((x * CELLS.across) / width);
      busy[cell] = (busy[cell] ?? 0) + Math.abs((light[at + 1] ?? 0) - here) + Math.abs((light[at + width] ?? 0) - here);
      count[cell] = (count[cell] ?? 0) + 1;
    }
  }
  const strength = busy.map((sum, cell) => sum / Math.max(1, count[cell] ?? 0));
  const enough = Math.max(BUSY_MIN, Math.max(...strength) * 0.2);
  const cells = [...strength.keys()].filter((cell) => (strength[cell] ?? 0) >= enough);
  if (cells.length === 0) return 0;
  const span = (places: number[], of: number): number => (Math.max(...places) - Math.min(...places) + 1) / of;
  const across = span(cells.map((cell) => cell % CELLS.across), CELLS.across);
  const down = span(cells.map((cell) => Math.floor(cell / CELLS.across)), CELLS.down);
  return Math.min(across, down);
}

/** The steepest steps from pixel to pixel, as a share of the contrast; nothing where there is no contrast to measure at. */
function steepness(detail: Pixels): number | undefined {
  const light = lights(detail);
  const sorted = light.slice().sort();
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  const contrast = at(0.98) - at(0.02);
  if (contrast < CONTRAST_MIN) return undefined;
  const steps = new Float32Array(light.length);
  for (let pixel = 1; pixel < light.length; pixel += 1) {
    if (pixel % detail.width !== 0) steps[pixel] = Math.abs((light[pixel] ?? 0) - (light[pixel - 1] ?? 0));
  }
  steps.sort();
  return (steps[Math.floor((steps.length - 1) * 0.98)] ?? 0) / contrast;
}

/** Says another thing only when it was seen several times in a row: words that flicker help nobody. */
export class Steady<T> {
  private pending: T | undefined;
  private times = 0;

  constructor(
    private shown: T,
    private readonly enough = 3,
  ) {}

  see(value: T): T {
    if (value === this.shown) {
      this.pending = undefined;
      return this.shown;
    }
    this.times = value === this.pending ? this.times + 1 : 1;
    this.pending = value;
    if (this.times >= this.enough) {
      this.shown = value;
      this.pending = undefined;
    }
    return this.shown;
  }
}

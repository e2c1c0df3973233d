import { describe, expect, it } from "vitest";
import { aimOfDocument, aimOfFace, closeUp, framed, Steady, type Pixels } from "../src/aim";

type Paint = (x: number, y: number) => number;

function painted(width: number, height: number, light: Paint): Pixels {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) data.set([light(x, y), light(x, y), light(x, y), 255], (y * width + x) * 4);
  }
  return { width, height, data };
}

/** Blurs along the rows, as far as a hand shakes. */
function shaken(source: Pixels, by: number): Pixels {
  return painted(source.width, source.height, (x, y) => {
    let sum = 0;
    for (let dx = 0; dx < by; dx += 1) sum += source.data[(y * source.width + Math.min(source.width - 1, x + dx)) * 4] ?? 0;
    return sum / by;
  });
}

const [W, H] = [96, 64];
/** Letters: dark strokes three pixels wide on a page. */
const letters: Paint = (x, y) => (y % 8 < 4 && x % 9 < 3 ? 40 : 200);
const desk: Paint = () => 120;
const page = painted(W, H, letters);
const detail = painted(160, 160, letters);

describe("a document before the camera", () => {
  it("is good when it is lit, fills the frame and is sharp", () => {
    expect(aimOfDocument(page, detail)).toBe("good");
  });

  it("is too dark to read", () => {
    expect(aimOfDocument(painted(W, H, (x, y) => letters(x, y) / 5), detail)).toBe("dark");
  });

  it("is not there, or far away", () => {
    expect(aimOfDocument(painted(W, H, desk), detail)).toBe("empty");
    const inside = (x: number, y: number): boolean => Math.abs(x - W / 2) < 22 && Math.abs(y - H / 2) < 15;
    expect(aimOfDocument(painted(W, H, (x, y) => (inside(x, y) ? letters(x, y) : desk(x, y))), detail)).toBe("small");
  });

  it("mirrors a lamp, which white paper does not", () => {
    const lamp: Paint = (x, y) => (Math.hypot(x - 60, y - 40) < 7 ? 255 : letters(x, y));
    expect(aimOfDocument(painted(W, H, lamp), detail)).toBe("glare");
    expect(aimOfDocument(painted(W, H, (x, y) => Math.min(248, letters(x, y) * 1.24)), detail)).toBe("good");
  });

  it("is blurred, which is measured only where there is something to see", () => {
    expect(aimOfDocument(page, shaken(detail, 3))).toBe("good");
    expect(aimOfDocument(page, shaken(detail, 9))).toBe("blurred");
    expect(aimOfDocument(page, painted(160, 160, desk))).toBe("good");
  });
});

describe("a face before the camera", () => {
  // Something that goes from light to dark and back over the whole oval.
  const face: Paint = (x, y) => 130 + 60 * Math.sin(x / 3) * Math.cos(y / 4);

  it("fills the oval in good light", () => {
    expect(aimOfFace(painted(W, H, face), painted(W, H, desk))).toBe("good");
  });

  it("is not there", () => {
    expect(aimOfFace(painted(W, H, desk), painted(W, H, desk))).toBe("empty");
  });

  it("is dark by itself, or because of the window behind", () => {
    const dim = painted(W, H, (x, y) => face(x, y) / 4);
    expect(aimOfFace(dim, painted(W, H, () => 40))).toBe("dark");
    expect(aimOfFace(dim, painted(W, H, () => 220))).toBe("backlit");
  });
});

describe("what the guide frames", () => {
  it("is the middle of what is shown of the video", () => {
    expect(framed(1600, 1200, "card")).toMatchObject({ width: 1408, x: 96 });
    // A wide picture loses its sides, a high one its ends.
    expect(framed(1920, 1080, "face")).toMatchObject({ width: 1080 * 0.62, height: 1080 * 0.82 });
    const tall = framed(1080, 1920, "card");
    expect(tall.width).toBeCloseTo(950.4);
    expect(tall.y + tall.height / 2).toBe(960);
  });

  it("is looked at closely in its middle", () => {
    expect(closeUp({ x: 100, y: 50, width: 400, height: 300 }, 160)).toEqual({ x: 220, y: 120, width: 160, height: 160 });
    expect(closeUp({ x: 0, y: 0, width: 90, height: 300 }, 160)).toMatchObject({ x: 0, width: 90, height: 160 });
  });
});

describe("what is said of it", () => {
  it("changes only after it was seen a few times in a row", () => {
    const steady = new Steady<string>("good");
    expect(["dark", "dark", "good", "dark", "blurred", "dark", "dark"].map((seen) => steady.see(seen))).toEqual(Array(7).fill("good"));
    expect(steady.see("dark")).toBe("dark");
    expect(steady.see("good")).toBe("dark");
  });
});

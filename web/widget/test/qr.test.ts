import decode from "qr/decode.js";
import { expect, it } from "vitest";
import { codeOf, type Code } from "../../common/qr";

const SCALE = 4;

/** The path as a picture, the way a camera would see it. */
function pictureOf({ size, path }: Code): { width: number; height: number; data: Uint8ClampedArray } {
  const side = size * SCALE;
  const data = new Uint8ClampedArray(side * side * 4).fill(255);
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let row = Number(y) * SCALE; row < (Number(y) + 1) * SCALE; row += 1) {
      for (let column = Number(x) * SCALE; column < (Number(x) + Number(width)) * SCALE; column += 1) {
        data.fill(0, (row * side + column) * 4, (row * side + column) * 4 + 3);
      }
    }
  }
  return { width: side, height: side, data };
}

it.each(["TJRabPrwbZy45sbavfcjinPJC18kjpRTv8", "bitcoin:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4?amount=0.01500000"])("a reader gets %s back", (text) => {
  expect(decode(pictureOf(codeOf(text)))).toBe(text);
});

it("keeps the quiet zone free", () => {
  const { size, path } = codeOf("TJRabPrwbZy45sbavfcjinPJC18kjpRTv8");
  const at = [...path.matchAll(/M(\d+) (\d+)h(\d+)/g)].map(([, x, y, width]) => [Number(x), Number(y), Number(x) + Number(width)]);
  for (const [x = 0, y = 0, end = 0] of at) expect(x >= 4 && y >= 4 && y < size - 4 && end <= size - 4).toBe(true);
});

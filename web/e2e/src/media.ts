// Pictures made here, so that no photo of anybody has to be kept: a camera film in the YUV4MPEG2
// format and a document as PNG.

import { crc32, deflateSync } from "node:zlib";

const WIDTH = 640;
const HEIGHT = 480;
const FRAMES = 20;

/** A light oval that moves from side to side before a dark ground. */
export function cameraFilm(): Buffer {
  const parts: Buffer[] = [Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`)];
  const colour = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
  for (let frame = 0; frame < FRAMES; frame += 1) {
    const centre = WIDTH / 2 + Math.round(60 * Math.sin((2 * Math.PI * frame) / FRAMES));
    parts.push(Buffer.from("FRAME\n"), ovalAt(centre), colour);
  }
  return Buffer.concat(parts);
}

function ovalAt(centre: number): Buffer {
  const light = Buffer.alloc(WIDTH * HEIGHT);
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) {
      const inside = ((x - centre) / 110) ** 2 + ((y - HEIGHT / 2) / 160) ** 2 < 1;
      light[y * WIDTH + x] = inside ? 190 + (y % 20) : 50 + ((x + y) % 16);
    }
  }
  return light;
}

export function documentPicture(width = 900, height = 600): Buffer {
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = y * (1 + width * 3) + 1 + x * 3;
      const text = y > height * 0.75 && y % 40 < 16 && x % 24 < 14;
      rows.set(text ? [20, 24, 30] : [225, 232, 238 - (y % 16)], at);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

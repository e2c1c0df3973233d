// Pictures before they are sent: refused early where the server would refuse them, and made smaller
// where a phone's photo is far larger than anybody can use.

export const PICTURE_BYTES_MAX = 12 * 1024 * 1024;
const SIDE_PX_MAX = 2000;
const WIDTH_PX_MIN = 400;
const HEIGHT_PX_MIN = 250;
const JPEG_QUALITY = 0.9;
const SENT_AS_THEY_ARE = ["image/jpeg", "image/png", "image/webp"];

export type PictureProblem = "not_an_image" | "too_small" | "too_large";

/** What can be said of a file without opening it. */
export function problemOfFile(file: { type: string; size: number }): PictureProblem | undefined {
  if (!file.type.startsWith("image/")) return "not_an_image";
  if (file.size > PICTURE_BYTES_MAX) return "too_large";
  return undefined;
}

export function problemOfSize(width: number, height: number): PictureProblem | undefined {
  const [long, short] = [Math.max(width, height), Math.min(width, height)];
  return long < WIDTH_PX_MIN || short < HEIGHT_PX_MIN ? "too_small" : undefined;
}

/** The size to send: the longer side at most so many pixels, the shape kept. */
export function fitted(width: number, height: number, longest = SIDE_PX_MAX): { width: number; height: number } {
  const long = Math.max(width, height);
  if (long <= longest) return { width, height };
  return { width: Math.round((width * longest) / long), height: Math.round((height * longest) / long) };
}

export async function prepare(file: Blob): Promise<{ picture: Blob } | { problem: PictureProblem }> {
  const problem = problemOfFile(file);
  if (problem) return { problem };
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return { problem: "not_an_image" };
  }
  try {
    const small = problemOfSize(bitmap.width, bitmap.height);
    if (small) return { problem: small };
    const size = fitted(bitmap.width, bitmap.height);
    if (size.width === bitmap.width && SENT_AS_THEY_ARE.includes(file.type)) return { picture: file };
    return { picture: await jpegOf(bitmap, size) };
  } finally {
    bitmap.close();
  }
}

export async function jpegOf(source: CanvasImageSource, size: { width: number; height: number }): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = size.width;
  canvas.height = size.height;
  canvas.getContext("2d")?.drawImage(source, 0, 0, size.width, size.height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY));
  if (!blob) throw new Error("the browser could not write the picture");
  return blob;
}

// A partner's colour, made readable: WCAG 2.2 asks 4.5 : 1 of text, and buttons have text on them.

export type Scheme = "light" | "dark";

/** What the widget's accent stands on, its own text on it, and where it moves when it cannot be read. */
const GROUNDS: Record<Scheme, { grounds: string[]; text: string; towards: number }> = {
  light: { grounds: ["#ffffff", "#f7f8f9"], text: "#ffffff", towards: 0 },
  dark: { grounds: ["#0e1116", "#161b22"], text: "#0e1116", towards: 255 },
};
const ENOUGH = 4.5;
const STEPS = 64;

const COLOUR = /^#[0-9a-f]{6}$/i;
export const isColour = (text: string): boolean => COLOUR.test(text);

const channels = (colour: string): number[] => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));

/** Relative luminance, as WCAG 2.2 defines it. */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = channels(colour).map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** From 1 (the same) to 21 (black on white). */
export function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

const isReadable = (colour: string, { grounds, text }: { grounds: string[]; text: string }): boolean =>
  [...grounds, text].every((other) => contrast(colour, other) >= ENOUGH);

/** The nearest colour on the way to black, or in the dark to white, that can be read. */
export function readableAccent(colour: string, scheme: Scheme): string {
  const place = GROUNDS[scheme];
  for (let step = 0; step < STEPS; step += 1) {
    const moved = channels(colour).map((channel) => Math.round(channel + ((place.towards - channel) * step) / STEPS));
    const candidate = `#${moved.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
    if (isReadable(candidate, place)) return candidate;
  }
  return place.towards === 0 ? "#000000" : "#ffffff";
}

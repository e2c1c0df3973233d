// What of the look the partner chose; the server wrote it into the page, or the console shows a trial of it.

import { isColour, readableAccent } from "../../common/accent";
import { isRecord } from "./guards";

const FONTS = {
  system: "",
  humanist: 'Seravek, "Gill Sans Nova", Ubuntu, Calibri, "DejaVu Sans", source-sans-pro, sans-serif',
  rounded: 'ui-rounded, "Hiragino Maru Gothic ProN", Quicksand, Comfortaa, Manjari, "Arial Rounded MT", Calibri, sans-serif',
  serif: 'ui-serif, Charter, "Bitstream Charter", "Sitka Text", Cambria, Georgia, serif',
} as const;
export type Font = keyof typeof FONTS;

export interface Look {
  accent?: string;
  radius?: number;
  font?: Font;
  /** An address of our own, or a picture as `data:`. */
  logo?: string;
}

const RADIUS_MAX = 20;
/** Fields beside cards of 10 pixels have 6: the same share at every radius. */
const FIELD_SHARE = 0.6;

export function readLook(value: unknown): Look {
  if (!isRecord(value)) return {};
  const { accent, radius, font, logo } = value;
  return {
    ...(typeof accent === "string" && isColour(accent) ? { accent } : {}),
    ...(typeof radius === "number" && radius >= 0 && radius <= RADIUS_MAX ? { radius } : {}),
    ...(typeof font === "string" && Object.hasOwn(FONTS, font) ? { font: font as Font } : {}),
    ...(typeof logo === "string" && (logo.startsWith("/frame/") || logo.startsWith("data:image/png;base64,")) ? { logo } : {}),
  };
}

/** Puts it on. What is not chosen is ours again. */
export function wear({ accent, radius, font }: Look): void {
  const set = (name: string, value: string | undefined): void => {
    if (value) document.documentElement.style.setProperty(name, value);
    else document.documentElement.style.removeProperty(name);
  };
  set("--accent-light", accent && readableAccent(accent, "light"));
  set("--accent-dark", accent && readableAccent(accent, "dark"));
  set("--radius-card", radius === undefined ? undefined : `${radius}px`);
  set("--radius-input", radius === undefined ? undefined : `${Math.round(radius * FIELD_SHARE)}px`);
  set("--font", font && FONTS[font]);
}

import { describe, expect, it } from "vitest";
import { contrast, readableAccent } from "../../common/accent";
import { readLook } from "../src/look";

const ENOUGH = 4.5;
const hex = (value: number): string => `#${value.toString(16).padStart(6, "0")}`;

describe("the accent", () => {
  it("is measured as WCAG measures", () => {
    expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5);
    expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
    expect(contrast("#1f5eff", "#1f5eff")).toBe(1);
  });

  it("stays as it is where it can be read", () => {
    expect(readableAccent("#1f5eff", "light")).toBe("#1f5eff");
    expect(readableAccent("#6b9bff", "dark")).toBe("#6b9bff");
  });

  it("is moved until it can be read, whatever it is", () => {
    // Every 4,099th of all colours: 4,093 of them, in no pattern of channels.
    for (let value = 0; value <= 0xff_ff_ff; value += 4099) {
      const light = readableAccent(hex(value), "light");
      const dark = readableAccent(hex(value), "dark");
      for (const ground of ["#ffffff", "#f7f8f9"]) expect(contrast(light, ground)).toBeGreaterThanOrEqual(ENOUGH);
      for (const ground of ["#0e1116", "#161b22"]) expect(contrast(dark, ground)).toBeGreaterThanOrEqual(ENOUGH);
    }
  });

  it("moves no further than needed", () => {
    const drawn = readableAccent("#ffcc00", "light");
    expect(contrast(drawn, "#f7f8f9")).toBeLessThan(ENOUGH + 0.3);
  });
});

describe("a look", () => {
  it("is what was chosen, and nothing else", () => {
    const look = { accent: "#FFcc00", radius: 20, font: "serif", logo: "/frame/1/logo?v=2" };
    expect(readLook(look)).toEqual(look);
    expect(readLook({ accent: null, radius: null, font: null, logo: null })).toEqual({});
    expect(readLook({ accent: "red;}", radius: 21, font: "toString", logo: "https://elsewhere.example/x.png" })).toEqual({});
    for (const nonsense of [undefined, null, 1, "x", []]) expect(readLook(nonsense)).toEqual({});
  });
});

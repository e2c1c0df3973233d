// Where the focus is, however deep in frames, and how large what can be pressed is.

import { expect, type FrameLocator, type Page } from "@playwright/test";

export interface Stop {
  name: string;
  /** A ring around it, or around the box that stands for it. */
  visible: boolean;
}

/** What has the focus inside of the widget, or nothing. */
async function focused(page: Page): Promise<Stop | undefined> {
  for (const frame of page.frames().slice(1)) {
    const stop = await frame.evaluate(() => {
      const element = document.activeElement;
      if (!document.hasFocus() || !(element instanceof HTMLElement) || ["BODY", "IFRAME"].includes(element.tagName)) return undefined;
      const shown = element.matches("input[type=file]") ? element.parentElement ?? element : element;
      const { outlineStyle, outlineWidth } = getComputedStyle(shown);
      // A box that is ticked is called by the label around it.
      const named = element.closest("label") ?? element;
      return { name: element.getAttribute("aria-label") ?? named.textContent?.trim() ?? "", visible: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 };
    });
    if (stop) return stop;
  }
  return undefined;
}

/** A card field is a page of the processor's; its ring is drawn around its frame, by ours. */
async function ringed(widget: FrameLocator, stop: Stop): Promise<Stop> {
  const label = widget.locator(".field-box.focused").first();
  return stop.visible || (await label.count()) === 0 ? stop : { ...stop, visible: true };
}

const TABS_MAX = 25;

/** Presses Tab until the focus is on it. What it came through, itself the last; each of them could be seen. */
export async function tabTo(page: Page, widget: FrameLocator, name: RegExp): Promise<string[]> {
  const passed: string[] = [];
  for (let pressed = 0; pressed < TABS_MAX; pressed += 1) {
    await page.keyboard.press("Tab");
    const found = await focused(page);
    if (!found) continue;
    const stop = await ringed(widget, found);
    passed.push(stop.name);
    expect(stop).toEqual({ name: stop.name, visible: true });
    if (name.test(stop.name)) return passed;
  }
  throw new Error(`no ${name} within ${TABS_MAX} tabs: ${passed.join(", ")}`);
}

/** The new screen's heading has the focus, and whoever presses keys sees it there. */
export async function headingIsFocused(widget: FrameLocator, title: RegExp): Promise<void> {
  const heading = widget.getByRole("heading", { level: 1, name: title });
  await expect(heading).toBeFocused({ timeout: 30_000 });
  expect(await heading.evaluate((element) => document.hasFocus() && getComputedStyle(element).outlineStyle)).not.toBe("none");
}

/** Each in CSS pixels; a box that is ticked counts with its label, a file's field with the button that it fills. */
export async function smallTargets(widget: FrameLocator, least: number): Promise<string[]> {
  const targets = widget.locator("button, a[href], select, summary, textarea, input, iframe");
  const found = await targets.evaluateAll((elements) => elements.filter((element) => element.checkVisibility()).map((element) => {
    const pressed = element.closest("label, .button.file") ?? element;
    return { name: element.getAttribute("aria-label") ?? (element.textContent || element.outerHTML.slice(0, 60)), height: pressed.getBoundingClientRect().height };
  }));
  expect(found.length).toBeGreaterThan(0);
  // A rectangle is the difference of two places, of which a browser keeps seven digits.
  const exact = (height: number) => Math.round(height * 1000) / 1000;
  return found.filter(({ height }) => exact(height) < least).map(({ name, height }) => `${name}: ${height}`);
}

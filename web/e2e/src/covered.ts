// A page that covers the widget, or fades it out, so that somebody presses what they do not see.

import { expect, type FrameLocator, type Locator, type Page } from "@playwright/test";

/** A page that fades the frame out gets nothing by one press; in plain sight the same button does what it says. */
export async function coveredIsNotPressed(page: Page, widget: FrameLocator, press: Locator): Promise<void> {
  const fade = async (opacity: string) => {
    await page.locator("#widget").evaluate((host, value) => host.style.setProperty("opacity", value), opacity);
    // As long as the browser takes to look again.
    await page.waitForTimeout(400);
  };
  await fade("0.02");
  await press.click();
  await expect(widget.getByText("Part of this window seems to be covered")).toBeVisible();
  await expect(press).toBeVisible();
  await fade("1");
  await press.click();
}

// A partner's people choose how their widget looks, and see the widget itself while they choose.

import { deflateSync } from "node:zlib";
import AxeBuilder from "@axe-core/playwright";
import { order, widgetOf } from "../src/buyer.ts";
import { at, said, title } from "../src/console.ts";
import { expect, newBuyer, test } from "../src/desk.ts";

/** One colour, as a file that a browser can read. */
function picture(width: number, height: number): Buffer {
  const chunk = (name: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc(body), body.length + 4);
    return out;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, 0x33)]);
  const rows = deflateSync(Buffer.concat(Array.from({ length: height }, () => row)));
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", header), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))]);
}

function crc(bytes: Buffer): number {
  let value = 0xffff_ffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb8_8320 : value >>> 1;
  }
  return (value ^ 0xffff_ffff) >>> 0;
}

test("a look is chosen beside the widget, and worn by it", async ({ desk, page, proof }) => {
  const carol = await desk("carol");
  await carol.goto(at(proof, "/"));
  await carol.getByRole("link", { name: "Accent, corners, typeface and logo" }).click();
  await title(carol, "Widget look");
  const preview = carol.frameLocator("iframe");
  const button = preview.getByRole("button", { name: "Pay €101.40", includeHidden: true });
  await expect(button).toHaveCSS("background-color", "rgb(31, 94, 255)");

  await carol.getByLabel("Accent", { exact: true }).fill("#ffcc0");
  await expect(carol.getByText("A colour is written as # and six hex digits")).toBeVisible();
  await carol.getByLabel("Accent", { exact: true }).fill("#ffcc00");
  // Yellow on white cannot be read: the page says so, and what is drawn instead.
  const drawn = (await carol.getByText("In the light theme it is drawn as").locator("code").innerText()).trim();
  await expect(button).not.toHaveCSS("background-color", "rgb(31, 94, 255)");
  await carol.getByLabel("Corners").fill("20");
  await expect(button).toHaveCSS("border-radius", "20px");
  await carol.getByLabel("Typeface").selectOption("serif");
  await expect(button).toHaveCSS("font-family", /Georgia/);

  await carol.getByLabel("Logo", { exact: true }).setInputFiles({ name: "notes.txt", mimeType: "image/png", buffer: Buffer.from("no picture") });
  await expect(carol.getByText("This is no picture that can be used")).toBeVisible();
  await carol.getByLabel("Logo", { exact: true }).setInputFiles({ name: "logo.png", mimeType: "image/png", buffer: picture(1200, 300) });
  await expect(preview.locator("img.logo")).toBeVisible();
  await carol.getByLabel("Theme").selectOption("dark");
  await expect(button).toHaveCSS("background-color", "rgb(255, 204, 0)");
  await carol.getByLabel("Screen").selectOption("done");
  await expect(preview.getByText("100.00 USDT").first()).toBeVisible();
  const { violations } = await new AxeBuilder({ page: carol }).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);

  await carol.getByRole("button", { name: "Save the look" }).click();
  await said(carol, "Whoever opens the widget from now on sees it");

  // Somebody who buys sees it from the first screen on.
  const widget = await order(page, proof, newBuyer());
  await expect(widget.locator("img.logo")).toBeVisible();
  const start = widget.locator(".button.primary").first();
  // Not where the shop's button was pressed: a button under the mouse is drawn darker.
  await page.mouse.move(0, 0);
  await expect(start).toHaveCSS("border-radius", "20px");
  const rgb = [1, 3, 5].map((from) => Number.parseInt(drawn.slice(from, from + 2), 16)).join(", ");
  await expect(start).toHaveCSS("background-color", `rgb(${rgb})`);
  expect(widgetOf(page)).toBeDefined();

  await carol.getByRole("button", { name: "Reset all" }).click();
  await carol.getByRole("button", { name: "Save the look" }).click();
  await expect(carol.locator(".look-logo")).toHaveCount(0);
});

test("who may not change it sees it", async ({ desk, proof }) => {
  const bob = await desk("bob");
  await bob.goto(at(proof, "/partners"));
  await bob.getByRole("row").nth(1).getByRole("link").first().click();
  await bob.getByRole("link", { name: "Look", exact: true }).click();
  await expect(bob.frameLocator("iframe").getByText("100.00 USDT").first()).toBeVisible();
  await expect(bob.getByRole("button", { name: "Save the look" })).toBeDisabled();
});

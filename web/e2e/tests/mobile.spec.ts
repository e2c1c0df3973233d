// What partners copy into their apps: the checklist finds in it what it asks for, and the test page tells the truth of
// the one browser that is here.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { clean } from "../src/axe.ts";
import { BINARY } from "../src/server.ts";

const MOBILE = join(import.meta.dirname, "../../../mobile");

for (const [platform, lines] of [["ios", ["MOB-1", "MOB-2"]], ["android", ["MOB-5"]]] as const) {
  test(`the sample for ${platform} passes proof scan`, () => {
    // It ends with another status where a line is missing.
    const said = execFileSync(BINARY, ["scan", "--dry-run", join(MOBILE, platform)], { encoding: "utf8" });
    expect(said.split("\n").filter(Boolean).map((line) => line.split(/\s+/).slice(0, 2))).toEqual(lines.map((line) => [line, "found"]));
  });
}

test("both samples open what the server makes of a deposit for a wallet, and no other app", () => {
  const sources = ["evm/mod.rs", "bitcoin/chain.rs"].map((file) => readFileSync(join(MOBILE, "../crates/proof-chain/src", file), "utf8"));
  const made = new Set(sources.flatMap((source) => [...source.matchAll(/format!\(\s*"([a-z]+):\{(?:to|token)\}/g)].map(([, scheme]) => scheme ?? "")));
  expect([...made].sort()).toEqual(["bitcoin", "ethereum"]);
  for (const file of ["ios/Sources/ProofMobile/ProofWebView.swift", "android/proof/src/main/kotlin/proof/mobile/ProofWebView.kt"]) {
    const [, named] = /\bwallets\b[^\n]*?[[(](("\w+"(?:, )?)+)[\])]/i.exec(readFileSync(join(MOBILE, file), "utf8")) ?? [];
    expect(JSON.parse(`[${named}]`), file).toEqual([...made].sort());
  }
});

test("the test page says what works, under its own policy", async ({ browser }) => {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, permissions: ["camera", "clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  const refused: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") refused.push(message.text());
  });
  // Without TLS no browser has a camera.
  const body = readFileSync(join(MOBILE, "test-page/index.html"), "utf8");
  await page.route("https://shop.example/test", (route) => route.fulfill({ contentType: "text/html", body }));
  await page.goto("https://shop.example/test");
  const line = (name: string, state: string) => expect(page.locator("dt").filter({ hasText: name }).locator("strong")).toHaveText(state);
  await line("Storage", "works");
  await line("Apple Pay", "does not work");
  await page.getByRole("button", { name: "Try the camera" }).click();
  await line("Camera", "works");
  await line("Inline video", "works");
  await page.getByRole("button", { name: "Open a new window" }).click();
  await line("New window", "works");
  await page.getByRole("button", { name: "Copy the result" }).click();
  await expect(page.getByText("Copied.")).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain("Camera: works");
  expect(copied).toContain("Clipboard: works");
  expect(copied).toContain("User agent: Mozilla/");
  await clean(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  expect(refused).toEqual([]);
  await context.close();
});

// The built-in check, with all its models, behind the widget: no outcome here is scripted.

import { chooseDocument, heading, order } from "../src/buyer.ts";
import { documentPicture } from "../src/media.ts";
import { filmOf, MODELS, modelsAreMissing, passportOf, seat, reseat, stillOf } from "../src/person.ts";
import { expect, newBuyer, test } from "../src/test.ts";
import type { FrameLocator } from "@playwright/test";

test.use({ options: ["--built-in-identity", "--models", MODELS] });
test.skip(modelsAreMissing, "no identity models, see ci/models");

// The true engine, unoptimised, on cores that it shares with the browsers of the other tests.
const JUDGED_MS = 60_000;
test.describe.configure({ timeout: 150_000 });

async function send(widget: FrameLocator, page: Buffer): Promise<void> {
  await widget.locator("input[type=file]").setInputFiles({ name: "page.png", mimeType: "image/png", buffer: page });
  await widget.getByRole("button", { name: "Use this photo" }).click();
}

async function selfie(widget: FrameLocator): Promise<void> {
  await heading(widget, "A short selfie check");
  await widget.getByRole("button", { name: "Start" }).click();
}

async function failed(widget: FrameLocator, reason: string, stays: string): Promise<void> {
  await heading(widget, "The check did not work this time", JUDGED_MS);
  await expect(widget.getByText(reason)).toBeVisible();
  await expect(widget.getByText(/Nothing was charged/)).toBeVisible();
  await expect(widget.getByText(stays)).toBeVisible();
}

test("a live person passes, once there is a document", async ({ page, proof }) => {
  await seat(page, filmOf("obama2.jpg"));
  const widget = await order(page, proof, newBuyer());
  await chooseDocument(widget, "Passport");
  await send(widget, documentPicture());
  await selfie(widget);
  await failed(widget, "Your document could not be read.", "Your selfie is good and stays.");
  await widget.getByRole("button", { name: "Show a document again" }).click();
  await widget.getByRole("button", { name: "Passport" }).click();
  await send(widget, passportOf("obama.jpg"));
  await heading(widget, "Review and pay", JUDGED_MS);
});

test("neither a photograph held up passes nor somebody else", async ({ page, proof }) => {
  await seat(page, stillOf(filmOf("obama2.jpg")));
  const widget = await order(page, proof, newBuyer());
  await chooseDocument(widget, "Passport");
  await send(widget, passportOf("obama.jpg"));
  await selfie(widget);
  const stays = "Your document’s photos are good and stay.";
  await failed(widget, "The selfie check did not see a live person.", stays);

  await reseat(page, filmOf("biden.jpg"));
  await widget.getByRole("button", { name: "Take the selfie again" }).click();
  await selfie(widget);
  await failed(widget, "The face in your selfie does not match the photo on your document.", stays);
});

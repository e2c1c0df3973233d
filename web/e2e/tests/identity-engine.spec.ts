// The built-in check, with all its models, behind the widget: no outcome here is scripted.

import { chooseDocument, heading, order } from "../src/buyer.ts";
import { filmOf, MODELS, modelsAreMissing, passportOf, seat, reseat, stillOf } from "../src/person.ts";
import { expect, newBuyer, test } from "../src/test.ts";
import type { FrameLocator } from "@playwright/test";

test.use({ options: ["--built-in-identity", "--models", MODELS] });
test.skip(modelsAreMissing, "no identity models, see ci/models");

async function sendPassport(widget: FrameLocator, page: Buffer): Promise<void> {
  await widget.locator("input[type=file]").setInputFiles({ name: "passport.png", mimeType: "image/png", buffer: page });
  await widget.getByRole("button", { name: "Use this photo" }).click();
  await heading(widget, "A short selfie check");
}

test("a photograph held up is no person, and the person it shows passes", async ({ page, proof }) => {
  const film = filmOf("obama2.jpg");
  await seat(page, stillOf(film));
  const widget = await order(page, proof, newBuyer());
  await chooseDocument(widget, "Passport");
  await sendPassport(widget, passportOf("obama.jpg"));
  await widget.getByRole("button", { name: "Start" }).click();
  await heading(widget, "The check did not work this time");
  await expect(widget.getByText("The selfie check did not see a live person.")).toBeVisible();
  await expect(widget.getByText(/Nothing was charged/)).toBeVisible();

  await reseat(page, film);
  await widget.getByRole("button", { name: "Take the selfie again" }).click();
  await heading(widget, "A short selfie check");
  await widget.getByRole("button", { name: "Start" }).click();
  await heading(widget, "Review and pay");
});

test("another person than on the document does not pass", async ({ page, proof }) => {
  await seat(page, filmOf("biden.jpg"));
  const widget = await order(page, proof, newBuyer());
  await chooseDocument(widget, "Passport");
  await sendPassport(widget, passportOf("obama.jpg"));
  await widget.getByRole("button", { name: "Start" }).click();
  await heading(widget, "The check did not work this time");
  await expect(widget.getByText("The face in your selfie does not match the photo on your document.")).toBeVisible();
});

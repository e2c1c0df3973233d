import { chromium } from "@playwright/test";
import { browserArguments } from "../src/browser.ts";
import { withoutFault } from "../src/axe.ts";
import { begin, chooseDocument, heading, identify, order, selfie, sendFile } from "../src/buyer.ts";
import { expect, newBuyer, test } from "../src/test.ts";

test("a file that is no picture is refused with a reason, and another one goes through", async ({ page, proof }) => {
  const widget = await order(page, proof, newBuyer());
  await chooseDocument(widget, "Passport");
  const input = widget.locator("input[type=file]");
  await input.setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("hello") });
  await expect(widget.getByText("This file is not a picture that we can read.")).toBeVisible();
  // Called a picture, but none inside.
  await input.setInputFiles({ name: "photo.jpg", mimeType: "image/jpeg", buffer: Buffer.alloc(50_000, 7) });
  await expect(widget.getByText("This file is not a picture that we can read.")).toBeVisible();
  await input.setInputFiles({ name: "photo.jpg", mimeType: "image/jpeg", buffer: Buffer.alloc(13 * 1024 * 1024, 7) });
  await expect(widget.getByText("This picture is larger than 12 MB.")).toBeVisible();
  await sendFile(widget);
  await heading(widget, "A short selfie check");
});

test("without a camera there is a way on", async ({ proof }) => {
  const browser = await chromium.launch({
    executablePath: process.env["PROOF_E2E_CHROMIUM"] ?? "/usr/bin/chromium",
    args: browserArguments({ camera: "asked" }),
  });
  try {
    const context = await browser.newContext();
    // Nothing is granted: the question for the camera is answered with no.
    await context.grantPermissions([]);
    const page = await context.newPage();
    const widget = await order(page, proof, newBuyer());
    await chooseDocument(widget, "Passport");
    await widget.getByRole("button", { name: "Take a photo" }).click();
    await expect(widget.getByText("The camera is not allowed")).toBeVisible();
    await expect(widget.getByText(/allow the camera, then try again/)).toBeVisible();
    await expect(widget.getByText("Choose a file")).toBeVisible();
    await sendFile(widget);
    await heading(widget, "A short selfie check");
    await widget.getByRole("button", { name: "Start" }).click();
    await expect(widget.getByText("The camera is not allowed")).toBeVisible();
    // Allowed after all. The browser may have told the widget before the button is pressed: then the button is gone.
    await context.grantPermissions(["camera"]);
    await widget.getByRole("button", { name: "Try again" }).click({ timeout: 2_000 }).catch(() => undefined);
    await heading(widget, "Review and pay");
  } finally {
    await browser.close();
  }
});

test("a check that fails may be repeated, and then passes", async ({ page, proof }) => {
  const widget = await order(page, proof, newBuyer("+kyc-retry"));
  await heading(widget, "Check your order");
  await withoutFault(page, "embedded");
  await chooseDocument(widget, "Passport");
  await widget.getByRole("button", { name: "Take a photo" }).click();
  // The film has an oval before a dark ground, and no page.
  await expect(widget.getByText("Come closer, until the document fills the frame.")).toBeVisible();
  await withoutFault(page, "embedded");
  await widget.getByRole("button", { name: "Take the photo" }).click();
  await widget.getByRole("button", { name: "Use this photo" }).click();
  await selfie(widget);
  await heading(widget, "The check did not work this time");
  await withoutFault(page, "embedded");
  await expect(widget.getByText("The face in your selfie does not match the photo on your document.")).toBeVisible();
  await expect(widget.getByText("Your document’s photos are good and stay.")).toBeVisible();
  await widget.getByRole("button", { name: "Take the selfie again" }).click();
  await selfie(widget);
  await heading(widget, "Review and pay");
});

test("a refusal for good says that no money was taken", async ({ page, proof }) => {
  const widget = await order(page, proof, newBuyer("+kyc-fail"));
  await chooseDocument(widget, "Driving licence");
  await sendFile(widget);
  await expect(widget.getByText("Photo 2 of 2")).toBeVisible();
  await sendFile(widget);
  await selfie(widget);
  await heading(widget, "We could not confirm your identity");
  await expect(widget.getByText("No money was taken.")).toBeVisible();
  await expect(widget.getByRole("button", { name: "Back to Demo Shop" })).toBeVisible();
});

test("a person's review is said, and the page may be closed", async ({ page, proof }) => {
  const widget = await order(page, proof, newBuyer("+kyc-review"));
  await chooseDocument(widget, "Passport");
  await sendFile(widget);
  await selfie(widget);
  await heading(widget, "A person is looking at your pictures");
  await expect(widget.getByText(/You may close this page and open the order again/)).toBeVisible();
});

test("a closed tab goes on where it was", async ({ page, context, proof }) => {
  const widget = await order(page, proof, newBuyer());
  await chooseDocument(widget, "National identity card");
  await sendFile(widget);
  await expect(widget.getByText("Photo 2 of 2")).toBeVisible();
  await page.close();

  const later = await context.newPage();
  await later.goto(proof.shop_url);
  const again = later.frameLocator("#widget iframe");
  await heading(again, "Back of your national identity card");
  await sendFile(again);
  await heading(again, "A short selfie check");
  await later.reload();
  await selfie(again);
  await heading(again, "Review and pay");
});

test("a second tab follows the first", async ({ page, context, proof }) => {
  const first = await order(page, proof, newBuyer());
  await heading(first, "Check your order");
  const other = await context.newPage();
  await other.goto(proof.shop_url);
  const second = other.frameLocator("#widget iframe");
  await heading(second, "Check your order");
  await identify(first);
  await heading(second, "Review and pay");
});

test("a tab that was overtaken shows what is true now", async ({ page, context, proof }) => {
  const first = await order(page, proof, newBuyer());
  await heading(first, "Check your order");
  const other = await context.newPage();
  // This tab hears nothing by itself: it learns only from the answer to what it does.
  await other.route(/frame\/api\/order\?seen/, () => undefined);
  await other.goto(proof.shop_url);
  const second = other.frameLocator("#widget iframe");
  await begin(second);
  await second.getByRole("button", { name: "Agree and continue" }).click();

  await first.getByRole("button", { name: "Cancel this order" }).click();
  await first.getByRole("button", { name: "Yes, cancel" }).click();
  await heading(first, "Order cancelled");

  await second.getByRole("button", { name: "Passport" }).click();
  await heading(second, "Order cancelled");
});

// Somebody whom the provider is not sure about: two people look at the pictures and let them in.

import { chooseDocument, heading, order, selfie, sendFile } from "../src/buyer.ts";
import { answer, at, dialog, EVIL, reasonInAudit } from "../src/console.ts";
import { bothDecide, expect, newBuyer, test } from "../src/desk.ts";

test("two people look at somebody's pictures and let them in", async ({ desk, page, proof }) => {
  const buyer = newBuyer("+kyc-review");
  const [alice, widget] = [await desk("alice"), await order(page, proof, buyer)];
  await chooseDocument(widget, "Passport");
  await sendFile(widget);
  await selfie(widget);
  await heading(widget, "A person is looking at your pictures");

  await alice.goto(at(proof, "/waiting"));
  await alice.getByRole("region", { name: "Identity checks that wait" }).getByRole("link", { name: "Passport" }).first().click();
  await expect(alice.getByRole("heading", { name: "Passport, try 1" })).toBeVisible();
  await expect(alice.getByRole("img", { name: "Passport, front" })).toBeHidden();
  await alice.getByRole("button", { name: "Show them" }).click();
  const passport = alice.getByRole("img", { name: "Passport, front" });
  await expect(passport).toHaveJSProperty("complete", true);
  expect(await passport.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  await expect(alice.getByRole("img", { name: "Selfie, right" }).first()).toBeVisible();

  await bothDecide(desk, alice.url(), async (operator) => {
    await operator.getByRole("button", { name: "Approve" }).click();
    await dialog(operator).getByLabel("Issued by").fill("DE");
    await answer(operator, "Approve", { reason: `the same face, a good document ${EVIL}` });
  });
  await heading(widget, "Review and pay");
  await reasonInAudit(alice, proof, "identity.propose", "the same face, a good document");
  await alice.goto(at(proof, "/audit"));
  await expect(alice.getByRole("row", { name: /Pictures looked at alice/ }).first()).toBeVisible();
});

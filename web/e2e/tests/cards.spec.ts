import type { FrameLocator, Page } from "@playwright/test";
import { withoutFault } from "../src/axe.ts";
import { CARDS, delivered, fillCard, heading, order, pay } from "../src/buyer.ts";
import { coveredIsNotPressed } from "../src/covered.ts";
import { knownBuyer } from "../src/known.ts";
import type { Proof } from "../src/server.ts";
import { expect, test, type Buyer } from "../src/test.ts";

/** The shop's page shows the order before until another one is wanted. */
async function orderAgain(page: Page, proof: Proof, buyer: Buyer): Promise<FrameLocator> {
  await page.getByRole("button", { name: "Start another order" }).click();
  return order(page, proof, buyer);
}

test("a card is kept, paid with by its code alone, and removed", async ({ page, proof }) => {
  const buyer = await knownBuyer(proof);
  const first = await order(page, proof, buyer);
  await heading(first, "Review and pay");
  await expect(first.getByText("Your cards")).toHaveCount(0);
  await first.getByLabel("Keep this card for next time").check();
  await pay(first, CARDS.good);
  await delivered(first);

  const second = await orderAgain(page, proof, buyer);
  await heading(second, "Review and pay");
  await expect(second.getByRole("radio", { name: /Visa.*4242/ })).toBeChecked();
  await expect(second.locator(".field-box iframe")).toHaveCount(1);
  await withoutFault(page, "embedded");
  const button = second.getByRole("button", { name: /^Pay €\d/ });
  await button.click();
  await expect(second.getByText("Enter the security code.")).toHaveCount(1);
  // Another card brings all fields, and this one its code.
  await second.getByRole("radio", { name: "Another card" }).check();
  await expect(second.locator(".field-box iframe")).toHaveCount(3);
  await fillCard(second, CARDS.poor);
  await second.getByRole("radio", { name: /Visa.*4242/ }).check();
  await second.frameLocator('iframe[name="proof-card-cvc"]').locator("input").pressSequentially("123");
  await button.click();
  await delivered(second);

  const third = await orderAgain(page, proof, buyer);
  await third.getByRole("button", { name: /^Remove.*4242/ }).click();
  await coveredIsNotPressed(page, third, third.getByRole("button", { name: "Remove it" }));
  await expect(third.getByText("Your cards")).toHaveCount(0);
  await expect(third.locator(".field-box iframe")).toHaveCount(3);
});

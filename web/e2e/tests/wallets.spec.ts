// Paying with the wallet of a device. Chromium has none, so that the page gets one that hands over what the sandbox's
// processor understands; everything from the button to the processor is the product's own.

import { withoutFault } from "../src/axe.ts";
import { callbacks, delivered, heading, order } from "../src/buyer.ts";
import { coveredIsNotPressed } from "../src/covered.ts";
import { knownBuyer } from "../src/known.ts";
import { expect, test } from "../src/test.ts";

test.use({ options: ["--wallets"] });

type Wallet = { hands: "approved" | "declined"; closes: boolean };

/** In the page and in every frame of it, before any script. */
function wallets({ hands, closes }: Wallet): void {
  const payload = { sandbox: hands };
  class ApplePaySession {
    static STATUS_SUCCESS = 0;
    static STATUS_FAILURE = 1;
    static canMakePayments = () => true;
    onvalidatemerchant = () => {};
    onpaymentauthorized = (_: object) => {};
    oncancel = () => {};
    begin = () => setTimeout(() => (closes ? this.oncancel() : this.onvalidatemerchant()));
    abort = () => {};
    completeMerchantValidation = (session: { domainName?: string }) => {
      if (session.domainName) this.onpaymentauthorized({ payment: { token: payload } });
    };
    completePayment = () => {};
  }
  class PaymentRequest {
    canMakePayment = async () => true;
    show = async () => ({ details: { paymentMethodData: { tokenizationData: { token: JSON.stringify(payload) } } }, complete: async () => {} });
  }
  Object.assign(window, { ApplePaySession, PaymentRequest });
}

for (const [name, method] of [["Apple Pay", "apple_pay"], ["Google Pay", "google_pay"]] as const) {
  test(`${name} pays for an order`, async ({ page, proof }) => {
    await page.addInitScript(wallets, { hands: "approved", closes: false } satisfies Wallet);
    const widget = await order(page, proof, await knownBuyer(proof));
    await heading(widget, "Review and pay");
    await coveredIsNotPressed(page, widget, widget.getByRole("button", { name: new RegExp(`^Pay €\\d+\\.\\d\\d with ${name}$`) }));
    await delivered(widget);
    await expect.poll(() => callbacks(page)).toContain(`onPaymentFinished ${method}`);
  });
}

test("Safari draws the button of Apple Pay itself, and where no browser does the name stands there", async ({ page, proof }) => {
  await page.addInitScript(wallets, { hands: "approved", closes: false } satisfies Wallet);
  const widget = await order(page, proof, await knownBuyer(proof));
  const apple = widget.getByRole("button", { name: /with Apple Pay$/ });
  await expect(apple).toHaveText("Apple Pay");
  await expect(widget.getByRole("button", { name: /with Google Pay$/ })).toHaveText("Google Pay");
  expect(await apple.evaluate((button) => parseFloat(getComputedStyle(button).fontSize))).toBeGreaterThan(12);
  // No Safari is here: that its rule has come through the build, and is for this button.
  const rules = await apple.evaluate((button) =>
    [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).filter((rule) => rule instanceof CSSSupportsRule && rule.conditionText.includes("-apple-pay-button"))
      .flatMap((rule) => [...(rule as CSSSupportsRule).cssRules]).map((rule) => button.matches((rule as CSSStyleRule).selectorText)));
  expect(rules).toEqual([true]);
});

test("a wallet that is declined, or closed, leaves the card", async ({ page, proof }) => {
  await page.addInitScript(wallets, { hands: "declined", closes: true } satisfies Wallet);
  await page.setViewportSize({ width: 360, height: 740 });
  const widget = await order(page, proof, await knownBuyer(proof));
  const apple = widget.getByRole("button", { name: /with Apple Pay$/ });
  await apple.click();
  await expect(apple).toBeEnabled();
  await expect(widget.getByRole("alert").filter({ hasText: /./ })).toHaveCount(0);
  await withoutFault(page, "embedded");
  await widget.getByRole("button", { name: /with Google Pay$/ }).click();
  await expect(widget.getByRole("alert").filter({ hasText: "Your bank declined this card." })).toBeVisible();
});

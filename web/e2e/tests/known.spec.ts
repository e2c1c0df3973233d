import { begin, heading, identify, order, selfie } from "../src/buyer.ts";
import { codeOf, letter } from "../src/outbox.ts";
import { expect, newBuyer, test } from "../src/test.ts";

test("whoever was checked before shows a code and the face, and no document", async ({ page, proof }) => {
  const buyer = newBuyer();
  await identify(await order(page, proof, buyer));
  await page.getByRole("button", { name: "Start another order" }).click();
  // To the shop it is somebody new.
  await page.evaluate(() => localStorage.clear());
  const widget = await order(page, proof, { ...buyer, user_id: `${buyer.user_id}-again` });
  await begin(widget);
  await widget.getByRole("button", { name: "I was checked here before" }).click();
  await heading(widget, "Checked at another shop?");
  await widget.getByRole("button", { name: "Email me a code" }).click();
  await heading(widget, "Enter the code from your email");
  await expect(widget.getByRole("button", { name: /^Another code in \d+ s$/ })).toBeDisabled();
  const code = codeOf(await letter(proof, buyer, /^Your code for/));
  await widget.getByLabel("Code").fill(code === "123456" ? "123457" : "123456");
  await widget.getByRole("button", { name: "Continue", exact: true }).click();
  await expect(widget.getByText("This is not the code.")).toBeVisible();
  await widget.getByLabel("Code").fill(code);
  await widget.getByRole("button", { name: "Continue", exact: true }).click();
  await selfie(widget);
  await heading(widget, "Review and pay");
});

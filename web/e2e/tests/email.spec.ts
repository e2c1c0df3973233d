// The shop has another email address for a customer who is known: both mailboxes are asked.

import { withoutFault } from "../src/axe.ts";
import { begin, heading, order } from "../src/buyer.ts";
import { knownBuyer } from "../src/known.ts";
import { codeOf, letter } from "../src/outbox.ts";
import { expect, newBuyer, test } from "../src/test.ts";

test("whoever comes with another address reads a code in both mailboxes", async ({ page, proof }) => {
  const former = await knownBuyer(proof);
  const now = { ...former, email: newBuyer().email };
  await page.setViewportSize({ width: 360, height: 740 });
  const widget = await order(page, proof, now);
  await begin(widget);
  await heading(widget, "Your email has changed");
  await widget.getByRole("button", { name: "Email me both codes" }).click();
  await heading(widget, "Enter both codes");
  const codes = [codeOf(await letter(proof, former, /^Your code for/)), codeOf(await letter(proof, now, /^Your code for/))];
  const fields = widget.getByLabel(/^Code sent to /);
  await fields.nth(0).fill(codes[0] ?? "");
  await fields.nth(1).fill(codes[1] === "123456" ? "123457" : "123456");
  await widget.getByRole("button", { name: "Continue", exact: true }).click();
  await expect(widget.getByText("This is not the code.")).toHaveCount(1);
  await withoutFault(page, "embedded");
  await fields.nth(1).fill(codes[1] ?? "");
  await widget.getByRole("button", { name: "Continue", exact: true }).click();
  await heading(widget, "Review and pay");
});

test("without the former mailbox the document is shown again", async ({ page, proof }) => {
  const former = await knownBuyer(proof);
  const widget = await order(page, proof, { ...former, email: newBuyer().email });
  await begin(widget);
  await widget.getByRole("button", { name: "I can no longer read the former one" }).click();
  await heading(widget, "Which document do you have at hand?");
});

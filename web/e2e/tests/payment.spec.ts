import { allChannelsSay, answerBank, bankOf, CARDS, delivered, fillCard, heading, order, pay } from "../src/buyer.ts";
import { coveredIsNotPressed } from "../src/covered.ts";
import { knownBuyer } from "../src/known.ts";
import { expect, test } from "../src/test.ts";

test.beforeEach(async ({ page, proof }) => {
  await order(page, proof, await knownBuyer(proof));
});

test("a declined card, then a good one, in the same session", async ({ page, proof }) => {
  const widget = page.frameLocator("#widget iframe");
  await pay(widget, CARDS.declined);
  await expect(widget.getByRole("alert").filter({ hasText: "Your bank declined this card." })).toBeVisible();
  await expect(widget.getByText("Nothing was charged. You can try 4 more times.")).toBeVisible();
  const order = await page.locator("#order-id").textContent();
  await pay(widget, CARDS.good);
  await delivered(widget);
  expect(await page.locator("#order-id").textContent()).toBe(order);
  await allChannelsSay(page, proof, "completed");
});

test("too little money on the card is said as it is", async ({ page }) => {
  const widget = page.frameLocator("#widget iframe");
  await pay(widget, CARDS.poor);
  await expect(widget.getByText("Your bank says there is not enough money on this card.")).toBeVisible();
  await expect(widget.getByText(/Use another card, or add money/)).toBeVisible();
});

test("3-D Secure, confirmed", async ({ page, proof }) => {
  const widget = page.frameLocator("#widget iframe");
  await pay(widget, CARDS.threeDs);
  await expect(bankOf(widget).getByText(/^\d+\.\d\d EUR$/)).toBeVisible();
  await answerBank(widget, "Approve");
  await delivered(widget);
  await allChannelsSay(page, proof, "completed");
});

test("a bank's page that does not come is asked for again, or opened apart", async ({ page, proof }) => {
  const bank = (url: URL) => url.origin === new URL(proof.cards_url).origin && url.pathname.startsWith("/three-ds/");
  await page.route(bank, (route) => route.abort());
  const widget = page.frameLocator("#widget iframe");
  await pay(widget, CARDS.threeDs);
  await heading(widget, "Confirm with your bank");
  await expect(widget.getByText("Is your bank's page not there? Nothing was charged so far.")).toBeVisible();
  await expect(widget.getByRole("link", { name: "Open it in a window" })).toHaveAttribute("href", /\/three-ds\//);
  await page.unroute(bank);
  await widget.getByRole("button", { name: "Try again" }).click();
  await answerBank(widget, "Approve");
  await delivered(widget);
});

test("a bank at a host of its own, to which the processor's page leads and which leads back", async ({ page, proof }) => {
  let checks = 0;
  page.on("request", (request) => { if (request.url().endsWith("/payments/check")) checks += 1; });
  const isBank = (url: URL) => url.origin === new URL(proof.cards_url).origin && /^\/three-ds\/\w+$/.test(url.pathname);
  // To the browser, a page that a test made up comes from the internet, which may not reach this machine unasked.
  await page.context().grantPermissions(["local-network-access"]);
  await page.route("https://acs.bank.test/**", (route) => {
    const back = new URL(route.request().url()).searchParams.get("back") ?? "";
    return route.fulfill({ contentType: "text/html", body: `<!doctype html><button onclick="location.replace('${back}')">It was me</button><script>parent.postMessage({ type: "three_ds.finished" }, "*")</script>` });
  });
  await page.route(isBank, (route) => {
    const url = route.request().url();
    return route.fulfill({ contentType: "text/html", body: `<!doctype html><script>location.replace("https://acs.bank.test/?back=${encodeURIComponent(url)}")</script>` });
  });
  const widget = page.frameLocator("#widget iframe");
  await pay(widget, CARDS.threeDs);
  await heading(widget, "Confirm with your bank");
  const itWasMe = bankOf(widget).getByRole("button", { name: "It was me" });
  await expect(itWasMe).toBeVisible();
  await page.unroute(isBank);
  await itWasMe.click();
  // What another host has said in between is not the processor's word.
  await expect(bankOf(widget).getByRole("button", { name: "Approve" })).toBeVisible();
  expect(checks).toBe(0);
  await answerBank(widget, "Approve");
  await delivered(widget);
});

test("3-D Secure, refused, then paid with another card", async ({ page }) => {
  const widget = page.frameLocator("#widget iframe");
  await pay(widget, CARDS.threeDs);
  await answerBank(widget, "Reject");
  await expect(widget.getByText("Your bank did not confirm that it was you.")).toBeVisible();
  await pay(widget, CARDS.good);
  await delivered(widget);
});

test("a reload in the middle of 3-D Secure finds the bank's page again", async ({ page }) => {
  const widget = page.frameLocator("#widget iframe");
  await pay(widget, CARDS.threeDs);
  await heading(widget, "Confirm with your bank");
  await page.reload();
  await answerBank(widget, "Approve");
  await delivered(widget);
});

test("fields that are not filled in say so, and nothing is sent", async ({ page }) => {
  const widget = page.frameLocator("#widget iframe");
  const sent: string[] = [];
  page.on("request", (request) => sent.push(new URL(request.url()).pathname));
  await widget.getByRole("button", { name: /^Pay €\d/ }).click();
  await expect(widget.getByText(/^Enter the /)).toHaveCount(3);
  await fillCard(widget, "4242424242424241");
  await widget.getByRole("button", { name: /^Pay €\d/ }).click();
  await expect(widget.getByText("Check the card number.")).toBeVisible();
  expect(sent.filter((path) => path.endsWith("/payments") || path.endsWith("/tokens"))).toEqual([]);
});

test("another currency gives another price", async ({ page }) => {
  const widget = page.frameLocator("#widget iframe");
  await expect(widget.getByRole("button", { name: /^Pay €\d/ })).toBeEnabled();
  await widget.getByLabel("Pay in").selectOption("USD");
  await expect(widget.getByRole("button", { name: /^Pay \$\d/ })).toBeEnabled();
});

test("cancelled by the buyer", async ({ page, proof }) => {
  const widget = page.frameLocator("#widget iframe");
  await widget.getByRole("button", { name: "Cancel this order" }).click();
  await coveredIsNotPressed(page, widget, widget.getByRole("button", { name: "Yes, cancel" }));
  await heading(widget, "Order cancelled");
  await expect(widget.getByText("No money was taken.")).toBeVisible();
  await allChannelsSay(page, proof, "cancelled");
  await widget.getByRole("button", { name: "Back to Demo Shop" }).click();
  await expect(page.getByRole("heading", { name: "Buy crypto" })).toBeVisible();
});

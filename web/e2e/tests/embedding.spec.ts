import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { heading, order, widgetOf } from "../src/buyer.ts";
import { expect, newBuyer, test } from "../src/test.ts";

test("a page of another origin cannot frame the widget", async ({ page, proof }) => {
  const buyer = newBuyer();
  const answer = await page.request.post(`${proof.shop_url}/checkout`, {
    data: { ...buyer, currency: "USDT", network: "TRC20", amount: "100" },
  });
  expect(answer.ok()).toBe(true);
  const session = JSON.stringify(await answer.json());
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "text/html");
    response.end(`<!doctype html><div id="host"></div><script src="${proof.widget_script}"></script>
      <script>window.heard = []; proofWidget.run({...${session}, host: "#host", onReady: () => heard.push("ready")})</script>`);
  }).listen(0, "127.0.0.1");
  try {
    await new Promise((resolve) => server.once("listening", resolve));
    const refused = page.waitForEvent("console", (message) => /frame-ancestors/.test(message.text()));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await refused;
    await expect(page.frameLocator("iframe").locator("#app")).toHaveCount(0);
    expect(await page.evaluate(() => (window as unknown as { heard: string[] }).heard)).toEqual([]);
  } finally {
    server.close();
  }
});

test.describe("a parameter changed on the way is refused before the first input", () => {
  const changes: Record<string, unknown> = {
    amount: "200",
    address: "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE",
    fix_amount: false,
    networks: ["TRC20"],
    signature: `v2:${"0".repeat(128)}`,
  };
  for (const [name, value] of Object.entries(changes)) {
    test(name, async ({ page, proof }) => {
      await page.route("**/checkout", async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, json: { ...(await answer.json()), [name]: value } });
      });
      const calls: string[] = [];
      page.on("response", (answer) => {
        const { pathname } = new URL(answer.url());
        if (pathname.startsWith("/frame/api/")) calls.push(`${answer.status()} ${pathname}`);
      });
      const widget = await order(page, proof, newBuyer());
      await heading(widget, "This order was changed on the way");
      await expect(widget.getByText(`“${name}”`)).toBeVisible();
      await expect(widget.getByRole("button")).toHaveCount(0);
      expect(calls).toEqual(["403 /frame/api/visits"]);
    });
  }
});

test("a subset of the parameters is enough, under either spelling", async ({ page, proof }) => {
  await page.route("**/checkout", async (route) => {
    const answer = await route.fetch();
    const { widget_id, init_token, merchant_transaction_id, amount } = await answer.json();
    await route.fulfill({ response: answer, json: { widgetId: widget_id, initToken: init_token, merchant_transaction_id, amount, unknown: 1 } });
  });
  await heading(await order(page, proof, newBuyer()), "Check your order");
});

test("a token that nobody knows says that the session has ended", async ({ page, proof }) => {
  await page.route("**/checkout", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), init_token: `it_${"0".repeat(64)}` } });
  });
  await heading(await order(page, proof, newBuyer()), "This session has ended");
});

test("opened by itself, outside of a shop, it says where to go", async ({ page, proof }) => {
  await page.goto(`${proof.base_url}/frame/${proof.partners[0]?.widget_id}`);
  await expect(page.getByRole("heading", { name: "Open this from the shop" })).toBeVisible();
});

test("a lost connection is said, and mends itself", async ({ page, context, proof }) => {
  const widget = await order(page, proof, newBuyer());
  await heading(widget, "Check your order");
  await context.setOffline(true);
  await expect(widget.getByText("No connection.")).toBeVisible();
  await context.setOffline(false);
  await expect(widget.getByText("No connection.")).toBeHidden();
  await expect(widgetOf(page).getByRole("button", { name: "Continue", exact: true })).toBeEnabled();
});

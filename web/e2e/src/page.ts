// Pages of shops that are not the demo shop: at any origin, with any headers, made up by the test.

import { expect, type Page } from "@playwright/test";
import type { Proof } from "./server.ts";
import { newBuyer } from "./test.ts";

export type Session = Record<string, unknown> & { widget_id: string; init_token: string };

export async function sessionOf(page: Page, proof: Proof): Promise<Session> {
  const answer = await page.request.post(`${proof.shop_url}/checkout`, { data: { ...newBuyer(), currency: "USDT", network: "TRC20", amount: "100" } });
  expect(answer.ok()).toBe(true);
  return (await answer.json()) as Session;
}

/** Puts a page there, and opens it. The address need not lead anywhere. */
export async function open(page: Page, url: string, body: string, headers: Record<string, string> = {}): Promise<void> {
  // To the browser, a page that a test made up comes from the internet, which may not reach this machine unasked, and never without TLS.
  await page.context().grantPermissions(["local-network-access"]);
  await page.route(url, (route) => route.fulfill({ contentType: "text/html", headers, body: `<!doctype html><meta charset="utf-8"><title>A shop</title>${body}` }));
  // A frame that hangs keeps the page's load event back.
  await page.goto(url, { waitUntil: "domcontentloaded" });
}

/** What a page does with a session; it remembers what it heard, and how long it took until something was wrong. */
export const shop = (proof: Proof, session: Session): string => `<div id="host"></div>
  <script>
    window.heard = [];
    const began = performance.now();
    new MutationObserver(() => { if (document.querySelector("#host [role=alert]")) window.tookMs ??= performance.now() - began; }).observe(document.getElementById("host"), { childList: true });
    const note = (name) => (payload) => heard.push([name, payload]);
  </script>
  <script src="${proof.widget_script}"></script>
  <script>
    window.handle = proofWidget.run({ ...${JSON.stringify(session)}, host: "#host", lang: "en", onReady: note("onReady"), onStatusChange: note("onStatusChange"),
      onPaymentFinished: note("onPaymentFinished"), onReceipt: note("onReceipt"), onSellTransferEnabled: note("onSellTransferEnabled") });
  </script>`;

declare global {
  interface Window {
    heard: [string, unknown][];
    tookMs?: number;
  }
}

/** The codes of the embed doctor in the partner's integration log. */
export async function logged(page: Page, proof: Proof): Promise<string[]> {
  const answer = await page.request.get(`${proof.base_url}/widget/integration-log`, { headers: { authorization: `Bearer ${proof.partners[0]?.client_token}` } });
  const { data } = (await answer.json()) as { data: { code: string; docs_url: string }[] };
  return data.map(({ code }) => code);
}

// What a person does, step by step, in the demo shop and in the widget inside it.

import { expect, type FrameLocator, type Page } from "@playwright/test";
import { documentPicture } from "./media.ts";
import type { Proof } from "./server.ts";
import type { Buyer } from "./test.ts";

export const CARDS = {
  good: "4242424242424242",
  declined: "4000000000000002",
  poor: "4000000000009995",
  threeDs: "4000000000003220",
} as const;

/** The widget inside a shop's page, or as a page of its own. */
export type Widget = Pick<FrameLocator, "getByRole" | "getByText" | "locator" | "frameLocator">;

export const widgetOf = (page: Page): FrameLocator => page.frameLocator("#widget iframe");

/** Chooses a coin in the shop's form; its first one, USDT on Tron, is chosen already. */
export type Choice = (page: Page) => Promise<void>;

export const bitcoin: Choice = (page) => page.getByText("BTC").click();

/** The form does not offer it, though the shop may: its first coin, on another network. */
export const usdtOn = (network: string): Choice => (page) =>
  page.locator("input[name=asset]:checked").evaluate((radio, value) => radio.setAttribute("value", value), `USDT:${network}`);

/** Fills in the shop's form and presses "Buy" or "Sell". */
export async function order(page: Page, proof: Proof, buyer: Buyer, side: "Buy" | "Sell" = "Buy", choose?: Choice): Promise<FrameLocator> {
  await page.goto(proof.shop_url);
  await page.getByRole("radio", { name: side }).check();
  await choose?.(page);
  await page.getByLabel("Your email").fill(buyer.email);
  await page.getByLabel("Your customer number").fill(buyer.user_id);
  await page.getByRole("button", { name: side, exact: true }).click();
  return widgetOf(page);
}

export async function heading(widget: Widget, name: string | RegExp, timeout = 30_000): Promise<void> {
  await expect(widget.getByRole("heading", { level: 1, name })).toBeVisible({ timeout });
}

/** Past the first screen. */
export async function begin(widget: Widget): Promise<void> {
  await heading(widget, "Check your order");
  await expect(widget.getByText("The price right now.")).toBeVisible();
  await widget.getByRole("button", { name: "Continue", exact: true }).click();
}

export async function chooseDocument(widget: Widget, kind: string): Promise<void> {
  await begin(widget);
  await agree(widget, kind);
}

/** What the device does that a check was handed over to, too. */
export async function agree(widget: Widget, kind: string): Promise<void> {
  await heading(widget, "First, show that it is you");
  await widget.getByRole("button", { name: "Agree and continue" }).click();
  await widget.getByRole("button", { name: kind }).click();
}

export async function sendPicture(widget: Widget): Promise<void> {
  const file = { name: "document.png", mimeType: "image/png", buffer: documentPicture() };
  await widget.locator("input[type=file]").setInputFiles(file);
}

export async function sendFile(widget: Widget): Promise<void> {
  await sendPicture(widget);
  await widget.getByRole("button", { name: "Use this photo" }).click();
}

export async function takePhoto(widget: Widget): Promise<void> {
  await widget.getByRole("button", { name: "Take a photo" }).click();
  await widget.getByRole("button", { name: "Take the photo" }).click();
  await widget.getByRole("button", { name: "Use this photo" }).click();
}

export async function selfie(widget: Widget): Promise<void> {
  await heading(widget, "A short selfie check");
  await widget.getByRole("button", { name: "Start" }).click();
  await expect(widget.getByText("Turn your head to your left")).toBeVisible({ timeout: 30_000 });
  await expect(widget.getByText("Turn your head to your right")).toBeVisible({ timeout: 30_000 });
}

/** From the first screen to the payment. */
export async function identify(widget: FrameLocator): Promise<void> {
  await chooseDocument(widget, "Passport");
  await sendFile(widget);
  await selfie(widget);
  await heading(widget, "Review and pay");
}

export async function fillCard(widget: Widget, number: string): Promise<void> {
  const field = (name: string) => widget.frameLocator(`iframe[name="proof-card-${name}"]`).locator("input");
  await field("number").pressSequentially(number);
  await field("expiry").pressSequentially("12/34");
  await field("cvc").pressSequentially("123");
}

export async function pay(widget: Widget, number: string): Promise<void> {
  await heading(widget, "Review and pay");
  await fillCard(widget, number);
  await widget.getByRole("button", { name: /^Pay €\d/ }).click();
}

/** The bank's page, in the page of ours that holds it. */
export const bankOf = (widget: Widget): FrameLocator => widget.frameLocator("iframe.bank").frameLocator("iframe");

export async function answerBank(widget: Widget, answer: "Approve" | "Reject"): Promise<void> {
  await heading(widget, "Confirm with your bank");
  await bankOf(widget).getByRole("button", { name: answer }).click();
}

export async function delivered(widget: Widget): Promise<void> {
  await expect(widget.getByRole("heading", { level: 1, name: /delivered$/ })).toBeVisible({ timeout: 60_000 });
}

type News = { status: string }[];

export interface Heard {
  status: string;
  webhook: News;
  websocket: News;
  polling: News;
}

export const statuses = (news: News): string[] => news.map(({ status }) => status);

/** What the shop's backend has been told of the order on the page. */
export async function heard(page: Page, proof: Proof): Promise<Heard> {
  const id = await page.locator("#order-id").textContent();
  const answer = await page.request.get(`${proof.shop_url}/orders/${id}`);
  expect(answer.ok()).toBe(true);
  return (await answer.json()) as Heard;
}

/** What the webhook has brought so far, all of it. */
export const webhookSays = (page: Page, proof: Proof, all: string[]): Promise<void> =>
  expect.poll(async () => statuses((await heard(page, proof)).webhook), { timeout: 30_000 }).toEqual(all);

/** Every one of the three channels must say so by itself. */
export async function allChannelsSay(page: Page, proof: Proof, status: string): Promise<Heard> {
  const last = (news: News) => news.at(-1)?.status;
  await expect
    .poll(async () => {
      const { webhook, websocket, polling } = await heard(page, proof);
      return [last(webhook), last(websocket), last(polling)];
    }, { timeout: 45_000 })
    .toEqual([status, status, status]);
  return heard(page, proof);
}

/** The names and notes of the callbacks, as the shop's page has written them down. */
export const callbacks = (page: Page): Promise<string[]> =>
  page.locator("#callbacks li").evaluateAll((rows) =>
    rows.map((row) => Array.from(row.children, (part) => part.textContent).filter(Boolean).join(" ")),
  );

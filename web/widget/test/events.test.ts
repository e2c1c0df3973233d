import { describe, expect, it } from "vitest";
import { eventsBetween } from "../src/events";
import type { Payment, Quote } from "../src/view";
import { sample } from "./sample";

const quote: Quote = { id: "q", fiat_currency: "EUR", total: "101.40", unit_price: "0.9215", lines: [], expires_at: "2026-04-01T10:01:05Z" };
const payment: Payment = { method: "card", attempt: 1, attempts_left: 4, state: "authorising", three_ds_url: null, declined: null, card: null };

describe("onStatusChange", () => {
  it("tells the first status too, with what is known", () => {
    expect(eventsBetween(undefined, sample())).toEqual([
      {
        name: "onStatusChange",
        payload: {
          amount: "100.00", currency: "USDT", network: "TRC20", fiat_amount: "", fiat_currency: "EUR",
          merchant_transaction_id: "01900000-0000-7000-8000-000000000000", status: "new",
        },
      },
    ]);
  });

  it("carries amount and method once there are any", () => {
    const [event] = eventsBetween(sample(), sample({ widget_status: "pending", quote, payment }));
    expect(event?.payload).toMatchObject({ status: "pending", fiat_amount: "101.40", payment_method: "card" });
  });

  it("is silent while the status stays", () => {
    expect(eventsBetween(sample(), sample({ version: 4, step: "quote" }))).toEqual([]);
  });
});

describe("onPaymentFinished", () => {
  const names = (before: Parameters<typeof eventsBetween>[0], after: Parameters<typeof eventsBetween>[1]) =>
    eventsBetween(before, after).map((event) => event.name);

  it("comes once, when the payment is taken", () => {
    const paid = sample({ widget_status: "paid", payment });
    expect(names(sample({ widget_status: "pending" }), paid)).toEqual(["onStatusChange", "onPaymentFinished"]);
    expect(names(paid, sample({ widget_status: "completed", payment }))).toEqual(["onStatusChange"]);
  });

  it("comes when paid was missed in between, and when the page opens late", () => {
    expect(names(sample({ widget_status: "pending" }), sample({ widget_status: "completed", payment }))).toContain("onPaymentFinished");
    expect(names(undefined, sample({ widget_status: "paid", payment }))).toContain("onPaymentFinished");
  });

  it("comes for a payment that was given back, and not for one that never was", () => {
    const failed = (money_moved: boolean) => sample({ widget_status: "failed", step: "failed", failure: { code: "refunded", money_moved } });
    expect(names(sample({ widget_status: "pending" }), failed(true))).toContain("onPaymentFinished");
    expect(names(sample({ widget_status: "pending" }), failed(false))).not.toContain("onPaymentFinished");
  });

  it("is for buys only", () => {
    expect(names(undefined, sample({ type: "sell", widget_status: "paid" }))).toEqual(["onStatusChange"]);
  });
});

// Which of the partner page's callbacks a change of the view calls for.

import type { SignedReceipt, View, WidgetStatus } from "./view";

export type WidgetEvent =
  | { name: "onStatusChange"; payload: Record<string, string> }
  | { name: "onPaymentFinished"; payload: { payment_method: string } }
  | { name: "onSellTransferEnabled"; payload: Record<string, string> }
  | { name: "onReceipt"; payload: SignedReceipt };

const PAID: readonly WidgetStatus[] = ["paid", "completed"];

/** The fiat was taken: also true where it was given back afterwards. */
const isPaid = (view: View): boolean =>
  view.type === "buy" && (PAID.includes(view.widget_status) || view.failure?.money_moved === true);

const paymentMethod = (view: View): string | undefined => view.payment?.method;

export function statusPayload(view: View): Record<string, string> {
  const method = paymentMethod(view);
  return {
    amount: view.crypto_amount,
    currency: view.currency,
    network: view.network,
    fiat_amount: view.quote?.total ?? "",
    fiat_currency: view.fiat_currency,
    merchant_transaction_id: view.merchant_transaction_id,
    status: view.widget_status,
    ...(method ? { payment_method: method } : {}),
  };
}

/** The page's cue to offer the transfer itself, where its own wallet can make it. */
export function transferEnabled(view: View): WidgetEvent | undefined {
  const address = view.sale?.deposit_address;
  if (view.type !== "sell" || view.step !== "deposit" || !address) return undefined;
  return {
    name: "onSellTransferEnabled",
    payload: {
      amount: view.crypto_amount,
      currency: view.currency,
      network: view.network,
      address,
      id: view.merchant_transaction_id,
      flow_id: "payout",
    },
  };
}

export function eventsBetween(previous: View | undefined, next: View): WidgetEvent[] {
  const events: WidgetEvent[] = [];
  if (previous?.widget_status !== next.widget_status) {
    events.push({ name: "onStatusChange", payload: statusPayload(next) });
  }
  if (isPaid(next) && !(previous && isPaid(previous))) {
    events.push({ name: "onPaymentFinished", payload: { payment_method: paymentMethod(next) ?? "card" } });
  }
  // A sell has another one once its terms are fixed.
  if (next.receipt && next.receipt.document !== previous?.receipt?.document) {
    events.push({ name: "onReceipt", payload: next.receipt });
  }
  return events;
}

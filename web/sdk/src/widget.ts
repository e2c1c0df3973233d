// The page's side: the global that `widget.2.0.js` makes, and what it takes. Types only:
//   import type {} from "@proof/sdk/widget";   // declares `proofWidget`

import type { SignedReceipt } from "./receipt.js";
import type { Session } from "./wire.js";

export type { SignedReceipt } from "./receipt.js";
export type { Session } from "./wire.js";

type Camel<Name extends string> = Name extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Name;

/** The session as it came, or under the names of the documentation. */
export type WidgetParameters = Partial<Session> & { [Name in keyof Session as Camel<Name>]?: Session[Name] };

export interface StatusChange {
  merchant_transaction_id: string;
  status: "new" | "pending" | "paid" | "completed" | "failed" | "cancelled" | (string & {});
  amount: string;
  currency: string;
  network: string;
  fiat_amount: string;
  fiat_currency: string;
  payment_method?: string;
}

export interface SellTransfer {
  /** The merchant_transaction_id. */
  id: string;
  flow_id: "payout" | (string & {});
  amount: string;
  currency: string;
  network: string;
  /** The address to deposit to. */
  address: string;
}

/** Hints for the page. What counts is what the backend hears. */
export interface WidgetCallbacks {
  onLoad?: () => void;
  onReady?: () => void;
  onStatusChange?: (change: StatusChange) => void;
  onPaymentFinished?: (payment: { payment_method: string }) => void;
  onSellTransferEnabled?: (transfer: SellTransfer) => void;
  /** The signed receipt of the order, and of a sell another one once its terms are fixed: `verifyReceipt`. */
  onReceipt?: (receipt: SignedReceipt) => void;
}

export interface WidgetOptions extends WidgetParameters, WidgetCallbacks {
  /** An element of the page, or a selector that finds one. */
  host: Element | string;
}

export interface WidgetHandle {
  /** Takes the widget off the page. The order itself goes on. */
  destroy(): void;
}

/** What is wrong with how a page embeds the widget; the page at `docs` says what to do. */
export interface EmbedFinding {
  code: string;
  docs: string;
}

export interface ProofWidget {
  run(options: WidgetOptions): WidgetHandle;
  /** Looks at the page; nothing on a good one. After `run` it needs no arguments. */
  diagnose(options?: { widgetId?: string }): Promise<EmbedFinding[]>;
}

declare global {
  var proofWidget: ProofWidget;
}

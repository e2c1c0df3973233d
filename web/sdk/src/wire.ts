// What goes over the wire, under the contract's own names. Nothing here runs, and nothing needs Node:
// a page can `import type` from it as well.

/** A value that this version knows, or one that a later server may add. */
type Open<Known extends string> = Known | (string & {});

export type OrderType = Open<"buy" | "sell">;
export type Status = Open<"pending" | "processing" | "completed" | "failed" | "cancelled">;
export type KycStatus = Open<"not_started" | "pending" | "verified" | "failed">;

/** Decimal strings on every channel, never numbers; `""` while unknown. */
export type Amount = string;

/** The body of `POST /widget/session`. */
export interface SessionRequest {
  /** Your stable id of the user. */
  partner_user_id: string;
  user_email: string;
  network: string;
  currency: string;
  amount: Amount;
  type?: "buy" | "sell" | undefined;
  redirect_url?: string | undefined;
  /** The user's real address as your backend saw it. */
  client_ip?: string | undefined;
  /** The user's wallet, where the partner type asks for it. */
  address?: string | undefined;
}

/** The answer of `POST /widget/session`. The page hands it to `proofWidget.run` as it is. */
export interface Session {
  merchant_transaction_id: string;
  widget_id: string;
  address: string;
  signature: string;
  init_token: string;
  init_token_type: string;
  currency: string;
  currencies: string[];
  fix_currency: boolean;
  network: string;
  networks: string[];
  fix_network: string[];
  amount: Amount;
  fix_amount: boolean;
  fiat_currency: string;
  fiat_currencies: string[];
  fix_fiat_currency: boolean;
  fix_fiat_amount: boolean;
  type: OrderType;
  lang?: string;
  theme?: string;
  redirect_url?: string;
}

export interface Transaction {
  merchant_transaction_id: string;
  partner_user_id: string;
  type: OrderType;
  status: Status;
  currency: string;
  network: string;
  crypto_amount: Amount;
  fiat_currency: string;
  fiat_amount: Amount;
  created_at: string;
  /** When the status changed last. */
  updated_at: string;
  /** Grows with every event of the order. */
  sequence?: number;
}

export interface TransactionFilter {
  limit?: number | undefined;
  after?: string | undefined;
  status?: Status | undefined;
  type?: OrderType | undefined;
  currency?: string | undefined;
  network?: string | undefined;
  partner_user_id?: string | undefined;
  created_from?: string | undefined;
  created_to?: string | undefined;
}

export interface TransactionPage {
  /** Newest first. */
  data: Transaction[];
  /** Goes into `after` for the next page; null: this was the last. */
  next_cursor: string | null;
}

/** One entry of the feed of everything that happened to your orders. */
export interface FeedEvent {
  /** Keep it, and pass it as `after` to go on from here. */
  event_id: string;
  sequence: number;
  type: Open<"order.created" | "order.status_changed">;
  merchant_transaction_id: string;
  occurred_at: string;
  /** The order's status after the event. */
  status: Status;
  data: Record<string, unknown>;
}

export interface FeedPage {
  /** Oldest first. */
  data: FeedEvent[];
  next_cursor: string;
}

/** What a webhook says. */
export interface WebhookEvent {
  merchant_transaction_id: string;
  type: OrderType;
  status: Status;
  currency: string;
  network: string;
  crypto_amount: Amount;
  fiat_currency: string;
  fiat_amount: Amount;
  created_at: string;
  updated_at: string;
  event_id?: string;
  sequence?: number;
}

/** One piece of news of an order that is watched. */
export interface Update {
  merchant_transaction_id: string;
  type: OrderType;
  status: Status;
  currency: string;
  crypto_amount: Amount;
  fiat_currency: string;
  fiat_amount: Amount;
  occurred_at: string;
  sequence?: number;
  event_id?: string;
  payment_method?: string;
  /** How the news came. */
  channel: "websocket" | "polling";
}

const TERMINAL: readonly string[] = ["completed", "failed", "cancelled"];

/** Whether an order stays as it is. A status that is not known yet is not the end. */
export function isTerminal(status: Status): boolean {
  return TERMINAL.includes(status);
}

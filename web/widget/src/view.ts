// The server's picture of one order: everything the app needs to draw any screen.

export type Step =
  | "identity"
  | "identity_checking"
  | "review"
  | "quote"
  | "pay"
  | "authorising"
  | "three_ds"
  | "terms"
  | "deposit"
  | "confirming"
  | "choice"
  | "progress"
  | "completed"
  | "failed"
  | "cancelled"
  | "expired";

export type WidgetStatus = "new" | "pending" | "paid" | "completed" | "failed" | "cancelled";
export type DocumentKind = "passport" | "national_id" | "driving_licence";
export type Side = "front" | "back";
export type LivenessStep = "center" | "left" | "right" | "up" | "blink" | "closer";

export interface Identity {
  status: string;
  /** A document with a selfie, or a selfie alone. */
  /** `email`: the shop names another address than the one that was confirmed. */
  asks: "document" | "selfie" | "email";
  former_email: string | null;
  document: DocumentKind | null;
  sides: Side[] | null;
  received: Side[] | null;
  steps: LivenessStep[] | null;
  frames_per_step: number | null;
  reason: string | null;
  may_retry: boolean | null;
  /** What this attempt took over from the one before, and what the next one may. */
  kept: Kept | null;
  keeps: Kept | null;
  consent: Consent;
  /** It goes on at another device, or is about to. */
  handover: Handover | null;
}

export interface Handover {
  state: "waiting" | "open";
  until: string;
}

export type Kept = "document" | "selfie";

export interface Consent {
  /** Which text has to be agreed to; the words are ours (`messages.consent`). */
  text: string;
  kept_days: number | null;
  /** Agreed to in this order already. */
  given: boolean;
}

export interface QuoteLine {
  code: string;
  amount: string;
}

/** What an amount costs, or brings. */
export interface Price {
  fiat_currency: string;
  total: string;
  unit_price: string;
  lines: QuoteLine[];
  expires_at: string;
}

/** A price that is locked. */
export interface Quote extends Price {
  id: string;
}

export interface Card {
  brand: string;
  last4: string;
}

/** A card that the customer let us keep. */
export interface KeptCard extends Card {
  id: string;
  /** `MM/YY` */
  expires: string;
}

/** What the processor takes, with what a page must say to open it. */
export interface Wallets {
  apple_pay: { country: string; networks: string[] } | null;
  google_pay: GooglePay | null;
}

export interface GooglePay {
  environment: string;
  gateway: string;
  gateway_merchant_id: string;
  networks: string[];
}

export interface Payment {
  method: "card" | "apple_pay" | "google_pay";
  attempt: number;
  attempts_left: number | null;
  state: string;
  three_ds_url: string | null;
  declined: string | null;
  card: Card | null;
}

export interface Transfer {
  hash: string | null;
  explorer_url: string | null;
  confirmations: number | null;
  confirmations_final: number | null;
}

/** One transfer that came to the deposit address of a sell. */
export interface Deposit {
  hash: string;
  explorer_url: string | null;
  amount: string;
  confirmations: number;
  confirmations_final: number;
  final: boolean;
}

/** What only a sell has. Amounts are in the order's currency, on its network. */
export interface Sale {
  refund_hint: string | null;
  payout_card: Card | null;
  /** The money is not sent before this. */
  payout_from: string | null;
  refund_address: string | null;
  refund_fingerprint: string | null;
  deposit_address: string | null;
  deposit_fingerprint: string | null;
  /** Opens a wallet of this device. */
  deposit_link: string | null;
  deposit_until: string | null;
  received: string;
  missing: string;
  deposits: Deposit[];
  /** The payout has been asked for. */
  paying: boolean;
  choose_until: string | null;
  /** What the deposit was made for, before the price moved. */
  agreed?: { total: string; fiat_currency: string } | null;
  returning: { reason: "underpaid" | "chosen" | "payout_refused" | "reviewed"; amount: string } | null;
  returned: { amount: string; hash: string; explorer_url: string | null } | null;
  /** Seconds from the showing of the address for which the price holds. */
  price_held: string;
  cases: Case[];
}

/** Something that came outside of the order. */
export interface Case {
  id: string;
  kind: "overpaid" | "late" | "wrong_token" | "wrong_network" | "second_deposit";
  amount: string;
  currency: string;
  network: string;
  state: "waiting" | "choose" | "returned" | "sold" | "kept" | "vanished" | "apart";
  /** Whether the network has confirmed it. */
  final: boolean;
  choose_until: string | null;
  /** Today's price, where it may be sold. */
  quote: Quote | null;
  sold: { total: string; fiat_currency: string } | null;
  refund_address: string;
  hash: string | null;
  explorer_url: string | null;
}

export interface TimelineEntry {
  code: string;
  at: string;
}

export interface View {
  version: number;
  merchant_transaction_id: string;
  type: "buy" | "sell";
  status: string;
  widget_status: WidgetStatus;
  step: Step;
  email: string;
  currency: string;
  network: string;
  crypto_amount: string;
  address: string;
  /** Four groups, to compare the address over the phone; empty where the address is not shown. */
  address_fingerprint: string;
  /** Where the card fields come from. */
  fields_origin: string;
  fiat_currency: string;
  fiat_currencies: string[];
  partner: string;
  redirect_url: string | null;
  now: string;
  pay_until: string | null;
  identity: Identity | null;
  quote: Quote | null;
  payment: Payment | null;
  wallets: Wallets | null;
  cards: KeptCard[];
  may_keep_card: boolean;
  transfer: Transfer | null;
  /** A first delivery may be held until then. */
  held_until: string | null;
  /** Null for a buy. */
  sale: Sale | null;
  timeline: TimelineEntry[];
  failure: { code: string; money_moved: boolean; again_at?: string } | null;
  /** What goes back to the card beside the order itself. */
  refunds: Refund[];
  /** What this order is, signed by the server. */
  receipt: SignedReceipt | null;
  /** The person is written to when the order is carried out. */
  tells_by_email: boolean;
  /** Of an order that was carried out: where its receipt is, on this server. */
  receipt_path: string | null;
}

/** What an order is about, wherever it is shown. */
export type Ordered = Pick<View, "type" | "currency" | "crypto_amount">;

export interface SignedReceipt {
  document: string;
  key_id: string;
  signature: string;
}

export interface Refund {
  amount: string;
  fiat_currency: string;
  /** `held`: people look at how to give it back. */
  state: "sent" | "by_bank" | "waiting" | "held";
}

export type Direction = View["type"];

const TERMINAL: readonly Step[] = ["completed", "failed", "cancelled", "expired"];

export const isTerminal = (view: View): boolean => TERMINAL.includes(view.step);

/** The order has ended, and so has everything beside it: nothing on the screen will change. */
export const isSettled = (view: View): boolean =>
  isTerminal(view) && !view.sale?.cases.some(({ state }) => state === "waiting" || state === "choose") && view.refunds.every(({ state }) => state !== "waiting");

/** A slow answer must not undo a newer one; what came late may become another order. */
export const isNewer = (next: View, present: View | undefined): boolean =>
  present === undefined || next.merchant_transaction_id !== present.merchant_transaction_id || next.version >= present.version;

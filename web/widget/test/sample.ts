import type { Case, Deposit, Quote, Sale, Step, View } from "../src/view";

export const sample = (change: Partial<View> = {}): View => ({
  version: 3,
  merchant_transaction_id: "01900000-0000-7000-8000-000000000000",
  type: "buy",
  status: "pending",
  widget_status: "new",
  step: "identity",
  email: "a…e@example.com",
  currency: "USDT",
  network: "TRC20",
  crypto_amount: "100.00",
  fields_origin: "https://cards.example",
  address: "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE",
  address_fingerprint: "ACCR-1GJ2-YXN4-HQD0",
  fiat_currency: "EUR",
  fiat_currencies: ["EUR", "USD"],
  partner: "Demo Shop",
  redirect_url: null,
  now: "2026-04-01T10:00:05Z",
  pay_until: "2026-04-01T11:00:00Z",
  identity: null,
  quote: null,
  payment: null, wallets: null, cards: [], may_keep_card: false,
  transfer: null,
  sale: null,
  timeline: [],
  failure: null,
  held_until: null,
  refunds: [],
  receipt: null,
  tells_by_email: false,
  receipt_path: null,
  ...change,
});

export const ADDRESS = "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8";
export const REFUND = "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE";

export const saleOf = (change: Partial<Sale> = {}): Sale => ({
  refund_hint: REFUND,
  payout_card: { brand: "visa", last4: "4242" },
  payout_from: null,
  refund_address: REFUND,
  refund_fingerprint: "9A1C-3F7H-KM2N-TZ80",
  deposit_address: ADDRESS,
  deposit_fingerprint: "X4D0-77GE-1PQR-5VYB",
  deposit_link: null,
  deposit_until: "2026-04-01T16:00:00Z",
  received: "0.00",
  missing: "100.00",
  deposits: [],
  paying: true,
  choose_until: null,
  agreed: null,
  returning: null,
  returned: null,
  price_held: "21600",
  cases: [],
  ...change,
});

export const depositOf = (change: Partial<Deposit> = {}): Deposit => ({
  hash: "ab".repeat(32),
  explorer_url: "https://explorer.example/tx/ab",
  amount: "100.00",
  confirmations: 2,
  confirmations_final: 19,
  final: false,
  ...change,
});

export const caseOf = (change: Partial<Case> = {}): Case => ({
  id: "cas_1",
  kind: "late",
  amount: "30.00",
  currency: "USDT",
  network: "TRC20",
  state: "waiting",
  final: true,
  choose_until: null,
  quote: null,
  sold: null,
  refund_address: ADDRESS,
  hash: null,
  explorer_url: null,
  ...change,
});

export const sellQuote: Quote = {
  id: "q",
  fiat_currency: "EUR",
  total: "90.12",
  unit_price: "0.9215",
  lines: [
    { code: "crypto", amount: "92.15" },
    { code: "network", amount: "0.53" },
    { code: "processing", amount: "1.00" },
    { code: "partner", amount: "0.50" },
  ],
  expires_at: "2026-04-01T10:01:05Z",
};

export const sellAt = (step: Step, sale: Partial<Sale> = {}, change: Partial<View> = {}): View =>
  sample({ type: "sell", step, quote: sellQuote, sale: saleOf(sale), ...change });

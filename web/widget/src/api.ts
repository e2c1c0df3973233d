// The calls of the widget's own API. Every failure comes out as one of two errors: the server said
// no (with its code), or nothing readable came back.

import { CONSENT_TEXT } from "./consent";
import { isRecord } from "./guards";
import type { WalletName } from "./wallets";
import { spoken } from "./lang/speak";
import type { DocumentKind, LivenessStep, Price, Quote, Refund, Side, SignedReceipt, View } from "./view";

const CALL_TIMEOUT_MS = 30_000;
// A picture of 12 MB over a slow phone line.
const UPLOAD_TIMEOUT_MS = 120_000;
export const WAIT_S = 20;

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly field?: string,
    readonly problem?: string,
  ) {
    super(code);
  }
}

export class Unreachable extends Error {}

interface Visit {
  visit_token: string;
  view: View;
  /** What the server finds in how this frame is embedded. */
  findings?: string[];
}

export interface Opening {
  widget_id: string;
  init_token: string;
  parameters: unknown;
  page_origin: string;
  from_app: boolean;
  /** What this browser drew for itself, where the server asks for it. */
  device?: string;
  /** What this frame has found. */
  findings: string[];
}

/** What whoever has the link of a receipt may see. */
export interface ReceiptFacts extends Pick<View, "merchant_transaction_id" | "type" | "partner" | "currency" | "network" | "crypto_amount"> {
  environment: "test" | "live";
  widget_id: string;
  look: unknown;
  price: Quote | null;
  method: "card" | "apple_pay" | "google_pay";
  addresses: { what: string; address: string; fingerprint: string }[];
  transactions: { hash: string; explorer_url: string }[];
  refunds: Refund[];
  completed_at: string;
  until: string;
  receipt: SignedReceipt | null;
}

export class Api {
  private token = "";

  async open(body: Opening): Promise<{ view: View; findings: string[] }> {
    const visit = await this.call<Visit>("POST", "visits", JSON.stringify({ ...body, device_now_ms: Date.now(), lang: spoken() }));
    return { view: this.visit(visit), findings: visit.findings ?? [] };
  }

  /** Enters by a link and the code that was emailed. */
  enter = async (link: string, code: string): Promise<View> => this.visit(await this.post<Visit>("resume/visits", { token: link, code }));
  wishLink = (way: "email" | "screen"): Promise<{ token: string | null; again_after_s: number }> => this.post("resume/links", { way });
  receipt = (token: string): Promise<ReceiptFacts> => this.post("receipts", { token });
  askCode = (link: string): Promise<{ again_after_s: number }> => this.post("resume/codes", { token: link });

  /** The visit that is open: a reload of a page of its own goes on with it. */
  get visitToken(): string {
    return this.token;
  }

  set visitToken(token: string) {
    this.token = token;
  }

  private visit({ visit_token, view }: Visit): View {
    this.token = visit_token;
    return view;
  }

  order = (seen: number | undefined, signal?: AbortSignal): Promise<View> =>
    this.call("GET", seen === undefined ? "order" : `order?seen=${seen}&wait=${WAIT_S}`, undefined, signal);

  /** `keep`: what was good of the attempt before need not be shown again. */
  startIdentity = (document: DocumentKind, keep: boolean): Promise<View> => this.post("identity/start", { document, consent: CONSENT_TEXT, keep });
  beginHandover = (): Promise<{ token: string; view: View }> => this.post("identity/handover", {});
  endHandover = (): Promise<View> => this.post("identity/handover/end", {});
  openHandover = async (token: string): Promise<View> => this.visit(await this.post<Visit>("handover/visits", { token }));
  startSelfie = (): Promise<View> => this.post("identity/selfie", { consent: CONSENT_TEXT });
  askKnown = (): Promise<{ again_after_s: number }> => this.post("identity/known", {});
  enterKnown = (code: string): Promise<View> => this.post("identity/known/code", { code, consent: CONSENT_TEXT });
  askEmailCodes = (): Promise<{ again_after_s: number }> => this.post("identity/email", {});
  enterEmailCodes = (former: string, fresh: string): Promise<View> =>
    this.post("identity/email/codes", { former_code: former, new_code: fresh });
  submitIdentity = (): Promise<View> => this.post("identity/submit", {});
  estimate = (fiatCurrency: string): Promise<Price> => this.post("estimate", { fiat_currency: fiatCurrency });
  quote = (fiatCurrency?: string): Promise<View> => this.post("quote", fiatCurrency ? { fiat_currency: fiatCurrency } : {});
  /** `keep`: the customer lets us keep the card. */
  pay = (cardToken: string, quoteId: string, keep = false): Promise<View> =>
    this.post("payments", { card_token: cardToken, quote_id: quoteId, ...(keep ? { keep_card: true } : {}) });
  cardKey = (id: string): Promise<{ key: string }> => this.post(`cards/${id}/key`, {});
  removeCard = (id: string): Promise<View> => this.post(`cards/${id}/remove`, {});
  payWallet = (wallet: WalletName, payload: string, quoteId: string): Promise<View> =>
    this.post("payments", { wallet, wallet_payload: payload, quote_id: quoteId });
  openApplePay = (): Promise<unknown> => this.post("payments/apple-pay/session", {});
  checkPayment = (): Promise<View> => this.post("payments/check", {});
  sell = (quote: string, cardToken: string, refundAddress: string): Promise<View> =>
    this.post("sale", { quote_id: quote, card_token: cardToken, refund_address: refundAddress });
  takeTodaysPrice = (quote: string): Promise<View> => this.post("sale/choice", { choice: "payout", quote_id: quote });
  takeCryptoBack = (): Promise<View> => this.post("sale/choice", { choice: "return" });
  lateQuote = (id: string): Promise<View> => this.post(`cases/${id}/quote`, {});
  returnLate = (id: string): Promise<View> => this.post(`cases/${id}/choice`, { choice: "return" });
  /** What came late becomes an order of its own, which is opened in place of this one. */
  sellLate = async (id: string, quote: string): Promise<View> =>
    this.visit(await this.post<Visit>(`cases/${id}/choice`, { choice: "sell", quote_id: quote }));
  showSold = async (id: string): Promise<View> => this.visit(await this.post<Visit>(`cases/${id}/visit`, {}));
  cancel = (): Promise<View> => this.post("cancel", {});

  sendDocument = (side: Side, picture: Blob): Promise<View> => this.call("PUT", `identity/documents/${side}`, picture);

  /** `takenMs`: since the course began. */
  sendFrame = (index: number, step: LivenessStep, takenMs: number, picture: Blob): Promise<void> =>
    this.call("PUT", `identity/frames/${index}?step=${step}&taken_ms=${takenMs}`, picture);

  private post<T>(path: string, body: Record<string, string | boolean>): Promise<T> {
    return this.call("POST", path, JSON.stringify(body));
  }

  private async call<T>(method: string, path: string, body?: string | Blob, signal?: AbortSignal): Promise<T> {
    const headers: Record<string, string> = {};
    if (this.token) headers["authorization"] = `Bearer ${this.token}`;
    if (body !== undefined) headers["content-type"] = typeof body === "string" ? "application/json" : body.type;
    const timeout = AbortSignal.timeout(typeof body === "object" ? UPLOAD_TIMEOUT_MS : CALL_TIMEOUT_MS);
    let answer: Response;
    let text: string;
    try {
      answer = await fetch(`/frame/api/${path}`, {
        method,
        headers,
        body: body ?? null,
        cache: "no-store",
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      text = await answer.text();
    } catch {
      throw new Unreachable(path);
    }
    if (answer.ok) return (text === "" ? undefined : JSON.parse(text)) as T;
    throw refusal(answer.status, text);
  }
}

/** Of whose integration log, once it is known. */
export const partner: { widget?: string | undefined } = {};

/** A line in the integration log, where no order could be opened. It is told, or it is not. */
export function tellPartner(code: string): void {
  if (partner.widget) fetch(`/embed/findings/${encodeURIComponent(partner.widget)}`, { method: "POST", body: JSON.stringify({ codes: [code] }), keepalive: true }).catch(() => undefined);
}

function refusal(status: number, text: string): Refused {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  const at = (name: string): string | undefined => {
    const value = isRecord(body) ? body[name] : undefined;
    return typeof value === "string" ? value : undefined;
  };
  return new Refused(status, at("code") ?? "unreadable", at("field"), at("problem"));
}

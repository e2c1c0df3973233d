// Wallets of the device. What one hands over goes to the processor unread; here it is only asked for, and only where
// the browser says that it has one.

import { isRecord } from "./guards";
import type { GooglePay, View, Wallets } from "./view";

export type WalletName = "apple_pay" | "google_pay";

export interface Payable {
  partner: string;
  total: string;
  currency: string;
}

/** What came of a press: paid for, nothing (they closed the sheet), or the sheet did not open. */
export type WalletOutcome = "handed_over" | "closed" | "failed";

interface Run {
  payable: Payable;
  /** Opens Apple Pay for this page: what the device wants to see of the shop. */
  session: () => Promise<unknown>;
  /** Pays with what the wallet handed over; whether that went through is shown in the sheet. */
  pay: (payload: string) => Promise<boolean>;
}

// Apple's and Google's interfaces, as far as they are used.
interface ApplePaySession {
  onvalidatemerchant: (() => void) | null;
  onpaymentauthorized: ((event: { payment: { token: unknown } }) => void) | null;
  oncancel: (() => void) | null;
  begin(): void;
  abort(): void;
  completeMerchantValidation(session: unknown): void;
  completePayment(status: number): void;
}
interface ApplePay {
  new (version: number, request: object): ApplePaySession;
  canMakePayments(): boolean;
  STATUS_SUCCESS: number;
  STATUS_FAILURE: number;
}

const APPLE_VERSION = 3;
const GOOGLE = "https://google.com/pay";
const CHECK_MS = 3000;

const applePay = (): ApplePay | undefined => (window as { ApplePaySession?: ApplePay }).ApplePaySession;

/** The wallets that this browser can open, of those that the processor takes. */
export async function usable(wallets: Wallets | null, payable: Payable): Promise<WalletName[]> {
  const [apple, google] = await Promise.all([hasApple(wallets), hasGoogle(wallets, payable)]);
  return [...(apple ? (["apple_pay"] as const) : []), ...(google ? (["google_pay"] as const) : [])];
}

function hasApple(wallets: Wallets | null): boolean {
  try {
    return wallets?.apple_pay != null && applePay()?.canMakePayments() === true;
  } catch {
    // Safari says so of a page without TLS.
    return false;
  }
}

async function hasGoogle(wallets: Wallets | null, payable: Payable): Promise<boolean> {
  if (!wallets?.google_pay || !("PaymentRequest" in window)) return false;
  const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), CHECK_MS));
  try {
    return await Promise.race([googleRequest(wallets.google_pay, payable).canMakePayment(), late]);
  } catch {
    return false;
  }
}

function googleRequest(offer: GooglePay, { partner, total, currency }: Payable): PaymentRequest {
  const parameters = { allowedAuthMethods: ["PAN_ONLY", "CRYPTOGRAM_3DS"], allowedCardNetworks: offer.networks };
  const gateway = { gateway: offer.gateway, gatewayMerchantId: offer.gateway_merchant_id };
  const data = {
    environment: offer.environment,
    apiVersion: 2,
    apiVersionMinor: 0,
    merchantInfo: { merchantName: partner },
    allowedPaymentMethods: [{ type: "CARD", parameters, tokenizationSpecification: { type: "PAYMENT_GATEWAY", parameters: gateway } }],
    transactionInfo: { totalPriceStatus: "FINAL", totalPrice: total, currencyCode: currency },
  };
  return new PaymentRequest([{ supportedMethods: GOOGLE, data }], { total: { label: partner, amount: { currency, value: total } } });
}

/** Must be called while a press is handled: browsers open no sheet otherwise. */
export function open(name: WalletName, wallets: Wallets, run: Run): Promise<WalletOutcome> {
  return name === "apple_pay" ? openApple(wallets, run) : openGoogle(wallets, run);
}

async function openApple(wallets: Wallets, { payable, session, pay }: Run): Promise<WalletOutcome> {
  const Apple = applePay();
  if (!Apple || !wallets.apple_pay) return "failed";
  const sheet = new Apple(APPLE_VERSION, {
    countryCode: wallets.apple_pay.country,
    currencyCode: payable.currency,
    supportedNetworks: wallets.apple_pay.networks,
    merchantCapabilities: ["supports3DS"],
    total: { label: payable.partner, amount: payable.total },
  });
  return new Promise((resolve) => {
    sheet.oncancel = () => resolve("closed");
    sheet.onvalidatemerchant = () => {
      session().then(
        (opened) => sheet.completeMerchantValidation(opened),
        () => {
          sheet.abort();
          resolve("failed");
        },
      );
    };
    sheet.onpaymentauthorized = ({ payment }) => {
      pay(JSON.stringify(payment.token)).then(
        (paid) => {
          sheet.completePayment(paid ? Apple.STATUS_SUCCESS : Apple.STATUS_FAILURE);
          resolve("handed_over");
        },
        () => {
          sheet.completePayment(Apple.STATUS_FAILURE);
          resolve("failed");
        },
      );
    };
    sheet.begin();
  });
}

async function openGoogle(wallets: Wallets, { payable, pay }: Run): Promise<WalletOutcome> {
  if (!wallets.google_pay) return "failed";
  let response: PaymentResponse;
  try {
    response = await googleRequest(wallets.google_pay, payable).show();
  } catch (error) {
    return error instanceof DOMException && error.name === "AbortError" ? "closed" : "failed";
  }
  const payload = googlePayload(response.details);
  const paid = payload !== undefined && (await pay(payload));
  await response.complete(paid ? "success" : "fail");
  return payload === undefined ? "failed" : "handed_over";
}

function googlePayload(details: unknown): string | undefined {
  const method = isRecord(details) ? details["paymentMethodData"] : undefined;
  const token = isRecord(method) && isRecord(method["tokenizationData"]) ? method["tokenizationData"]["token"] : undefined;
  return typeof token === "string" ? token : undefined;
}

/** What the sheet shows is fixed when it is opened. */
export const payableOf = (view: View): Payable | undefined =>
  view.quote ? { partner: view.partner, total: view.quote.total, currency: view.quote.fiat_currency } : undefined;

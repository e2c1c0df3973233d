import { afterEach, describe, expect, it, vi } from "vitest";
import { open, usable } from "../src/wallets";
import type { Wallets } from "../src/view";

const payable = { partner: "Shop", total: "101.40", currency: "EUR" };
const wallets: Wallets = {
  apple_pay: { country: "DE", networks: ["visa"] },
  google_pay: { environment: "TEST", gateway: "sandbox", gateway_merchant_id: "m", networks: ["VISA"] },
};

class Apple {
  static STATUS_SUCCESS = 0;
  static STATUS_FAILURE = 1;
  static can = true;
  static last: Apple;
  onvalidatemerchant = () => {};
  onpaymentauthorized = (_: { payment: { token: unknown } }) => {};
  oncancel = () => {};
  said: unknown[] = [];
  constructor(
    readonly version: number,
    readonly request: object,
  ) {
    Apple.last = this;
  }
  static canMakePayments = () => Apple.can;
  begin = () => this.onvalidatemerchant();
  abort = () => this.said.push("aborted");
  completeMerchantValidation = (session: unknown) => {
    this.said.push(session);
    this.onpaymentauthorized({ payment: { token: { sandbox: "approved" } } });
  };
  completePayment = (status: number) => this.said.push(status);
}

class Google {
  static can: boolean | Error = true;
  static shown: () => unknown = () => ({});
  static done: string[] = [];
  canMakePayment = async () => {
    if (Google.can instanceof Error) throw Google.can;
    return Google.can;
  };
  show = async () => ({ details: Google.shown(), complete: async (how: string) => void Google.done.push(how) });
}

const browser = (has: object): void => {
  vi.stubGlobal("window", has);
  vi.stubGlobal("PaymentRequest", (has as { PaymentRequest?: unknown }).PaymentRequest);
};

afterEach(() => {
  vi.unstubAllGlobals();
  Apple.can = true;
  Google.can = true;
  Google.done = [];
});

describe("what a browser has", () => {
  it("shows nothing where there is none", async () => {
    browser({});
    expect(await usable(wallets, payable)).toEqual([]);
  });

  it("shows what can pay, and what the processor takes", async () => {
    browser({ ApplePaySession: Apple, PaymentRequest: Google });
    expect(await usable(wallets, payable)).toEqual(["apple_pay", "google_pay"]);
    expect(await usable({ ...wallets, apple_pay: null }, payable)).toEqual(["google_pay"]);
    expect(await usable(null, payable)).toEqual([]);
    Apple.can = false;
    Google.can = new Error("not here");
    expect(await usable(wallets, payable)).toEqual([]);
  });
});

describe("a press", () => {
  const run = (session: () => Promise<unknown>, paid: boolean) => {
    const paidWith: string[] = [];
    const pay = async (payload: string) => {
      paidWith.push(payload);
      return paid;
    };
    return { paidWith, run: { payable, session, pay } };
  };

  it("hands over what Apple gives, and tells its sheet how it went", async () => {
    browser({ ApplePaySession: Apple });
    const { paidWith, run: ran } = run(async () => ({ merchant: 1 }), false);
    expect(await open("apple_pay", wallets, ran)).toBe("handed_over");
    expect(paidWith).toEqual(['{"sandbox":"approved"}']);
    expect(Apple.last.said).toEqual([{ merchant: 1 }, Apple.STATUS_FAILURE]);
    expect(Apple.last.request).toMatchObject({ countryCode: "DE", currencyCode: "EUR", total: { label: "Shop", amount: "101.40" } });
  });

  it("closes the sheet that the server does not open", async () => {
    browser({ ApplePaySession: Apple });
    const { run: ran } = run(() => Promise.reject(new Error("502")), true);
    expect(await open("apple_pay", wallets, ran)).toBe("failed");
    expect(Apple.last.said).toEqual(["aborted"]);
  });

  it("hands over what Google gives, and nothing that it does not understand", async () => {
    browser({ PaymentRequest: Google });
    const { paidWith, run: ran } = run(async () => ({}), true);
    Google.shown = () => ({ paymentMethodData: { tokenizationData: { token: "t" } } });
    expect(await open("google_pay", wallets, ran)).toBe("handed_over");
    Google.shown = () => ({ other: 1 });
    expect(await open("google_pay", wallets, ran)).toBe("failed");
    Google.shown = () => {
      throw new DOMException("closed", "AbortError");
    };
    expect(await open("google_pay", wallets, ran)).toBe("closed");
    expect([paidWith, Google.done]).toEqual([["t"], ["success", "fail"]]);
  });
});

// The app with an order that nobody made, for the console's page on which somebody chooses a look. Nothing
// in it can be pressed, and nothing is asked of the server.

import { render } from "preact";
import { Api } from "./api";
import { App } from "./app";
import { Bridge } from "./bridge";
import { isRecord } from "./guards";
import { readLook, wear } from "./look";
import { Session, type Failure } from "./session";
import type { Step, View } from "./view";

const QUOTE_MS = 60_000;
const SCREENS = { start: "identity", price: "quote", done: "completed" } as const satisfies Record<string, Step>;
type ScreenName = keyof typeof SCREENS;

/** A price that runs out is made anew here. */
class Trial extends Session {
  constructor(private readonly again: () => void) {
    super(new Api(), new Bridge());
  }

  override async command(): Promise<Failure | undefined> {
    this.again();
    return undefined;
  }
}

function viewOf(screen: ScreenName, partner: string, fieldsOrigin: string): View {
  const now = Date.now();
  const at = (ms: number): string => new Date(now + ms).toISOString();
  const quote = {
    id: "trial",
    fiat_currency: "EUR",
    total: "101.40",
    unit_price: "0.92",
    lines: [
      { code: "crypto", amount: "92.00" },
      { code: "network", amount: "2.00" },
      { code: "processing", amount: "7.40" },
    ],
    expires_at: at(QUOTE_MS),
  };
  return {
    version: now,
    merchant_transaction_id: "01900000-0000-7000-8000-000000000000",
    type: "buy",
    status: screen === "done" ? "completed" : "pending",
    widget_status: screen === "done" ? "completed" : "new",
    step: SCREENS[screen],
    email: "a…a@example.com",
    currency: "USDT",
    network: "TRC20",
    crypto_amount: "100.00",
    address: "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE",
    address_fingerprint: "ACCR-1GJ2-YXN4-HQD0",
    fields_origin: fieldsOrigin,
    fiat_currency: "EUR",
    fiat_currencies: ["EUR"],
    partner,
    redirect_url: null,
    now: at(0),
    pay_until: null,
    identity: null,
    quote,
    payment: screen === "done" ? { method: "card", attempt: 1, attempts_left: null, state: "captured", three_ds_url: null, declined: null, card: { brand: "visa", last4: "4242" } } : null,
    transfer: screen === "done" ? { hash: "3f".repeat(32), explorer_url: null, confirmations: 19, confirmations_final: 19 } : null,
    wallets: null, cards: [], may_keep_card: false,
    held_until: null,
    sale: null,
    timeline: screen === "done" ? timeline(at) : [],
    failure: null,
    refunds: [],
    receipt: null,
    tells_by_email: false,
  receipt_path: null,
  };
}

const timeline = (at: (ms: number) => string): View["timeline"] =>
  ["order.created", "identity.verified", "payment.captured", "transfer.broadcast", "transfer.confirmed"].map((code, index) => ({
    code,
    at: at((index - 5) * QUOTE_MS),
  }));

export function preview(root: Element, fieldsOrigin: string): void {
  window.addEventListener("message", ({ source, origin, data }) => {
    if (source !== window.parent || origin !== location.origin || !isRecord(data) || data["type"] !== "proof.look") return;
    const { screen, partner, theme } = data;
    const name = typeof screen === "string" && Object.hasOwn(SCREENS, screen) ? (screen as ScreenName) : "price";
    const look = readLook(data["look"]);
    const scheme = theme === "dark" ? "dark" : "light";
    document.documentElement.dataset["theme"] = scheme;
    wear(look);
    draw(root, { view: () => viewOf(name, typeof partner === "string" ? partner : "", fieldsOrigin), logo: look.logo, scheme });
  });
  // Not the bones: what is drawn here stands in a block that nobody can use.
  root.replaceChildren();
  window.parent.postMessage({ type: "proof.look.ready" }, location.origin);
}

interface Shown {
  view: () => View;
  logo: string | undefined;
  scheme: string;
}

function draw(root: Element, shown: Shown): void {
  const session = new Trial(() => draw(root, shown));
  session.state = { view: shown.view(), offline: false, clockAheadMs: 0, findings: [], checked: true };
  // The card fields are told their colours once, when they are there.
  render(<div inert key={shown.scheme}><App session={session} logo={shown.logo} /></div>, root);
}

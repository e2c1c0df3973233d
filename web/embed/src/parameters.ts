// What a page hands to `run`: the session's parameters under either spelling, next to the host and
// the callbacks. They are sorted apart here, and the parameters go on exactly as they were given:
// whether they are right is for the server to say, not for this script.

const NAMES = [
  "widgetId", "address", "signature", "initToken", "initTokenType", "merchantTransactionId",
  "currency", "currencies", "fixCurrency", "network", "networks", "fixNetwork", "amount", "fixAmount",
  "fiatCurrency", "fiatCurrencies", "fixFiatCurrency", "fixFiatAmount", "type", "redirectUrl",
] as const;

export const CALLBACKS = [
  "onLoad", "onReady", "onStatusChange", "onPaymentFinished", "onSellTransferEnabled", "onReceipt",
] as const;

export type CallbackName = (typeof CALLBACKS)[number];
export type Callbacks = Partial<Record<CallbackName, (payload?: unknown) => void>>;
export type Options = Record<string, unknown> & Callbacks & { host?: Element | string };

export interface Collected {
  parameters: Record<string, unknown>;
  lang?: string;
  theme?: string;
}

export const snakeCase = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const KNOWN = new Set(NAMES.map(snakeCase));

/** Unknown names are ignored, absent values left to the session; a name given twice: the last counts. */
export function collect(options: Options): Collected {
  const collected: Collected = { parameters: {} };
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || value === null) continue;
    const key = snakeCase(name);
    if (key === "lang" || key === "theme") collected[key] = String(value);
    else if (KNOWN.has(key)) collected.parameters[key] = value;
  }
  return collected;
}

/** The parameters without which no frame can be opened. */
export function required(parameters: Record<string, unknown>, name: string): string {
  const value = parameters[snakeCase(name)];
  if (typeof value === "string" && value !== "") return value;
  throw new Error(`proofWidget.run: ${name} is missing. Pass the answer of POST /widget/session on as it is.`);
}

const REFUSED_SCHEMES = ["javascript:", "data:", "file:", "blob:", "vbscript:", "about:"];

/** Whether the page may be sent there; app schemes are welcome, script in disguise is not. */
export function mayRedirect(url: unknown): url is string {
  if (typeof url !== "string") return false;
  try {
    return !REFUSED_SCHEMES.includes(new URL(url).protocol);
  } catch {
    return false;
  }
}

// How amounts, addresses and times are written. Amounts are decimal text from end to end: they are
// cut and grouped as text and never pass through a number.

const SYMBOLS: Record<string, string> = { EUR: "€", USD: "$", GBP: "£", JPY: "¥" };
const NARROW_SPACE = "\u00a0";

const NETWORKS: Record<string, string> = {
  TRC20: "Tron (TRC20)",
  ERC20: "Ethereum (ERC20)",
  BEP20: "BNB Smart Chain (BEP20)",
  BITCOIN: "Bitcoin",
  SOLANA: "Solana",
};

export function groupDigits(decimal: string): string {
  const [whole = "", part] = decimal.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return part === undefined ? grouped : `${grouped}.${part}`;
}

export function fiat(amount: string, currency: string): string {
  const negative = amount.startsWith("-");
  const digits = groupDigits(negative ? amount.slice(1) : amount);
  const symbol = SYMBOLS[currency];
  const text = symbol ? `${symbol}${digits}` : `${digits}${NARROW_SPACE}${currency}`;
  return negative ? `−${text}` : text;
}

export const crypto = (amount: string, ticker: string): string => `${groupDigits(amount)}${NARROW_SPACE}${ticker}`;

export const networkName = (network: string): string => NETWORKS[network] ?? network;

/** Enough of both ends to compare by eye. */
export const shorten = (text: string, ends = 6): string =>
  text.length <= ends * 2 + 3 ? text : `${text.slice(0, ends)}…${text.slice(-ends)}`;

/** A masked email must not be cut in two at its dots. */
export const unbroken = (text: string): string => text.replaceAll("…", "…\u2060");

/** In blocks of four, so that a whole address can be read along. */
export const inBlocks = (text: string): string[] => text.match(/.{1,4}/g) ?? [];

export const secondsBetween = (fromMs: number, until: string | null | undefined): number | undefined => {
  const untilMs = Date.parse(until ?? "");
  return Number.isNaN(untilMs) ? undefined : Math.max(0, Math.ceil((untilMs - fromMs) / 1000));
};

export function countdown(seconds: number): string {
  const rest = String(seconds % 60).padStart(2, "0");
  return `${Math.floor(seconds / 60)}:${rest}`;
}

export const clockTime = (iso: string): string =>
  new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(iso));

export const fullTime = (iso: string): string =>
  new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "long" }).format(new Date(iso));

const BRANDS: Record<string, string> = { visa: "Visa", mastercard: "Mastercard", amex: "American Express" };

export const brandName = (brand: string): string => BRANDS[brand] ?? "Card";

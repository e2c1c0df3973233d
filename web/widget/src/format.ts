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

export const isZero = (decimal: string): boolean => /^[0.]*$/.test(decimal);

export const negated = (decimal: string): string => {
  if (isZero(decimal)) return decimal;
  return decimal.startsWith("-") ? decimal.slice(1) : `-${decimal}`;
};

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

const two = (number: number): string => String(number).padStart(2, "0");

export function countdown(seconds: number): string {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, two(seconds % 60)];
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** A length of time in words, to the minute. */
export function duration(seconds: number): string {
  const minutes = Math.max(1, Math.round(seconds / 60));
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  const count = (number: number, unit: string) => `${number} ${unit}${number === 1 ? "" : "s"}`;
  if (hours === 0) return count(rest, "minute");
  return rest === 0 ? count(hours, "hour") : `${count(hours, "hour")} ${count(rest, "minute")}`;
}

export const clockTime = (iso: string): string =>
  new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(iso));

export const dayTime = (iso: string): string =>
  new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" }).format(new Date(iso));

export const fullTime = (iso: string): string =>
  new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "long" }).format(new Date(iso));

const BRANDS: Record<string, string> = { visa: "Visa", mastercard: "Mastercard", amex: "American Express" };

export const brandName = (brand: string): string => BRANDS[brand] ?? "Card";

/** Unbroken, so that no line ends inside a card's name. */
export const cardName = (card: { brand: string; last4: string }): string =>
  `${brandName(card.brand)} •••• ${card.last4}`.replaceAll(" ", NARROW_SPACE);

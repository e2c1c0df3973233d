// How amounts, addresses and times are written. Amounts are decimal text from end to end: they are
// cut and grouped as text and never pass through a number.

import { isRightToLeft, t, tag, written } from "./lang/speak";

const SIGNS: Record<string, string> = { EUR: "€", USD: "$", GBP: "£", JPY: "¥" };
const NARROW_SPACE = "\u00a0";

/** What is read from left to right in every language, amounts and addresses: set apart from the text around it. */
export const ltr = (text: string): string => (isRightToLeft() ? `\u2066${text}\u2069` : text);

/** A name, in whichever direction it is written. */
export const apart = (name: string): string => (isRightToLeft() ? `\u2068${name}\u2069` : name);

const NETWORKS: Record<string, string> = {
  TRC20: "Tron (TRC20)",
  ERC20: "Ethereum (ERC20)",
  BEP20: "BNB Smart Chain (BEP20)",
  BITCOIN: "Bitcoin",
  SOLANA: "Solana",
};

export function groupDigits(decimal: string): string {
  const { group, decimal: point, from } = written();
  const [whole = "", part] = decimal.split(".");
  // Some languages leave four digits together.
  const grouped = whole.length < from ? whole : whole.replace(/\B(?=(\d{3})+(?!\d))/g, group);
  return part === undefined ? grouped : `${grouped}${point}${part}`;
}

export function fiat(amount: string, currency: string): string {
  const negative = amount.startsWith("-");
  const digits = groupDigits(negative ? amount.slice(1) : amount);
  const { signFirst, between } = written();
  const sign = SIGNS[currency];
  const text = !sign ? `${digits}${NARROW_SPACE}${currency}` : signFirst ? `${sign}${between}${digits}` : `${digits}${between}${sign}`;
  return ltr(negative ? `−${text}` : text);
}

export const isZero = (decimal: string): boolean => /^[0.]*$/.test(decimal);

export const negated = (decimal: string): string => {
  if (isZero(decimal)) return decimal;
  return decimal.startsWith("-") ? decimal.slice(1) : `-${decimal}`;
};

export const crypto = (amount: string, ticker: string): string => ltr(`${groupDigits(amount)}${NARROW_SPACE}${ticker}`);

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
  const count = (number: number, unit: string) => new Intl.NumberFormat(tag(), { style: "unit", unit, unitDisplay: "long" }).format(number);
  if (hours === 0) return count(rest, "minute");
  return rest === 0 ? count(hours, "hour") : new Intl.ListFormat(tag(), { type: "unit", style: "narrow" }).format([count(hours, "hour"), count(rest, "minute")]);
}

const time = (iso: string, how: Intl.DateTimeFormatOptions): string => new Intl.DateTimeFormat(tag(), how).format(new Date(iso));

export const clockTime = (iso: string): string => time(iso, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export const dayTime = (iso: string): string => time(iso, { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });

export const fullTime = (iso: string): string => time(iso, { dateStyle: "long", timeStyle: "long" });

const BRANDS: Record<string, string> = { visa: "Visa", mastercard: "Mastercard", amex: "American Express" };

const WALLETS: Record<string, string> = { apple_pay: "Apple Pay", google_pay: "Google Pay" };

/** How something was paid, without a word of which card. */
export const brandless = (method: string): string => WALLETS[method] ?? t("pay.card");

export const brandName = (brand: string): string => BRANDS[brand] ?? t("pay.card");

/** Unbroken, so that no line ends inside a card's name. */
export const cardName = (card: { brand: string; last4: string }): string =>
  ltr(`${brandName(card.brand)} •••• ${card.last4}`.replaceAll(" ", NARROW_SPACE));

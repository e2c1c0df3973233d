// What a policy says of risk, as somebody edits it: decimals of each currency, country codes, and nothing for "no limit".

import { toBase, toDecimal, type PolicyWrong } from "./policy";

interface Limits {
  day_minor: string;
  month_minor: string;
}

export interface Risk {
  /** Of one customer, by currency. */
  limits: Record<string, Limits>;
  payments_day_max: number;
  card_customers_max: number;
  disputes_reviewed: number;
  first_delivery_seconds: number;
  card_countries_refused: string[];
  document_countries_refused: string[];
  card_abroad: string;
  without_liability_shift: string;
}

export interface RiskDraft {
  limits: { fiat: string; day: string; month: string }[];
  payments: string;
  customers: string;
  disputes: string;
  held: string;
  cards: string;
  documents: string;
  abroad: string;
  shift: string;
}

/** The server's word for "no limit". */
const UNLIMITED = 4_294_967_295;

export const RISK_SHOWN = [
  "limits", "payments_day_max", "card_customers_max", "disputes_reviewed", "first_delivery_seconds",
  "card_countries_refused", "document_countries_refused", "card_abroad", "without_liability_shift",
];

export const fiatDecimals = (fiat: string): number =>
  new Intl.NumberFormat("en", { style: "currency", currency: fiat }).resolvedOptions().maximumFractionDigits ?? 2;

const counted = (count: number): string => (count === UNLIMITED ? "" : String(count));

export function riskDraft(risk: Risk, fiats: string[]): RiskDraft {
  const known = [...new Set([...fiats, ...Object.keys(risk.limits)])];
  const money = (fiat: string, minor: string | undefined) => (minor === undefined ? "" : toDecimal(minor, fiatDecimals(fiat)));
  return {
    limits: known.map((fiat) => ({ fiat, day: money(fiat, risk.limits[fiat]?.day_minor), month: money(fiat, risk.limits[fiat]?.month_minor) })),
    payments: counted(risk.payments_day_max),
    customers: counted(risk.card_customers_max),
    disputes: counted(risk.disputes_reviewed),
    held: String(risk.first_delivery_seconds),
    cards: risk.card_countries_refused.join(", "),
    documents: risk.document_countries_refused.join(", "),
    abroad: risk.card_abroad,
    shift: risk.without_liability_shift,
  };
}

type Say = (field: PolicyWrong["field"], message: string) => void;

export function readRisk(draft: RiskDraft, wrong: Say): Risk {
  const count = (field: keyof RiskDraft & string, text: string, most: number): number => {
    const digits = text.trim();
    if (digits === "") return UNLIMITED;
    const read = /^\d{1,10}$/.test(digits) ? Number(digits) : Number.NaN;
    if (!(read <= most)) wrong(`risk-${field}`, "A whole number, or nothing for no limit.");
    return read;
  };
  const countries = (field: "cards" | "documents"): string[] => {
    const codes = draft[field].split(/[\s,]+/).filter(Boolean).map((code) => code.toUpperCase());
    const odd = codes.find((code) => !/^[A-Z]{2}$/.test(code));
    if (odd !== undefined) wrong(`risk-${field}`, `${odd} is no country’s code: two letters each, such as DE, FR.`);
    return [...new Set(codes)];
  };
  return {
    limits: Object.fromEntries(draft.limits.flatMap((limit) => readLimit(limit, wrong))),
    payments_day_max: count("payments", draft.payments, UNLIMITED),
    card_customers_max: count("customers", draft.customers, UNLIMITED),
    disputes_reviewed: count("disputes", draft.disputes, UNLIMITED),
    first_delivery_seconds: draft.held.trim() === "" ? 0 : count("held", draft.held, UNLIMITED - 1),
    card_countries_refused: countries("cards"),
    document_countries_refused: countries("documents"),
    card_abroad: draft.abroad,
    without_liability_shift: draft.shift,
  };
}

/** A currency with nothing in both has no limit. */
function readLimit({ fiat, day, month }: RiskDraft["limits"][number], wrong: Say): [string, Limits][] {
  if (day.trim() === "" && month.trim() === "") return [];
  const decimals = fiatDecimals(fiat);
  const read = (name: "day" | "month", text: string): string | undefined => {
    const minor = toBase(text, decimals);
    if (minor === undefined) wrong(`risk-${fiat}-${name}`, `${fiat}: a plain number with at most ${decimals} decimals; nothing in both is no limit.`);
    return minor;
  };
  const [day_minor, month_minor] = [read("day", day), read("month", month)];
  if (day_minor === undefined || month_minor === undefined) return [];
  if (BigInt(day_minor) > BigInt(month_minor)) wrong(`risk-${fiat}-month`, `${fiat}: a month’s limit is not below a day’s.`);
  return [[fiat, { day_minor, month_minor }]];
}

// A partner's policy as somebody edits it: decimals and per cent instead of base units and hundredths.
// Both ways are exact; nothing passes through a number.

import { decimalsOf } from "./core/session";
import { readRisk, RISK_SHOWN, riskDraft, type Risk, type RiskDraft } from "./policy-risk";
import type { Fees, Policy } from "./wire";

/** Hundredths of a per cent. */
const PERCENT_DECIMALS = 2;
const BASE_LENGTH_MAX = 39;

/** A pair that the server does not know is edited in base units. */
export const unitOf = (pair: string): string => (decimalsOf(pair) === undefined ? "base units" : (pair.split("/")[0] ?? pair));

export function toDecimal(base: string, decimals: number): string {
  const digits = BigInt(base).toString().padStart(decimals + 1, "0");
  const cut = digits.length - decimals;
  const part = digits.slice(cut).replace(/0+$/, "");
  return part === "" ? digits.slice(0, cut) : `${digits.slice(0, cut)}.${part}`;
}

/** `undefined`: no decimal, or finer than the smallest unit, which must not be rounded silently. */
export function toBase(decimal: string, decimals: number): string | undefined {
  const read = /^(\d+)(?:\.(\d+))?$/.exec(decimal.trim());
  if (!read) return undefined;
  const [, whole = "", part = ""] = read;
  const fine = part.replace(/0+$/, "");
  if (fine.length > decimals || whole.length > BASE_LENGTH_MAX) return undefined;
  return BigInt(whole + fine.padEnd(decimals, "0")).toString();
}

export interface FeesDraft {
  spread: string;
  processing: string;
  fixedMinor: string;
  partner: string;
}

export interface PairDraft {
  asset: string;
  min: string;
  max: string;
  buys: boolean;
  sells: boolean;
  fees: FeesDraft | null;
}

export interface PolicyDraft {
  pairs: PairDraft[];
  fiats: string[];
  fees: FeesDraft;
  /** Null for a partner's own people, who do not see it. */
  risk: RiskDraft | null;
  /** All the rest, as JSON. */
  rest: string;
}

const SHOWN = ["version", "pairs", "fiats", "fees"];

const isRisk = (value: unknown): value is Risk => typeof value === "object" && value !== null && RISK_SHOWN.every((name) => name in value);

/** What has no fields of its own. */
function restOf(all: Record<string, unknown>): Record<string, unknown> {
  const rest = Object.fromEntries(Object.entries(all).filter(([name]) => !SHOWN.includes(name)));
  if (typeof rest.risk !== "object" || rest.risk === null) return rest;
  return { ...rest, risk: Object.fromEntries(Object.entries(rest.risk).filter(([name]) => !RISK_SHOWN.includes(name))) };
}

export function draftOf(policy: Policy): PolicyDraft {
  return {
    pairs: policy.pairs.map((pair) => ({
      asset: pair.asset,
      min: toDecimal(pair.min.base, decimalsOf(pair.asset) ?? 0),
      max: toDecimal(pair.max.base, decimalsOf(pair.asset) ?? 0),
      buys: pair.buys,
      sells: pair.sells,
      fees: pair.fees && feesDraft(pair.fees),
    })),
    fiats: policy.fiats,
    fees: feesDraft(policy.fees),
    risk: isRisk(policy.risk) ? riskDraft(policy.risk, policy.fiats) : null,
    rest: JSON.stringify(restOf(policy), null, 2),
  };
}

/** Everything by the names and in the units of the form, a pair by its own name: to be compared. */
export function readable(policy: Policy): Record<string, unknown> {
  const { pairs, rest, risk, ...shown } = draftOf(policy);
  const { risk: more, ...others } = readRest(rest) ?? {};
  const { limits, ...words } = risk ?? {};
  return {
    pairs: Object.fromEntries(pairs.map(({ asset, ...pair }) => [asset, pair])),
    ...shown,
    limits: limits && Object.fromEntries(limits.map(({ fiat, ...limit }) => [fiat, limit])),
    risk: { ...words, ...(more as object | undefined) },
    ...others,
  };
}

export const feesDraft = (fees: Fees): FeesDraft => ({
  spread: toDecimal(String(fees.spread), PERCENT_DECIMALS),
  processing: toDecimal(String(fees.processing), PERCENT_DECIMALS),
  fixedMinor: fees.processing_fixed_minor,
  partner: toDecimal(String(fees.partner), PERCENT_DECIMALS),
});

export const newPair = (asset: string): PairDraft => ({ asset, min: "", max: "", buys: true, sells: false, fees: null });

export interface PolicyWrong {
  field: string;
  message: string;
}

export type PolicyRead = { policy: Policy; wrongs: [] } | { policy: undefined; wrongs: PolicyWrong[] };

/** The whole policy again, with the version that was read; or what is wrong, by field. */
export function policyOf(draft: PolicyDraft, before: Policy): PolicyRead {
  const wrongs: PolicyWrong[] = [];
  const wrong = (field: string, message: string) => void wrongs.push({ field, message });
  const pairs = draft.pairs.map((pair, index) => readPair(pair, `pair-${index}`, wrong));
  const fees = readFees(draft.fees, "fees", "", wrong);
  if (draft.pairs.length === 0) wrong("pair-add", "Name at least one pair.");
  if (draft.fiats.length === 0) wrong("fiats", "Name at least one currency.");
  const risk = draft.risk && readRisk(draft.risk, wrong);
  const rest = readRest(draft.rest);
  if (!rest) wrong("rest", "The rest is not a JSON object.");
  if (wrongs.length > 0 || !rest) return { policy: undefined, wrongs };
  if (risk) rest.risk = { ...(rest.risk as object | undefined), ...risk };
  return { policy: { ...rest, version: before.version, pairs, fiats: draft.fiats, fees }, wrongs: [] };
}

type Say = (field: string, message: string) => void;

function readPair(pair: PairDraft, field: string, wrong: Say): Policy["pairs"][number] {
  const decimals = decimalsOf(pair.asset) ?? 0;
  const read = (name: "min" | "max", title: string): string => {
    const base = toBase(pair[name], decimals);
    if (base === undefined) wrong(`${field}-${name}`, `${pair.asset}: ${title} is a plain number with at most ${decimals} decimals.`);
    return base ?? "0";
  };
  const [min, max] = [read("min", "the least"), read("max", "the most")];
  if (BigInt(min) > BigInt(max)) wrong(`${field}-max`, `${pair.asset}: the most is below the least.`);
  return {
    asset: pair.asset,
    min: { asset: pair.asset, base: min },
    max: { asset: pair.asset, base: max },
    buys: pair.buys,
    sells: pair.sells,
    fees: pair.fees && readFees(pair.fees, field, `${pair.asset}: `, wrong),
  };
}

function readFees(fees: FeesDraft, field: string, of: string, wrong: Say): Fees {
  const percent = (name: "spread" | "processing" | "partner", title: string): number => {
    const hundredths = toBase(fees[name], PERCENT_DECIMALS);
    if (hundredths === undefined || hundredths.length > 4) wrong(`${field}-${name}`, `${of}${title} is a per cent with at most two decimals, below 100.`);
    return hundredths === undefined ? 0 : Number(hundredths);
  };
  const fixed = toBase(fees.fixedMinor, 0);
  if (fixed === undefined) wrong(`${field}-fixedMinor`, `${of}The fixed fee is a whole number of the currency’s smallest unit.`);
  return {
    spread: percent("spread", "The spread"),
    processing: percent("processing", "The processing fee"),
    processing_fixed_minor: fixed ?? "0",
    partner: percent("partner", "The partner’s fee"),
  };
}

function readRest(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    // What has fields of its own above is not said twice.
    return restOf(value as Record<string, unknown>);
  } catch {
    return undefined;
  }
}

// Receipts: what the widget shows of an order, signed. Checked here with the published keys and nothing else, so
// that support, a page or an auditor can do it without asking anybody.

import { createHash, verify } from "node:crypto";
import { configurationError, isRecord } from "./error.js";
import { publicKeyOf } from "./webhook.js";

/** What `onReceipt` hands to the page, and what a person saves. */
export interface SignedReceipt {
  /** The text of the document, exactly as it was signed. */
  document: string;
  key_id: string;
  signature: string;
}

export interface Receipt {
  version: number;
  environment: string;
  partner_id: string;
  merchant_transaction_id: string;
  type: string;
  currency: string;
  network: string;
  amount: string;
  /** Of a buy. */
  address?: string;
  /** Of a sell whose terms are fixed. */
  deposit_address?: string;
  refund_address?: string;
  issued_at: string;
}

/** One entry of `/.well-known/proof-webhook-keys.json`. */
export interface PublishedKey {
  environment: string;
  key: string;
  id: string;
  from: string | null;
  until: string | null;
}

export type ReceiptRefusal = "unknown_key" | "bad_signature" | "malformed" | "wrong_environment" | "not_valid_then" | "mismatch";

export class ReceiptError extends Error {
  override readonly name = "ReceiptError";
  readonly refusal: ReceiptRefusal;
  /** Of a `mismatch`. */
  readonly field: string | undefined;

  constructor(refusal: ReceiptRefusal, message: string, field?: string) {
    super(message);
    this.refusal = refusal;
    this.field = field;
  }
}

export interface ReceiptOptions {
  /** The `keys` of `/.well-known/proof-webhook-keys.json`. Keep a copy, and no network is needed. */
  keys: readonly PublishedKey[];
  /** `live`, or `test` for what the sandbox signed: one is never taken for the other. */
  environment: "live" | "test";
  /** What it has to say; the fields that you know. */
  expect?: Partial<Omit<Receipt, "version">> | undefined;
}

const DOMAIN = "proof receipt 1\n";
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const FIELDS = ["environment", "partner_id", "merchant_transaction_id", "type", "currency", "network", "amount", "issued_at"];

/** What the receipt says, if Proof signed it; else throws a `ReceiptError`. */
export function verifyReceipt(receipt: SignedReceipt, { keys, environment, expect = {} }: ReceiptOptions): Receipt {
  const key = keys.find(({ id }) => id === receipt.key_id);
  if (!key) throw new ReceiptError("unknown_key", "No published key has this id. Are the keys those of this installation, and fresh?");
  const content = Buffer.from(DOMAIN + receipt.document);
  if (!verify(null, content, publicKeyOf(key.key), Buffer.from(receipt.signature, "base64"))) {
    throw new ReceiptError("bad_signature", "The signature does not fit: the receipt was changed, or is nobody's.");
  }
  const read = readDocument(receipt.document);
  if (read.environment !== environment || key.environment !== environment) {
    throw new ReceiptError("wrong_environment", `This is a receipt of ${read.environment}, not of ${environment}.`);
  }
  // All of them have one form, so the order of texts is the order of times.
  const { issued_at: at } = read;
  if ((key.from !== null && at < key.from) || (key.until !== null && at >= key.until)) {
    throw new ReceiptError("not_valid_then", "Its key did not sign at that time.");
  }
  for (const [field, value] of Object.entries(expect)) {
    // A field that is misspelt on the way here must not make every receipt a good one.
    if (value === undefined) throw configurationError(`verifyReceipt: expect.${field} is undefined.`);
    if (read[field as keyof Receipt] !== value) {
      throw new ReceiptError("mismatch", `The receipt says another ${field}.`, field);
    }
  }
  return read;
}

function readDocument(text: string): Receipt {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    read = undefined;
  }
  if (isRecord(read) && isDocument(read)) return read as unknown as Receipt;
  throw new ReceiptError("malformed", "The document is none that this version knows.");
}

const isDocument = (read: Record<string, unknown>): boolean =>
  read["version"] === 1 && FIELDS.every((name) => typeof read[name] === "string") && TIME.test(String(read["issued_at"]));

const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CASELESS = /^(0x|bc1|tb1|bcrt1)/i;

/** The four groups that widget and console show beside an address, to be compared over the phone. */
export function addressFingerprint(network: string, address: string): string {
  if (network === "" || address === "") throw configurationError("addressFingerprint needs a network and an address.");
  const spelt = CASELESS.test(address) ? address.toLowerCase() : address;
  const hash = createHash("sha256").update(`proof address 1\n${network}\n${spelt}`).digest();
  const bits = BigInt(`0x${hash.subarray(0, 10).toString("hex")}`);
  const letters = Array.from({ length: 16 }, (_, at) => LETTERS[Number((bits >> BigInt(75 - 5 * at)) & 31n)]);
  return [0, 4, 8, 12].map((at) => letters.slice(at, at + 4).join("")).join("-");
}

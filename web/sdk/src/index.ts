import { once } from "./once.js";
import { verify } from "./webhook.js";

export { Proof, type ProofOptions } from "./client.js";
export type { Clock } from "./clock.js";
export { ProofError, type ErrorKind, type Retry } from "./error.js";
export type { FeedOptions, FeedQuery } from "./feed.js";
export type { CallOptions } from "./http.js";
export { MemoryOnceStore, type Once, type OnceStore } from "./once.js";
export {
  addressFingerprint, ReceiptError, verifyReceipt, type PublishedKey, type Receipt, type ReceiptOptions, type ReceiptRefusal, type SignedReceipt,
} from "./receipt.js";
export type { SessionOptions } from "./session.js";
export type { UserKycStatus } from "./user.js";
export type { Watch, WatchOptions } from "./watch.js";
export { WebhookError, type VerifyOptions, type WebhookHeaders, type WebhookRefusal } from "./webhook.js";
export { isTerminal } from "./wire.js";
export type {
  Amount, FeedEvent, FeedPage, KycStatus, OrderType, Session, SessionRequest, Status, Transaction, TransactionFilter,
  TransactionPage, Update, WebhookEvent,
} from "./wire.js";

/** What a backend does with the webhooks it receives. Needs no client. */
export const webhooks = { verify, once };

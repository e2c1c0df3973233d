// Events, choices and kinds in an operator's words.

import { amountWords, wordsOf } from "./format";

const EVENTS: Record<string, string> = {
  "order.created": "Order made",
  "identity.started": "Identity check begun",
  "identity.verified": "Identity verified",
  "identity.failed": "Identity not verified",
  "quote.locked": "Price locked",
  "payment.started": "Payment begun",
  "payment.declined": "Payment declined by the bank",
  "payment.captured": "Payment captured",
  "transfer.signed": "Transfer signed",
  "transfer.broadcast": "Transfer sent to the chain",
  "transfer.confirmed": "Transfer confirmed",
  "refund.started": "Refund begun",
  "deposit.awaited": "Waiting for the deposit",
  "deposit.seen": "Deposit seen on the chain",
  "deposit.confirmed": "Deposit confirmed",
  "deposit.lost": "Deposit vanished from the chain",
  "price.moved": "The price moved: the user chooses",
  "payout.sent": "Payout sent",
  "payout.refused": "Payout refused",
  "return.started": "Return of the crypto begun",
  "case.opened": "Case opened",
  "case.settled": "Case settled",
  "dispute.moved": "Dispute moved",
  "order.review_started": "Stopped for people",
  "risk.assessed": "Risk assessed",
  "order.review_proposed": "An operator proposed",
  "order.review_ended": "Operators decided",
  "refund.by_bank": "Refunded by the bank",
  "order.status_changed": "Status told to the partner",
  "order.completed": "Order completed",
  "order.failed": "Order failed",
  "order.cancelled": "Order cancelled",
  "order.expired": "Order expired",
};

const TROUBLE = new Set(["identity.failed", "payment.declined", "deposit.lost", "payout.refused", "order.failed", "dispute.moved"]);
const PEOPLE = new Set(["order.review_started", "order.review_proposed", "price.moved", "case.opened"]);
const GOOD = new Set(["order.completed", "transfer.confirmed", "payment.captured", "deposit.confirmed", "identity.verified", "payout.sent"]);

export const eventTitle = (kind: string): string => EVENTS[kind] ?? wordsOf(kind);

export function eventTone(kind: string): "ok" | "wait" | "stop" | "info" {
  if (TROUBLE.has(kind)) return "stop";
  if (PEOPLE.has(kind)) return "wait";
  return GOOD.has(kind) ? "ok" : "info";
}

/** What an event's body says in one line; the rest is in the JSON below. */
export function eventNote(body: unknown, order: { currency: string; fiat_currency: string }): string {
  if (typeof body !== "object" || body === null) return "";
  const at = (name: string): string | undefined => {
    const value = (body as Record<string, unknown>)[name];
    if (typeof value === "string" && value !== "") return value;
    return typeof value === "number" ? String(value) : undefined;
  };
  const [amount, total, attempt, confirmations] = [at("amount"), at("total"), at("attempt"), at("confirmations")];
  const [act, by, code, status, reason] = [at("act") ?? at("ruling"), at("by"), at("code"), at("status"), at("reason")];
  const words = [
    status && wordsOf(status).toLowerCase(),
    amount && amountWords(amount, order.currency),
    total && amountWords(total, at("fiat_currency") ?? order.fiat_currency),
    attempt && attempt !== "1" && `attempt ${attempt}`,
    confirmations && `${confirmations} confirmations`,
    act && wordsOf(act).toLowerCase(),
    code && wordsOf(code).toLowerCase(),
    reason && (/^[a-z_]+$/.test(reason) ? wordsOf(reason).toLowerCase() : reason),
    // Of a decision it is who decided, with a reason; of a case that is settled, how.
    by && (act || reason ? `by ${by}` : wordsOf(by).toLowerCase()),
  ];
  return words.filter(Boolean).join(" · ");
}

export interface ActWords {
  /** On the button. */
  verb: string;
  /** What happens when two have said so. */
  effect: string;
  text?: { label: string; hint: string; area?: boolean };
  isDanger: boolean;
}

const ACTS: Record<string, ActWords> = {
  approve: { verb: "Let it go on", effect: "The order goes on from where it was stopped.", isDanger: false },
  refund: { verb: "Refund the payment", effect: "The customer’s payment goes back to the card; nothing is delivered.", isDanger: true },
  return: { verb: "Send the crypto back", effect: "The crypto goes back to the customer’s refund address; nothing is paid out.", isDanger: true },
  refunded_by_bank: {
    verb: "Refunded by the bank",
    effect: "The books say from then on that the bank has given the money back outside of the provider.",
    text: { label: "The bank’s transfer", hint: "Its reference, as it stands on the statement." },
    isDanger: true,
  },
  write_off: { verb: "Write it off", effect: "The amount is kept apart in the books and nobody gets it.", isDanger: true },
  withdraw: { verb: "Withdraw it", effect: "Nothing more is asked of the provider.", isDanger: true },
  paid_by_dispute: { verb: "Paid by the dispute", effect: "The cardholder has the money already, by the bank.", isDanger: true },
  contest: {
    verb: "Contest the dispute",
    effect: "The evidence goes to the cardholder’s bank, which decides. It can be sent once.",
    text: { label: "Evidence", hint: "What was delivered, when and to whom; the bank reads it as it is.", area: true },
    isDanger: false,
  },
  accept: { verb: "Accept the dispute", effect: "The money stays with the cardholder.", isDanger: true },
};

export const actWords = (act: string): ActWords => ACTS[act] ?? { verb: wordsOf(act), effect: "", isDanger: true };

/** `refund by alice: why`, as the server says what one person wants already. */
const isBy = (proposed: string, name: string): boolean => proposed.includes(` by ${name}:`);

export const proposedTitle = (proposed: string, me: string): string => (isBy(proposed, me) ? "You have proposed it" : "A colleague has proposed");

const TWO_PEOPLE = "A second operator has to say the same. Until then it is a proposal and nothing moves.";
const SECOND = "A colleague has said the same already: with your word it is done at once.";
const ONCE_MORE = "You have said so already. Somebody else has to say the same; your word counts once.";

/** Who has to agree before it is done. */
export function confirmWords(act: string, proposed: string | null, me: string): string {
  if (!proposed?.startsWith(`${act} by `)) return TWO_PEOPLE;
  return isBy(proposed, me) ? ONCE_MORE : SECOND;
}

const CASES: Record<string, string> = {
  overpaid: "Too much came",
  late: "Came late",
  wrong_token: "Another token came",
  wrong_network: "Came over another network",
  second_deposit: "A second deposit",
  reorged: "Vanished from the chain",
  taken_late: "Taken after the end",
  refund: "Refund after the end",
  dispute: "Dispute",
  payout_bounced: "Payout came back",
};
export const caseTitle = (kind: string): string => CASES[kind] ?? wordsOf(kind);

const FINDINGS: Record<string, string> = {
  not_in_books: "Moved, but not in the books",
  not_reported: "In the books, but not moved",
  amount_differs: "Amounts differ",
  strangers_reference: "About no order of ours",
  unmatched: "Coins that no order expects",
  wallet_differs: "The wallet holds something else",
  deposit_differs: "A deposit address holds less",
  books_differ: "The books do not agree with themselves",
};
export const findingTitle = (kind: string): string => FINDINGS[kind] ?? wordsOf(kind);

const RAILS: Record<string, string> = { payments: "Card payments", payouts: "Payouts to cards", identity: "Identity checks", rates: "Prices", signer: "Signer", mail: "Mail server" };
export const railTitle = (rail: string): string => RAILS[rail] ?? wordsOf(rail);

const POOLS: Record<string, string> = { orders: "Orders and cases", deliveries: "Webhooks", mails: "Letters", nights: "Nightly comparison" };
export const poolTitle = (pool: string): string => POOLS[pool] ?? wordsOf(pool);

export const ROLES: Record<string, { title: string; may: string }> = {
  owner: { title: "Owner", may: "Everything, people and overrides included" },
  operator: { title: "Operator", may: "Orders, partners, money; not people" },
  reviewer: { title: "Reviewer", may: "Decides on orders and cases that wait" },
  support: { title: "Support", may: "Reads; changes nothing" },
  partner_admin: { title: "Partner admin", may: "Their own partner: keys, webhook, people’s sign-offs" },
  partner_developer: { title: "Partner developer", may: "Their own partner: reads, tests, integration log" },
};
export const roleTitle = (role: string): string => ROLES[role]?.title ?? wordsOf(role);

export const KINDS: Record<string, { title: string; hint: string }> = {
  treasury: { title: "Treasury", hint: "Crypto goes to the partner’s own wallet, one for each pair." },
  user_wallet: { title: "Users’ wallets", hint: "Each session brings its user’s address." },
  managed: { title: "Managed", hint: "The partner’s wallets are known in advance and managed here." },
};

/** What a grid in the selfie means. That there is none says little: a screen whose pixels are fine leaves no trace. */
export function traceWords(grid: string): string {
  return `${grid} (about 2: none that a camera sees; more: fine lines or dots all over the face)`;
}

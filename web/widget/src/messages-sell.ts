// The words of a sell, where they differ from those of a buy.

import { apart, cardName, crypto, dayTime, duration, fiat, fullTime, groupDigits, ltr, networkName, shorten, unbroken } from "./format";
import { group, pick, pickKnown, t } from "./lang/speak";
import { heldSeconds, isAmountInCode, isPart, priceHold, toSend } from "./sale";
import type { Case, View } from "./view";

export const againFrom = (time: string): string => t("failed.againFrom", { time });

const coin = (view: View): string => ltr(view.currency);
const amount = (view: View, text: string): string => crypto(text, view.currency);
const network = (view: View): string => ltr(networkName(view.network));
const card = (view: View): string => (view.sale?.payout_card ? cardName(view.sale.payout_card) : t("sell.yourCard"));
const money = (view: View): string => (view.quote ? fiat(view.quote.total, view.quote.fiat_currency) : t("sell.yourMoney"));
const address = (view: View): string => (view.sale?.refund_address ? ltr(unbroken(shorten(view.sale.refund_address))) : t("sell.yourAddress"));

interface Failure {
  title: string;
  text: string;
  money: string;
  next?: string;
}

const failureWords = group("sell.failure");

function failure(view: View): Failure {
  const words = failureWords;
  switch (view.failure?.code) {
    case "identity_refused":
      return {
        title: pick("failed.title", "identity_refused"),
        text: pick("failed.text", "identity_refused"),
        money: words.nothing,
        next: view.failure.again_at ? againFrom(fullTime(view.failure.again_at)) : t("failed.nextRefused"),
      };
    case "deposit_timeout":
      return {
        title: words.noDeposit,
        text: t("sell.failure.noDepositText", { coin: coin(view) }),
        money: words.nothing,
        next: t("sell.failure.noDepositNext", { address: address(view) }),
      };
    case "deposit_lost":
      return { title: words.lost, text: t("sell.failure.lostText", { coin: coin(view) }), money: words.lostMoney, next: words.lostNext };
    case "returned": {
      const { returned } = view.sale ?? {};
      const title = returned ? t("sell.failure.returned", { amount: amount(view, returned.amount) }) : words.cryptoReturned;
      return { title, text: returnReason(view), money: words.returnedMoney };
    }
    default:
      return view.failure?.money_moved === true
        ? { title: words.checks, text: words.checksText, money: words.checksMoney, next: t("sell.failure.checksNext", { partner: apart(view.partner) }) }
        : { title: words.checks, text: words.checksText, money: words.nothing };
  }
}

function returnReason(view: View): string {
  const reason = view.sale?.returning?.reason;
  if (reason === "underpaid") return t("sell.reason.underpaid", { amount: amount(view, view.crypto_amount) });
  if (reason === "payout_refused") return t("sell.reason.payout_refused", { card: card(view) });
  return pick("sell.reason", reason);
}

const done: Record<string, (view: View) => string> = {
  "order.created": () => t("timeline.created"),
  "identity.verified": () => t("timeline.verified"),
  "deposit.awaited": () => t("timeline.depositAwaited"),
  "deposit.seen": () => t("timeline.depositSeen"),
  "deposit.confirmed": () => t("timeline.depositConfirmed"),
  "deposit.lost": () => t("timeline.depositLost"),
  "price.moved": () => t("timeline.priceMoved"),
  "payout.sent": (view) => t("timeline.payoutSent", { money: money(view), card: card(view) }),
  "return.started": () => t("timeline.returnStarted"),
  "transfer.broadcast": (view) => t("timeline.returned", { coin: coin(view), address: address(view) }),
  "transfer.confirmed": () => t("timeline.returnConfirmed"),
};

const ahead: Record<string, (view: View) => string> = {
  "deposit.seen": () => t("timeline.awaiting"),
  "deposit.confirmed": () => t("timeline.confirming"),
  "deposit.found": () => t("timeline.finding"),
  "payout.sent": (view) => t("timeline.payingOut", { money: money(view), card: card(view) }),
  "order.completed": () => t("timeline.completing"),
  "return.started": () => t("timeline.preparing"),
  "transfer.broadcast": (view) => t("timeline.returning", { coin: coin(view), address: address(view) }),
  "transfer.confirmed": () => t("timeline.confirming"),
};

/** Of the time after the terms; until then the quote has a clock of its own. */
function held(view: View): string {
  const seconds = heldSeconds(view);
  return seconds > 0 ? t("sell.held.within", { time: duration(seconds) }) : t("sell.held.moves");
}

function price(view: View): string {
  const hold = priceHold(view);
  if (hold === undefined) return held(view);
  return hold === "whole" ? t("sell.held.whole") : t("sell.held.until", { time: dayTime(hold.until) });
}

/** What came outside of the order, told with its amount. */
function came(one: Case, view: View): string {
  const came = crypto(one.amount, one.currency);
  if (one.kind === "wrong_token") return t("sell.cases.wrong_token", { amount: came, coin: coin(view) });
  if (one.kind === "wrong_network") return t("sell.cases.wrong_network", { amount: came, network: ltr(networkName(one.network)) });
  return t(`sell.cases.${one.kind}`, { amount: came });
}

function stateOf(one: Case): string {
  const address = ltr(unbroken(shorten(one.refund_address)));
  switch (one.state) {
    case "choose":
    case "kept":
    case "vanished":
    case "apart":
      return t(`sell.cases.${one.state}`);
    case "sold":
      return one.sold ? t("sell.cases.soldFor", { total: fiat(one.sold.total, one.sold.fiat_currency) }) : t("sell.cases.sold");
    case "waiting":
      return one.kind === "late" && !one.final ? t("sell.cases.waitingLate") : t("sell.cases.waiting", { address });
    case "returned":
      return t("sell.cases.returned", { address });
  }
}

export const sell = {
  failure,
  timelineDone: done,
  timelineAhead: ahead,
  review: group("sell.review"),
  terms: group("sell.terms", {
    on: (view: View) => t("sell.terms.onNetwork", { network: network(view) }),
    cardText: (total: string) => t("sell.terms.cardPaid", { total: total || t("sell.terms.theMoney") }),
    refundLabel: (view: View) => t("sell.terms.addressOn", { network: network(view) }),
    refundHint: (view: View) => t("sell.terms.addressHint", { coin: coin(view), network: network(view) }),
    refundShape: (view: View) => t("sell.terms.addressShape", { network: network(view) }),
    refundNetwork: (view: View, like: string) => t("sell.terms.addressLike", { like: ltr(networkName(like)), network: network(view) }),
    refundRefused: (view: View) => t("sell.terms.addressRefused", { network: network(view) }),
    mine: (view: View) => t("sell.terms.mineOn", { network: network(view) }),
    fieldError: (code: string) => pickKnown("sell.fieldError", code),
    held,
  }),
  deposit: group("sell.deposit", {
    title: (view: View) => t("sell.deposit.send", { amount: amount(view, toSend(view)) }),
    left: (seconds: number) => t("sell.deposit.lessThan", { time: duration(seconds) }),
    warning: (view: View) => t("sell.deposit.sendOnly", { coin: coin(view), network: network(view) }),
    part: (view: View) => {
      const { received = "", missing = "" } = view.sale ?? {};
      const whole = amount(view, view.crypto_amount);
      return t("sell.deposit.partOf", { received: ltr(groupDigits(received)), amount: whole, missing: ltr(groupDigits(missing)) });
    },
    amount: (view: View) => t(isPart(view) ? "sell.deposit.rest" : "sell.deposit.exactly"),
    ends: (start: string, end: string) => t("sell.deposit.ends", { start, end }),
    code: (view: View) => t("sell.deposit.codeOf", { address: ltr(shorten(view.sale?.deposit_address ?? "")) }),
    codeText: (view: View) => t(isAmountInCode(view) ? "sell.deposit.scanBoth" : "sell.deposit.scanAddress"),
    payout: (view: View) => t("sell.deposit.payoutTo", { money: money(view), card: card(view) }),
    price,
    timeout: (view: View) => t(isPart(view) ? "sell.deposit.timeoutPart" : "sell.deposit.timeoutAll", { address: address(view) }),
  }),
  copy: group("sell.copy", {
    what: (what: Copied) => t("sell.copy.ask", { what }),
    done: (what: Copied) => t("sell.copy.said", { what }),
  }),
  confirming: group("sell.confirming", {
    confirmations: (seen: number, needed: number) => t("timeline.confirmationsOf", { seen: Math.min(seen, needed), final: needed }),
  }),
  choice: group("sell.choice", {
    text: (view: View) => t("sell.choice.arrived", { amount: amount(view, view.crypto_amount) }),
    take: (total: string | undefined) => (total ? t("sell.choice.takeTotal", { total }) : t("sell.choice.takeToday")),
    left: (seconds: number) => t("sell.choice.lessThan", { time: duration(seconds) }),
    standard: (view: View, until: string | null | undefined) => {
      const given = { coin: coin(view), address: address(view) };
      return until ? t("sell.choice.standardBy", { ...given, time: dayTime(until) }) : t("sell.choice.standardInTime", given);
    },
  }),
  late: {
    title: (one: Case) => t("sell.late.arrived", { amount: crypto(one.amount, one.currency) }),
    text: (one: Case) => t("sell.late.choose", { coin: ltr(one.currency) }),
  },
  progress: group("sell.progress", {
    ready: (view: View) => t("sell.progress.arrived", { amount: amount(view, view.crypto_amount) }),
    readyText: (view: View) => t("sell.progress.arrivedText", { money: money(view), card: card(view) }),
    payout: (view: View) => t("sell.progress.paying", { money: money(view), card: card(view) }),
    back: (view: View) => t("sell.progress.onItsWayBack", { coin: coin(view) }),
    backText: (view: View) => {
      const { returning } = view.sale ?? {};
      const back = amount(view, returning?.amount ?? view.crypto_amount);
      return `${returnReason(view)} ${t("sell.progress.backTo", { amount: back, address: address(view) })}`;
    },
  }),
  completed: group("sell.completed", {
    title: (view: View) => t("sell.completed.paidOut", { money: money(view), card: card(view) }),
  }),
  cases: group("sell.cases", { came, state: stateOf }),
  returned: group("sell.returned"),
  cancelled: (view: View) => {
    const { title, text, next, nextDeposit } = cancelledWords;
    return { title, text, next: view.sale?.deposit_address ? nextDeposit : next };
  },
  expired: group("sell.expired"),
};

const cancelledWords = group("sell.cancelled");

export type Copied = "amount" | "address" | "link" | "receipt";

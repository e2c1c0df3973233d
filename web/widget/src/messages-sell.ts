// The words of a sell, where they differ from those of a buy.

import { cardName, crypto, dayTime, duration, fiat, fullTime, networkName, shorten, unbroken } from "./format";
import { heldSeconds, isPart, priceHold, toSend } from "./sale";
import type { Case, View } from "./view";

export const againFrom = (time: string): string => `There were too many tries. From ${time} on you can try again, with a new order from the shop.`;

const coin = (view: View, amount: string): string => crypto(amount, view.currency);
const network = (view: View): string => networkName(view.network);
const card = (view: View): string => (view.sale?.payout_card ? cardName(view.sale.payout_card) : "your card");
const payout = (view: View): string => (view.quote ? fiat(view.quote.total, view.quote.fiat_currency) : "Your money");
const refundAddress = (view: View): string => (view.sale?.refund_address ? unbroken(shorten(view.sale.refund_address)) : "your refund address");

const errors: Record<string, string> = {
  quote_expired: "The price ran out before you confirmed it. No money has moved. Check the new price and try again.",
  provider_error: "A service that we need did not answer. No money has moved. Try again.",
  upstream_unavailable: "A service that we need did not answer. No money has moved. Try again.",
  card_data_refused: "The card details were not accepted. No money has moved. Check the card and try again.",
  validation_error: "Something that was entered was not accepted. No money has moved. Check it and try again.",
  unexpected: "Something did not work on our side. No money has moved. Try again.",
};

const fieldErrors: Record<string, string> = {
  card_refused: "This card cannot receive the payout. Use another card.",
  unreachable: "The card processor could not be reached. No money has moved. Try again.",
};

interface Failure {
  title: string;
  text: string;
  money: string;
  next?: string;
}

const untouched = "Nothing was taken.";

const failures: Record<string, (view: View) => Failure> = {
  identity_refused: (view) => ({
    title: "We could not confirm your identity",
    text: "The check of your identity was refused, and this order has ended.",
    money: untouched,
    next: view.failure?.again_at ? againFrom(fullTime(view.failure.again_at)) : "Contact the shop if you think this is wrong.",
  }),
  deposit_timeout: (view) => ({
    title: "We saw no deposit",
    text: `No ${view.currency} came to the deposit address in time, and this order has ended.`,
    money: untouched,
    next: `If you have sent it all the same, it is not lost: it will be returned to your refund address (${refundAddress(view)}). To sell, go back to the shop and start a new order.`,
  }),
  deposit_lost: (view) => ({
    title: "The network dropped your deposit",
    text: `It had shown the transfer and then took it back for good, so your ${view.currency} did not reach us.`,
    money: "No money was paid out.",
    next: "Look in your wallet first: as a rule it is there again. If it is not, write to the shop and name the order number.",
  }),
  returned: (view) => ({
    title: view.sale?.returned ? `${coin(view, view.sale.returned.amount)} returned` : "Your crypto was returned",
    text: returnReason(view),
    money: "No money was paid out. The crypto went back to the refund address that you confirmed.",
  }),
};

function returnReason(view: View): string {
  switch (view.sale?.returning?.reason) {
    case "underpaid":
      return `Not all of the ${coin(view, view.crypto_amount)} arrived in time.`;
    case "chosen":
      return "The price had moved, and the new one was not taken.";
    case "payout_refused":
      return `The payout to ${card(view)} was refused.`;
    case "reviewed":
    case undefined:
      return "The sale could not be completed.";
  }
}

function failure(view: View): Failure {
  const known = failures[view.failure?.code ?? ""];
  if (known) return known(view);
  const moved = view.failure?.money_moved === true;
  return {
    title: "We cannot complete this order",
    text: "This order did not pass our checks, and it has ended.",
    money: moved ? "Your crypto had arrived. No money was paid out." : untouched,
    ...(moved ? { next: `Write to ${view.partner} and name the order number, so that it can be settled.` } : {}),
  };
}

/** What came outside of the order, told after its amount. */
const caseReasons: Record<Case["kind"], (one: Case, view: View) => string> = {
  overpaid: () => "more than agreed came",
  late: () => "came too late for this order",
  wrong_token: (_, view) => `came, where ${view.currency} was expected`,
  wrong_network: (one) => `came over another network, ${networkName(one.network)}`,
  second_deposit: () => "came after your deposit was complete",
};

const done: Record<string, (view: View) => string> = {
  "order.created": () => "Order made",
  "identity.verified": () => "Identity confirmed",
  "deposit.awaited": () => "Deposit address shown",
  "deposit.seen": () => "Deposit seen",
  "deposit.confirmed": () => "Deposit confirmed",
  "deposit.lost": () => "Deposit dropped by the network",
  "price.moved": () => "The price moved, you were asked",
  "payout.sent": (view) => `${payout(view)} sent to ${card(view)}`,
  "return.started": () => "Return started",
  "transfer.broadcast": (view) => `${view.currency} sent back to ${refundAddress(view)}`,
  "transfer.confirmed": () => "Return confirmed by the network",
};

const ahead: Record<string, (view: View) => string> = {
  "deposit.seen": () => "Waiting for your deposit",
  "deposit.confirmed": () => "Waiting for the network to confirm",
  "deposit.found": () => "Looking for the deposit again",
  "payout.sent": (view) => `Sending ${payout(view)} to ${card(view)}`,
  "order.completed": () => "Waiting for the card processor to confirm",
  "return.started": () => "Preparing the return",
  "transfer.broadcast": (view) => `Sending ${view.currency} back to ${refundAddress(view)}`,
  "transfer.confirmed": () => "Waiting for the network to confirm",
};

const asked = "you choose between the price of that moment and your crypto back.";
/** Of the time after the terms; until then the quote has a clock of its own. */
function held(view: View): string {
  const seconds = heldSeconds(view);
  return seconds > 0
    ? `Once the address is shown, this price stays if the network confirms your deposit within ${duration(seconds)}. Later, or if the market moves a lot, ${asked}`
    : `If the market moves a lot before the network confirms your deposit, ${asked}`;
}

const closable = "You may close this window; the order goes on by itself.";

export const sell = {
  errors,
  failure,
  timelineDone: done,
  timelineAhead: ahead,
  heading: (view: View) => `Sell ${view.currency}`,
  finishWithin: (time: string) => `Finish within ${time} to keep this order.`,
  cancelSure: (view: View) =>
    view.sale?.deposit_address
      ? "Cancel the order? Do so only if you have sent nothing to the deposit address."
      : "Cancel the order? You have sent nothing.",
  intro: {
    text: "The law asks us to know who sells. It takes about 2 minutes, and only once.",
    email: (email: string) => `You are selling as ${email}`,
  },
  untouched: "You have sent nothing yet.",
  review: {
    before: "You have sent nothing yet. You may close this page and open the order again from the shop.",
    title: "A person is looking at this order",
    after: "Your crypto has arrived and is kept for this order until the check is done. You need not do anything. You may close this page and open the order again from the shop.",
  },
  terms: {
    title: "Review and sell",
    send: "You send",
    receive: "You receive",
    on: (view: View) => `on ${network(view)}`,
    currency: "Receive in",
    card: "The card to be paid",
    cardText: (total: string) => `We send ${total || "the money"} to this card. Nothing is taken from it.`,
    hosted: "The card details go straight to the card processor. The shop and we never see them.",
    refund: "If something goes wrong",
    refundLabel: (view: View) => `Your refund address on ${network(view)}`,
    refundHint: (view: View) => `We send your ${view.currency} back to this address. It must be yours, on the ${network(view)} network.`,
    refundEmpty: "Enter an address of yours that the crypto can go back to.",
    refundShape: (view: View) => `This is not an address on ${network(view)}. Copy it from your wallet once more.`,
    refundNetwork: (view: View, like: string) =>
      `This looks like an address on ${networkName(like)}. It must be one on ${network(view)}.`,
    refundRefused: (view: View) => `This address is not valid on ${network(view)}, or cannot be used. Copy it from your wallet once more.`,
    mine: (view: View) => `This address is mine, on ${network(view)}`,
    mineMissing: "Confirm that the address is yours.",
    button: "Show the deposit address",
    making: "Making your deposit address",
    fieldError: (code: string) => fieldErrors[code],
    held,
  },
  deposit: {
    title: (view: View) => `Send ${coin(view, toSend(view))}`,
    within: "Send it within",
    left: (seconds: number) => `Less than ${duration(seconds)} left to send.`,
    over: "The time is over. We are looking at what has arrived.",
    warning: (view: View) => `Send only ${view.currency} on ${network(view)}.`,
    warningText: "Other coins or networks may be lost.",
    part: (view: View) => `${view.sale?.received ?? ""} of ${coin(view, view.crypto_amount)} received, ${view.sale?.missing ?? ""}\u00a0missing.`,
    partText: "Send the rest to the same address.",
    gone: "The network no longer shows your deposit.",
    goneText: "It was there, and the network has dropped it before it was confirmed. Mostly it comes back by itself. Before you send again, look into your wallet: it says whether yours was sent.",
    amount: (view: View) => (isPart(view) ? "Still to send" : "Send exactly"),
    network: "Network",
    address: "Deposit address",
    ends: (address: string) => ({ start: address.slice(0, 6), end: address.slice(-6) }),
    endsBefore: "Before you send, compare: it begins with",
    endsBetween: "and ends with",
    code: (view: View) => `QR code of the deposit address ${shorten(view.sale?.deposit_address ?? "")}`,
    codeText: (view: View) => (view.network === "BITCOIN" ? "Scan with your wallet: address and amount" : "Scan with your wallet, then enter the amount"),
    codeMissing: "The QR code could not be drawn. Copy the address instead.",
    next: "What happens next",
    payout: (view: View) => `When the network has confirmed your deposit, we send ${view.quote ? payout(view) : "your money"} to ${card(view)}.`,
    price: (view: View) => {
      const hold = priceHold(view);
      if (hold === undefined) return held(view);
      return hold === "whole"
        ? `The price stays for all of this time. Only if the market moves a lot, ${asked}`
        : `The price stays if the network confirms your deposit by ${dayTime(hold.until)}. Later, or if the market moves a lot, ${asked}`;
    },
    timeout: (view: View) =>
      isPart(view)
        ? `If the rest does not come in time, what has arrived goes back to your refund address, ${refundAddress(view)}.`
        : `If nothing comes in time, the order ends and nothing is taken. What comes later is returned to your refund address, ${refundAddress(view)}, unless you then choose that day's price.`,
    close: "You may close this window and open the order again from the shop. We see your deposit by ourselves.",
  },
  copy: {
    copy: "Copy",
    copied: "Copied",
    done: (what: string) => `${what} copied`,
    failed: "It could not be copied. Select it and copy it by hand.",
    amount: "Amount",
    address: "Address",
  },
  confirming: {
    title: "Your deposit has been seen",
    text: `The network is confirming it. You need not do anything. ${closable}`,
    deposits: "Deposits",
    confirmations: (seen: number, needed: number) => `${Math.min(seen, needed)} of ${needed} confirmations`,
    final: "Confirmed",
  },
  choice: {
    title: "The price has moved",
    text: (view: View) => `Your ${coin(view, view.crypto_amount)} have arrived. Since then the market has moved too far for the price that you agreed to, so you decide.`,
    agreed: "You agreed to",
    today: "Today's price",
    take: (total: string | undefined) => (total ? `Receive ${total}` : "Take today's price"),
    taking: "Starting the payout",
    back: "Get my crypto back",
    returning: "Starting the return",
    left: (seconds: number) => `Less than ${duration(seconds)} left to choose.`,
    within: "Choose within",
    over: "The time to choose is over. We send your crypto back.",
    standard: (view: View, until: string | null | undefined) =>
      `If you do not choose${until ? ` by ${dayTime(until)}` : " in time"}, we send your ${view.currency} back to your refund address, ${refundAddress(view)}.`,
  },
  late: {
    title: (one: Case) => `Your ${crypto(one.amount, one.currency)} arrived late`,
    text: (one: Case) =>
      `This order had ended when your ${one.currency} arrived. You decide: sell them at today's price as a new order, paid to the same card, or have them back.`,
  },
  progress: {
    ready: (view: View) => `Your ${coin(view, view.crypto_amount)} have arrived`,
    readyText: (view: View) => `Next, ${payout(view)} is paid to ${card(view)}. This mostly takes a moment, and sometimes longer. ${closable}`,
    payout: (view: View) => `${payout(view)} is on its way to ${card(view)}`,
    payoutText: `Banks show it within minutes to a few days. ${closable}`,
    back: (view: View) => `Your ${view.currency} is on its way back`,
    backText: (view: View) =>
      `${returnReason(view)} No money was paid out. We send ${view.sale?.returning ? coin(view, view.sale.returning.amount) : `your ${view.currency}`} back to your refund address, ${refundAddress(view)}. ${closable}`,
    lost: "The network no longer shows your deposit",
    lostText: `This is rare and mostly passes by itself: the network has put its last blocks in another order. We go on looking. No money has been paid out. Do not send it again. ${closable}`,
  },
  completed: {
    title: (view: View) => `${payout(view)} sent to ${card(view)}`,
    text: "Banks show it within minutes to a few days. This is your receipt.",
    sold: "Sold",
    received: "Paid out",
    deposit: "Deposit",
  },
  cases: {
    came: (one: Case, view: View) => `${crypto(one.amount, one.currency)} ${caseReasons[one.kind](one, view)}`,
    show: "Show that order",
    state: (one: Case) => {
      const address = unbroken(shorten(one.refund_address));
      switch (one.state) {
        case "choose":
          return "You can choose what happens with it.";
        case "sold":
          return `It was sold at that day's price${one.sold ? ` for ${fiat(one.sold.total, one.sold.fiat_currency)}` : ""}, as an order of its own.`;
        case "waiting":
          if (one.kind === "late" && !one.final) return "As soon as the network has confirmed it, we email you how it goes on.";
          return `We send it back to your refund address, ${address}, as soon as the network has confirmed it. You need not do anything.`;
        case "returned":
          return `It was sent back to your refund address, ${address}.`;
        case "kept":
          return "It is worth less than the network takes for sending it back, so it was kept.";
        case "vanished":
          return "The network has dropped this transfer. It should be in your wallet again.";
        case "apart":
          return "It could not be sent back, and is kept for you. Write to the shop and name the order number.";
      }
    },
  },
  returned: { amount: "Returned", address: "To", hash: "Transaction", network: "Network" },
  cancelled: (view: View) => ({
    title: "Order cancelled",
    text: "Nothing was taken.",
    next: view.sale?.deposit_address
      ? "Do not send anything to its deposit address any more. Go back to the shop whenever you like."
      : "Go back to the shop whenever you like.",
  }),
  expired: {
    title: "The time for this order has run out",
    text: "Nothing was taken.",
    next: "Go back to the shop to start a new order.",
  },
};

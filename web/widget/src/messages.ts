// Every word that the app shows, as its screens ask for them; the words themselves are in lang/. Each error says what
// happened, what it means for the money, and what to do next.

import { apart, crypto, fiat, ltr, networkName, unbroken } from "./format";
import { group, pick, pickKnown, t } from "./lang/speak";
import { againFrom, sell } from "./messages-sell";
import { consentWords } from "./consent";
import type { Aim, Shape } from "./aim";
import type { Direction, DocumentKind, Kept, Ordered, Price, Refund, Side, Step, View } from "./view";

const isSell = (view: View): boolean => view.type === "sell";
const emailOf = (view: View): string => ltr(unbroken(view.email));
const onNetwork = (view: View) => ({ coin: ltr(view.currency), network: ltr(networkName(view.network)) });

const PRICED: readonly Step[] = ["quote", "pay", "terms", "choice"];

const timelineDone: Record<string, (view: View) => string> = {
  "order.created": () => t("timeline.created"),
  "identity.verified": () => t("timeline.verified"),
  "payment.captured": (view) => (view.quote ? t("timeline.paid", { amount: fiat(view.quote.total, view.quote.fiat_currency) }) : t("timeline.received")),
  "transfer.broadcast": (view) => t("timeline.sent", onNetwork(view)),
  "transfer.confirmed": () => t("timeline.confirmed"),
  "refund.started": () => t("timeline.refunded"),
};

const timelineAhead: Record<string, (view: View) => string> = {
  "payment.captured": () => t("timeline.capturing"),
  "transfer.broadcast": (view) => t("timeline.sending", onNetwork(view)),
  "transfer.confirmed": () => t("timeline.confirming"),
  "refund.started": () => t("timeline.refunding"),
};

export const messages = group("app", {
  sell,
  heading: (view: View) => t(isSell(view) ? "app.heading.sell" : "app.heading.buy", { coin: ltr(view.currency) }),
  amountNote: (view: View, estimate: Price | undefined) => {
    const of = { amount: crypto(view.crypto_amount, view.currency), network: ltr(networkName(view.network)) };
    // Where the price has its own place on the screen, it is there once.
    if (view.quote && !PRICED.includes(view.step)) return t("app.amountFor", { ...of, total: fiat(view.quote.total, view.quote.fiat_currency) });
    return estimate && view.step === "identity" ? t("app.amountAbout", { ...of, total: fiat(estimate.total, estimate.fiat_currency) }) : t("app.amountOn", of);
  },
  order: (id: string) => t("app.order", { id: ltr(id) }),
  payUntil: (time: string, view: View) => t(isSell(view) ? "app.finishUntil" : "app.payUntil", { time: ltr(time) }),
  backToShop: (partner: string) => t("app.backTo", { partner: apart(partner) }),
  error: (code: string, direction: Direction): string =>
    direction === "sell" ? (pickKnown("sell.error", code) ?? pickKnown("error", code) ?? pick("sell.error", code)) : pick("error", code),
  blocked: {
    parameter_mismatch: (field: string | undefined) => {
      const { title, text, next } = group("blocked.parameter_mismatch");
      return { title, text: field ? t("blocked.parameter_mismatch.field", { field: ltr(field) }) : text, next };
    },
    invalid_token: group("blocked.invalid_token"),
    not_embedded: group("blocked.not_embedded"),
    silent: group("blocked.silent"),
    visit_over: group("blocked.visit_over"),
    handed_back: group("blocked.handed_back"),
    unavailable: group("blocked.unavailable"),
  },
  later: group("later"),
  get doublePress() {
    return t("guard.double");
  },
  finding: (code: string) => pick("finding", code),
  resume: group("resume", {
    title: (partner: string | null) => (partner ? t("resume.titleWith", { partner: apart(partner) }) : t("resume.titleAlone")),
    askProblem: (code: string) => pick("resume.askProblem", code),
    enterProblem: (code: string) => pick("resume.enterProblem", code),
    againIn: (seconds: number) => t("resume.againIn", { seconds }),
    used: group("resume.used"),
    over: group("resume.over"),
  }),
  cancel: group("cancel", {
    sure: (view: View) => t(!isSell(view) ? "cancel.sureBuy" : view.sale?.deposit_address ? "cancel.sureDeposit" : "cancel.sureSell"),
  }),
  check: group("check", { next: (view: View) => t(isSell(view) ? "check.nextSell" : "check.nextBuy") }),
  intro: group("intro", {
    text: (view: View) => t(isSell(view) ? "intro.textSell" : "intro.textBuy"),
    email: (view: View) => t(isSell(view) ? "intro.emailSell" : "intro.emailBuy", { email: emailOf(view) }),
  }),
  consent: consentWords,
  handover: group("handover", {
    left: (time: string) => t("handover.left", { time: ltr(time) }),
    pageTitle: (partner: string | null) => (partner ? t("handover.pageWith", { partner: apart(partner) }) : t("handover.pageAlone")),
    pageOver: group("handover.pageOver"),
    done: group("handover.done"),
  }),
  known: group("known", {
    text: (view: View) => t("known.textFor", { email: emailOf(view) }),
    enterText: (view: View) => t("known.enterTextFor", { email: emailOf(view) }),
    againIn: (seconds: number) => t("known.againIn", { seconds }),
    problem: (code: string) => pick("known.problem", code),
  }),
  email: group("email", {
    text: (view: View, former: string) => t("email.textFor", { partner: apart(view.partner), email: emailOf(view), former: ltr(unbroken(former)) }),
    label: (email: string) => t("email.labelFor", { email: ltr(unbroken(email)) }),
  }),
  choice: group("choice", { documents: group("choice.documents"), notes: group("choice.notes") }),
  side: group("side", {
    title: (document: DocumentKind, side: Side, count: number) =>
      t(document === "passport" || count === 1 ? "side.page" : side === "front" ? "side.front" : "side.rear", { document }),
    step: (index: number, count: number) => t("side.stepOf", { step: index + 1, count }),
  }),
  picture: (problem: string) => pick("picture", problem),
  camera: group("camera", {
    denied: group("camera.denied"),
    missing: group("camera.missing"),
    busy: group("camera.busy"),
    unsupported: group("camera.unsupported"),
  }),
  aim: (shape: Shape, aim: Aim) => pick(shape === "face" ? "aim.face" : "aim.document", aim),
  liveness: group("liveness", {
    steps: group("liveness.steps"),
    counting: (seconds: number) => t("liveness.pictureIn", { seconds }),
    stepOf: (index: number, count: number) => t("liveness.step", { step: index + 1, count }),
  }),
  checking: group("checking"),
  retry: group("retry", {
    reason: (reason: string) => pick("retry.reason", reason),
    text: (view: View, reason: string) => `${t(isSell(view) ? "sell.untouched" : "decline.nothing")} ${pick("retry.advice", reason)}`,
    stays: group("retry.stays"),
    start: (keeps: Kept | null) => t(keeps === "document" ? "retry.selfie" : keeps === "selfie" ? "retry.document" : "app.tryAgain"),
  }),
  review: group("review", { text: (view: View) => t(isSell(view) ? "review.textSell" : "review.textBuy") }),
  pay: group("pay", {
    line: (code: string, view: Ordered) => (code === "crypto" ? crypto(view.crypto_amount, view.currency) : (pickKnown("pay.lines", code) ?? code)),
    rate: (view: Ordered, unit: string, currency: string) => ltr(`1 ${view.currency} = ${fiat(unit, currency)}`),
    holds: (seconds: number) => t("pay.holdsFor", { seconds }),
    button: (total: string) => t("pay.payTotal", { total }),
    payWith: (total: string, wallet: string) => t("pay.payWith", { total, wallet: ltr(wallet) }),
    walletFailed: (wallet: string) => t("pay.walletFailed", { wallet: ltr(wallet) }),
    removeNamed: (card: string) => t("pay.removeCard", { card }),
    fieldError: (code: string) => pick("pay.fieldError", code),
    missing: group("pay.missing"),
  }),
  decline: group("decline", {
    title: (code: string) => pick("decline.title", code),
    advice: (code: string) => pick("decline.advice", code),
    attempts: (left: number) => t("decline.attemptsLeft", { left }),
  }),
  authorising: group("authorising"),
  threeDs: group("threeDs"),
  progress: group("progress", {
    title: (view: View) => t("progress.onItsWay", { coin: ltr(view.currency) }),
    heldTitle: (view: View) => t("progress.later", { coin: ltr(view.currency) }),
    payoutFrom: (at: string) => t("progress.payoutFrom", { at }),
    emailed: (view: View) => t("progress.emailedTo", { email: emailOf(view) }),
    held: (view: View, at: string) => t("progress.heldUntil", { partner: apart(view.partner), at }),
  }),
  receipt: group("receipt"),
  receiptPage: group("receiptPage", {
    heading: (isSell: boolean, amount: string) => t(isSell ? "receiptPage.sold" : "receiptPage.bought", { amount }),
    signed: (key: string) => t("receiptPage.signedBy", { key: ltr(key) }),
    note: (at: string) => t("receiptPage.noteUntil", { at }),
    over: group("receiptPage.over"),
  }),
  onward: group("onward", {
    sent: (view: View) => t("onward.sentTo", { email: emailOf(view) }),
    problem: (code: string) => pick("onward.problem", code),
  }),
  hosted: group("hosted", { from: (partner: string) => t("hosted.from", { partner: apart(partner) }) }),
  completed: group("completed", {
    title: (view: View) => t("completed.delivered", { amount: crypto(view.crypto_amount, view.currency) }),
    wrong: (partner: string) => t("completed.wrongAt", { partner: apart(partner) }),
  }),
  refund: (state: Refund["state"], amount: string) => ({
    title: t(`refund.${state}`, { amount }),
    text: t(state === "held" ? "refund.heldText" : "refund.sentText"),
  }),
  failed: group("failed", {
    of: (code: string | undefined) => ({ title: pick("failed.title", code), text: pick("failed.text", code) }),
    again: againFrom,
  }),
  cancelled: group("cancelled"),
  expired: group("expired"),
  timeline: group("timeline", {
    done: (code: string, view: View) => (isSell(view) ? sell.timelineDone : timelineDone)[code]?.(view) ?? code,
    ahead: (code: string, view: View) => (isSell(view) ? sell.timelineAhead : timelineAhead)[code]?.(view) ?? code,
    confirmations: (seen: number, final: number) => t("timeline.confirmationsOf", { seen, final }),
  }),
});


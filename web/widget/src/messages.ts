// Every word that the app shows. Each error says what happened, what it means for the money, and
// what to do next.

import { crypto, fiat, networkName, unbroken } from "./format";
import { againFrom, sell } from "./messages-sell";
import { consentWords } from "./consent";
import type { Aim, DocumentAim, FaceAim, Shape } from "./aim";
import type { Direction, DocumentKind, Kept, LivenessStep, Side, View } from "./view";

const documents: Record<DocumentKind, string> = {
  passport: "Passport",
  national_id: "National identity card",
  driving_licence: "Driving licence",
};

const declines: Record<string, string> = {
  declined: "Your bank declined this card.",
  insufficient_funds: "Your bank says there is not enough money on this card.",
  three_ds_failed: "Your bank did not confirm that it was you.",
  expired_card: "This card has expired.",
  processor_unavailable: "The card processor could not be reached.",
  token_invalid: "The card details could not be used again.",
  abandoned: "Your bank's confirmation did not come in time.",
};

const declineAdvice: Record<string, string> = {
  insufficient_funds: "Use another card, or add money to this one and try again.",
  three_ds_failed: "Try again and confirm the payment in your bank's page, or use another card.",
  processor_unavailable: "Wait a moment and try again, or use another card.",
  token_invalid: "Enter the card once more.",
  abandoned: "Try again and confirm the payment in your bank's page, or use another card.",
};

const identityReasons: Record<string, string> = {
  face_mismatch: "The face in your selfie does not match the photo on your document.",
  document_unreadable: "Your document could not be read.",
  document_expired: "Your document has expired.",
  document_forged: "Your document could not be accepted. Show the original, not a copy or a screen.",
  liveness_failed: "The selfie check did not see a live person.",
  under_age: "You have to be of age.",
};

const identityAdvice: Record<string, string> = {
  face_mismatch: "Try again in good light, with nothing over your face. The document has to be your own.",
  liveness_failed: "Try again: do each step yourself in front of the camera, in good light.",
  document_unreadable: "Try again: lay the document flat in even light, and let it fill the frame.",
  document_expired: "Try again with a document that is still valid.",
  document_forged: "Try again with the original in your hand.",
};

const documentAims: Partial<Record<Aim, string>> = {
  good: "Looks good. Take the photo.",
  dark: "It is dark. Go where there is more light.",
  empty: "Hold the document inside the frame.",
  small: "Come closer, until the document fills the frame.",
  glare: "A light mirrors itself. Tilt the document a little.",
  blurred: "It is not sharp yet. Hold still for a moment.",
} satisfies Record<DocumentAim, string>;

const faceAims: Partial<Record<Aim, string>> = {
  good: "Looks good.",
  dark: "It is dark. Turn to a lamp or a window.",
  backlit: "The light comes from behind. Turn to it.",
  empty: "Hold your face inside the oval.",
} satisfies Record<FaceAim, string>;

const lines: Record<string, string> = {
  network: "Network fee",
  processing: "Card processing",
  partner: "Shop's fee",
  rounding: "Rounding",
};

const failures: Record<string, { title: string; text: string }> = {
  identity_refused: { title: "We could not confirm your identity", text: "The check of your identity was refused, and this order has ended." },
  payment_refused: { title: "The payment did not go through", text: "Your bank refused the payment too many times, and this order has ended." },
  payment_voided: { title: "The payment was released", text: "The amount that your bank had set aside was released before it was taken." },
  risk_refused: { title: "We cannot complete this order", text: "This order did not pass our checks." },
  screening: { title: "We cannot complete this order", text: "This order did not pass our checks." },
  refunded: { title: "Your money is on its way back", text: "The crypto could not be delivered, so the payment was refunded to your card." },
  payment_deadline: { title: "The time to pay has run out", text: "This order was not paid in time and has ended." },
};

const pictureProblems: Record<string, string> = {
  not_an_image: "This file is not a picture that we can read. Choose a photo in JPEG or PNG format.",
  too_small: "This picture is too small to read. Take the photo closer, or choose a larger one.",
  too_large: "This picture is larger than 12 MB. Choose a smaller one, or take the photo here.",
  truncated: "The picture did not arrive whole. Try again.",
};

const errors: Record<string, string> = {
  out_of_stock: "There is not enough in stock to sell this amount right now. Nothing was charged. Try again in a few minutes.",
  quote_expired: "The price ran out before the payment started. Nothing was charged. Check the new price and pay again.",
  attempts_exhausted: "There are no payment attempts left for this order. Nothing was charged.",
  country_not_served: "Documents of this country are not accepted here. Nothing was charged.",
  limit_exceeded: "This is more than one person may buy or sell here in this time. Nothing was charged. Try a smaller amount, or tomorrow.",
  provider_error: "A service that we need did not answer. Nothing was charged. Try again.",
  upstream_unavailable: "A service that we need did not answer. Nothing was charged. Try again.",
  recovering: "The service is being restored, and nothing new can begin just now. What you have paid is not lost. Try again later.",
  body_too_large: pictureProblems["too_large"] ?? "",
  unexpected: "Something did not work on our side. Nothing was charged. Try again.",
  offline: "The connection was lost. We are reading the order again; look at its state before you repeat anything.",
};

const fieldErrors: Record<string, string> = {
  invalid_number: "Check the card number.",
  incomplete_number: "The card number is not complete.",
  invalid_expiry: "Check the expiry date.",
  incomplete_expiry: "The expiry date is not complete.",
  expired_card: "This card has expired.",
  invalid_cvc: "Check the security code.",
  incomplete_cvc: "The security code is not complete.",
  unreachable: "The card processor could not be reached. Nothing was charged. Try again.",
};

const timelineDone: Record<string, (view: View) => string> = {
  "order.created": () => "Order made",
  "identity.verified": () => "Identity confirmed",
  "payment.captured": (view) => (view.quote ? `${fiat(view.quote.total, view.quote.fiat_currency)} paid` : "Payment received"),
  "transfer.broadcast": (view) => `${view.currency} sent on ${networkName(view.network)}`,
  "transfer.confirmed": () => "Confirmed by the network",
  "refund.started": () => "Refund sent to your card",
};

const timelineAhead: Record<string, (view: View) => string> = {
  "payment.captured": () => "Taking the payment",
  "transfer.broadcast": (view) => `Sending ${view.currency} on ${networkName(view.network)}`,
  "transfer.confirmed": () => "Waiting for the network to confirm",
  "refund.started": () => "Sending the money back to your card",
};

const isSell = (view: View): boolean => view.type === "sell";

export const messages = {
  loading: "Opening your order",
  sell,
  heading: (view: View) => (isSell(view) ? sell.heading(view) : `Buy ${view.currency}`),
  amountNote: (view: View) => `${crypto(view.crypto_amount, view.currency)} on ${networkName(view.network)}`,
  order: (id: string) => `Order ${id}`,
  offline: "No connection. Trying again; nothing is lost.",
  payUntil: (time: string, view: View) => (isSell(view) ? sell.finishWithin(time) : `Pay within ${time} to keep this order.`),
  tryAgain: "Try again",
  backToShop: (partner: string) => `Back to ${partner}`,
  error: (code: string, direction: Direction): string =>
    direction === "sell" ? (sell.errors[code] ?? errors[code] ?? sell.errors["unexpected"] ?? "") : (errors[code] ?? errors["unexpected"] ?? ""),
  blocked: {
    parameter_mismatch: (field: string | undefined) => ({
      title: "This order was changed on the way",
      text: `The page passed ${field ? `another value for “${field}”` : "other values"} than the shop's server had ordered, so we stopped before anything was entered. Nothing was charged.`,
      next: "Go back to the shop and start again. If it happens again, tell the shop.",
    }),
    invalid_token: {
      title: "This session has ended",
      text: "An order can be opened for one hour. This one is over, or its link is not known. Nothing more can be charged by it.",
      next: "Go back to the shop and start again. An order that was paid, or whose crypto was sent, goes on by itself.",
    },
    not_embedded: {
      title: "Open this from the shop",
      text: "This page works only inside the page of the shop that it belongs to.",
      next: "Go back to the shop and start from there.",
    },
    silent: {
      title: "The shop's page does not answer",
      text: "The page around this one has not passed on your order. Nothing was charged.",
      next: "Reload the page, or go back to the shop and start again.",
    },
    visit_over: {
      title: "This page has been open for long",
      text: "To protect your order it has to be opened again. The order goes on by itself.",
      next: "Open the link in our latest email, or open the order from the shop.",
    },
    handed_back: {
      title: "The check goes on at your other device",
      text: "It was taken back there, or the time for it is over. Nothing was charged.",
      next: "You may close this page.",
    },
    unavailable: {
      title: "We cannot open your order right now",
      text: "Our server did not answer as it should. Nothing was charged.",
      next: "Wait a moment, then try again.",
    },
  },
  resume: {
    title: (partner: string | null) => (partner ? `Continue your order with ${partner}` : "Continue your order"),
    text: "We email you a code, so that nobody but you opens your order with this link.",
    note: "The code goes to the address to which we sent this link. It is good for 10 minutes.",
    ask: "Email me a code",
    askProblem: (code: string) =>
      code === "attempts_exhausted"
        ? "This link gives no more codes. Use the link in our latest email, or open the order from the shop."
        : "The code could not be sent. Try again in a moment.",
    enterTitle: "Enter the code from your email",
    enterText: "We have emailed you a code with 6 digits. It is good for 10 minutes.",
    label: "Code",
    enter: "Open my order",
    enterProblem: (code: string) => {
      if (code === "validation_error") return "This is not the code. Compare it with our latest email.";
      if (code === "attempts_exhausted") return "This code is not good any more. Ask for another.";
      return "The code could not be checked. Try again in a moment.";
    },
    again: "Email me another code",
    againIn: (seconds: number) => `Another code in ${seconds} s`,
    spam: "Nothing there? Look into your spam folder, too.",
    used: {
      title: "This link has been used",
      text: "Each link opens the order once.",
      next: "Use the link in our latest email, or open the order from the shop.",
    },
    over: {
      title: "This link is not good any more",
      text: "It is not known, or its order has ended more than 30 days ago.",
      next: "Use the link in our latest email, or open the order from the shop.",
    },
  },
  cancel: {
    ask: "Cancel this order",
    sure: (view: View) => (isSell(view) ? sell.cancelSure(view) : "Cancel the order? Nothing will be charged."),
    yes: "Yes, cancel",
    no: "Keep it",
  },
  intro: {
    title: "First, show that it is you",
    text: (view: View) => (isSell(view) ? sell.intro.text : "The law asks us to know who buys. It takes about 2 minutes, and only once."),
    document: "A passport, identity card or driving licence",
    camera: "A camera, for a short selfie check",
    email: (view: View) => (isSell(view) ? sell.intro.email(unbroken(view.email)) : `You are buying as ${unbroken(view.email)}`),
  },
  consent: consentWords,
  handover: {
    offer: "Continue on your phone",
    title: "Continue on your phone",
    text: "Point your phone’s camera at this code. The check opens there, and this page follows by itself.",
    code: "QR code that opens the check on your phone",
    left: (time: string) => `Good for ${time}, and once`,
    orCopy: "No way to scan it?",
    link: "Link",
    over: "The time of the code has run out. Nothing is lost.",
    elsewhere: "A code for your phone is shown in another window. Ask for a new one to use this window; the former one is worth nothing then.",
    again: "Show a new code",
    back: "Continue here instead",
    exhausted: "This order gives no more codes. Go on here.",
    openTitle: "Go on at your phone",
    openText: "Your phone has opened the check. Keep this page open: it goes on when the check is done.",
    opened: "Waiting for the pictures",
    arrived: "Photos of your document have arrived",
    pageTitle: (partner: string | null) => (partner ? `Show ${partner} that it is you` : "Show that it is you"),
    pageText: "This device takes the pictures for the order on your other screen. It takes about 2 minutes.",
    pageWarning: "Go on only if you have just scanned the code on your own screen. Did somebody send you this link? Then close the page.",
    pageStart: "Start the check",
    openProblem: "The check could not be opened. Check your connection, then try again.",
    pageOver: {
      title: "This code is not good any more",
      text: "Each code opens the check once, within 10 minutes.",
      next: "Ask for a new code on your other screen.",
    },
    done: { title: "That is all here", text: "Your other device goes on. You may close this page." },
  },
  known: {
    link: "I was checked here before",
    selfieTitle: "Welcome back",
    selfieText: "Your document is known to us, and your last check was a while ago. A short selfie is enough.",
    selfie: "Take the selfie",
    document: "Use a document instead",
    title: "Checked at another shop?",
    text: (view: View) => `If we know you, we email a code to ${unbroken(view.email)}. With it a selfie is enough, and no document is needed.`,
    ask: "Email me a code",
    enterTitle: "Enter the code from your email",
    enterText: (view: View) => `If somebody was checked under ${unbroken(view.email)}, a code with 6 digits is on its way there. It is good for 10 minutes. Nothing comes? Use a document.`,
    label: "Code",
    enter: "Continue",
    again: "Email me another code",
    againIn: (seconds: number) => `Another code in ${seconds} s`,
    problem: (code: string) => {
      if (code === "validation_error") return "This is not the code. Compare it with our latest email.";
      if (code === "attempts_exhausted") return "There is no code that is good any more. Ask for another, or use a document.";
      return "This did not work. Try again in a moment, or use a document.";
    },
  },
  choice: {
    title: "Which document do you have at hand?",
    text: "It must be valid and in your name.",
    documents,
    notes: { passport: "One photo", national_id: "Front and back", driving_licence: "Front and back" } satisfies Record<DocumentKind, string>,
  },
  side: {
    title: (document: DocumentKind, side: Side, count: number) =>
      document === "passport" || count === 1
        ? `Photo page of your ${documents[document].toLowerCase()}`
        : `${side === "front" ? "Front" : "Back"} of your ${documents[document].toLowerCase()}`,
    text: "All four corners in the picture, no reflections, every letter sharp.",
    step: (index: number, count: number) => `Photo ${index + 1} of ${count}`,
    camera: "Take a photo",
    file: "Choose a file",
    other: "Use another document",
    shoot: "Take the photo",
    preview: "Your photo. Can you read every letter?",
    alt: "The picture you chose",
    use: "Use this photo",
    retake: "Take it again",
    sending: "Sending your photo",
    back: "Back",
  },
  picture: (problem: string) => pictureProblems[problem] ?? "This picture was not accepted. Try another one.",
  camera: {
    starting: "Starting the camera",
    denied: {
      title: "The camera is not allowed",
      text: "Your browser keeps the camera from this page. Open the lock or camera sign beside the address, allow the camera, then try again.",
    },
    missing: {
      title: "No camera was found",
      text: "Connect a camera, or open this order on a phone or another computer that has one, then try again.",
    },
    busy: {
      title: "The camera is in use",
      text: "Another program or tab is using the camera. Close it, then try again.",
    },
    unsupported: {
      title: "This browser cannot use the camera here",
      text: "Open the shop in a current version of Safari, Chrome, Firefox or Edge, then try again.",
    },
    preview: "Live picture of your camera",
  },
  aim: (shape: Shape, aim: Aim) => (shape === "face" ? faceAims : documentAims)[aim] ?? "",
  liveness: {
    title: "A short selfie check",
    text: "We take a few pictures while you turn your head. Good light, nothing over your face.",
    start: "Start",
    steps: { center: "Look straight ahead", left: "Turn your head to your left", right: "Turn your head to your right", up: "Tilt your head back a little", closer: "Come closer to the camera" } satisfies Record<LivenessStep, string>,
    ready: "Hold your face inside the oval",
    hold: "Hold still",
    counting: (seconds: number) => `Picture in ${seconds}`,
    sending: "Sending your pictures",
    stepOf: (index: number, count: number) => `Step ${index + 1} of ${count}`,
    retry: "Your pictures did not all arrive. Try the selfie again.",
  },
  checking: { title: "Checking your identity", text: "This usually takes a few seconds." },
  retry: {
    title: "The check did not work this time",
    reason: (reason: string) => identityReasons[reason] ?? "We could not confirm your identity from these pictures.",
    text: (view: View, reason: string) => `${isSell(view) ? sell.untouched : "Nothing was charged."} ${identityAdvice[reason] ?? "You can try again now: use good light and a sharp photo."}`,
    stays: { document: "Your document\u2019s photos are good and stay.", selfie: "Your selfie is good and stays." } satisfies Record<Kept, string>,
    start: (keeps: Kept | null) => (keeps === "document" ? "Take the selfie again" : keeps === "selfie" ? "Show a document again" : "Try again"),
  },
  review: {
    title: "A person is looking at your pictures",
    text: (view: View) => (isSell(view) ? sell.review.before : "Nothing has been charged. You may close this page and open the order again from the shop."),
  },
  pay: {
    title: "Review and pay",
    receive: "You receive",
    pay: "You pay",
    to: "to",
    showAddress: "Show the whole address",
    hideAddress: "Show less",
    details: "How the price is made",
    line: (code: string, view: View) => (code === "crypto" ? crypto(view.crypto_amount, view.currency) : (lines[code] ?? code)),
    rate: (view: View, unit: string, currency: string) => `1 ${view.currency} = ${fiat(unit, currency)}`,
    total: "Total",
    holds: (seconds: number) => `Price holds for ${seconds} s`,
    renewing: "Getting a new price",
    currency: "Pay in",
    number: "Card number",
    expiry: "Expiry",
    cvc: "Security code",
    hosted: "Your card details go straight to the card processor. The shop and we never see them.",
    button: (total: string) => `Pay ${total}`,
    paying: "Asking your bank",
    incomplete: "Fill in this field.",
    fieldError: (code: string) => fieldErrors[code] ?? "Check this field.",
    fieldsLoading: "Loading the card fields",
    fieldsMissing: "The card fields could not be loaded. Check your connection, then try again.",
    noQuote: "There is no price right now.",
  },
  decline: {
    title: (code: string) => declines[code] ?? "Your bank declined this card.",
    advice: (code: string) => declineAdvice[code] ?? "Use another card, or ask your bank and try again.",
    attempts: (left: number) => (left === 1 ? "Nothing was charged. You can try once more." : `Nothing was charged. You can try ${left} more times.`),
    nothing: "Nothing was charged.",
  },
  authorising: { title: "Asking your bank", text: "This takes a few seconds. Please keep this page open." },
  threeDs: {
    title: "Confirm with your bank",
    text: "Your bank asks you to confirm this payment.",
    frame: "Your bank's page",
    checking: "Reading your bank's answer",
    done: "I have confirmed",
    missing: "Your bank's page could not be opened. Cancel, or wait a moment.",
  },
  progress: {
    title: (view: View) => `Your ${view.currency} is on its way`,
    refund: "Your money is on its way back",
    text: "This takes about 1 minute. You may close this window; the order goes on by itself.",
    heldTitle: (view: View) => `Your ${view.currency} will be sent later`,
    held: (view: View, at: string) =>
      `Your payment has arrived. A first order at ${view.partner} is held for a while to protect against stolen cards: yours is sent on ${at}. You may close this window; the order goes on by itself.`,
    hash: "Transaction",
    look: "Look it up",
  },
  completed: {
    title: (view: View) => `${crypto(view.crypto_amount, view.currency)} delivered`,
    text: "The network has confirmed the transfer. This is your receipt.",
    paid: "Paid",
    card: "Card",
    received: "Received",
    network: "Network",
    address: "Sent to",
    hash: "Transaction",
    when: "When",
    number: "Order",
    wrong: (partner: string) => `If something looks wrong, write to ${partner} and name the order number.`,
  },
  refund: {
    sent: { title: (amount: string) => `${amount} went back to your card`, text: "Banks show it within a few days." },
    waiting: { title: (amount: string) => `${amount} is on its way back to your card`, text: "Banks show it within a few days." },
    held: { title: (amount: string) => `${amount} could not go back to your card yet`, text: "We have it, and are looking at how to give it back to you." },
  },
  failed: {
    of: (code: string | undefined) => failures[code ?? ""] ?? { title: "This order has failed", text: "It could not be completed." },
    moved: "Your money was taken and has been given back. Banks show it within a few days.",
    untouched: "No money was taken.",
    next: "Go back to the shop to start a new order.",
    again: againFrom,
    nextRefused: "Contact the shop if you think this is wrong.",
  },
  cancelled: { title: "Order cancelled", text: "No money was taken.", next: "Go back to the shop whenever you like." },
  expired: { title: "The time to pay has run out", text: "No money was taken.", next: "Go back to the shop to start a new order." },
  timeline: {
    title: "Progress",
    done: (code: string, view: View) => (isSell(view) ? sell.timelineDone : timelineDone)[code]?.(view) ?? code,
    ahead: (code: string, view: View) => (isSell(view) ? sell.timelineAhead : timelineAhead)[code]?.(view) ?? code,
    confirmations: (seen: number, final: number) => `${seen} of ${final} confirmations`,
    now: "in progress",
  },
};

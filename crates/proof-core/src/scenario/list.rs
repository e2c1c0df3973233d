//! The catalogue. The page about scenarios, the console and the tests are made of it.

use super::{
    Area, Card, Coin, Cue,
    Deed::{self, *},
    Moment, Scenario,
    When::{self, *},
};
use crate::partner::Side;

const fn on(when: When, deed: Deed) -> Cue {
    Cue { when, deed }
}

const PLAIN: Scenario = Scenario {
    name: "",
    about: "",
    side: Side::Buy,
    area: Area::Payment,
    coin: Coin::Stable,
    identity: "",
    cards: &[Card::Good],
    cues: &[],
    reaches: &["pending", "processing", "completed"],
};

/// A user who is being identified.
const IDENTITY: Scenario = Scenario {
    area: Area::Identity,
    ..PLAIN
};

const DELIVERY: Scenario = Scenario {
    area: Area::Delivery,
    ..PLAIN
};

/// After the crypto was delivered nothing changes the order's status.
const DISPUTE: Scenario = Scenario {
    area: Area::Dispute,
    reaches: &[
        "pending",
        "processing",
        "completed",
        "case.opened",
        "case.settled",
    ],
    ..PLAIN
};

const SELL: Scenario = Scenario {
    side: Side::Sell,
    area: Area::Deposit,
    cues: &[on(Step("deposit"), Send("100"))],
    ..PLAIN
};

/// Something that came beside a sell goes back, and is a case of its own.
const STRAY: Scenario = Scenario {
    reaches: &[
        "pending",
        "processing",
        "completed",
        "case.opened",
        "case.settled",
    ],
    ..SELL
};

pub const SCENARIOS: &[Scenario] = &[
    // Who the user is.
    Scenario {
        name: "identity-retry",
        about: "The selfie does not match at the first try and does at the second.",
        identity: "kyc-retry",
        reaches: &["pending", "identity.failed", "processing", "completed"],
        ..IDENTITY
    },
    Scenario {
        name: "identity-final",
        about: "The document is forged: the user is refused for good.",
        identity: "kyc-fail",
        reaches: &["pending", "identity.failed", "failed"],
        ..IDENTITY
    },
    Scenario {
        name: "identity-review-approved",
        about: "People look at the document for three minutes and approve it.",
        identity: "kyc-review-pass",
        cues: &[on(Step("review"), Pass(Moment::Seconds(180)))],
        ..IDENTITY
    },
    Scenario {
        name: "identity-review-rejected",
        about: "People look at the document for three minutes and refuse it.",
        identity: "kyc-review-fail",
        cues: &[on(Step("review"), Pass(Moment::Seconds(180)))],
        reaches: &["pending", "identity.failed", "failed"],
        ..IDENTITY
    },
    Scenario {
        name: "identity-review",
        about: "People never decide about the document: after three days the order ends by itself.",
        identity: "kyc-review",
        cues: &[on(Step("review"), Pass(Moment::Seconds(73 * 3_600)))],
        reaches: &["pending", "failed"],
        ..IDENTITY
    },
    Scenario {
        name: "identity-slow",
        about: "The check takes half a minute.",
        identity: "kyc-slow",
        ..IDENTITY
    },
    Scenario {
        name: "identity-left",
        about: "The user opens the widget and shows nothing: the order fails after an hour.",
        cues: &[
            on(Step("identity"), Leave),
            on(Step("identity"), Pass(Moment::PayUntil)),
        ],
        reaches: &["pending", "failed"],
        ..IDENTITY
    },
    // What the user pays with.
    Scenario {
        name: "buy-completes",
        about: "Nothing goes wrong: the card is charged and the crypto delivered.",
        ..PLAIN
    },
    Scenario {
        name: "buy-declined",
        about: "The first card is declined, the second one is good.",
        cards: &[Card::Declined, Card::Good],
        reaches: &[
            "pending",
            "payment.declined declined",
            "processing",
            "completed",
        ],
        ..PLAIN
    },
    Scenario {
        name: "buy-declined-insufficient-funds",
        about: "There is not enough on the first card, and enough on the second one.",
        cards: &[Card::Poor, Card::Good],
        reaches: &[
            "pending",
            "payment.declined insufficient_funds",
            "processing",
            "completed",
        ],
        ..PLAIN
    },
    Scenario {
        name: "buy-declined-expired-card",
        about: "The bank says that the first card has expired; the second one is good.",
        cards: &[Card::Expired, Card::Good],
        reaches: &[
            "pending",
            "payment.declined expired_card",
            "processing",
            "completed",
        ],
        ..PLAIN
    },
    Scenario {
        name: "buy-declined-token",
        about: "The page sends a card token that the processor never gave out; then a good one.",
        cards: &[Card::Invented, Card::Good],
        reaches: &[
            "pending",
            "payment.declined token_invalid",
            "processing",
            "completed",
        ],
        ..PLAIN
    },
    Scenario {
        name: "buy-declined-for-good",
        about: "Five cards are declined: no sixth may be tried, and the order fails.",
        cards: &[
            Card::Declined,
            Card::Poor,
            Card::Declined,
            Card::Poor,
            Card::Declined,
        ],
        reaches: &[
            "pending",
            "payment.declined declined",
            "payment.declined insufficient_funds",
            "payment.declined declined",
            "payment.declined insufficient_funds",
            "payment.declined declined",
            "failed",
        ],
        ..PLAIN
    },
    Scenario {
        name: "buy-3ds-approved",
        about: "The bank asks, and the user says yes.",
        cards: &[Card::ThreeDs],
        cues: &[on(Step("three_ds"), Approve)],
        ..PLAIN
    },
    Scenario {
        name: "buy-3ds-rejected",
        about: "The bank asks, and the user says no; then pays with another card.",
        cards: &[Card::ThreeDs, Card::Good],
        cues: &[on(Step("three_ds"), Reject)],
        reaches: &[
            "pending",
            "payment.declined three_ds_failed",
            "processing",
            "completed",
        ],
        ..PLAIN
    },
    Scenario {
        name: "buy-3ds-abandoned",
        about: "The bank asks, and the user goes away: nothing stays held, and the order fails.",
        cards: &[Card::ThreeDs],
        cues: &[
            on(Step("three_ds"), Leave),
            on(Step("three_ds"), Pass(Moment::Seconds(16 * 60))),
            on(Seen("payment.declined abandoned"), Pass(Moment::PayUntil)),
        ],
        reaches: &["pending", "payment.declined abandoned", "failed"],
        ..PLAIN
    },
    Scenario {
        name: "processor-down",
        about: "The processor does not answer about the first card, which counts as declined; the second one is good.",
        cards: &[Card::ProcessorDown, Card::Good],
        reaches: &[
            "pending",
            "payment.declined processor_unavailable",
            "processing",
            "completed",
        ],
        ..PLAIN
    },
    Scenario {
        name: "processor-late",
        about: "The hold is there, and the answer that says so is lost: the server asks by its reference.",
        cards: &[Card::AnswerLate],
        ..PLAIN
    },
    Scenario {
        name: "capture-after-timeout",
        about: "The money is taken, and the answer that says so comes too late: it is taken once.",
        cards: &[Card::CaptureLate],
        ..PLAIN
    },
    Scenario {
        name: "capture-refused",
        about: "The hold is there, and the processor refuses to take the money: the hold ends and the order fails.",
        cards: &[Card::CaptureRefused],
        reaches: &["pending", "failed"],
        ..PLAIN
    },
    Scenario {
        name: "buy-cancelled",
        about: "The user cancels before paying.",
        cues: &[on(Step("quote"), Cancel)],
        reaches: &["pending", "cancelled"],
        ..PLAIN
    },
    Scenario {
        name: "buy-expires",
        about: "The user sees the price and does not pay: the order fails after an hour.",
        cues: &[
            on(Step("pay"), Leave),
            on(Step("pay"), Pass(Moment::PayUntil)),
        ],
        reaches: &["pending", "failed"],
        ..PLAIN
    },
    // How the crypto comes.
    Scenario {
        name: "chain-slow",
        about: "Blocks go without the delivery for twenty minutes: the order stays processing until it is final.",
        cues: &[
            on(Sent, Delay(20 * 60)),
            on(Sent, Pass(Moment::Seconds(20 * 60))),
        ],
        ..DELIVERY
    },
    Scenario {
        name: "payout-reorged",
        about: "A re-org takes the delivery out of its block for five minutes: it is sent once all the same.",
        cues: &[
            on(Mined, Delay(5 * 60)),
            on(Sent, Pass(Moment::Seconds(5 * 60))),
        ],
        ..DELIVERY
    },
    // What the cardholder's bank says afterwards.
    Scenario {
        name: "dispute-won-after-completion",
        about: "The cardholder disputes a completed buy, and the bank decides against them.",
        cues: &[on(Seen("completed"), Dispute), on(Seen("case.opened"), Win)],
        ..DISPUTE
    },
    Scenario {
        name: "dispute-lost-after-completion",
        about: "The cardholder disputes a completed buy and is given the money back.",
        cues: &[
            on(Seen("completed"), Dispute),
            on(Seen("case.opened"), Lose),
        ],
        ..DISPUTE
    },
    Scenario {
        name: "dispute-unanswered",
        about: "Nobody answers a dispute for a week: it is lost.",
        cues: &[
            on(Seen("completed"), Dispute),
            on(Seen("case.opened"), Pass(Moment::Seconds(8 * 24 * 3_600))),
        ],
        ..DISPUTE
    },
    Scenario {
        name: "inquiry-closed",
        about: "The bank only asks about a completed buy, and leaves it at that.",
        cues: &[
            on(Seen("completed"), Inquire),
            on(Seen("case.opened"), Close),
        ],
        ..DISPUTE
    },
    Scenario {
        name: "inquiry-escalated",
        about: "The bank's question becomes a dispute, which the merchant wins.",
        cues: &[
            on(Seen("completed"), Inquire),
            on(Seen("case.opened"), Escalate),
            on(Seen("case.opened"), Win),
        ],
        ..DISPUTE
    },
    // What comes to a sell's deposit address.
    Scenario {
        name: "sell-completes",
        about: "All of the crypto comes at once and is paid out.",
        ..SELL
    },
    Scenario {
        name: "sell-in-parts",
        about: "The crypto comes in two parts and is paid out together.",
        cues: &[
            on(Step("deposit"), Send("60")),
            on(Received("60.00"), Send("40")),
        ],
        ..SELL
    },
    Scenario {
        name: "sell-underpaid",
        about: "Only a part comes in time: it goes back, and the order fails.",
        cues: &[
            on(Step("deposit"), Send("60")),
            on(Received("60.00"), Pass(Moment::DepositUntil)),
        ],
        reaches: &["pending", "return.started", "processing", "failed"],
        ..SELL
    },
    Scenario {
        name: "sell-overpaid",
        about: "Too much comes: the order completes, and the rest goes back.",
        cues: &[on(Step("deposit"), Send("130"))],
        reaches: &[
            "pending",
            "processing",
            "case.opened",
            "completed",
            "case.settled",
        ],
        ..STRAY
    },
    Scenario {
        name: "sell-late",
        about: "The crypto comes when the order has failed; the user says nothing, and it goes back after a day.",
        cues: &[
            on(Step("deposit"), Pass(Moment::DepositUntil)),
            on(Seen("failed"), Send("100")),
            on(Case("choose"), Leave),
            on(Case("choose"), Pass(Moment::CaseChooseUntil)),
        ],
        reaches: &["pending", "failed", "case.opened", "case.settled"],
        ..STRAY
    },
    Scenario {
        name: "sell-late-returned",
        about: "The crypto comes when the order has failed, and the user wants it back at once.",
        cues: &[
            on(Step("deposit"), Pass(Moment::DepositUntil)),
            on(Seen("failed"), Send("100")),
            on(Case("choose"), Return),
        ],
        reaches: &["pending", "failed", "case.opened", "case.settled"],
        ..STRAY
    },
    Scenario {
        name: "sell-wrong-token",
        about: "Another token comes first and goes back; then the right one is paid out.",
        cues: &[
            on(Step("deposit"), SendNative("20")),
            on(Case("returned"), Send("100")),
        ],
        reaches: &[
            "pending",
            "case.opened",
            "case.settled",
            "processing",
            "completed",
        ],
        ..STRAY
    },
    Scenario {
        name: "sell-wrong-network",
        about: "The crypto comes on another network first and goes back there; then on the right one.",
        coin: Coin::Twin,
        cues: &[
            on(Step("deposit"), SendElsewhere("100")),
            on(Case("returned"), Send("100")),
        ],
        reaches: &[
            "pending",
            "case.opened",
            "case.settled",
            "processing",
            "completed",
        ],
        ..STRAY
    },
    Scenario {
        name: "sell-second-deposit",
        about: "The user sends it all once more after the end, and gets it back.",
        cues: &[
            on(Step("deposit"), Send("100")),
            on(Seen("completed"), Send("100")),
        ],
        ..STRAY
    },
    Scenario {
        name: "sell-dust",
        about: "After the end comes less than it costs to send back: it is kept.",
        cues: &[
            on(Step("deposit"), Send("100")),
            on(Seen("completed"), Send("0.01")),
        ],
        ..STRAY
    },
    Scenario {
        name: "sell-reorged",
        about: "A re-org takes the deposit away before it is final; the user sends it again.",
        cues: &[
            on(Step("deposit"), Send("100")),
            on(Step("confirming"), LeaveOut),
            on(Seen("deposit.lost"), Send("100")),
        ],
        reaches: &["pending", "deposit.lost", "processing", "completed"],
        ..SELL
    },
    Scenario {
        name: "sell-reorged-mined-again",
        about: "A re-org takes the deposit away before it is final, and a later block has it after all.",
        cues: &[
            on(Step("deposit"), Send("100")),
            on(Step("confirming"), LeaveOut),
            on(Seen("deposit.lost"), MineAgain),
        ],
        reaches: &["pending", "deposit.lost", "processing", "completed"],
        ..SELL
    },
    Scenario {
        name: "sell-expires",
        about: "Nothing comes in time: the order fails.",
        cues: &[on(Step("deposit"), Pass(Moment::DepositUntil))],
        reaches: &["pending", "failed"],
        ..SELL
    },
    Scenario {
        name: "sell-cancelled",
        about: "The user cancels before anything is sent.",
        cues: &[on(Step("deposit"), Cancel)],
        reaches: &["pending", "cancelled"],
        ..SELL
    },
    Scenario {
        name: "sell-price-moved",
        about: "The crypto comes when its price holds no longer; the user takes today's.",
        coin: Coin::Moving,
        cues: &[
            on(Step("deposit"), Pass(Moment::PriceHeld)),
            on(Step("deposit"), Send("0.01")),
            on(Step("choice"), Sell),
        ],
        reaches: &["pending", "processing", "price.moved", "completed"],
        ..SELL
    },
    Scenario {
        name: "sell-price-moved-returned",
        about: "The crypto comes when its price holds no longer; the user wants it back.",
        coin: Coin::Moving,
        cues: &[
            on(Step("deposit"), Pass(Moment::PriceHeld)),
            on(Step("deposit"), Send("0.01")),
            on(Step("choice"), Return),
        ],
        reaches: &[
            "pending",
            "processing",
            "price.moved",
            "return.started",
            "failed",
        ],
        ..SELL
    },
    // How the money comes.
    Scenario {
        name: "sell-payout-refused",
        about: "The payout card is refused: the crypto goes back, and the order fails.",
        area: Area::Payout,
        cards: &[Card::Poor],
        reaches: &[
            "pending",
            "processing",
            "payout.refused",
            "return.started",
            "failed",
        ],
        ..SELL
    },
    Scenario {
        name: "sell-payout-slow",
        about: "The bank takes ten seconds for the payout: the order stays processing until it is sent.",
        area: Area::Payout,
        cards: &[Card::CaptureRefused],
        ..SELL
    },
    Scenario {
        name: "sell-payout-bounced",
        about: "The card's bank sends the payout back after the end: the order stays completed, and a case pays the user by bank.",
        area: Area::Payout,
        cues: &[
            on(Step("deposit"), Send("100")),
            on(Seen("completed"), SendBack),
        ],
        reaches: &["pending", "processing", "completed", "case.opened"],
        ..SELL
    },
    // How the partner hears of it.
    Scenario {
        name: "webhook-outage",
        about: "Your endpoint cannot be reached for ten minutes: what happened meanwhile comes afterwards.",
        area: Area::Webhook,
        cues: &[
            on(Step("quote"), WebhookDown(600)),
            on(WebhookFailed, Pass(Moment::Seconds(600))),
        ],
        ..PLAIN
    },
];

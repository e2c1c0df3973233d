//! The states of a buy and of a sell, each with its facts (domain, "Order lifecycle").

use super::Ruling;
use crate::{
    money::{Amount, Money},
    operator::Proposal,
    quote::Quote,
    time::Timestamp,
    transfer::Sending,
};
use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Identity is not proven yet.
    Created,
    AwaitingPayment {
        quote: Option<Quote>,
    },
    Authorising(Authorising),
    /// The money is held; risk is looked at next.
    Authorised {
        liability_shift: bool,
        deadline: Timestamp,
    },
    Capturing {
        deadline: Timestamp,
        /// How long the crypto is held once the money is taken.
        #[serde(default)]
        hold_seconds: u32,
    },
    Voiding(Voiding),
    /// Captured; the transfer is planned next.
    Paid {
        deadline: Timestamp,
        /// Disputed: nothing is sent until people say so.
        #[serde(default)]
        withheld: bool,
        /// A customer's first delivery may be held for a while.
        #[serde(default)]
        held_until: Option<Timestamp>,
    },
    Delivering(Sending),
    Refunding {
        deadline: Timestamp,
        /// What the provider was asked to give back: fixed before it is asked.
        #[serde(default)]
        called: Option<Money>,
        /// The provider answered no: it will not give the money back by itself.
        #[serde(default)]
        refused: bool,
        /// Disputed before the provider was asked: it is not, until people say so.
        #[serde(default)]
        withheld: bool,
    },
    /// Sell: identity is proven; price, payout card and refund address are not fixed yet.
    AwaitingTerms {
        quote: Option<Quote>,
    },
    /// Sell: the deposit address is shown.
    AwaitingDeposit,
    /// Sell: something is on its way to the address; the deposit window does not run.
    DepositSeen {
        deadline: Timestamp,
    },
    /// Sell: all of it is final; its price is looked at next.
    DepositConfirmed {
        deadline: Timestamp,
    },
    /// Sell: what was final has vanished from the chain.
    DepositLost {
        deadline: Timestamp,
    },
    /// Sell: the market ran away; the user takes today's price or the crypto back.
    AwaitingChoice {
        quote: Option<Quote>,
        deadline: Timestamp,
    },
    PayingOut(PayingOut),
    Returning(Returning),
    InReview(Box<InReview>),
    Completed {
        /// Of the delivery; a sell has none.
        hash: Option<String>,
    },
    Failed {
        reason: FailReason,
    },
    Cancelled,
    Expired,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Authorising {
    /// Single use, from the provider's hosted fields.
    pub card_token: String,
    /// From here on the provider is asked to close what is still open.
    pub deadline: Timestamp,
    pub step: AuthorisingStep,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorisingStep {
    /// The intent is committed; the call may or may not have been made.
    Asked,
    /// The user is on the bank's page.
    ThreeDs { url: String },
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Voiding {
    pub why: VoidReason,
    pub deadline: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoidReason {
    Cancelled,
    Failed(FailReason),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PayingOut {
    /// The provider may have heard of it. Until then a deposit that vanishes stops the payout.
    pub called: bool,
    pub deadline: Timestamp,
}

/// Crypto on its way back to the refund address.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Returning {
    pub why: ReturnReason,
    pub amount: Amount,
    pub sending: Option<Sending>,
    /// One more for each transfer that is proven dead.
    #[serde(default = "first")]
    pub attempt: u32,
    pub deadline: Timestamp,
}

const fn first() -> u32 {
    1
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnReason {
    /// Part of it came, and the time is over.
    Underpaid,
    /// The user wanted it back, or said nothing.
    Chosen,
    PayoutRefused,
    /// People decided so.
    Reviewed,
}

impl ReturnReason {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Underpaid => "underpaid",
            Self::Chosen => "chosen",
            Self::PayoutRefused => "payout_refused",
            Self::Reviewed => "reviewed",
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InReview {
    pub from: State,
    /// For operators; users read neutral words.
    pub reason: String,
    pub since: Timestamp,
    /// What one operator wants to be done.
    #[serde(default)]
    pub proposal: Option<Proposal<Ruling>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailReason {
    IdentityRefused,
    PaymentRefused,
    /// The bank's page was left open until a hold turned up too late.
    PaymentVoided,
    RiskRefused,
    Screening,
    /// The network refuses transfers to the order's address.
    DestinationRefuses,
    Refunded,
    DepositTimeout,
    DepositLost,
    Returned,
}

impl FailReason {
    pub const fn name(self) -> &'static str {
        match self {
            Self::IdentityRefused => "identity_refused",
            Self::PaymentRefused => "payment_refused",
            Self::PaymentVoided => "payment_voided",
            Self::RiskRefused => "risk_refused",
            Self::Screening => "screening",
            Self::DestinationRefuses => "destination_refuses",
            Self::Refunded => "refunded",
            Self::DepositTimeout => "deposit_timeout",
            Self::DepositLost => "deposit_lost",
            Self::Returned => "returned",
        }
    }
}

/// What partners see (contract §7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PublicStatus {
    Pending,
    Processing,
    Completed,
    Failed,
    Cancelled,
}

impl PublicStatus {
    pub const ALL: [Self; 5] = [
        Self::Pending,
        Self::Processing,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == text)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Pending | Self::Processing => false,
            Self::Completed | Self::Failed | Self::Cancelled => true,
        }
    }

    /// Whether a partner may be told `next` after `self`.
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Pending => true,
            Self::Processing => !matches!(next, Self::Pending),
            Self::Completed => matches!(next, Self::Completed),
            Self::Failed => matches!(next, Self::Failed),
            Self::Cancelled => matches!(next, Self::Cancelled),
        }
    }
}

/// What the page's callbacks see (contract §9).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WidgetStatus {
    New,
    Pending,
    Paid,
    Completed,
    Failed,
    Cancelled,
}

impl WidgetStatus {
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Pending => "pending",
            Self::Paid => "paid",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl State {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::AwaitingPayment { .. } => "awaiting_payment",
            Self::Authorising(_) => "authorising",
            Self::Authorised { .. } => "authorised",
            Self::Capturing { .. } => "capturing",
            Self::Voiding(_) => "voiding",
            Self::Paid { .. } => "paid",
            Self::Delivering(_) => "delivering",
            Self::Refunding { .. } => "refunding",
            Self::AwaitingTerms { .. } => "awaiting_terms",
            Self::AwaitingDeposit => "awaiting_deposit",
            Self::DepositSeen { .. } => "deposit_seen",
            Self::DepositConfirmed { .. } => "deposit_confirmed",
            Self::DepositLost { .. } => "deposit_lost",
            Self::AwaitingChoice { .. } => "awaiting_choice",
            Self::PayingOut(_) => "paying_out",
            Self::Returning(_) => "returning",
            Self::InReview(_) => "in_review",
            Self::Completed { .. } => "completed",
            Self::Failed { .. } => "failed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    pub fn public(&self) -> PublicStatus {
        match self {
            Self::Created
            | Self::AwaitingPayment { .. }
            | Self::Authorising(_)
            | Self::Authorised { .. }
            | Self::Capturing { .. }
            | Self::Voiding(_)
            | Self::AwaitingTerms { .. }
            | Self::AwaitingDeposit
            | Self::DepositSeen { .. } => PublicStatus::Pending,
            Self::Paid { .. }
            | Self::Delivering(_)
            | Self::Refunding { .. }
            | Self::DepositConfirmed { .. }
            | Self::DepositLost { .. }
            | Self::AwaitingChoice { .. }
            | Self::PayingOut(_)
            | Self::Returning(_) => PublicStatus::Processing,
            Self::InReview(review) => review.from.public(),
            Self::Completed { .. } => PublicStatus::Completed,
            Self::Failed { .. } | Self::Expired => PublicStatus::Failed,
            Self::Cancelled => PublicStatus::Cancelled,
        }
    }

    pub fn widget(&self) -> WidgetStatus {
        match self {
            Self::Created | Self::AwaitingPayment { .. } | Self::AwaitingTerms { .. } => {
                WidgetStatus::New
            }
            Self::Authorising(_)
            | Self::Authorised { .. }
            | Self::Capturing { .. }
            | Self::Voiding(_)
            | Self::AwaitingDeposit
            | Self::DepositSeen { .. } => WidgetStatus::Pending,
            Self::Paid { .. }
            | Self::Delivering(_)
            | Self::Refunding { .. }
            | Self::DepositConfirmed { .. }
            | Self::DepositLost { .. }
            | Self::AwaitingChoice { .. }
            | Self::PayingOut(_)
            | Self::Returning(_) => WidgetStatus::Paid,
            Self::InReview(review) => review.from.widget(),
            Self::Completed { .. } => WidgetStatus::Completed,
            Self::Failed { .. } | Self::Expired => WidgetStatus::Failed,
            Self::Cancelled => WidgetStatus::Cancelled,
        }
    }

    pub fn is_terminal(&self) -> bool {
        self.public().is_terminal()
    }

    /// The transfer of ours that is under way.
    pub fn sending(&self) -> Option<&Sending> {
        match self {
            Self::Delivering(sending) => Some(sending),
            Self::Returning(returning) => returning.sending.as_ref(),
            Self::InReview(review) => review.from.sending(),
            Self::Created
            | Self::AwaitingPayment { .. }
            | Self::Authorising(_)
            | Self::Authorised { .. }
            | Self::Capturing { .. }
            | Self::Voiding(_)
            | Self::Paid { .. }
            | Self::Refunding { .. }
            | Self::AwaitingTerms { .. }
            | Self::AwaitingDeposit
            | Self::DepositSeen { .. }
            | Self::DepositConfirmed { .. }
            | Self::DepositLost { .. }
            | Self::AwaitingChoice { .. }
            | Self::PayingOut(_)
            | Self::Completed { .. }
            | Self::Failed { .. }
            | Self::Cancelled
            | Self::Expired => None,
        }
    }
}

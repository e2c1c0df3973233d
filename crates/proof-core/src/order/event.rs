//! Facts about an order, numbered without gaps.

use crate::time::Timestamp;
use serde_json::Value;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EventKind {
    OrderCreated,
    IdentityStarted,
    IdentityVerified,
    IdentityFailed,
    QuoteLocked,
    PaymentStarted,
    PaymentDeclined,
    PaymentCaptured,
    TransferSigned,
    TransferBroadcast,
    TransferConfirmed,
    RefundStarted,
    DepositAwaited,
    DepositSeen,
    DepositConfirmed,
    DepositLost,
    PriceMoved,
    PayoutSent,
    PayoutRefused,
    ReturnStarted,
    CaseOpened,
    CaseSettled,
    DisputeMoved,
    ReviewStarted,
    RiskAssessed,
    ReviewProposed,
    ReviewEnded,
    RefundedByBank,
    /// The only one that goes out on the contract's channels.
    StatusChanged,
    OrderCompleted,
    OrderFailed,
    OrderCancelled,
    OrderExpired,
}

impl EventKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::OrderCreated => "order.created",
            Self::IdentityStarted => "identity.started",
            Self::IdentityVerified => "identity.verified",
            Self::IdentityFailed => "identity.failed",
            Self::QuoteLocked => "quote.locked",
            Self::PaymentStarted => "payment.started",
            Self::PaymentDeclined => "payment.declined",
            Self::PaymentCaptured => "payment.captured",
            Self::TransferSigned => "transfer.signed",
            Self::TransferBroadcast => "transfer.broadcast",
            Self::TransferConfirmed => "transfer.confirmed",
            Self::RefundStarted => "refund.started",
            Self::DepositAwaited => "deposit.awaited",
            Self::DepositSeen => "deposit.seen",
            Self::DepositConfirmed => "deposit.confirmed",
            Self::DepositLost => "deposit.lost",
            Self::PriceMoved => "price.moved",
            Self::PayoutSent => "payout.sent",
            Self::PayoutRefused => "payout.refused",
            Self::ReturnStarted => "return.started",
            Self::CaseOpened => "case.opened",
            Self::CaseSettled => "case.settled",
            Self::DisputeMoved => "dispute.moved",
            Self::ReviewStarted => "order.review_started",
            Self::RiskAssessed => "risk.assessed",
            Self::ReviewProposed => "order.review_proposed",
            Self::ReviewEnded => "order.review_ended",
            Self::RefundedByBank => "refund.by_bank",
            Self::StatusChanged => "order.status_changed",
            Self::OrderCompleted => "order.completed",
            Self::OrderFailed => "order.failed",
            Self::OrderCancelled => "order.cancelled",
            Self::OrderExpired => "order.expired",
        }
    }
}

impl EventKind {
    const ALL: [Self; 33] = [
        Self::OrderCreated,
        Self::IdentityStarted,
        Self::IdentityVerified,
        Self::IdentityFailed,
        Self::QuoteLocked,
        Self::PaymentStarted,
        Self::PaymentDeclined,
        Self::PaymentCaptured,
        Self::TransferSigned,
        Self::TransferBroadcast,
        Self::TransferConfirmed,
        Self::RefundStarted,
        Self::DepositAwaited,
        Self::DepositSeen,
        Self::DepositConfirmed,
        Self::DepositLost,
        Self::PriceMoved,
        Self::PayoutSent,
        Self::PayoutRefused,
        Self::ReturnStarted,
        Self::CaseOpened,
        Self::CaseSettled,
        Self::DisputeMoved,
        Self::ReviewStarted,
        Self::RiskAssessed,
        Self::ReviewProposed,
        Self::ReviewEnded,
        Self::RefundedByBank,
        Self::StatusChanged,
        Self::OrderCompleted,
        Self::OrderFailed,
        Self::OrderCancelled,
        Self::OrderExpired,
    ];

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == text)
    }

    /// Whether the user sees it among what happened. Judgements and reviews are the operator's
    /// business, disputes the bank's, status changes the partner's; cases have screens of their own.
    pub const fn is_users(self) -> bool {
        match self {
            Self::OrderCreated
            | Self::IdentityStarted
            | Self::IdentityVerified
            | Self::IdentityFailed
            | Self::QuoteLocked
            | Self::PaymentStarted
            | Self::PaymentDeclined
            | Self::PaymentCaptured
            | Self::TransferSigned
            | Self::TransferBroadcast
            | Self::TransferConfirmed
            | Self::RefundStarted
            | Self::DepositAwaited
            | Self::DepositSeen
            | Self::DepositConfirmed
            | Self::DepositLost
            | Self::PriceMoved
            | Self::PayoutSent
            | Self::PayoutRefused
            | Self::ReturnStarted
            | Self::RefundedByBank
            | Self::OrderCompleted
            | Self::OrderFailed
            | Self::OrderCancelled
            | Self::OrderExpired => true,
            Self::CaseOpened
            | Self::CaseSettled
            | Self::DisputeMoved
            | Self::ReviewStarted
            | Self::RiskAssessed
            | Self::ReviewProposed
            | Self::ReviewEnded
            | Self::StatusChanged => false,
        }
    }

    /// Whether partners may read its details. Why a person was refused or is looked at is between
    /// that person, the operator and the law.
    pub const fn is_open(self) -> bool {
        match self {
            Self::OrderCreated
            | Self::QuoteLocked
            | Self::PaymentDeclined
            | Self::PaymentCaptured
            | Self::TransferBroadcast
            | Self::TransferConfirmed
            | Self::DepositAwaited
            | Self::DepositSeen
            | Self::DepositConfirmed
            | Self::DepositLost
            | Self::PriceMoved
            | Self::PayoutSent
            | Self::ReturnStarted
            | Self::CaseOpened
            | Self::CaseSettled
            | Self::DisputeMoved
            | Self::StatusChanged
            | Self::OrderCompleted => true,
            Self::IdentityStarted
            | Self::IdentityVerified
            | Self::IdentityFailed
            | Self::PaymentStarted
            | Self::TransferSigned
            | Self::RefundStarted
            | Self::PayoutRefused
            | Self::ReviewStarted
            | Self::RiskAssessed
            | Self::ReviewProposed
            | Self::ReviewEnded
            | Self::RefundedByBank
            | Self::OrderFailed
            | Self::OrderCancelled
            | Self::OrderExpired => false,
        }
    }
}

/// An event that `decide` wants recorded; its id is given when it is saved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewEvent {
    pub sequence: i64,
    pub kind: EventKind,
    pub body: Value,
    pub occurred_at: Timestamp,
}

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
    ReviewStarted,
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
            Self::ReviewStarted => "order.review_started",
            Self::StatusChanged => "order.status_changed",
            Self::OrderCompleted => "order.completed",
            Self::OrderFailed => "order.failed",
            Self::OrderCancelled => "order.cancelled",
            Self::OrderExpired => "order.expired",
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

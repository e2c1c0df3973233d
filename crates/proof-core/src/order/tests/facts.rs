//! What is told, to whom; and the order that a late deposit becomes.

use super::*;
use crate::{
    deposit::{Deposit, DepositKey, Returned},
    order::{PayingOut, Resale, ReturnReason, Returning},
};

/// Its name, whether its user sees it, and whether partners read its details.
const TOLD: [(EventKind, &str, bool, bool); 33] = [
    (EventKind::OrderCreated, "order.created", true, true),
    (EventKind::IdentityStarted, "identity.started", true, false),
    (
        EventKind::IdentityVerified,
        "identity.verified",
        true,
        false,
    ),
    (EventKind::IdentityFailed, "identity.failed", true, false),
    (EventKind::QuoteLocked, "quote.locked", true, true),
    (EventKind::PaymentStarted, "payment.started", true, false),
    (EventKind::PaymentDeclined, "payment.declined", true, true),
    (EventKind::PaymentCaptured, "payment.captured", true, true),
    (EventKind::TransferSigned, "transfer.signed", true, false),
    (
        EventKind::TransferBroadcast,
        "transfer.broadcast",
        true,
        true,
    ),
    (
        EventKind::TransferConfirmed,
        "transfer.confirmed",
        true,
        true,
    ),
    (EventKind::RefundStarted, "refund.started", true, false),
    (EventKind::DepositAwaited, "deposit.awaited", true, true),
    (EventKind::DepositSeen, "deposit.seen", true, true),
    (EventKind::DepositConfirmed, "deposit.confirmed", true, true),
    (EventKind::DepositLost, "deposit.lost", true, true),
    (EventKind::PriceMoved, "price.moved", true, true),
    (EventKind::PayoutSent, "payout.sent", true, true),
    (EventKind::PayoutRefused, "payout.refused", true, false),
    (EventKind::ReturnStarted, "return.started", true, true),
    (EventKind::CaseOpened, "case.opened", false, true),
    (EventKind::CaseSettled, "case.settled", false, true),
    (EventKind::DisputeMoved, "dispute.moved", false, true),
    (
        EventKind::ReviewStarted,
        "order.review_started",
        false,
        false,
    ),
    (EventKind::RiskAssessed, "risk.assessed", false, false),
    (
        EventKind::ReviewProposed,
        "order.review_proposed",
        false,
        false,
    ),
    (EventKind::ReviewEnded, "order.review_ended", false, false),
    (EventKind::RefundedByBank, "refund.by_bank", true, false),
    (
        EventKind::StatusChanged,
        "order.status_changed",
        false,
        true,
    ),
    (EventKind::OrderCompleted, "order.completed", true, true),
    (EventKind::OrderFailed, "order.failed", true, false),
    (EventKind::OrderCancelled, "order.cancelled", true, false),
    (EventKind::OrderExpired, "order.expired", true, false),
];

#[test]
fn each_fact_has_its_name_and_its_readers() {
    for (kind, name, users, open) in TOLD {
        assert_eq!(kind.name(), name);
        assert_eq!(EventKind::parse(name), Some(kind));
        assert_eq!((kind.is_users(), kind.is_open()), (users, open), "{name}");
    }
    assert_eq!(EventKind::parse("order.paid"), None);
}

const LATE: Timestamp = START.plus_seconds(100_000);

/// A sell that ended for want of a deposit, and what it is sold on.
fn late() -> (Order, Resale) {
    let mut old = sell::paying_out(false);
    old.state = State::Failed {
        reason: FailReason::DepositTimeout,
    };
    old.declined = Some(DeclineCode::Declined);
    let deposit = Deposit {
        key: DepositKey {
            hash: "late".into(),
            index: 7,
        },
        amount: Amount::parse(usdt(), "60").unwrap(),
        seen_at: LATE,
        senders: Vec::new(),
    };
    let sale = old.sale.as_mut().unwrap();
    sale.rest_asked = true;
    sale.returned = Some(Returned {
        why: ReturnReason::Underpaid,
        amount: deposit.amount,
        hash: "back".into(),
    });
    let resale = Resale {
        id: OrderId::from_uuid(Uuid::from_u128(77)),
        deposit,
        confirmations: 9,
        quote: Quote {
            total: Money::new(Fiat::Usd, 5_100),
            ..quote(LATE)
        },
        hold_seconds: 1_800,
    };
    (old, resale)
}

#[test]
fn what_came_late_becomes_an_order_of_the_same_user_about_to_be_paid_out() {
    let (old, resale) = late();
    let (new, events) = old.resell(resale.clone(), LATE).unwrap();
    let amount = resale.deposit.amount;
    assert_eq!(
        (new.id, new.origin, new.amount),
        (resale.id, Some(old.id), amount)
    );
    assert_eq!(
        (new.fiat, new.price),
        (Fiat::Usd, Some(resale.quote.clone()))
    );
    assert_eq!(
        (new.created_at, new.status_at, new.declined),
        (LATE, LATE, None)
    );
    assert_eq!(new.pay_until, LATE.plus_seconds(PAYMENT_HOUR_SECONDS));
    assert_eq!((new.customer, &new.email), (old.customer, &old.email));
    let deadline = LATE.plus_seconds(PAYING_OUT_SECONDS_MAX);
    let called = false;
    assert_eq!(new.state, State::PayingOut(PayingOut { called, deadline }));
    let told: Vec<_> = events
        .iter()
        .map(|event| (event.sequence, event.kind.name()))
        .collect();
    assert_eq!(
        told,
        [
            (1, "order.created"),
            (2, "quote.locked"),
            (3, "deposit.confirmed"),
            (4, "order.status_changed")
        ]
    );
    assert_eq!(new.sequence, 4);
    assert_eq!(events[3].body["status"], "processing");
    assert!(
        order().resell(resale, LATE).is_none(),
        "a buy has no deposit"
    );
}

#[test]
fn of_what_was_fixed_before_only_card_and_addresses_go_over() {
    let (old, resale) = late();
    let (new, _) = old.resell(resale.clone(), LATE).unwrap();
    let (was, sale) = (old.sale.unwrap(), new.sale.unwrap());
    assert_eq!(
        (sale.deposit_until, sale.hold_until),
        (LATE, LATE.plus_seconds(1_800))
    );
    assert_eq!((sale.rest_asked, sale.returned), (false, None));
    assert_eq!(
        (sale.refund_address, sale.payout_token),
        (was.refund_address, was.payout_token)
    );
    let held: Vec<_> = sale
        .held
        .iter()
        .map(|held| (held.confirmations, held.booked))
        .collect();
    assert_eq!(
        (held, &sale.held[0].deposit),
        (vec![(9, true)], &resale.deposit)
    );
}

#[test]
fn a_return_that_was_kept_before_tries_were_counted_is_the_first() {
    let kept = serde_json::json!({
        "why": "chosen", "sending": null, "deadline": START,
        "amount": Amount::parse(usdt(), "60").unwrap(),
    });
    let read: Returning = serde_json::from_value(kept).unwrap();
    assert_eq!(read.attempt, 1);
}

//! A sell of what came too late for another one.

use super::{
    EventKind, NewEvent, Order, PAYING_OUT_SECONDS_MAX, PAYMENT_HOUR_SECONDS, PayingOut, State,
    decide::annotate,
};
use crate::{
    deposit::{Deposit, Held, Sale},
    id::OrderId,
    quote::Quote,
    time::Timestamp,
};
use serde_json::json;

/// What a late deposit is sold on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resale {
    pub id: OrderId,
    pub deposit: Deposit,
    pub confirmations: u64,
    /// The price that the user took.
    pub quote: Quote,
    /// If the deposit vanishes and comes back, the price still holds for so long.
    pub hold_seconds: i64,
}

impl Order {
    /// A new order of the same user, card and refund address, about to be paid out. It has nothing
    /// to wait for: the deposit is final and the price is taken. `None` for an order that never
    /// showed a deposit address.
    pub fn resell(&self, resale: Resale, now: Timestamp) -> Option<(Self, Vec<NewEvent>)> {
        let sale = self.sale.as_deref()?;
        let deposit = resale.deposit;
        let (amount, key) = (deposit.amount, deposit.key.clone());
        let total = resale.quote.total;
        let order = Self {
            id: resale.id,
            amount,
            fiat: resale.quote.fiat(),
            created_at: now,
            status_at: now,
            pay_until: now.plus_seconds(PAYMENT_HOUR_SECONDS),
            price: Some(resale.quote),
            declined: None,
            sale: Some(Box::new(Sale {
                deposit_until: now,
                hold_until: now.plus_seconds(resale.hold_seconds),
                held: vec![Held {
                    deposit,
                    confirmations: resale.confirmations,
                    booked: true,
                }],
                rest_asked: false,
                returned: None,
                ..sale.clone()
            })),
            origin: Some(self.id),
            sequence: 0,
            state: State::PayingOut(PayingOut {
                called: false,
                deadline: self.payout_start(now).plus_seconds(PAYING_OUT_SECONDS_MAX),
            }),
            ..self.clone()
        };
        let status = order.status_body();
        let told = [
            (
                EventKind::OrderCreated,
                json!({
                    "amount": amount.to_decimal(),
                    "origin_merchant_transaction_id": self.id.uuid(),
                }),
            ),
            (
                EventKind::QuoteLocked,
                json!({ "total": total.to_decimal(), "fiat_currency": order.fiat }),
            ),
            (
                EventKind::DepositConfirmed,
                json!({ "hash": key.hash, "amount": amount.to_decimal() }),
            ),
            (EventKind::StatusChanged, status),
        ];
        let (mut order, mut events) = (order, Vec::new());
        for (kind, body) in told {
            let (next, event) = annotate(&order, kind, body, now);
            order = next;
            events.push(event);
        }
        Some((order, events))
    }
}

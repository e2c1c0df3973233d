//! The beginning of an order.

use super::{EventKind, NewEvent, Order, PAYMENT_HOUR_SECONDS, State};
use crate::{
    address::Address,
    asset::Fiat,
    id::{CustomerId, OrderId, PartnerId},
    money::Amount,
    partner::{Environment, Side},
    time::Timestamp,
};
use serde_json::json;

/// What a checked session call fixes for ever.
pub struct OrderRequest {
    pub id: OrderId,
    pub environment: Environment,
    pub partner: PartnerId,
    pub customer: CustomerId,
    pub side: Side,
    pub amount: Amount,
    pub destination: Address,
    pub fiat: Fiat,
    pub email: String,
    pub provider: String,
    pub refund_hint: Option<Address>,
}

impl Order {
    /// A new order and its first event. Making a session tells nobody (contract §2).
    pub fn create(request: OrderRequest, now: Timestamp) -> (Self, NewEvent) {
        let order = Self {
            id: request.id,
            environment: request.environment,
            partner: request.partner,
            customer: request.customer,
            side: request.side,
            amount: request.amount,
            destination: request.destination,
            fiat: request.fiat,
            email: request.email,
            provider: request.provider,
            created_at: now,
            status_at: now,
            pay_until: now.plus_seconds(PAYMENT_HOUR_SECONDS),
            attempt: 0,
            price: None,
            freeze: crate::screening::Freeze::default(),
            card: None,
            takings: crate::payment::Takings::default(),
            method: crate::payment::PaymentMethod::Card,
            keep_card: false,
            declined: None,
            refund_hint: request.refund_hint,
            sale: None,
            origin: None,
            sequence: 1,
            state: State::Created,
        };
        let event = NewEvent {
            sequence: 1,
            kind: EventKind::OrderCreated,
            body: json!({ "amount": order.amount.to_decimal() }),
            occurred_at: now,
        };
        (order, event)
    }
}

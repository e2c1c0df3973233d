//! One buy or sell: its facts, its states, and what each state still owes the world.
//!
//! [`decide`] is the only way from one state to the next. What must happen outside is never a call
//! from here: it is read off the state ([`Order::duty`]), so that after a crash the same state asks
//! for the same thing again.

mod create;
mod decide;
mod duty;
mod event;
mod resell;
mod state;
#[cfg(test)]
mod tests;

pub use create::OrderRequest;
pub use decide::{
    Command, Decision, Refusal, Ruling, SaleVerdict, SellCommand, TakingsFact, Terms, Verdict,
    annotate, decide, rulings,
};
pub use duty::{Duty, POLL_MS};
pub use event::{EventKind, NewEvent};
pub use resell::Resale;
pub use state::{
    Authorising, AuthorisingStep, FailReason, InReview, PayingOut, PublicStatus, ReturnReason,
    Returning, State, VoidReason, Voiding, WidgetStatus,
};

use crate::{
    address::Address,
    asset::Fiat,
    deposit::Sale,
    id::{CustomerId, OrderId, PartnerId},
    money::Amount,
    partner::{Environment, Side},
    payment::{CardSummary, DeclineCode, PaymentMethod, Takings},
    quote::Quote,
    screening::Freeze,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Payments that may be tried on one order.
pub const ATTEMPTS_MAX: u32 = 5;

/// The payment hour: one hour from creation, not counting time under review.
pub const PAYMENT_HOUR_SECONDS: i64 = 3_600;

/// What is left of the payment hour after a review, at least.
pub const AFTER_REVIEW_SECONDS_MIN: i64 = 15 * 60;

/// How long a person may take over an identity before the order ends by itself.
pub const REVIEW_SECONDS_MAX: i64 = 72 * 3_600;

/// How long the user has for the bank's page, after which the provider is asked.
pub const AUTHORISING_SECONDS: i64 = 15 * 60;

/// How long the provider may leave a question open before a person is called.
pub const IN_DOUBT_SECONDS_MAX: i64 = 15 * 60;

/// Bounds of the states in which somebody's money is in our hands; past them a person looks.
pub const AUTHORISED_SECONDS_MAX: i64 = 3_600;
pub const CAPTURING_SECONDS_MAX: i64 = 3_600;
pub const VOIDING_SECONDS_MAX: i64 = 24 * 3_600;
pub const PAID_SECONDS_MAX: i64 = 3_600;
pub const DELIVERING_SECONDS_MAX: i64 = 6 * 3_600;
pub const REFUNDING_SECONDS_MAX: i64 = 24 * 3_600;
pub const DEPOSIT_SEEN_SECONDS_MAX: i64 = 24 * 3_600;
pub const DEPOSIT_CONFIRMED_SECONDS_MAX: i64 = 3_600;
pub const DEPOSIT_LOST_SECONDS_MAX: i64 = 24 * 3_600;
pub const PAYING_OUT_SECONDS_MAX: i64 = 24 * 3_600;
pub const RETURNING_SECONDS_MAX: i64 = 24 * 3_600;

/// How long the user has to choose between today's price and the crypto; then it goes back.
pub const CHOICE_SECONDS: i64 = 24 * 3_600;

/// Deposits that one sell takes in parts; what comes after is somebody's accident.
pub const DEPOSITS_MAX: usize = 16;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Order {
    pub id: OrderId,
    pub environment: Environment,
    pub partner: PartnerId,
    pub customer: CustomerId,
    pub side: Side,
    pub amount: Amount,
    pub destination: Address,
    pub fiat: Fiat,
    /// Of the customer, as this session gave it.
    pub email: String,
    /// Provider under whose name payments are booked.
    pub provider: String,
    pub created_at: Timestamp,
    /// When the public status last changed: the contract's `updated_at`.
    pub status_at: Timestamp,
    /// End of the payment hour.
    pub pay_until: Timestamp,
    /// Payments begun so far.
    pub attempt: u32,
    /// Price of the payment that is under way or done.
    pub price: Option<Quote>,
    pub card: Option<CardSummary>,
    /// Of the payment that is under way or done.
    #[serde(default)]
    pub method: PaymentMethod,
    /// The customer lets us keep its card, once it is paid.
    #[serde(default)]
    pub keep_card: bool,
    /// What the provider took for it, and what of that is gone again.
    #[serde(default)]
    pub takings: Takings,
    /// Why the last payment was declined, until the next one starts.
    pub declined: Option<DeclineCode>,
    /// A sell's refund address as the partner's session gave it; the user confirms it.
    #[serde(default)]
    pub refund_hint: Option<Address>,
    /// What a sell fixed, from the moment its deposit address is shown.
    #[serde(default)]
    pub sale: Option<Box<Sale>>,
    /// The order whose late deposit this one sells.
    #[serde(default)]
    pub origin: Option<OrderId>,
    /// What the operator's list did to it.
    #[serde(default)]
    pub freeze: Freeze,
    /// Number of the latest event.
    pub sequence: i64,
    pub state: State,
}

impl Order {
    pub fn status(&self) -> PublicStatus {
        self.state.public()
    }

    /// The contract's `fiat_amount`; empty while unknown.
    pub fn fiat_amount(&self) -> String {
        self.price
            .as_ref()
            .map(|price| price.total.to_decimal())
            .unwrap_or_default()
    }

    /// The contract's `payment_method`; absent while unknown.
    pub fn payment_method(&self) -> Option<&'static str> {
        (self.attempt > 0 || self.sale.is_some()).then_some("card")
    }
    /// What a change of status tells.
    pub(crate) fn status_body(&self) -> Value {
        json!({
            "status": self.status().name(),
            "fiat_amount": self.fiat_amount(),
            "fiat_currency": self.fiat,
            "crypto_amount": self.amount.to_decimal(),
            "payment_method": self.payment_method(),
        })
    }
}

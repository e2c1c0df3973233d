//! What an owner takes over after a restore: where the world is, decided like everything else.

use super::{Draft, Refusal, Step};
use crate::{
    deposit::Sale,
    ledger,
    money::MoneyError,
    order::{AUTHORISED_SECONDS_MAX, DEPOSIT_LOST_SECONDS_MAX, EventKind, PAID_SECONDS_MAX, State},
    partner::UnderpaidPolicy,
    payment::CardSummary,
    recovery::{Adoption, SaleAdoption, Then},
};
use serde_json::json;

impl Draft {
    /// A payment that was taken after the backup. The states between are passed through; the transfer, if
    /// there is one, is found by the step that would plan it.
    pub(super) fn adopt(&mut self, adoption: Adoption) -> Step {
        let reserved = is_reserved(&self.order.state)?;
        let Adoption {
            attempt,
            price,
            then,
        } = adoption;
        let booked = matches!(self.order.state, State::Paid { .. });
        if booked && !matches!(then, Then::Refund) {
            return Err(Refusal::WrongState);
        }
        if price.crypto != self.order.amount {
            return Err(Refusal::Money(MoneyError::Mismatch));
        }
        let total = price.total;
        if !reserved {
            self.entries.push(ledger::reserve(self.order.amount)?);
            let body = json!({ "attempt": attempt, "total": total.to_decimal() });
            self.event(EventKind::PaymentStarted, body);
        }
        self.order.attempt = self.order.attempt.max(attempt);
        self.order.fiat = price.fiat();
        self.order.declined = None;
        self.order.price = Some(price);
        if let Then::People { reason } = then {
            self.order.state = State::Authorised {
                liability_shift: false,
                deadline: self.in_seconds(AUTHORISED_SECONDS_MAX),
            };
            self.review(reason);
            return Ok(());
        }
        let body = json!({ "total": total.to_decimal() });
        if !booked {
            let entry = ledger::capture(self.order.id, &self.order.provider, total)?;
            self.entries.push(entry);
            self.order.takings.capture(total.minor())?;
            self.event(EventKind::PaymentCaptured, body);
        }
        if matches!(then, Then::Refund) {
            return self.start_refund();
        }
        self.order.state = State::Paid {
            deadline: self.in_seconds(PAID_SECONDS_MAX),
            held_until: None,
            withheld: false,
        };
        Ok(())
    }

    /// An address that was shown after the backup is watched again, for what came until now; what comes
    /// later is late.
    pub(super) fn adopt_sale(&mut self, adoption: SaleAdoption) -> Step {
        let (State::Created | State::AwaitingTerms { .. }) = self.order.state else {
            return Err(Refusal::WrongState);
        };
        let network = self.order.amount.asset().network();
        let SaleAdoption {
            refund_address,
            deposit_address,
            price,
        } = adoption;
        if refund_address.network() != network || deposit_address.network() != network {
            return Err(Refusal::Money(MoneyError::Mismatch));
        }
        let body = json!({
            "amount": self.order.amount.to_decimal(),
            "address": deposit_address,
            "until": self.now.to_contract(),
        });
        self.order.price = price;
        self.order.sale = Some(Box::new(Sale {
            payout_token: String::new(),
            payout_card: CardSummary {
                brand: "unknown".to_owned(),
                last4: String::new(),
                country: String::new(),
                fingerprint: String::new(),
            },
            refund_address,
            deposit_address,
            deposit_until: self.now,
            hold_until: self.now,
            underpaid: UnderpaidPolicy::default(),
            reorged_seconds: DEPOSIT_LOST_SECONDS_MAX,
            held: Vec::new(),
            rest_asked: false,
            returned: None,
            payout_from: None,
        }));
        self.event(EventKind::DepositAwaited, body);
        self.order.state = State::AwaitingDeposit;
        Ok(())
    }
}

/// Whether the coins are promised already; refused where a payment cannot be taken over.
fn is_reserved(state: &State) -> Result<bool, Refusal> {
    match state {
        State::Created | State::AwaitingPayment { .. } => Ok(false),
        State::Authorising(_)
        | State::Authorised { .. }
        | State::Capturing { .. }
        | State::Paid { .. } => Ok(true),
        State::Voiding(_)
        | State::Delivering(_)
        | State::Refunding { .. }
        | State::AwaitingTerms { .. }
        | State::AwaitingDeposit
        | State::DepositSeen { .. }
        | State::DepositConfirmed { .. }
        | State::DepositLost { .. }
        | State::AwaitingChoice { .. }
        | State::PayingOut(_)
        | State::Returning(_)
        | State::InReview(_)
        | State::Completed { .. }
        | State::Failed { .. }
        | State::Cancelled
        | State::Expired => Err(Refusal::WrongState),
    }
}

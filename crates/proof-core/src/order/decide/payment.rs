//! What the payment provider's answers do to an order.

use super::{Draft, Refusal, Step, Verdict};
use crate::{
    ledger,
    money::Money,
    order::{
        ATTEMPTS_MAX, AUTHORISED_SECONDS_MAX, Authorising, AuthorisingStep, CAPTURING_SECONDS_MAX,
        EventKind, FailReason, PAID_SECONDS_MAX, REFUNDING_SECONDS_MAX, State, VoidReason, Voiding,
    },
    payment::{CardSummary, DeclineCode},
};
use serde_json::json;

pub(super) const DISPUTED: &str = "the cardholder disputes the payment";

impl Draft {
    pub(super) fn authorising(&mut self, attempt: u32) -> Result<&mut Authorising, Refusal> {
        let current = self.order.attempt == attempt;
        let State::Authorising(authorising) = &mut self.order.state else {
            return Err(Refusal::WrongState);
        };
        if current {
            Ok(authorising)
        } else {
            Err(Refusal::WrongState)
        }
    }

    pub(super) fn three_ds(&mut self, attempt: u32, url: String) -> Step {
        self.authorising(attempt)?.step = AuthorisingStep::ThreeDs { url };
        Ok(())
    }

    pub(super) fn held(&mut self, attempt: u32, card: CardSummary, liability_shift: bool) -> Step {
        let deadline = self.authorising(attempt)?.deadline;
        let late = self.now >= deadline;
        self.order.card = Some(card);
        if late {
            self.void(VoidReason::Failed(FailReason::PaymentVoided));
        } else {
            let deadline = self.in_seconds(AUTHORISED_SECONDS_MAX);
            self.order.state = State::Authorised {
                liability_shift,
                deadline,
            };
        }
        Ok(())
    }

    pub(super) fn declined(&mut self, attempt: u32, code: DeclineCode) -> Step {
        self.authorising(attempt)?;
        self.release()?;
        self.order.price = None;
        self.order.declined = Some(code);
        self.event(
            EventKind::PaymentDeclined,
            json!({ "attempt": attempt, "code": code }),
        );
        if self.order.attempt >= ATTEMPTS_MAX {
            self.fail(FailReason::PaymentRefused);
        } else {
            self.order.state = State::AwaitingPayment { quote: None };
        }
        Ok(())
    }

    pub(super) fn assessed(&mut self, verdict: Verdict) -> Step {
        let State::Authorised { .. } = self.order.state else {
            return Err(Refusal::WrongState);
        };
        match verdict {
            Verdict::Allow { hold_seconds } => {
                self.order.state = State::Capturing {
                    deadline: self.in_seconds(CAPTURING_SECONDS_MAX),
                    hold_seconds,
                };
            }
            Verdict::Review { reason } => self.review(reason),
            Verdict::Refuse { reason } => self.void(VoidReason::Failed(reason)),
        }
        Ok(())
    }

    /// The money is taken. After a void that came too late, it goes straight back.
    pub(super) fn captured(&mut self) -> Step {
        let hold = if let State::Capturing { hold_seconds, .. } = self.order.state {
            Some(i64::from(hold_seconds))
        } else if matches!(self.order.state, State::Voiding(_)) {
            None
        } else {
            return Err(Refusal::WrongState);
        };
        let total = self.price()?.total;
        self.order.takings.capture(total.minor())?;
        self.entries
            .push(ledger::capture(self.order.id, &self.order.provider, total)?);
        self.event(
            EventKind::PaymentCaptured,
            json!({ "total": total.to_decimal() }),
        );
        let Some(hold) = hold else {
            return self.start_refund();
        };
        self.order.state = State::Paid {
            deadline: self.in_seconds(hold.saturating_add(PAID_SECONDS_MAX)),
            withheld: self.order.takings.is_disputed(),
            held_until: (hold > 0).then(|| self.in_seconds(hold)),
        };
        if self.order.takings.is_disputed() {
            self.review(DISPUTED.into());
        }
        Ok(())
    }

    /// What is left of the payment goes back. A dispute that is open withholds it; one that was lost
    /// may have left nothing.
    pub(super) fn start_refund(&mut self) -> Step {
        let fiat = self.price()?.total.fiat();
        let left = Money::new(fiat, self.order.takings.left());
        let withheld = self.order.takings.is_disputed();
        if left.minor() == 0 && self.order.takings.lost() > 0 && !withheld {
            return self.taken_back(left);
        }
        let body = json!({ "total": left.to_decimal() });
        self.event(EventKind::RefundStarted, body);
        self.order.state = State::Refunding {
            deadline: self.in_seconds(REFUNDING_SECONDS_MAX),
            called: None,
            refused: false,
            withheld,
        };
        if withheld {
            self.review(DISPUTED.into());
        }
        Ok(())
    }

    pub(super) fn refund_called(&mut self) -> Step {
        let left = self.order.takings.left();
        let fiat = self.price()?.total.fiat();
        let State::Refunding {
            called: called @ None,
            withheld: false,
            ..
        } = &mut self.order.state
        else {
            return Err(Refusal::WrongState);
        };
        *called = Some(Money::new(fiat, left));
        Ok(())
    }

    pub(super) fn capture_refused(&mut self) -> Step {
        let State::Capturing { .. } = self.order.state else {
            return Err(Refusal::WrongState);
        };
        self.void(VoidReason::Failed(FailReason::PaymentRefused));
        Ok(())
    }

    pub(super) fn voided(&mut self) -> Step {
        let State::Voiding(Voiding { why, .. }) = self.order.state else {
            return Err(Refusal::WrongState);
        };
        self.release()?;
        match why {
            VoidReason::Cancelled => self.cancelled(),
            VoidReason::Failed(reason) => self.fail(reason),
        }
        Ok(())
    }

    pub(super) fn void_refused(&mut self) -> Step {
        let State::Voiding(_) = self.order.state else {
            return Err(Refusal::WrongState);
        };
        self.review("the provider refuses to void the payment".into());
        Ok(())
    }

    pub(super) fn refunded(&mut self) -> Step {
        let State::Refunding {
            called: Some(amount),
            ..
        } = self.order.state
        else {
            return Err(Refusal::WrongState);
        };
        self.order.takings.refund(amount.minor())?;
        let entry = ledger::refund(self.order.id, &self.order.provider, amount)?;
        self.entries.push(entry);
        self.taken_back(amount)
    }

    pub(super) fn refund_refused(&mut self) -> Step {
        let State::Refunding {
            called: Some(_),
            refused,
            ..
        } = &mut self.order.state
        else {
            return Err(Refusal::WrongState);
        };
        *refused = true;
        let takings = self.order.takings;
        if takings.left() == 0 && takings.lost() > 0 && !takings.is_disputed() {
            // A lost dispute was faster than the refund.
            let fiat = self.price()?.total.fiat();
            return self.taken_back(Money::new(fiat, 0));
        }
        self.review("the provider refuses to refund the payment".into());
        Ok(())
    }
}

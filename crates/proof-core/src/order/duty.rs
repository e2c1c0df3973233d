//! What a state still owes the outside world, and when somebody must look at it again.

use super::{
    AuthorisingStep, IN_DOUBT_SECONDS_MAX, Order, PayingOut, REVIEW_SECONDS_MAX, Returning, State,
};
use crate::{
    address::Address,
    money::{Amount, Money},
    time::Timestamp,
    transfer::{Sending, SendingStep},
};

/// Pause between two questions to somebody who is still working.
pub const POLL_MS: i64 = 1_000;

/// Pause between two questions about an order that people already look at.
const REVIEW_POLL_MS: i64 = 60_000;

/// The outward step that a reconciler takes next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Duty {
    None,
    Authorise {
        card_token: String,
    },
    /// The bank's page is open: ask how it went.
    AskPayment,
    /// Time is over: make sure that nothing stays held.
    ClosePayment,
    Assess {
        liability_shift: bool,
    },
    Capture,
    Void,
    PlanTransfer,
    Sign(Box<Sending>),
    Broadcast(Box<Sending>),
    WatchTransfer(Box<Sending>),
    /// Fix how much goes back; then the provider may be asked.
    PrepareRefund,
    Refund(Money),
    /// The deposit window is over: has our node been heard since?
    CloseWindow,
    WatchDeposits,
    AssessSale,
    /// Look at the deposit once more; then the provider may be called.
    PreparePayout,
    PayOut,
}

impl Order {
    pub fn duty(&self, now: Timestamp) -> Duty {
        self.duty_in(&self.state, now)
    }

    /// Where the crypto that this order sends goes to, and how much it is.
    pub fn outgoing(&self) -> Option<(Address, Amount)> {
        let State::Returning(returning) = &self.state else {
            return Some((self.destination.clone(), self.amount));
        };
        let sale = self.sale.as_ref()?;
        Some((sale.refund_address.clone(), returning.amount))
    }

    /// What is paid out on the strength of a deposit: all of the order's, though it came in parts.
    pub fn at_stake(&self, came: Amount) -> Amount {
        let is_part = came.asset() == self.amount.asset() && came.base() < self.amount.base();
        if is_part { self.amount } else { came }
    }

    /// Past this moment the state is left even if nobody answers. `None`: terminal, or a review that
    /// only a fact or people end.
    pub fn deadline(&self) -> Option<Timestamp> {
        match &self.state {
            State::Created | State::AwaitingPayment { .. } | State::AwaitingTerms { .. } => {
                Some(self.pay_until)
            }
            State::AwaitingDeposit => {
                let until = self.sale.as_ref().map(|sale| sale.deposit_until);
                until.map(|until| until.plus_seconds(IN_DOUBT_SECONDS_MAX))
            }
            State::PayingOut(PayingOut { deadline, .. }) => Some(*deadline),
            State::Returning(returning) => Some(returning.deadline),
            State::DepositSeen { deadline }
            | State::DepositConfirmed { deadline }
            | State::DepositLost { deadline }
            | State::AwaitingChoice { deadline, .. } => Some(*deadline),
            State::Authorising(a) => Some(a.deadline.plus_seconds(IN_DOUBT_SECONDS_MAX)),
            State::Voiding(v) => Some(v.deadline),
            State::Delivering(d) => Some(d.deadline),
            State::Authorised { deadline, .. }
            | State::Capturing { deadline, .. }
            | State::Paid { deadline, .. }
            | State::Refunding { deadline, .. } => Some(*deadline),
            State::InReview(review) => match review.from {
                // Nobody's money is in our hands: the order ends by itself.
                State::Created => Some(review.since.plus_seconds(REVIEW_SECONDS_MAX)),
                State::AwaitingPayment { .. }
                | State::Authorising(_)
                | State::Authorised { .. }
                | State::Capturing { .. }
                | State::Voiding(_)
                | State::Paid { .. }
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
                | State::Expired => None,
            },
            State::Completed { .. } | State::Failed { .. } | State::Cancelled | State::Expired => {
                None
            }
        }
    }

    /// When a reconciler must next look at this order. `None`: never, it has ended.
    pub fn wake_at(&self, now: Timestamp) -> Option<Timestamp> {
        let step = match self.duty(now) {
            // Until then a deposit is looked for by whoever reads the blocks.
            Duty::None if matches!(self.state, State::AwaitingDeposit) => {
                self.sale.as_ref().map(|sale| sale.deposit_until)
            }
            Duty::None => self.held_until(),
            Duty::AskPayment | Duty::WatchTransfer(_) | Duty::WatchDeposits | Duty::CloseWindow => {
                Some(now.plus_millis(POLL_MS))
            }
            Duty::Authorise { .. }
            | Duty::ClosePayment
            | Duty::Assess { .. }
            | Duty::Capture
            | Duty::Void
            | Duty::PlanTransfer
            | Duty::Sign(_)
            | Duty::Broadcast(_)
            | Duty::PrepareRefund
            | Duty::Refund(_)
            | Duty::AssessSale
            | Duty::PreparePayout
            | Duty::PayOut => Some(now),
        };
        let reviewed = matches!(self.state, State::InReview(_));
        let step = step.map(|at| {
            if reviewed {
                at.plus_millis(REVIEW_POLL_MS)
            } else {
                at
            }
        });
        match (step, self.deadline()) {
            (Some(step), Some(deadline)) => Some(step.min(deadline.max(now))),
            (step, deadline) => step.or(deadline),
        }
    }

    /// A first delivery waits, and so do a transfer that the signer has no room for and a payout to a new card after
    /// a change of address; under review, too.
    fn held_until(&self) -> Option<Timestamp> {
        let state = if let State::InReview(review) = &self.state {
            &review.from
        } else {
            &self.state
        };
        if let State::Paid { held_until, .. } = state {
            return *held_until;
        }
        if let State::Delivering(sending) = state {
            return sending.postponed_until;
        }
        if let State::Returning(returning) = state {
            let sending = returning.sending.as_ref();
            return sending.and_then(|sending| sending.postponed_until);
        }
        if let State::PayingOut(PayingOut { called: false, .. }) = state {
            return self.payout_from();
        }
        None
    }

    fn payout_from(&self) -> Option<Timestamp> {
        self.sale.as_ref().and_then(|sale| sale.payout_from)
    }

    /// When the provider may hear of a payout that is decided now.
    pub(super) fn payout_start(&self, now: Timestamp) -> Timestamp {
        self.payout_from().map_or(now, |from| from.max(now))
    }

    fn duty_in(&self, state: &State, now: Timestamp) -> Duty {
        match state {
            State::Authorising(a) if now >= a.deadline => Duty::ClosePayment,
            State::Authorising(a) => match &a.step {
                AuthorisingStep::Asked => Duty::Authorise {
                    card_token: a.card_token.clone(),
                },
                AuthorisingStep::ThreeDs { .. } => Duty::AskPayment,
            },
            State::Authorised {
                liability_shift, ..
            } => Duty::Assess {
                liability_shift: *liability_shift,
            },
            State::Capturing { .. } => Duty::Capture,
            State::Voiding(_) => Duty::Void,
            State::Paid { held_until, .. } if held_until.is_some_and(|until| now < until) => {
                Duty::None
            }
            State::Paid { .. } => Duty::PlanTransfer,
            State::Delivering(sending) => moving(sending, now),
            State::Refunding { called: None, .. } => Duty::PrepareRefund,
            State::Refunding {
                called: Some(amount),
                ..
            } => Duty::Refund(*amount),
            State::AwaitingDeposit => {
                let sale = self.sale.as_ref();
                if sale.is_some_and(|sale| now >= sale.deposit_until) {
                    Duty::CloseWindow
                } else {
                    Duty::None
                }
            }
            State::DepositSeen { .. } | State::DepositLost { .. } => Duty::WatchDeposits,
            State::DepositConfirmed { .. } => Duty::AssessSale,
            State::PayingOut(paying) if paying.called => Duty::PayOut,
            State::PayingOut(_) if now < self.payout_start(now) => Duty::None,
            State::PayingOut(_) => Duty::PreparePayout,
            State::Returning(returning) => match &returning.sending {
                None => Duty::PlanTransfer,
                Some(sending) => moving(sending, now),
            },
            // What is frozen waits for people.
            State::InReview(_) if self.freeze.frozen.is_some() => Duty::None,
            State::InReview(review) if is_peoples(&review.from) => Duty::None,
            // A fact may still end the doubt: keep asking what the state before asked.
            State::InReview(review) => self.duty_in(&review.from, now),
            State::Created
            | State::AwaitingPayment { .. }
            | State::AwaitingTerms { .. }
            | State::AwaitingChoice { .. }
            | State::Completed { .. }
            | State::Failed { .. }
            | State::Cancelled
            | State::Expired => Duty::None,
        }
    }
}

/// People were asked: asking the policy, the signer, the chain or the provider again would answer for
/// them.
fn is_peoples(from: &State) -> bool {
    matches!(
        from,
        State::Authorised { .. }
            | State::DepositConfirmed { .. }
            | State::Paid { withheld: true, .. }
            | State::Refunding { refused: true, .. }
            | State::Refunding { withheld: true, .. }
            | State::Returning(Returning { sending: None, .. })
    )
}

fn moving(sending: &Sending, now: Timestamp) -> Duty {
    let (step, sending) = (sending.step(), Box::new(sending.clone()));
    match step {
        SendingStep::Plan(from) if now < from => Duty::None,
        SendingStep::Plan(_) => Duty::PlanTransfer,
        SendingStep::Sign => Duty::Sign(sending),
        SendingStep::Broadcast => Duty::Broadcast(sending),
        SendingStep::Watch => Duty::WatchTransfer(sending),
    }
}

//! What a state still owes the outside world, and when somebody must look at it again.

use super::{AuthorisingStep, Delivering, IN_DOUBT_SECONDS_MAX, Order, REVIEW_SECONDS_MAX, State};
use crate::time::Timestamp;

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
    Sign(Box<Delivering>),
    Broadcast(Box<Delivering>),
    WatchTransfer(Box<Delivering>),
    Refund,
}

impl Order {
    pub fn duty(&self, now: Timestamp) -> Duty {
        duty(&self.state, now)
    }

    /// Past this moment the state is left even if nobody answers. `None`: terminal, or a review that
    /// only a fact or people end.
    pub fn deadline(&self) -> Option<Timestamp> {
        match &self.state {
            State::Created | State::AwaitingPayment { .. } => Some(self.pay_until),
            State::Authorising(a) => Some(a.deadline.plus_seconds(IN_DOUBT_SECONDS_MAX)),
            State::Voiding(v) => Some(v.deadline),
            State::Delivering(d) => Some(d.deadline),
            State::Authorised { deadline, .. }
            | State::Capturing { deadline }
            | State::Paid { deadline }
            | State::Refunding { deadline } => Some(*deadline),
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
            Duty::None => None,
            Duty::AskPayment | Duty::WatchTransfer(_) => Some(now.plus_millis(POLL_MS)),
            Duty::Authorise { .. }
            | Duty::ClosePayment
            | Duty::Assess { .. }
            | Duty::Capture
            | Duty::Void
            | Duty::PlanTransfer
            | Duty::Sign(_)
            | Duty::Broadcast(_)
            | Duty::Refund => Some(now),
        };
        let step = match &self.state {
            State::InReview(_) => step.map(|at| at.plus_millis(REVIEW_POLL_MS)),
            State::Created
            | State::AwaitingPayment { .. }
            | State::Authorising(_)
            | State::Authorised { .. }
            | State::Capturing { .. }
            | State::Voiding(_)
            | State::Paid { .. }
            | State::Delivering(_)
            | State::Refunding { .. }
            | State::Completed { .. }
            | State::Failed { .. }
            | State::Cancelled
            | State::Expired => step,
        };
        match (step, self.deadline()) {
            (Some(step), Some(deadline)) => Some(step.min(deadline.max(now))),
            (step, deadline) => step.or(deadline),
        }
    }
}

fn duty(state: &State, now: Timestamp) -> Duty {
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
        State::Paid { .. } => Duty::PlanTransfer,
        State::Delivering(d) if d.signed.is_none() => Duty::Sign(Box::new(d.clone())),
        State::Delivering(d) if !d.broadcast => Duty::Broadcast(Box::new(d.clone())),
        State::Delivering(d) => Duty::WatchTransfer(Box::new(d.clone())),
        State::Refunding { .. } => Duty::Refund,
        // A fact may still end the doubt: keep asking what the state before asked.
        // People were asked about the risk; asking the policy again would answer for them.
        State::InReview(review) if matches!(review.from, State::Authorised { .. }) => Duty::None,
        // A fact may still end the doubt: keep asking what the state before asked.
        State::InReview(review) => duty(&review.from, now),
        State::Created
        | State::AwaitingPayment { .. }
        | State::Completed { .. }
        | State::Failed { .. }
        | State::Cancelled
        | State::Expired => Duty::None,
    }
}

//! What happens to an order's payment outside of its happy path: disputes, refunds beyond the order,
//! money that was taken after the end. They are facts of a claim ([`crate::claim`]), and never
//! change the public status of an order that has ended.

use super::{Draft, Step, payment::DISPUTED};
use crate::{
    ledger,
    money::{Money, MoneyError},
    order::{FailReason, State},
};

/// What a claim does to its order, in the same database transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TakingsFact {
    /// Taken after the order's end; it is given back.
    TakenLate(Money),
    RefundPromised(Money),
    RefundDropped(Money),
    PaidByDispute(Money),
    /// Of the order's so-manieth payment.
    Disputed(Money, u32),
    DisputeWon(Money),
    DisputeLost(Money, u32),
}

impl Draft {
    pub(super) fn takings(&mut self, fact: TakingsFact) -> Step {
        let takings = &mut self.order.takings;
        match fact {
            TakingsFact::TakenLate(money) => {
                takings.capture(money.minor())?;
                takings.refund(money.minor())?;
            }
            TakingsFact::RefundPromised(money) => takings.refund_promise(money.minor())?,
            TakingsFact::RefundDropped(money) => takings.refund_drop(money.minor())?,
            TakingsFact::PaidByDispute(money) => takings.paid_by_dispute(money.minor())?,
            TakingsFact::Disputed(money, attempt) => {
                takings.dispute(money.minor())?;
                if attempt == self.order.attempt {
                    self.withhold();
                }
            }
            // Two people let it go on: much may have changed meanwhile.
            TakingsFact::DisputeWon(money) => takings.dispute_won(money.minor())?,
            TakingsFact::DisputeLost(money, attempt) => return self.dispute_lost(money, attempt),
        }
        Ok(())
    }

    /// Stops what has not gone out yet.
    fn withhold(&mut self) {
        let stopped = if let State::Paid { withheld, .. } = &mut self.order.state {
            *withheld = true;
            true
        } else if let State::Refunding {
            withheld,
            called: None,
            ..
        } = &mut self.order.state
        {
            *withheld = true;
            true
        } else {
            if let State::Delivering(sending) = &mut self.order.state {
                sending.withdrawn = sending.signed.is_none();
            }
            false
        };
        if stopped {
            self.review(DISPUTED.into());
        }
    }

    /// Where nothing was delivered the dispute has paid the customer; else it is our loss.
    fn dispute_lost(&mut self, money: Money, attempt: u32) -> Step {
        let waits = attempt == self.order.attempt
            && matches!(
                self.order.state,
                State::Paid { .. }
                    | State::Refunding { called: None, .. }
                    | State::Refunding { refused: true, .. }
            );
        self.order.takings.dispute_lost(money.minor(), waits)?;
        let owed_by = waits.then_some(self.order.id);
        let entry = ledger::dispute_lost(&self.order.provider, money, owed_by)?;
        self.entries.push(entry);
        if waits {
            return self.start_refund();
        }
        Ok(())
    }

    /// The customer has all of it back, the last part of it now. What a dispute took while it was
    /// booked as our loss is not owed any more.
    pub(super) fn taken_back(&mut self, now: Money) -> Step {
        let total = self.price()?.total;
        let paid = self.order.takings.lost_owed().checked_add(now.minor());
        let rest = paid.and_then(|paid| total.minor().checked_sub(paid));
        let rest = Money::new(total.fiat(), rest.ok_or(MoneyError::Negative)?);
        if rest.minor() > 0 {
            self.entries.push(ledger::forfeit(self.order.id, rest)?);
        }
        self.release()?;
        self.fail(FailReason::Refunded);
        Ok(())
    }
}

//! What the operator's list does to a sell: nothing goes out, neither money nor crypto, before two
//! people have looked. A buy is refused before its money is taken ([`crate::risk`]).

use super::{Draft, Refusal, Step};
use crate::{
    ledger,
    money::Amount,
    order::{Returning, State},
    screening::{LISTED, Screening},
};
use serde_json::json;

impl Draft {
    pub(super) fn screened(&mut self, screening: &Screening) -> Step {
        let amount = self.freezable().ok_or(Refusal::WrongState)?;
        if self.order.freeze.frozen.is_some() || !screening.is_hit(self.order.freeze.cleared) {
            return Err(Refusal::WrongState);
        }
        self.order.freeze.frozen = Some(screening.list_version);
        self.entries.push(ledger::freeze(self.order.id, amount)?);
        let body = json!({ "reason": LISTED, "screening": screening });
        self.review_told(LISTED.into(), body);
        Ok(())
    }

    /// What is owed and about to go out.
    fn freezable(&self) -> Option<Amount> {
        if let State::Returning(Returning {
            sending: None,
            amount,
            ..
        }) = &self.order.state
        {
            return Some(*amount);
        }
        let waits = matches!(self.order.state, State::DepositConfirmed { .. })
            || matches!(&self.order.state, State::PayingOut(paying) if !paying.called);
        waits.then_some(self.order.amount)
    }

    /// Two people let it go on.
    pub(super) fn thaw(&mut self, from: &State) -> Step {
        if self.order.freeze.frozen.is_none() {
            return Ok(());
        }
        let amount = if let State::Returning(returning) = from {
            returning.amount
        } else {
            self.order.amount
        };
        self.order.freeze.clear();
        self.entries.push(ledger::thaw(self.order.id, amount)?);
        Ok(())
    }
}

//! What the signer's and the chain's answers do to an order.

use super::{Draft, Refusal, Step};
use crate::{
    deposit::Returned,
    id::IntentId,
    ledger,
    money::{Amount, MoneyError},
    order::{DELIVERING_SECONDS_MAX, EventKind, FailReason, Returning, State},
    transfer::{Proof, Sending, Signed, TransferFact, Unfit, UnsignedTransfer},
};
use serde_json::json;

impl From<Unfit> for Refusal {
    fn from(_: Unfit) -> Self {
        Self::WrongState
    }
}

impl Draft {
    pub(super) fn transfer(&mut self, fact: TransferFact) -> Step {
        match fact {
            TransferFact::Planned { intent, transfer } => self.planned(intent, transfer),
            TransferFact::Signed { signed } => self.signed(signed),
            TransferFact::Postponed { intent, until } => {
                Ok(self.sending()?.postpone(intent, until)?)
            }
            TransferFact::Broadcast => self.broadcast(),
            TransferFact::Low { since } => Ok(self.sending()?.low(since)?),
            TransferFact::Enough => Ok(self.sending()?.enough()?),
            TransferFact::Raised { transfer } => Ok(self.sending()?.raise(transfer)?),
            TransferFact::Replaced { signed } => self.replaced(signed),
            TransferFact::Kept { since } => Ok(self.sending()?.keep(since)?),
            TransferFact::Other { hash } => Ok(self.sending()?.other(&hash)?),
            TransferFact::Seen { confirmations } => Ok(self.sending()?.seen(confirmations)?),
            TransferFact::Final { confirmations, fee } => self.transfer_final(confirmations, fee),
            TransferFact::Dead { proof } => self.dead(&proof),
        }
    }

    fn planned(&mut self, intent: IntentId, transfer: UnsignedTransfer) -> Step {
        let again = self.sending().is_ok();
        let delivers = if let State::Paid {
            withheld: false, ..
        } = self.order.state
        {
            true
        } else if again || matches!(self.order.state, State::Returning(_)) {
            false
        } else {
            return Err(Refusal::WrongState);
        };
        let (recipient, amount) = self.order.outgoing().ok_or(Refusal::WrongState)?;
        let agrees = transfer.recipient == recipient
            && transfer.amount == amount
            && transfer.fee.asset() == amount.asset().network().native();
        if !agrees {
            return Err(Refusal::Money(MoneyError::Mismatch));
        }
        if again {
            return Ok(self.sending()?.plan_again(intent, transfer)?);
        }
        let deadline = self.in_seconds(DELIVERING_SECONDS_MAX);
        let sending = Sending::new(intent, transfer, deadline);
        if delivers {
            self.order.state = State::Delivering(sending);
        } else if let State::Returning(returning) = &mut self.order.state {
            returning.deadline = sending.deadline;
            returning.sending = Some(sending);
            // The coins of a delivery were promised when its payment began.
            self.entries.push(ledger::reserve(amount)?);
        }
        Ok(())
    }

    fn sending(&mut self) -> Result<&mut Sending, Refusal> {
        let state = &mut self.order.state;
        let sending = if matches!(state, State::Delivering(_)) {
            let State::Delivering(sending) = state else {
                return Err(Refusal::WrongState);
            };
            Some(sending)
        } else {
            let State::Returning(returning) = state else {
                return Err(Refusal::WrongState);
            };
            returning.sending.as_mut()
        };
        sending.ok_or(Refusal::WrongState)
    }

    fn signed(&mut self, signed: Signed) -> Step {
        let body = json!({ "hash": signed.hash });
        let sending = self.sending()?;
        sending.sign(signed)?;
        let entry = ledger::send(sending.transfer.amount, sending.transfer.fee)?;
        self.entries.push(entry);
        self.event(EventKind::TransferSigned, body);
        Ok(())
    }

    fn replaced(&mut self, signed: Signed) -> Step {
        let body = json!({ "hash": signed.hash });
        let sending = self.sending()?;
        let more = sending.replace(signed)?;
        let nothing = Amount::new(sending.transfer.amount.asset(), 0);
        self.entries.push(ledger::send(nothing, more)?);
        self.event(EventKind::TransferSigned, body);
        Ok(())
    }

    fn broadcast(&mut self) -> Step {
        let hash = self.sending()?.broadcast()?;
        self.event(EventKind::TransferBroadcast, json!({ "hash": hash }));
        Ok(())
    }

    fn transfer_final(&mut self, confirmations: u64, fee: Amount) -> Step {
        let sending = self.sending()?.clone();
        let (planned, hash) = (sending.transfer.fee, sending.hash()?);
        let (order, partner) = (self.order.id, self.order.partner);
        let delivers = matches!(self.order.state, State::Delivering(_));
        let entry = if delivers {
            let price = self.price()?;
            ledger::deliver(order, partner, &price, planned, fee)?
        } else {
            ledger::give_back(order, sending.transfer.amount, planned, fee)?
        };
        self.entries.push(entry.noted(hash.clone()));
        let body = json!({ "hash": hash, "confirmations": confirmations });
        self.event(EventKind::TransferConfirmed, body);
        if delivers {
            self.event(EventKind::OrderCompleted, json!({ "hash": hash }));
            self.order.state = State::Completed { hash: Some(hash) };
        } else {
            let amount = sending.transfer.amount;
            let State::Returning(Returning { why, .. }) = self.order.state else {
                return Err(Refusal::WrongState);
            };
            self.sale()?.returned = Some(Returned { why, amount, hash });
            self.fail(FailReason::Returned);
        }
        Ok(())
    }

    /// The only way from a delivery to a refund, and it asks for the proof. A return has nowhere to
    /// turn to: people look.
    fn dead(&mut self, proof: &Proof) -> Step {
        let sending = self.sending()?.clone();
        if !sending.is_dead(proof) {
            return Err(Refusal::WrongState);
        }
        let (amount, fee) = (sending.transfer.amount, sending.transfer.fee);
        if sending.signed.is_some() {
            self.entries
                .push(ledger::take_back(amount, fee, proof.fee_paid(fee))?);
        }
        if let State::Returning(returning) = &mut self.order.state {
            returning.sending = None;
            returning.attempt = returning.attempt.saturating_add(1);
            self.entries.push(ledger::release(amount)?);
            self.review("the return cannot be made".into());
            return Ok(());
        }
        self.start_refund()
    }
}

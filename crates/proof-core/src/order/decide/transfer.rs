//! What the signer's and the chain's answers do to an order.

use super::{Draft, Proof, Refusal, Step};
use crate::{
    deposit::Returned,
    id::IntentId,
    ledger,
    money::{Amount, MoneyError},
    order::{
        DELIVERING_SECONDS_MAX, EventKind, FailReason, REFUNDING_SECONDS_MAX, Returning, Sending,
        State,
    },
    transfer::{Signed, UnsignedTransfer},
};
use serde_json::json;

impl Draft {
    pub(super) fn planned(&mut self, intent: IntentId, transfer: UnsignedTransfer) -> Step {
        let delivers = if let State::Paid { .. } = self.order.state {
            true
        } else if let State::Returning(Returning { sending: None, .. }) = self.order.state {
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
        let sending = Sending {
            intent,
            transfer,
            signed: None,
            broadcast: false,
            confirmations: 0,
            deadline: self.in_seconds(DELIVERING_SECONDS_MAX),
        };
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

    pub(super) fn signed(&mut self, signed: Signed) -> Step {
        let sending = self.sending()?;
        if sending.signed.is_some() {
            return Err(Refusal::WrongState);
        }
        let body = json!({ "hash": signed.hash });
        sending.signed = Some(signed);
        let entry = ledger::send(sending.transfer.amount, sending.transfer.fee)?;
        self.entries.push(entry);
        self.event(EventKind::TransferSigned, body);
        Ok(())
    }

    pub(super) fn broadcast(&mut self) -> Step {
        let sending = self.sending()?;
        let hash = match &sending.signed {
            Some(signed) if !sending.broadcast => signed.hash.clone(),
            Some(_) | None => return Err(Refusal::WrongState),
        };
        sending.broadcast = true;
        self.event(EventKind::TransferBroadcast, json!({ "hash": hash }));
        Ok(())
    }

    pub(super) fn seen(&mut self, confirmations: u64) -> Step {
        let sending = self.sending()?;
        if sending.signed.is_none() || sending.confirmations == confirmations {
            return Err(Refusal::WrongState);
        }
        sending.confirmations = confirmations;
        Ok(())
    }

    pub(super) fn transfer_final(&mut self, confirmations: u64, fee: Amount) -> Step {
        let sending = self.sending()?.clone();
        let planned = sending.transfer.fee;
        let Some(Signed { hash, .. }) = sending.signed else {
            return Err(Refusal::WrongState);
        };
        let (order, partner) = (self.order.id, self.order.partner);
        let delivers = matches!(self.order.state, State::Delivering(_));
        let entry = if delivers {
            let price = self.price()?;
            ledger::deliver(order, partner, &price, planned, fee)?
        } else {
            ledger::give_back(order, sending.transfer.amount, planned, fee)?
        };
        self.entries.push(entry);
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
    pub(super) fn dead(&mut self, proof: &Proof) -> Step {
        let sending = self.sending()?.clone();
        let proven = match (proof, &sending.signed) {
            (Proof::NeverSigned { intent }, None) => *intent == sending.intent,
            (Proof::RefusedByChain { hash }, Some(signed)) => *hash == signed.hash,
            (Proof::NeverSigned { .. }, Some(_)) | (Proof::RefusedByChain { .. }, None) => false,
        };
        if !proven {
            return Err(Refusal::WrongState);
        }
        let (amount, fee) = (sending.transfer.amount, sending.transfer.fee);
        if sending.signed.is_some() {
            self.entries.push(ledger::take_back(amount, fee)?);
        }
        if let State::Returning(returning) = &mut self.order.state {
            returning.sending = None;
            self.entries.push(ledger::release(amount)?);
            self.review("the return cannot be made".into());
            return Ok(());
        }
        let total = self.price()?.total;
        self.event(
            EventKind::RefundStarted,
            json!({ "total": total.to_decimal() }),
        );
        self.order.state = State::Refunding {
            deadline: self.in_seconds(REFUNDING_SECONDS_MAX),
        };
        Ok(())
    }
}

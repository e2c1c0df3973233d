//! What the signer's and the chain's answers do to an order.

use super::{Draft, Proof, Refusal, Step};
use crate::{
    id::IntentId,
    ledger,
    money::{Amount, MoneyError},
    order::{DELIVERING_SECONDS_MAX, Delivering, EventKind, REFUNDING_SECONDS_MAX, State},
    transfer::{Signed, UnsignedTransfer},
};
use serde_json::json;

impl Draft {
    pub(super) fn planned(&mut self, intent: IntentId, transfer: UnsignedTransfer) -> Step {
        let State::Paid { .. } = self.order.state else {
            return Err(Refusal::WrongState);
        };
        let agrees = transfer.recipient == self.order.destination
            && transfer.amount == self.order.amount
            && transfer.fee.asset() == self.order.amount.asset().network().native();
        if !agrees {
            return Err(Refusal::Money(MoneyError::Mismatch));
        }
        self.order.state = State::Delivering(Delivering {
            intent,
            transfer,
            signed: None,
            broadcast: false,
            confirmations: 0,
            deadline: self.in_seconds(DELIVERING_SECONDS_MAX),
        });
        Ok(())
    }

    pub(super) fn delivering(&mut self) -> Result<&mut Delivering, Refusal> {
        let State::Delivering(delivering) = &mut self.order.state else {
            return Err(Refusal::WrongState);
        };
        Ok(delivering)
    }

    pub(super) fn signed(&mut self, signed: Signed) -> Step {
        let delivering = self.delivering()?;
        if delivering.signed.is_some() {
            return Err(Refusal::WrongState);
        }
        let body = json!({ "hash": signed.hash });
        delivering.signed = Some(signed);
        let entry = ledger::send(delivering.transfer.amount, delivering.transfer.fee)?;
        self.entries.push(entry);
        self.event(EventKind::TransferSigned, body);
        Ok(())
    }

    pub(super) fn broadcast(&mut self) -> Step {
        let delivering = self.delivering()?;
        let hash = match &delivering.signed {
            Some(signed) if !delivering.broadcast => signed.hash.clone(),
            Some(_) | None => return Err(Refusal::WrongState),
        };
        delivering.broadcast = true;
        self.event(EventKind::TransferBroadcast, json!({ "hash": hash }));
        Ok(())
    }

    pub(super) fn seen(&mut self, confirmations: u64) -> Step {
        let delivering = self.delivering()?;
        if delivering.signed.is_none() || delivering.confirmations == confirmations {
            return Err(Refusal::WrongState);
        }
        delivering.confirmations = confirmations;
        Ok(())
    }

    pub(super) fn transfer_final(&mut self, confirmations: u64, fee: Amount) -> Step {
        let delivering = self.delivering()?;
        let planned = delivering.transfer.fee;
        let Some(Signed { hash, .. }) = delivering.signed.clone() else {
            return Err(Refusal::WrongState);
        };
        let price = self.price()?;
        let (order, partner) = (self.order.id, self.order.partner);
        self.entries
            .push(ledger::deliver(order, partner, &price, planned, fee)?);
        let body = json!({ "hash": hash, "confirmations": confirmations });
        self.event(EventKind::TransferConfirmed, body);
        self.event(EventKind::OrderCompleted, json!({ "hash": hash }));
        self.order.state = State::Completed { hash };
        Ok(())
    }

    /// The only way from a delivery to a refund, and it asks for the proof.
    pub(super) fn dead(&mut self, proof: &Proof) -> Step {
        let delivering = self.delivering()?.clone();
        let proven = match (proof, &delivering.signed) {
            (Proof::NeverSigned { intent }, None) => *intent == delivering.intent,
            (Proof::RefusedByChain { hash }, Some(signed)) => *hash == signed.hash,
            (Proof::NeverSigned { .. }, Some(_)) | (Proof::RefusedByChain { .. }, None) => false,
        };
        if !proven {
            return Err(Refusal::WrongState);
        }
        if delivering.signed.is_some() {
            let (amount, fee) = (delivering.transfer.amount, delivering.transfer.fee);
            self.entries.push(ledger::take_back(amount, fee)?);
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

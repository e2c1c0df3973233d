//! A case's crypto on its way back.

use super::{CaseRefusal, CaseState, Draft, Settlement, Step, executing};
use crate::{
    id::IntentId,
    ledger,
    money::{Amount, MoneyError},
    order::RETURNING_SECONDS_MAX,
    transfer::{Proof, Sending, Signed, TransferFact, UnsignedTransfer},
};

impl Draft {
    pub(super) fn transfer(&mut self, fact: TransferFact) -> Step {
        match fact {
            TransferFact::Planned { intent, transfer } => self.planned(intent, transfer),
            TransferFact::Signed { signed } => self.signed(signed),
            TransferFact::Postponed { intent, until } => {
                Ok(self.sending()?.postpone(intent, until)?)
            }
            TransferFact::Broadcast => self.sending()?.broadcast().map(drop).map_err(Into::into),
            TransferFact::Low { since } => Ok(self.sending()?.low(since)?),
            TransferFact::Enough => Ok(self.sending()?.enough()?),
            TransferFact::Raised { transfer } => Ok(self.sending()?.raise(transfer)?),
            TransferFact::Replaced { signed } => self.replaced(signed),
            TransferFact::Kept { since } => Ok(self.sending()?.keep(since)?),
            TransferFact::Other { hash } => Ok(self.sending()?.other(&hash)?),
            TransferFact::Seen { confirmations } => Ok(self.sending()?.seen(confirmations)?),
            TransferFact::Final { fee, .. } => self.transfer_final(fee),
            TransferFact::Dead { proof } => self.dead(&proof),
        }
    }

    fn planned(&mut self, intent: IntentId, transfer: UnsignedTransfer) -> Step {
        let CaseState::Executing { sending, .. } = &self.case.state else {
            return Err(CaseRefusal::WrongState);
        };
        let again = sending.is_some();
        let agrees = transfer.recipient == self.case.refund
            && transfer.amount == self.case.amount
            && transfer.fee.asset() == self.case.amount.asset().network().native();
        if !agrees {
            return Err(CaseRefusal::Money(MoneyError::Mismatch));
        }
        if again {
            return Ok(self.sending()?.plan_again(intent, transfer)?);
        }
        self.entries.push(ledger::reserve(self.case.amount)?);
        let deadline = self.now.plus_seconds(RETURNING_SECONDS_MAX);
        let attempt = self.case.state.attempt();
        self.case.state = CaseState::Executing {
            sending: Some(Box::new(Sending::new(intent, transfer, deadline))),
            attempt,
            deadline,
        };
        Ok(())
    }

    fn sending(&mut self) -> Result<&mut Sending, CaseRefusal> {
        let CaseState::Executing { sending, .. } = &mut self.case.state else {
            return Err(CaseRefusal::WrongState);
        };
        sending.as_deref_mut().ok_or(CaseRefusal::WrongState)
    }

    fn signed(&mut self, signed: Signed) -> Step {
        let sending = self.sending()?;
        sending.sign(signed)?;
        let entry = ledger::send(sending.transfer.amount, sending.transfer.fee)?;
        self.entries.push(entry);
        Ok(())
    }

    fn replaced(&mut self, signed: Signed) -> Step {
        let sending = self.sending()?;
        let more = sending.replace(signed)?;
        let nothing = Amount::new(sending.transfer.amount.asset(), 0);
        self.entries.push(ledger::send(nothing, more)?);
        Ok(())
    }

    fn transfer_final(&mut self, fee: Amount) -> Step {
        let sending = self.sending()?.clone();
        let (hash, planned) = (sending.hash()?, sending.transfer.fee);
        let (order, amount) = (self.case.order, self.case.amount);
        let entry = ledger::give_back(order, amount, planned, fee)?;
        self.entries.push(entry.noted(hash.clone()));
        self.settle(Settlement::Returned { hash });
        Ok(())
    }

    fn dead(&mut self, proof: &Proof) -> Step {
        let sending = self.sending()?.clone();
        if !sending.is_dead(proof) {
            return Err(CaseRefusal::WrongState);
        }
        let (amount, fee) = (sending.transfer.amount, sending.transfer.fee);
        if sending.signed.is_some() {
            self.entries
                .push(ledger::take_back(amount, fee, proof.fee_paid(fee))?);
        }
        self.entries.push(ledger::release(amount)?);
        let attempt = self.case.state.attempt().saturating_add(1);
        self.case.state = executing(self.now, attempt);
        self.review("the return cannot be made");
        Ok(())
    }
}

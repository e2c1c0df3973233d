//! What a hot wallet has too much, on its way to an address whose key is not on any machine of ours. It is a transfer of
//! ours like any other, and belongs to no order.

use crate::{
    address::Address,
    asset::Asset,
    id::{IntentId, OrderId},
    ledger::{self, Entry},
    money::{Amount, MoneyError},
    partner::Environment,
    time::Timestamp,
    transfer::{Proof, Sending, Signed, TransferFact, Unfit, UnsignedTransfer},
};
use serde::{Deserialize, Serialize};

/// Nobody's order waits for it; whoever looks after the wallets hears of it before.
const SECONDS_MAX: i64 = 24 * 3_600;

/// How much of a coin is kept at hand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Band {
    /// More than that, and what is above `target` is moved.
    pub ceiling: Amount,
    pub target: Amount,
}

impl Band {
    /// What there is too much; `None`: nothing.
    pub fn excess(&self, free: Amount) -> Option<Amount> {
        let is_above = free.base() > self.ceiling.base();
        let left = free.base().checked_sub(self.target.base());
        let left = left.filter(|left| is_above && *left > 0)?;
        Some(Amount::new(free.asset(), left))
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ColdMove {
    /// The signer knows it by this, as it knows orders by theirs.
    pub id: OrderId,
    pub environment: Environment,
    /// Moves of the same coin, from 1 on; it names the transfer.
    pub number: u32,
    pub amount: Amount,
    /// The address that the signer was configured with.
    pub cold: Address,
    pub out: Option<Box<Sending>>,
    pub state: ColdState,
    /// Why the signer did not sign when it was asked last, or what the chain said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    pub begun_at: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColdState {
    Moving,
    Moved,
    /// Signer or chain refused. Another one is begun when somebody asks for it.
    Refused,
}

impl ColdState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Moving => "moving",
            Self::Moved => "moved",
            Self::Refused => "refused",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ColdRefusal {
    /// It was known already, or is about something else.
    #[error("it is no news to this move")]
    Unfit,
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl From<Unfit> for ColdRefusal {
    fn from(_: Unfit) -> Self {
        Self::Unfit
    }
}

impl ColdMove {
    pub const fn asset(&self) -> Asset {
        self.amount.asset()
    }

    pub const fn is_open(&self) -> bool {
        matches!(self.state, ColdState::Moving)
    }

    /// What its beginning does to the books: nobody else is promised these coins.
    pub fn begun(&self) -> Result<Entry, MoneyError> {
        ledger::reserve(self.amount)
    }

    /// Whether one of its signatures has this hash.
    pub fn knows(&self, hash: &str) -> bool {
        let sending = self.out.iter();
        let mut signed = sending.flat_map(|sending| sending.signed.iter().chain(&sending.others));
        signed.any(|signed| signed.hash == hash)
    }

    /// What the news makes of it, and what that does to the books.
    pub fn decide(
        &self,
        fact: TransferFact,
        now: Timestamp,
    ) -> Result<(Self, Vec<Entry>), ColdRefusal> {
        if !self.is_open() {
            return Err(ColdRefusal::Unfit);
        }
        let mut next = self.clone();
        let mut entries = Vec::new();
        match fact {
            TransferFact::Planned { intent, transfer } => next.planned(intent, transfer, now)?,
            TransferFact::Signed { signed } => entries.push(next.signed(signed)?),
            TransferFact::Postponed { intent, until } => next.sending()?.postpone(intent, until)?,
            TransferFact::Broadcast => drop(next.sending()?.broadcast()?),
            TransferFact::Low { since } => next.sending()?.low(since)?,
            TransferFact::Enough => next.sending()?.enough()?,
            TransferFact::Raised { transfer } => next.sending()?.raise(transfer)?,
            TransferFact::Replaced { signed } => {
                let more = next.sending()?.replace(signed)?;
                entries.push(ledger::send(Amount::new(self.asset(), 0), more)?);
            }
            TransferFact::Kept { since } => next.sending()?.keep(since)?,
            TransferFact::Other { hash } => next.sending()?.other(&hash)?,
            TransferFact::Seen { confirmations } => next.sending()?.seen(confirmations)?,
            TransferFact::Final { fee, confirmations } => {
                next.sending()?.confirmations = confirmations;
                entries.push(next.done(fee)?);
            }
            TransferFact::Dead { proof } => entries = next.dead(&proof)?,
        }
        Ok((next, entries))
    }

    fn sending(&mut self) -> Result<&mut Sending, ColdRefusal> {
        self.out.as_deref_mut().ok_or(ColdRefusal::Unfit)
    }

    fn planned(
        &mut self,
        intent: IntentId,
        transfer: UnsignedTransfer,
        now: Timestamp,
    ) -> Result<(), ColdRefusal> {
        if transfer.recipient != self.cold || transfer.amount != self.amount {
            return Err(ColdRefusal::Money(MoneyError::Mismatch));
        }
        if let Ok(sending) = self.sending() {
            return Ok(sending.plan_again(intent, transfer)?);
        }
        let deadline = now.plus_seconds(SECONDS_MAX);
        self.out = Some(Box::new(Sending::new(intent, transfer, deadline)));
        Ok(())
    }

    fn signed(&mut self, signed: Signed) -> Result<Entry, ColdRefusal> {
        let hash = signed.hash.clone();
        let sending = self.sending()?;
        sending.sign(signed)?;
        let (amount, fee) = (sending.transfer.amount, sending.transfer.fee);
        self.why = None;
        Ok(ledger::send(amount, fee)?.noted(hash))
    }

    fn done(&mut self, paid: Amount) -> Result<Entry, ColdRefusal> {
        let sending = self.sending()?;
        let (hash, planned) = (sending.hash()?, sending.transfer.fee);
        self.state = ColdState::Moved;
        Ok(ledger::cold_out(self.amount, planned, paid)?.noted(hash))
    }

    /// The coins are free again, and stay where they are.
    fn dead(&mut self, proof: &Proof) -> Result<Vec<Entry>, ColdRefusal> {
        let sending = self.sending()?;
        if !sending.is_dead(proof) {
            return Err(ColdRefusal::Unfit);
        }
        let (amount, fee) = (sending.transfer.amount, sending.transfer.fee);
        let mut entries = Vec::new();
        if sending.signed.is_some() {
            entries.push(ledger::take_back(amount, fee, proof.fee_paid(fee))?);
        }
        entries.push(ledger::release(amount)?);
        match proof {
            Proof::NeverSigned { .. } => {}
            Proof::RefusedByChain { hash, .. } => {
                self.why = Some(format!("the network refused {hash}"));
            }
            Proof::Expired { hash } => self.why = Some(format!("no block took {hash} in time")),
        }
        self.state = ColdState::Refused;
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{network::Network, transfer::UnsignedFrom};
    use std::collections::BTreeMap;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::FIRST;

    fn address(text: &str) -> Address {
        Address::parse(Network::Erc20, text).unwrap()
    }

    fn native(base: u128) -> Amount {
        Amount::new(Network::Erc20.native(), base)
    }

    fn usdt(base: u128) -> Amount {
        Amount::new(Asset::find("USDT", Network::Erc20).unwrap(), base)
    }

    fn intent() -> IntentId {
        IntentId::from_uuid(Uuid::from_u128(3))
    }

    fn begun(amount: Amount) -> ColdMove {
        ColdMove {
            id: OrderId::from_uuid(Uuid::from_u128(1)),
            environment: Environment::Test,
            number: 1,
            amount,
            cold: address("0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"),
            out: None,
            state: ColdState::Moving,
            why: None,
            begun_at: NOW,
        }
    }

    fn transfer(of: &ColdMove, fee: u128) -> UnsignedTransfer {
        UnsignedTransfer {
            sender: address("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"),
            recipient: of.cold.clone(),
            amount: of.amount,
            from: UnsignedFrom::Nonce(0),
            fee: native(fee),
            form: None,
        }
    }

    fn planned(of: &ColdMove, fee: u128) -> TransferFact {
        TransferFact::Planned {
            intent: intent(),
            transfer: transfer(of, fee),
        }
    }

    fn signature(hash: &str) -> Signed {
        Signed {
            hash: hash.to_owned(),
            signed_hex: String::new(),
        }
    }

    fn signed(hash: &str) -> TransferFact {
        TransferFact::Signed {
            signed: signature(hash),
        }
    }

    fn ended(fee: u128) -> TransferFact {
        TransferFact::Final {
            confirmations: 9,
            fee: native(fee),
        }
    }

    fn book(books: &mut BTreeMap<String, i128>, entry: &Entry) {
        for posting in entry.postings() {
            *books.entry(posting.key()).or_default() += posting.amount;
        }
        books.retain(|_, sum| *sum != 0);
    }

    fn told(books: &mut BTreeMap<String, i128>, one: &mut ColdMove, fact: TransferFact) {
        let (next, entries) = one.decide(fact, NOW).unwrap();
        *one = next;
        entries.iter().for_each(|entry| book(books, entry));
    }

    fn of(books: &BTreeMap<String, i128>) -> Vec<(&str, i128)> {
        books
            .iter()
            .map(|(key, sum)| (key.as_str(), *sum))
            .collect()
    }

    #[test]
    fn only_what_is_above_the_ceiling_goes_and_then_down_to_the_target() {
        let band = Band {
            ceiling: usdt(100),
            target: usdt(40),
        };
        assert_eq!(band.excess(usdt(100)), None);
        assert_eq!(band.excess(usdt(101)), Some(usdt(61)));
        assert_eq!(band.excess(usdt(0)), None);
    }

    #[test]
    fn coins_are_promised_sent_and_cold_and_a_higher_fee_is_in_the_books() {
        let mut one = begun(usdt(60));
        let mut books = BTreeMap::new();
        book(&mut books, &one.begun().unwrap());
        assert_eq!(
            of(&books),
            [("reserved:USDT/ERC20", 60), ("wallet:USDT/ERC20", -60)]
        );
        let mut elsewhere = transfer(&one, 7);
        elsewhere.recipient = elsewhere.sender.clone();
        let elsewhere = TransferFact::Planned {
            intent: intent(),
            transfer: elsewhere,
        };
        assert!(one.decide(elsewhere, NOW).is_err(), "not the cold address");
        let plan = planned(&one, 7);
        told(&mut books, &mut one, plan.clone());
        assert_eq!(one.decide(plan, NOW), Err(ColdRefusal::Unfit), "twice");
        told(&mut books, &mut one, signed("a"));
        told(&mut books, &mut one, TransferFact::Broadcast);
        assert_eq!(books["in_transit:USDT/ERC20"], 60);
        let higher = transfer(&one, 10);
        told(
            &mut books,
            &mut one,
            TransferFact::Raised { transfer: higher },
        );
        let signed = signature("b");
        told(&mut books, &mut one, TransferFact::Replaced { signed });
        assert!(one.knows("a") && one.knows("b") && !one.knows("c"));
        told(&mut books, &mut one, ended(8));
        assert_eq!(one.state.name(), "moved");
        assert_eq!(one.out.as_ref().unwrap().confirmations, 9);
        let expected = [
            ("cold:USDT/ERC20", 60),
            ("gas:ETH/ERC20", 8),
            ("wallet:ETH/ERC20", -8),
            ("wallet:USDT/ERC20", -60),
        ];
        assert_eq!(of(&books), expected);
        assert_eq!(one.decide(ended(8), NOW), Err(ColdRefusal::Unfit));
        book(&mut books, &ledger::cold_back(usdt(60)).unwrap());
        assert_eq!(of(&books), [("gas:ETH/ERC20", 8), ("wallet:ETH/ERC20", -8)]);
    }

    #[test]
    fn what_is_refused_is_free_again_and_says_why() {
        let mut one = begun(native(60));
        let mut books = BTreeMap::new();
        book(&mut books, &one.begun().unwrap());
        let plan = planned(&one, 7);
        told(&mut books, &mut one, plan.clone());
        let until = NOW.plus_seconds(1);
        let later = TransferFact::Postponed {
            intent: intent(),
            until,
        };
        told(&mut books, &mut one, later);
        told(&mut books, &mut one, plan.clone());
        let mut refused = one.clone();
        let proof = Proof::NeverSigned { intent: intent() };
        let dead = TransferFact::Dead { proof };
        told(&mut books, &mut refused, dead.clone());
        assert_eq!((refused.state, of(&books).len()), (ColdState::Refused, 0));
        book(&mut books, &one.begun().unwrap());
        told(&mut books, &mut one, signed("a"));
        assert_eq!(
            one.decide(dead, NOW),
            Err(ColdRefusal::Unfit),
            "it was signed"
        );
        let proof = Proof::RefusedByChain {
            hash: "a".to_owned(),
            fee: native(3),
        };
        told(&mut books, &mut one, TransferFact::Dead { proof });
        assert_eq!(one.why.as_deref(), Some("the network refused a"));
        assert_eq!(of(&books), [("gas:ETH/ERC20", 3), ("wallet:ETH/ERC20", -3)]);
    }
}

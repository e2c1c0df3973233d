//! Emptying a deposit address into the hot wallet: for a token first a little of the native coin to the address, once
//! and final, then everything from there. Each is a transfer of ours like any other. On Bitcoin one transfer empties
//! many addresses ([`Batch`]).

mod batch;

pub use batch::{Batch, Part, fee_shares};

use crate::{
    address::Address,
    asset::Asset,
    id::{IntentId, OrderId, SweepId},
    ledger::{self, Entry},
    money::{Amount, Bps, MoneyError, Rounding},
    partner::Environment,
    time::Timestamp,
    transfer::{Proof, Sending, Signed, TransferFact, Unfit, UnsignedTransfer},
};
use serde::{Deserialize, Serialize};

/// Fees decide when a sweep is made, not people: nobody is called before this.
const SECONDS_MAX: i64 = 24 * 3_600;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sweep {
    pub id: SweepId,
    pub environment: Environment,
    /// Whose deposit address it is.
    pub order: OrderId,
    /// Sweeps of the same coin of the same address, from 1 on; it names the intents.
    pub number: u32,
    /// What the books had of it there when it began. The fee of a native coin comes out of it.
    pub amount: Amount,
    pub source: Address,
    /// Our hot wallet.
    pub wallet: Address,
    /// What the address gets first, for the fee.
    pub gas: Option<Amount>,
    pub top_up: Option<Box<Sending>>,
    pub out: Option<Box<Sending>>,
    pub state: SweepState,
    pub begun_at: Timestamp,
    /// Where one transfer empties many addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Box<Batch>>,
    /// It is over because no block took its transfer in time: nobody refused it, and nothing was spent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expired: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SweepState {
    /// The gas is not there yet.
    ToppingUp,
    Sweeping,
    Swept,
    /// Signer or chain refused, or its time was over ([`Sweep::is_refused`]). What is there stays.
    Refused,
}

impl SweepState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::ToppingUp => "topping_up",
            Self::Sweeping => "sweeping",
            Self::Swept => "swept",
            Self::Refused => "refused",
        }
    }

    pub const fn is_open(self) -> bool {
        matches!(self, Self::ToppingUp | Self::Sweeping)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SweepRefusal {
    /// It was known already, or is about something else.
    #[error("it is no news to this sweep")]
    Unfit,
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl From<Unfit> for SweepRefusal {
    fn from(_: Unfit) -> Self {
        Self::Unfit
    }
}

/// Whether a cost is at most a share of a value, both in the same fiat's minor units.
pub fn is_worth(value: u128, cost: u128, share: Bps) -> Result<bool, MoneyError> {
    Ok(cost <= share.of(value, Rounding::Down)?)
}

impl Sweep {
    pub const fn asset(&self) -> Asset {
        self.amount.asset()
    }

    /// Signer or chain said no: nobody begins it again until somebody asks for it.
    pub fn is_refused(&self) -> bool {
        self.state == SweepState::Refused && !self.expired
    }

    /// The transfer that is under way, if one was planned.
    pub fn sending(&self) -> Option<&Sending> {
        match self.state {
            SweepState::ToppingUp => self.top_up.as_deref(),
            SweepState::Sweeping => self.out.as_deref(),
            SweepState::Swept | SweepState::Refused => None,
        }
    }

    /// Whether one of its transfers has this hash.
    pub fn knows(&self, hash: &str) -> bool {
        let sendings = self.top_up.iter().chain(&self.out);
        let mut signed = sendings.flat_map(|sending| sending.signed.iter().chain(&sending.others));
        signed.any(|signed| signed.hash == hash)
    }

    /// Where the transfer that is due goes, and how much when it costs at most `fee`; `None`: nothing is due, or the fee
    /// is more than there is.
    pub fn outgoing(&self, fee: Amount) -> Option<(Address, Amount)> {
        if let Some(batch) = &self.batch {
            let left = batch.base().ok()?.checked_sub(fee.base())?;
            let amount = Amount::new(self.asset(), left);
            return (left > 0 && self.state.is_open()).then(|| (self.wallet.clone(), amount));
        }
        match self.state {
            SweepState::ToppingUp => Some((self.source.clone(), self.gas?)),
            SweepState::Sweeping if self.asset() == fee.asset() => {
                let left = self.amount.base().checked_sub(fee.base())?;
                (left > 0).then(|| (self.wallet.clone(), Amount::new(self.asset(), left)))
            }
            SweepState::Sweeping => Some((self.wallet.clone(), self.amount)),
            SweepState::Swept | SweepState::Refused => None,
        }
    }

    /// What the news makes of it, and what that does to the books.
    pub fn decide(
        &self,
        fact: TransferFact,
        now: Timestamp,
    ) -> Result<(Self, Vec<Entry>), SweepRefusal> {
        let mut next = self.clone();
        let mut entries = Vec::new();
        match fact {
            TransferFact::Planned { intent, transfer } => {
                entries = next.planned(intent, transfer, now)?;
            }
            TransferFact::Signed { signed } => entries = next.signed(signed)?,
            TransferFact::Postponed { intent, until } => next.open()?.postpone(intent, until)?,
            TransferFact::Broadcast => drop(next.open()?.broadcast()?),
            TransferFact::Low { since } => next.open()?.low(since)?,
            TransferFact::Enough => next.open()?.enough()?,
            TransferFact::Raised { transfer } => next.open()?.raise(transfer)?,
            TransferFact::Replaced { signed } => entries = next.replaced(signed)?,
            TransferFact::Kept { since } => next.open()?.keep(since)?,
            TransferFact::Other { hash } => next.open()?.other(&hash)?,
            TransferFact::Seen { confirmations } => next.open()?.seen(confirmations)?,
            TransferFact::Final { fee, confirmations } => {
                next.open()?.confirmations = confirmations;
                entries = next.done(fee)?;
            }
            TransferFact::Dead { proof } => entries = next.dead(&proof)?,
        }
        Ok((next, entries))
    }

    fn open(&mut self) -> Result<&mut Sending, SweepRefusal> {
        let sending = match self.state {
            SweepState::ToppingUp => self.top_up.as_deref_mut(),
            SweepState::Sweeping => self.out.as_deref_mut(),
            SweepState::Swept | SweepState::Refused => None,
        };
        sending.ok_or(SweepRefusal::Unfit)
    }

    fn planned(
        &mut self,
        intent: IntentId,
        transfer: UnsignedTransfer,
        now: Timestamp,
    ) -> Result<Vec<Entry>, SweepRefusal> {
        let (to, amount) = self.outgoing(transfer.fee).ok_or(SweepRefusal::Unfit)?;
        let mut batches = self.batch.iter();
        let fits = batches.all(|batch| batch.is_from(&transfer.from));
        if transfer.recipient != to || transfer.amount != amount || !fits {
            return Err(SweepRefusal::Money(MoneyError::Mismatch));
        }
        let (order, fee) = (self.order, transfer.fee);
        let sweeps = self.state == SweepState::Sweeping;
        let mut entries = Vec::new();
        let batch = self.batch.clone();
        if let Ok(sending) = self.open() {
            let before = sending.transfer.clone();
            sending.plan_again(intent, transfer)?;
            // Of a batch all that is there is on its way, whatever it costs.
            if sweeps && batch.is_none() {
                let nothing = Amount::new(before.fee.asset(), 0);
                let back = ledger::sweep_back(order, before.amount, before.fee, nothing)?;
                entries = vec![back, ledger::sweep_begun(order, amount, fee)?];
            }
            return Ok(entries);
        }
        let deadline = now.plus_seconds(SECONDS_MAX);
        let sending = Some(Box::new(Sending::new(intent, transfer, deadline)));
        if let Some(batch) = batch {
            self.out = sending;
            entries = batch.begun(self.asset())?;
        } else if sweeps {
            self.out = sending;
            entries.push(ledger::sweep_begun(order, amount, fee)?);
        } else {
            self.top_up = sending;
            entries.push(ledger::reserve(amount)?);
        }
        Ok(entries)
    }

    fn signed(&mut self, signed: Signed) -> Result<Vec<Entry>, SweepRefusal> {
        let hash = signed.hash.clone();
        let topping_up = self.state == SweepState::ToppingUp;
        let sending = self.open()?;
        sending.sign(signed)?;
        let (amount, fee) = (sending.transfer.amount, sending.transfer.fee);
        Ok(if topping_up {
            vec![ledger::send(amount, fee)?.noted(hash)]
        } else {
            Vec::new()
        })
    }

    /// Only what the hot wallet sends can pay for a higher fee, and a batch, which has less to bring then.
    fn replaced(&mut self, signed: Signed) -> Result<Vec<Entry>, SweepRefusal> {
        if self.batch.is_some() {
            self.open()?.replace(signed)?;
            return Ok(Vec::new());
        }
        if self.state != SweepState::ToppingUp {
            return Err(SweepRefusal::Unfit);
        }
        let sending = self.open()?;
        let more = sending.replace(signed)?;
        let nothing = Amount::new(sending.transfer.amount.asset(), 0);
        Ok(vec![ledger::send(nothing, more)?])
    }

    fn done(&mut self, paid: Amount) -> Result<Vec<Entry>, SweepRefusal> {
        let (order, state) = (self.order, self.state);
        if let Some(batch) = self.batch.clone() {
            let hash = self.open()?.hash()?;
            self.state = SweepState::Swept;
            let entries = batch.done(paid)?.into_iter();
            return Ok(entries.map(|entry| entry.noted(hash.clone())).collect());
        }
        let sending = self.open()?;
        let (hash, amount, fee) = (
            sending.hash()?,
            sending.transfer.amount,
            sending.transfer.fee,
        );
        let (entry, next) = if state == SweepState::ToppingUp {
            let entry = ledger::top_up(order, amount, fee, paid)?;
            (entry, SweepState::Sweeping)
        } else {
            let entry = ledger::swept(order, amount, fee, paid)?;
            (entry, SweepState::Swept)
        };
        self.state = next;
        Ok(vec![entry.noted(hash)])
    }

    fn dead(&mut self, proof: &Proof) -> Result<Vec<Entry>, SweepRefusal> {
        let (order, state, batch) = (self.order, self.state, self.batch.clone());
        let asset = self.asset();
        let sending = self.open()?;
        if !sending.is_dead(proof) {
            return Err(SweepRefusal::Unfit);
        }
        if let Some(batch) = batch {
            self.state = SweepState::Refused;
            return Ok(batch.back(asset)?);
        }
        let (amount, fee) = (sending.transfer.amount, sending.transfer.fee);
        let (paid, was_signed) = (proof.fee_paid(fee), sending.signed.is_some());
        let mut entries = Vec::new();
        if state == SweepState::Sweeping {
            entries.push(ledger::sweep_back(order, amount, fee, paid)?);
        } else {
            if was_signed {
                entries.push(ledger::take_back(amount, fee, paid)?);
            }
            entries.push(ledger::release(amount)?);
        }
        self.expired = matches!(proof, Proof::Expired { .. });
        self.state = SweepState::Refused;
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ledger::Account, network::Network, transfer::UnsignedFrom};
    use std::collections::BTreeMap;
    use uuid::Uuid;

    fn address(text: &str) -> Address {
        Address::parse(Network::Erc20, text).unwrap()
    }

    fn native(base: u128) -> Amount {
        Amount::new(Network::Erc20.native(), base)
    }

    fn usdt(base: u128) -> Amount {
        Amount::new(Asset::find("USDT", Network::Erc20).unwrap(), base)
    }

    fn sweep(amount: Amount, gas: Option<Amount>) -> Sweep {
        Sweep {
            id: SweepId::from_uuid(Uuid::from_u128(1)),
            environment: Environment::Test,
            order: OrderId::from_uuid(Uuid::from_u128(2)),
            number: 1,
            amount,
            source: address("0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"),
            wallet: address("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"),
            state: match gas {
                Some(_) => SweepState::ToppingUp,
                None => SweepState::Sweeping,
            },
            gas,
            top_up: None,
            out: None,
            begun_at: Timestamp::FIRST,
            batch: None,
            expired: false,
        }
    }

    fn planned(sweep: &Sweep, fee: u128) -> TransferFact {
        let (recipient, amount) = sweep.outgoing(native(fee)).unwrap();
        TransferFact::Planned {
            intent: IntentId::from_uuid(Uuid::from_u128(3)),
            transfer: UnsignedTransfer {
                sender: sweep.source.clone(),
                recipient,
                amount,
                from: UnsignedFrom::Nonce(0),
                fee: native(fee),
                form: None,
            },
        }
    }

    fn signed(hash: &str) -> TransferFact {
        TransferFact::Signed {
            signed: Signed {
                hash: hash.to_owned(),
                signed_hex: String::new(),
            },
        }
    }

    fn ended(fee: u128) -> TransferFact {
        TransferFact::Final {
            confirmations: 9,
            fee: native(fee),
        }
    }

    /// Follows the books by account.
    fn told(books: &mut BTreeMap<String, i128>, sweep: &mut Sweep, fact: TransferFact) {
        let (next, entries) = sweep.decide(fact, Timestamp::FIRST).unwrap();
        *sweep = next;
        for posting in entries.iter().flat_map(Entry::postings) {
            let sum = books.entry(posting.key()).or_default();
            *sum += posting.amount;
            assert!(posting.account != Account::InTransit || *sum >= 0);
        }
    }

    fn left(books: &BTreeMap<String, i128>, order: OrderId) -> Vec<(String, i128)> {
        let books = books.iter().filter(|(_, sum)| **sum != 0);
        let short = |key: &String| key.replace(&order.to_string(), "ord");
        books.map(|(key, sum)| (short(key), *sum)).collect()
    }

    #[test]
    fn a_token_comes_with_what_its_two_transfers_cost_in_the_books() {
        let (mut books, mut sweep) = (BTreeMap::new(), sweep(usdt(100), Some(native(50))));
        let plan = planned(&sweep, 7);
        told(&mut books, &mut sweep, plan.clone());
        assert_eq!(
            sweep.decide(plan, Timestamp::FIRST),
            Err(SweepRefusal::Unfit)
        );
        told(&mut books, &mut sweep, signed("a"));
        assert!(sweep.knows("a") && !sweep.knows("b"));
        told(&mut books, &mut sweep, ended(4));
        assert_eq!(sweep.state, SweepState::Sweeping);
        let plan = planned(&sweep, 50);
        told(&mut books, &mut sweep, plan);
        told(&mut books, &mut sweep, signed("b"));
        told(&mut books, &mut sweep, ended(30));
        assert_eq!(sweep.state, SweepState::Swept);
        // Without a look in between they are told with the end.
        let sent = [&sweep.top_up, &sweep.out].map(|one| one.as_ref().unwrap().confirmations);
        assert_eq!(sent, [9, 9]);
        let order = sweep.order;
        let expected = [
            ("deposit:ord:ETH/ERC20", 20),
            ("deposit:ord:USDT/ERC20", -100),
            ("gas:ETH/ERC20", 34),
            ("wallet:ETH/ERC20", -54),
            ("wallet:USDT/ERC20", 100),
        ];
        let expected = expected.map(|(key, sum)| (key.to_owned(), sum));
        assert_eq!(left(&books, order), expected);
        assert_eq!(
            sweep.decide(ended(30), Timestamp::FIRST),
            Err(SweepRefusal::Unfit)
        );
    }

    #[test]
    fn a_native_coin_sends_what_its_fee_leaves_and_what_was_refused_is_where_it_was() {
        let begun = sweep(native(100), None);
        assert_eq!(begun.outgoing(native(100)), None, "nothing would be left");
        let (mut books, mut swept) = (BTreeMap::new(), begun.clone());
        told(&mut books, &mut swept, planned(&begun, 21));
        // Planned again at another price, since the signer had no room.
        let intent = IntentId::from_uuid(Uuid::from_u128(3));
        let until = Timestamp::FIRST;
        told(
            &mut books,
            &mut swept,
            TransferFact::Postponed { intent, until },
        );
        told(&mut books, &mut swept, planned(&begun, 30));
        told(&mut books, &mut swept, signed("a"));
        told(&mut books, &mut swept, ended(25));
        let expected = [
            ("deposit:ord:ETH/ERC20", -95),
            ("gas:ETH/ERC20", 25),
            ("wallet:ETH/ERC20", 70),
        ];
        let expected = expected.map(|(key, sum)| (key.to_owned(), sum));
        assert_eq!(left(&books, begun.order), expected);

        let (mut books, mut refused) = (BTreeMap::new(), begun.clone());
        told(&mut books, &mut refused, planned(&begun, 21));
        let proof = Proof::NeverSigned { intent };
        told(&mut books, &mut refused, TransferFact::Dead { proof });
        assert_eq!(refused.state, SweepState::Refused);
        assert!(left(&books, begun.order).is_empty());
    }

    #[test]
    fn a_share_is_of_the_value_and_a_cent_of_nothing_is_too_much() {
        let share = Bps::new(100).unwrap();
        let is_worth = |value, cost| is_worth(value, cost, share).unwrap();
        assert!(is_worth(10_000, 100) && !is_worth(10_000, 101));
        assert!(!is_worth(99, 1) && is_worth(100, 1));
    }
}

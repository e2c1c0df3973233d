//! A movement on a chain, before and after its signature.

pub mod bitcoin;

pub use bitcoin::BitcoinForm;

use crate::{
    address::Address,
    id::{IntentId, OrderId},
    money::Amount,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// A coin of a network that spends whole outputs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Coin {
    pub hash: String,
    pub index: u32,
    #[serde(with = "crate::money::as_text")]
    pub base: u128,
}

/// One at the deposit address of an order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DepositCoin {
    pub order: OrderId,
    pub coin: Coin,
}

/// What makes a transfer unique on its chain, reserved in our database before it is signed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnsignedFrom {
    /// Account networks: the sender's next number. TRON counts nothing: there it is the moment in milliseconds that
    /// the transaction says of itself, which is promised once like any number.
    Nonce(u64),
    /// Coin networks: the outputs that are spent; what is left goes back to the sender.
    Coins(Vec<Coin>),
    /// The same at deposit addresses, which are brought together: what the fee leaves of them moves.
    Deposits(Vec<DepositCoin>),
}

impl UnsignedFrom {
    /// The outputs that are spent.
    pub fn coins(&self) -> impl Iterator<Item = &Coin> {
        let (own, deposits) = match self {
            Self::Nonce(_) => ([].as_slice(), [].as_slice()),
            Self::Coins(coins) => (coins.as_slice(), [].as_slice()),
            Self::Deposits(deposits) => ([].as_slice(), deposits.as_slice()),
        };
        own.iter().chain(deposits.iter().map(|one| &one.coin))
    }
}

/// What a network's own form of a transfer says beside sender, recipient, amount and source. It is fixed with
/// them, before the signature, so that the same intent is the same bytes for ever.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    Evm(Box<EvmForm>),
    Tron(Box<TronForm>),
    Bitcoin(Box<BitcoinForm>),
}

impl Form {
    /// The most that the transfer may cost, in the network's native coin; `None` if no number holds it. On Bitcoin the
    /// coins decide about it: this is what a usual one costs.
    pub fn fee_max(&self) -> Option<u128> {
        match self {
            Self::Evm(form) => form.fee_max(),
            Self::Tron(form) => form.fee_max(),
            Self::Bitcoin(form) => form.fee_usual(),
        }
    }
}

/// A transaction with fees by EIP-1559.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EvmForm {
    pub chain_id: u64,
    pub gas_limit: u64,
    #[serde(with = "crate::money::as_text")]
    pub fee_per_gas_max: u128,
    #[serde(with = "crate::money::as_text")]
    pub tip_per_gas_max: u128,
    /// The token's contract; without one the network's native coin moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Address>,
}

impl EvmForm {
    pub fn fee_max(&self) -> Option<u128> {
        u128::from(self.gas_limit).checked_mul(self.fee_per_gas_max)
    }
}

/// A transaction on TRON, which no block takes after a moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TronForm {
    /// The id of a final block: only a chain that has it takes the transaction.
    pub ref_block: String,
    /// By the chain's own clock, in milliseconds.
    pub expires_ms: u64,
    /// What the contract's work may cost; 0 for the native coin.
    pub fee_limit: u64,
    /// What room in a block, and an account for a new recipient, may cost beside that. The chain's rules set it, and
    /// no transaction limits it.
    pub burn_max: u64,
    /// The token's contract; without one the network's native coin moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Address>,
}

impl TronForm {
    pub fn fee_max(&self) -> Option<u128> {
        self.fee_limit.checked_add(self.burn_max).map(u128::from)
    }
}

/// A transfer that lacks only its signature.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UnsignedTransfer {
    pub sender: Address,
    pub recipient: Address,
    pub amount: Amount,
    pub from: UnsignedFrom,
    /// In the network's native coin.
    pub fee: Amount,
    /// The simulated chains have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
}

impl UnsignedTransfer {
    /// The same at another fee. What is brought together pays for it itself: what arrives and what it costs are always
    /// all that is there. `None`: it is not enough.
    pub fn costing(&self, fee: Amount, form: Option<Form>) -> Option<Self> {
        let mut same = Self {
            fee,
            form,
            ..self.clone()
        };
        if matches!(self.from, UnsignedFrom::Deposits(_)) {
            let all = self.amount.checked_add(self.fee).ok()?;
            let left = all.base().checked_sub(fee.base())?;
            same.amount = Amount::new(all.asset(), left);
        }
        Some(same)
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Signed {
    pub hash: String,
    pub signed_hex: String,
}

/// A transfer from our hot wallet, from its plan to its last confirmation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sending {
    pub intent: IntentId,
    pub transfer: UnsignedTransfer,
    pub signed: Option<Signed>,
    pub broadcast: bool,
    pub confirmations: u64,
    pub deadline: Timestamp,
    /// To be given up unless it is signed already: the signer is asked to close it.
    #[serde(default)]
    pub withdrawn: bool,
    /// Signed as well, with other fees: whichever of them is mined counts, and only one can be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Signed>,
    /// The same with a higher fee, about to be signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub higher: Option<Box<UnsignedTransfer>>,
    /// Since when the fee is too small.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_since: Option<Timestamp>,
    /// The signer had no room for it: its number or coins were given back, and it is planned again from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postponed_until: Option<Timestamp>,
}

/// What signer and chain say about a transfer of ours.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TransferFact {
    Planned {
        intent: IntentId,
        transfer: UnsignedTransfer,
    },
    Signed {
        signed: Signed,
    },
    /// The signer answered that it does not sign it now.
    Postponed {
        intent: IntentId,
        until: Timestamp,
    },
    Broadcast,
    /// The network asks for more than its fee.
    Low {
        since: Timestamp,
    },
    /// It asks for no more than that any longer.
    Enough,
    /// The same with a higher fee is to be signed.
    Raised {
        transfer: UnsignedTransfer,
    },
    /// It was signed so, and is broadcast in its place.
    Replaced {
        signed: Signed,
    },
    /// The signer does not raise it; as it is it may still be mined.
    Kept {
        since: Timestamp,
    },
    /// Another one of those that were signed is on the chain.
    Other {
        hash: String,
    },
    Seen {
        confirmations: u64,
    },
    Final {
        confirmations: u64,
        fee: Amount,
    },
    Dead {
        proof: Proof,
    },
}

/// Why a transfer can never take effect any more. A time-out is not among the reasons.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Proof {
    /// The signer's journal has no signature for this intent, and has closed it.
    NeverSigned { intent: IntentId },
    /// Final on the chain, and refused by it: the coins did not move, and the fee was taken.
    RefusedByChain { hash: String, fee: Amount },
    /// The chain's final blocks are later than the moment up to which it could be taken, and it is in none of them.
    Expired { hash: String },
}

impl Proof {
    /// What the dead transfer cost, in the native coin of `planned`.
    pub fn fee_paid(&self, planned: Amount) -> Amount {
        match self {
            Self::NeverSigned { .. } | Self::Expired { .. } => Amount::new(planned.asset(), 0),
            Self::RefusedByChain { fee, .. } => *fee,
        }
    }
}

/// What a transfer of ours needs next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SendingStep {
    /// Again, from then on.
    Plan(Timestamp),
    Sign,
    Broadcast,
    Watch,
}

/// A fact that does not fit: it was known already, or speaks of another transfer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unfit;

impl Sending {
    pub const fn new(intent: IntentId, transfer: UnsignedTransfer, deadline: Timestamp) -> Self {
        Self {
            intent,
            transfer,
            signed: None,
            broadcast: false,
            confirmations: 0,
            deadline,
            withdrawn: false,
            others: Vec::new(),
            higher: None,
            low_since: None,
            postponed_until: None,
        }
    }

    pub const fn step(&self) -> SendingStep {
        match (&self.signed, self.broadcast) {
            (None, _) => match self.postponed_until {
                // Given up: the signer closes it.
                Some(until) if !self.withdrawn => SendingStep::Plan(until),
                Some(_) | None => SendingStep::Sign,
            },
            (Some(_), false) => SendingStep::Broadcast,
            (Some(_), true) => SendingStep::Watch,
        }
    }

    pub fn postpone(&mut self, intent: IntentId, until: Timestamp) -> Result<(), Unfit> {
        let is_planned = self.signed.is_none() && self.postponed_until.is_none();
        if !is_planned || self.withdrawn || self.intent != intent {
            return Err(Unfit);
        }
        self.postponed_until = Some(until);
        Ok(())
    }

    /// The same once more, with another number or other coins, and at the price of now. The deadline stays.
    pub fn plan_again(
        &mut self,
        intent: IntentId,
        transfer: UnsignedTransfer,
    ) -> Result<(), Unfit> {
        let is_postponed = self.postponed_until.is_some() && self.signed.is_none();
        if !is_postponed || self.withdrawn || self.intent != intent {
            return Err(Unfit);
        }
        self.transfer = transfer;
        self.postponed_until = None;
        Ok(())
    }

    pub fn sign(&mut self, signed: Signed) -> Result<(), Unfit> {
        // Once its number was given back, it may be another's: only the signer's own word that it was signed, asked
        // for when it is given up, still counts.
        if self.signed.is_some() || (self.postponed_until.is_some() && !self.withdrawn) {
            return Err(Unfit);
        }
        self.signed = Some(signed);
        Ok(())
    }

    /// The hash under which it is known from now on.
    pub fn broadcast(&mut self) -> Result<String, Unfit> {
        let signed = self.signed.as_ref().filter(|_| !self.broadcast);
        let hash = signed.ok_or(Unfit)?.hash.clone();
        self.broadcast = true;
        Ok(hash)
    }

    pub fn low(&mut self, since: Timestamp) -> Result<(), Unfit> {
        if self.signed.is_none() || self.low_since.is_some() {
            return Err(Unfit);
        }
        self.low_since = Some(since);
        Ok(())
    }

    pub fn enough(&mut self) -> Result<(), Unfit> {
        if self.higher.is_some() {
            return Err(Unfit);
        }
        self.low_since.take().map(drop).ok_or(Unfit)
    }

    pub fn raise(&mut self, transfer: UnsignedTransfer) -> Result<(), Unfit> {
        let same = self.transfer.costing(transfer.fee, transfer.form.clone());
        let is_same = same.as_ref() == Some(&transfer);
        let is_higher = transfer.fee.asset() == self.transfer.fee.asset()
            && transfer.fee.base() > self.transfer.fee.base();
        if self.signed.is_none() || self.higher.is_some() || !is_same || !is_higher {
            return Err(Unfit);
        }
        self.higher = Some(Box::new(transfer));
        Ok(())
    }

    /// Gives how much more it may cost.
    pub fn replace(&mut self, signed: Signed) -> Result<Amount, Unfit> {
        let (higher, before) = (self.higher.take(), self.signed.take());
        let (higher, before) = (higher.ok_or(Unfit)?, before.ok_or(Unfit)?);
        let more = higher.fee.base().checked_sub(self.transfer.fee.base());
        let more = Amount::new(higher.fee.asset(), more.ok_or(Unfit)?);
        self.others.push(before);
        self.transfer = *higher;
        self.signed = Some(signed);
        self.low_since = None;
        self.confirmations = 0;
        Ok(more)
    }

    pub fn keep(&mut self, since: Timestamp) -> Result<(), Unfit> {
        self.higher.take().ok_or(Unfit)?;
        self.low_since = Some(since);
        Ok(())
    }

    /// What it may cost stays the most that any of them may.
    pub fn other(&mut self, hash: &str) -> Result<(), Unfit> {
        let found = self.others.iter_mut().find(|other| other.hash == hash);
        let (other, signed) = (found.ok_or(Unfit)?, self.signed.as_mut().ok_or(Unfit)?);
        std::mem::swap(other, signed);
        self.confirmations = 0;
        Ok(())
    }

    pub fn seen(&mut self, confirmations: u64) -> Result<(), Unfit> {
        if self.signed.is_none() || self.confirmations == confirmations {
            return Err(Unfit);
        }
        self.confirmations = confirmations;
        Ok(())
    }

    /// Its hash, once it can have one.
    pub fn hash(&self) -> Result<String, Unfit> {
        Ok(self.signed.as_ref().ok_or(Unfit)?.hash.clone())
    }

    /// Whether the proof is about this transfer, as far as it got.
    pub fn is_dead(&self, proof: &Proof) -> bool {
        match (proof, &self.signed) {
            (Proof::NeverSigned { intent }, None) => *intent == self.intent,
            (Proof::RefusedByChain { hash, .. }, Some(signed)) => *hash == signed.hash,
            // One that was signed in its place may still be taken.
            (Proof::Expired { hash }, Some(signed)) => {
                *hash == signed.hash && self.others.is_empty() && self.higher.is_none()
            }
            (Proof::NeverSigned { .. }, Some(_))
            | (Proof::RefusedByChain { .. } | Proof::Expired { .. }, None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{asset::Asset, network::Network};

    fn transfer(form: Option<Form>) -> UnsignedTransfer {
        let address = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
        let address = Address::parse(Network::Erc20, address).unwrap();
        UnsignedTransfer {
            sender: address.clone(),
            recipient: address,
            amount: Amount::new(Asset::find("USDT", Network::Erc20).unwrap(), 5),
            from: UnsignedFrom::Nonce(3),
            fee: Amount::new(Network::Erc20.native(), 7),
            form,
        }
    }

    #[test]
    fn transfers_from_before_there_were_forms_are_read_and_written_as_they_were() {
        let plain = transfer(None);
        let text = serde_json::to_value(&plain).unwrap();
        assert!(text.get("form").is_none(), "{text}");
        assert_eq!(
            serde_json::from_value::<UnsignedTransfer>(text).unwrap(),
            plain
        );
    }

    #[test]
    fn a_replacement_is_the_same_but_for_its_fee_and_any_of_them_may_be_mined() {
        let intent = IntentId::from_uuid(uuid::Uuid::from_u128(1));
        let signed = |hash: &str| Signed {
            hash: hash.to_owned(),
            signed_hex: hash.to_owned(),
        };
        let at = Timestamp::from_micros;
        let mut sending = Sending::new(intent, transfer(None), at(9));
        let dear = |base| UnsignedTransfer {
            fee: Amount::new(Network::Erc20.native(), base),
            ..transfer(None)
        };
        assert_eq!(sending.raise(dear(9)), Err(Unfit), "it is not signed");
        sending.sign(signed("a")).unwrap();
        sending.low(at(1)).unwrap();
        assert_eq!(sending.low(at(2)), Err(Unfit), "since then already");
        sending.enough().unwrap();
        assert_eq!(sending.enough(), Err(Unfit), "it was not too little");
        sending.low(at(2)).unwrap();
        let mut more = dear(9);
        more.amount = Amount::new(more.amount.asset(), 6);
        for bad in [dear(7), dear(6), more] {
            assert_eq!(sending.raise(bad), Err(Unfit));
        }
        sending.raise(dear(9)).unwrap();
        sending.keep(at(3)).unwrap();
        assert_eq!((&sending.higher, sending.low_since), (&None, Some(at(3))));
        sending.raise(dear(9)).unwrap();
        let more = sending.replace(signed("b")).unwrap();
        assert_eq!((more.base(), sending.transfer.fee.base()), (2, 9));
        assert_eq!(sending.low_since, None);
        assert_eq!(sending.clone().replace(signed("c")), Err(Unfit));
        assert_eq!(sending.other("c"), Err(Unfit));
        sending.seen(2).unwrap();
        sending.other("a").unwrap();
        assert_eq!((sending.hash(), sending.confirmations), (Ok("a".into()), 0));
        assert_eq!(sending.others, [signed("b")]);
        assert_eq!(sending.transfer.fee.base(), 9, "booked is the most");
        let text = serde_json::to_string(&sending).unwrap();
        assert_eq!(serde_json::from_str::<Sending>(&text).unwrap(), sending);
    }

    #[test]
    fn a_transfer_whose_time_is_over_is_dead_unless_another_was_signed_in_its_place() {
        let intent = IntentId::from_uuid(uuid::Uuid::from_u128(1));
        let proof = Proof::Expired { hash: "a".into() };
        let mut sending = Sending::new(intent, transfer(None), Timestamp::from_micros(9));
        assert!(!sending.is_dead(&proof), "it has no bytes yet");
        let signed = Signed {
            hash: "a".into(),
            signed_hex: "a".into(),
        };
        sending.sign(signed.clone()).unwrap();
        assert!(sending.is_dead(&proof));
        assert!(!sending.is_dead(&Proof::Expired { hash: "b".into() }));
        sending.others.push(signed);
        assert!(!sending.is_dead(&proof));
        let planned = Amount::new(Network::Trc20.native(), 7);
        assert_eq!(proof.fee_paid(planned).base(), 0, "nobody was paid");
    }

    #[test]
    fn what_the_signer_has_no_room_for_is_planned_again_and_never_signed_as_it_was() {
        let intent = IntentId::from_uuid(uuid::Uuid::from_u128(1));
        let at = Timestamp::from_micros;
        let signed = Signed {
            hash: "a".into(),
            signed_hex: "a".into(),
        };
        let mut sending = Sending::new(intent, transfer(None), at(9));
        let again = UnsignedTransfer {
            from: UnsignedFrom::Nonce(4),
            ..transfer(None)
        };
        assert_eq!(sending.plan_again(intent, again.clone()), Err(Unfit));
        let other = IntentId::from_uuid(uuid::Uuid::from_u128(2));
        assert_eq!(sending.postpone(other, at(5)), Err(Unfit));
        sending.postpone(intent, at(5)).unwrap();
        assert_eq!(sending.step(), SendingStep::Plan(at(5)));
        assert_eq!(sending.postpone(intent, at(6)), Err(Unfit), "it is already");
        assert_eq!(
            sending.sign(signed.clone()),
            Err(Unfit),
            "the number is another's"
        );
        let text = serde_json::to_string(&sending).unwrap();
        assert_eq!(serde_json::from_str::<Sending>(&text).unwrap(), sending);
        let mut given_up = sending.clone();
        given_up.withdrawn = true;
        assert_eq!(given_up.step(), SendingStep::Sign, "the signer closes it");
        assert_eq!(given_up.plan_again(intent, again.clone()), Err(Unfit));
        assert!(given_up.is_dead(&Proof::NeverSigned { intent }));
        sending.plan_again(intent, again.clone()).unwrap();
        assert_eq!(
            (&sending.transfer, sending.step()),
            (&again, SendingStep::Sign)
        );
        assert_eq!(sending.deadline, at(9));
        sending.sign(signed).unwrap();
        assert_eq!(sending.postpone(intent, at(7)), Err(Unfit), "it is signed");
    }

    #[test]
    fn a_form_survives_being_stored_and_knows_what_it_may_cost() {
        let form = EvmForm {
            chain_id: 1,
            gas_limit: 100_000,
            fee_per_gas_max: u128::from(u64::MAX),
            tip_per_gas_max: 1,
            token: Some(transfer(None).sender),
        };
        let kept = transfer(Some(Form::Evm(Box::new(form.clone()))));
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(
            serde_json::from_str::<UnsignedTransfer>(&text).unwrap(),
            kept
        );
        assert_eq!(form.fee_max(), Some(u128::from(u64::MAX) * 100_000));
        let unbounded = EvmForm {
            fee_per_gas_max: u128::MAX,
            ..form
        };
        assert_eq!(Form::Evm(Box::new(unbounded)).fee_max(), None);
    }
}

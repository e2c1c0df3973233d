//! A movement on a chain, before and after its signature.

use crate::{address::Address, id::IntentId, money::Amount, time::Timestamp};
use serde::{Deserialize, Serialize};

/// A coin of a network that spends whole outputs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Coin {
    pub hash: String,
    pub index: u32,
    #[serde(with = "crate::money::as_text")]
    pub base: u128,
}

/// What makes a transfer unique on its chain, reserved in our database before it is signed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnsignedFrom {
    /// Account networks: the sender's next number.
    Nonce(u64),
    /// Coin networks: the outputs that are spent; what is left goes back to the sender.
    Coins(Vec<Coin>),
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
    Broadcast,
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
    /// Final on the chain, and refused by it: the coins did not move.
    RefusedByChain { hash: String },
}

/// What a transfer of ours needs next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SendingStep {
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
        }
    }

    pub const fn step(&self) -> SendingStep {
        match (&self.signed, self.broadcast) {
            (None, _) => SendingStep::Sign,
            (Some(_), false) => SendingStep::Broadcast,
            (Some(_), true) => SendingStep::Watch,
        }
    }

    pub fn sign(&mut self, signed: Signed) -> Result<(), Unfit> {
        if self.signed.is_some() {
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
            (Proof::RefusedByChain { hash }, Some(signed)) => *hash == signed.hash,
            (Proof::NeverSigned { .. }, Some(_)) | (Proof::RefusedByChain { .. }, None) => false,
        }
    }
}

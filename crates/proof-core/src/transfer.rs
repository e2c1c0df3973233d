//! A movement on a chain, before and after its signature.

use crate::{address::Address, money::Amount};
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

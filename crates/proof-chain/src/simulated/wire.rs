//! JSON as the sandbox's node speaks it.

use proof_port::Coin;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Deserialize)]
pub struct Tip {
    pub height: u64,
}

#[derive(Deserialize)]
pub struct Account {
    pub nonce: u64,
    pub balances: BTreeMap<String, String>,
}

#[derive(Deserialize)]
pub struct Coins {
    pub coins: Vec<Coin>,
}

#[derive(Deserialize)]
pub struct Fee {
    #[serde(with = "proof_core::money::as_text")]
    pub base: u128,
}

#[derive(Serialize)]
pub struct Broadcast<'a> {
    pub signed: &'a str,
}

#[derive(Deserialize)]
pub struct Transfer {
    pub status: String,
    #[serde(default)]
    pub confirmations: u64,
    pub block: Option<u64>,
    #[serde(with = "proof_core::money::as_text")]
    pub fee: u128,
}

#[derive(Deserialize)]
pub struct List {
    pub height: u64,
    pub complete: bool,
    pub transfers: Vec<Listed>,
}

#[derive(Deserialize)]
pub struct Listed {
    pub hash: String,
    pub index: u32,
    pub sender: String,
    pub recipient: String,
    pub ticker: String,
    #[serde(with = "proof_core::money::as_text")]
    pub base: u128,
    /// Microseconds.
    pub seen_at: i64,
}

#[derive(Deserialize)]
pub struct Error {
    pub code: String,
}

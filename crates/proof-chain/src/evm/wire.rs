//! JSON-RPC as EVM nodes speak it, as far as we listen.

use alloy_primitives::{Address, B256, Bytes, U64, U128, U256};
use serde::Deserialize;

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    pub number: U64,
    pub hash: B256,
    pub timestamp: U64,
    pub base_fee_per_gas: Option<U128>,
}

/// A block with its transactions.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Block {
    pub number: U64,
    pub hash: B256,
    pub parent_hash: B256,
    pub timestamp: U64,
    pub transactions: Vec<Moved>,
}

/// What a transaction moves by itself.
#[derive(Deserialize)]
pub struct Moved {
    pub hash: B256,
    pub from: Address,
    pub to: Option<Address>,
    pub value: U256,
}

#[derive(Deserialize)]
pub struct Transaction {
    pub from: Address,
    pub to: Option<Address>,
    pub value: U256,
    pub input: Bytes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    pub block_number: U64,
    pub block_hash: B256,
    pub status: U64,
    pub gas_used: U128,
    pub effective_gas_price: U128,
    pub logs: Vec<Log>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Log {
    pub address: Address,
    pub topics: Vec<B256>,
    pub data: Bytes,
    pub block_number: U64,
    pub block_hash: B256,
    pub transaction_hash: B256,
    pub log_index: U64,
    #[serde(default)]
    pub removed: bool,
}

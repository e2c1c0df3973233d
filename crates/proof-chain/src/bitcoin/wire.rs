//! What bitcoind answers, as far as we listen.

use crate::rpc::RpcError;
use bitcoin::{BlockHash, Txid};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub struct ChainInfo {
    pub blocks: u64,
    pub bestblockhash: BlockHash,
}

#[derive(Deserialize)]
pub struct Indexes {
    pub txindex: Option<Index>,
}

#[derive(Deserialize)]
pub struct Index {
    pub synced: bool,
}

/// `confirmations` is below zero for a block that was taken back.
#[derive(Deserialize)]
pub struct Placed {
    pub height: u64,
    pub confirmations: i64,
}

#[derive(Deserialize)]
pub struct Transaction {
    pub hex: String,
    pub blockhash: Option<BlockHash>,
    /// Missing while it waits for a block, and where the node has thrown away what it spent.
    pub fee: Option<Box<RawValue>>,
    #[serde(default)]
    pub vin: Vec<Input>,
}

#[derive(Deserialize)]
pub struct Input {
    pub coinbase: Option<String>,
    pub prevout: Option<Output>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub script_pub_key: Script,
}

/// One that nothing has spent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Free {
    pub value: Box<RawValue>,
    pub script_pub_key: Script,
    pub confirmations: u64,
    pub coinbase: bool,
}

#[derive(Deserialize)]
pub struct Script {
    pub hex: String,
}

#[derive(Deserialize)]
pub struct Scan {
    pub success: bool,
    pub height: u64,
    pub bestblock: BlockHash,
    pub unspents: Vec<Unspent>,
}

#[derive(Deserialize)]
pub struct Unspent {
    pub txid: Txid,
    pub vout: u32,
    pub amount: Box<RawValue>,
    pub height: u64,
    pub coinbase: bool,
}

/// For a thousand virtual bytes. Without a rate the node has not seen enough blocks to tell.
#[derive(Deserialize)]
pub struct Estimate {
    pub feerate: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
pub struct Pool {
    pub mempoolminfee: Box<RawValue>,
}

/// Satoshi of an amount of bitcoin that is written as a decimal, which no binary fraction holds.
pub fn satoshi(number: &RawValue) -> Result<u64, RpcError> {
    let odd = || RpcError::Unusable(format!("{number:.40} is no amount of bitcoin"));
    let amount = bitcoin::Amount::from_str_in(number.get(), bitcoin::Denomination::Bitcoin);
    amount.map(bitcoin::Amount::to_sat).map_err(|_| odd())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_and_nothing_else_is_one() {
        let read = |text: &str| {
            let number: Box<RawValue> = serde_json::from_str(text).unwrap();
            satoshi(&number).ok()
        };
        assert_eq!(read("0.00000001"), Some(1));
        assert_eq!(read("20999999.97690000"), Some(2_099_999_997_690_000));
        assert_eq!(read("50"), Some(5_000_000_000));
        for odd in [
            "-1",
            "0.000000001",
            "1e-5",
            "\"1\"",
            "null",
            "[1]",
            "99999999999999999999",
        ] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }
}

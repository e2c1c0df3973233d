//! How one transaction stands, by one node.

use super::{
    BitcoinSpec,
    node::{self, Node},
    wire,
};
use crate::rpc::{RpcError, must};
use bitcoin::{BlockHash, ScriptBuf, Transaction};
use serde_json::json;

/// New coins may be spent in a block that is so many above theirs; before, they may be gone with a re-org.
pub const MATURITY: u64 = 100;

/// An output that a transaction is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    pub index: u32,
    pub script: ScriptBuf,
    pub base: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    Unknown,
    Waiting,
    Mined {
        height: u64,
        block: BlockHash,
        fee: u64,
        /// The output that was asked for is there.
        there: bool,
        /// Blocks that do not count.
        young: u64,
    },
}

pub async fn look(
    node: &Node,
    spec: &BitcoinSpec,
    hash: &str,
    question: Option<&Question>,
) -> Result<Look, RpcError> {
    let Some(said) = node.transaction(spec, hash).await? else {
        return Ok(Look::Unknown);
    };
    let Some(block) = said.blockhash else {
        return Ok(Look::Waiting);
    };
    let door = node.ready(spec).await?;
    let placed: wire::Placed = must(door, "getblockheader", json!([block])).await?;
    if placed.confirmations < 1 {
        // The index still has the block that was taken back, and the pool does not have the transaction.
        return Ok(Look::Unknown);
    }
    let transaction: Transaction = node::read(&said.hex)?;
    if transaction.compute_txid().to_string() != hash {
        let context = "the node gives another transaction than the one that was asked for";
        return Err(RpcError::Unusable(context.to_owned()));
    }
    let coinbase = transaction.is_coinbase();
    let fee = match &said.fee {
        Some(fee) => wire::satoshi(fee)?,
        None if coinbase => 0,
        None => {
            return Err(RpcError::Unusable(
                "the node does not know what a transaction spent".to_owned(),
            ));
        }
    };
    Ok(Look::Mined {
        height: placed.height,
        block,
        fee,
        there: question.is_none_or(|question| is_there(&transaction, question)),
        young: if coinbase { MATURITY } else { 0 },
    })
}

fn is_there(transaction: &Transaction, question: &Question) -> bool {
    let index = usize::try_from(question.index);
    let output = index.ok().and_then(|index| transaction.output.get(index));
    output.is_some_and(|output| {
        output.script_pubkey == question.script && output.value.to_sat() == question.base
    })
}

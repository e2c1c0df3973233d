//! What came, block by block.

use super::{BitcoinChain, BitcoinSpec, address_of, node::Node};
use crate::{agree, rpc::RpcError};
use bitcoin::{Block, BlockHash, block::Header};
use proof_core::{
    Network, Timestamp,
    deposit::{Deposit, DepositKey},
    money::Amount,
};
use proof_port::{Arrival, Arrivals, PortError};
use std::collections::BTreeMap;

/// Blocks that are read again when the one that was read last is not on the chain any more, or when nobody remembers
/// it: a re-org puts transfers into blocks that were passed already.
pub const BLOCKS_AGAIN: u64 = 12;
/// More than are read again, so that each look gets on. A block is some megabytes.
const BLOCKS_MAX: u64 = BLOCKS_AGAIN + 8;

/// Blocks that were read last, by height.
pub type Passed = BTreeMap<u64, BlockHash>;

pub async fn arrivals(chain: &BitcoinChain, height: u64) -> Result<Arrivals, PortError> {
    let tip = chain.height().await?;
    if tip < height {
        let behind = height - tip;
        return Err(chain.odd(format!(
            "the nodes are {behind} blocks behind what was read"
        )));
    }
    let known = chain.passed().get(&height).copied();
    let unbroken = match known {
        Some(known) => chain.agreed_hash(height).await? == known,
        None => false,
    };
    let from = if unbroken {
        height + 1
    } else {
        (height + 1).saturating_sub(BLOCKS_AGAIN)
    };
    let to = tip.min(from.saturating_add(BLOCKS_MAX - 1));
    let last = chain.agreed_hash(to).await?;
    let votes = chain.votes(|node| seen(node, &chain.spec, (from, to), last));
    // What a majority has found: one that leaves something out, or makes something up, is none.
    let (arrivals, blocks, header) = agree::same(&votes.await)?;
    chain.pass(blocks);
    Ok(Arrivals {
        height: to,
        complete: to == tip,
        until: Some(moment(&header)),
        arrivals,
    })
}

/// What one node has found, the blocks in which it looked, and the last of them. Each block is named by the one
/// after it, down from the one that the nodes agree on.
async fn seen(
    node: &Node,
    spec: &BitcoinSpec,
    (from, to): (u64, u64),
    last: BlockHash,
) -> Result<(Vec<Arrival>, Vec<(u64, BlockHash)>, Header), RpcError> {
    let (mut arrivals, mut passed, mut hash) = (Vec::new(), Vec::new(), last);
    for height in (from..=to).rev() {
        let block = node.block(spec, hash).await?;
        arrivals.push(found(&block));
        passed.push((height, hash));
        hash = block.header.prev_blockhash;
    }
    let arrivals = arrivals.into_iter().rev().flatten().collect();
    Ok((arrivals, passed, node.header(spec, last).await?))
}

/// Each output that pays to an address. Who sent it stands in other blocks, and is asked about what is ours alone.
fn found(block: &Block) -> Vec<Arrival> {
    let seen_at = moment(&block.header);
    let mut arrivals = Vec::new();
    for transaction in &block.txdata {
        let hash = transaction.compute_txid().to_string();
        for (index, output) in (0..).zip(&transaction.output) {
            let base = u128::from(output.value.to_sat());
            let Some(recipient) = address_of(&output.script_pubkey).filter(|_| base > 0) else {
                continue;
            };
            let hash = hash.clone();
            arrivals.push(Arrival {
                recipient: recipient.as_str().to_owned(),
                deposit: Deposit {
                    key: DepositKey { hash, index },
                    amount: Amount::new(Network::Bitcoin.native(), base),
                    seen_at,
                    senders: Vec::new(),
                },
            });
        }
    }
    arrivals
}

/// The chain's own time. A block is in time if it says so, whenever we hear of it.
fn moment(header: &Header) -> Timestamp {
    Timestamp::from_micros(i64::from(header.time).saturating_mul(1_000_000))
}

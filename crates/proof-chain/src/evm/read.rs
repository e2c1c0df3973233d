//! What came, block by block.

use super::{
    EvmSpec,
    node::{Node, tag},
    token, wire,
};
use crate::{
    blocks::{Found, moment},
    rpc::{RpcError, must},
};
use alloy_primitives::{Address, B256, U256};
use futures::{StreamExt, TryStreamExt, stream};
use proof_core::{
    Address as OurAddress, Asset, Timestamp,
    deposit::{Deposit, DepositKey},
    money::Amount,
};
use proof_port::Arrival;
use serde_json::json;
use std::collections::BTreeMap;

/// Blocks that a node is asked for at the same time.
const BLOCKS_AT_ONCE: usize = 4;

/// What one node has found, and the blocks in which it looked.
pub async fn seen(
    node: &Node,
    spec: &EvmSpec,
    range: (u64, u64),
    last: B256,
) -> Result<Found, RpcError> {
    let (blocks, logs) = read(node, spec, range, last).await?;
    let blocks: BTreeMap<u64, wire::Block> = blocks
        .into_iter()
        .map(|block| (block.number.to(), block))
        .collect();
    let arrivals = found(spec, &blocks, &logs)?;
    let passed = blocks.iter().map(|(height, block)| (*height, block.hash));
    Ok((arrivals, passed.collect()))
}

/// Blocks that follow each other up to the one that the nodes agree on, and the events of our tokens in them.
async fn read(
    node: &Node,
    spec: &EvmSpec,
    (from, to): (u64, u64),
    last: B256,
) -> Result<(Vec<wire::Block>, Vec<wire::Log>), RpcError> {
    let door = node.ready(spec).await?;
    let asked = (from..=to).map(|height| {
        must::<wire::Block>(
            door,
            "eth_getBlockByNumber",
            json!([tag(Some(height)), true]),
        )
    });
    let blocks: Vec<_> = stream::iter(asked)
        .buffered(BLOCKS_AT_ONCE)
        .try_collect()
        .await?;
    let linked = blocks
        .windows(2)
        .all(|pair| matches!(pair, [a, b] if b.parent_hash == a.hash));
    let numbered = blocks
        .iter()
        .zip(from..)
        .all(|(block, height)| block.number.to::<u64>() == height);
    if !linked || !numbered || blocks.last().is_none_or(|block| block.hash != last) {
        return Err(moved());
    }
    let tokens: Vec<Address> = spec.tokens.values().copied().collect();
    if tokens.is_empty() {
        return Ok((blocks, Vec::new()));
    }
    let filter = json!([{
        "fromBlock": tag(Some(from)), "toBlock": tag(Some(to)),
        "address": tokens, "topics": [token::TRANSFER_TOPIC],
    }]);
    let logs = must(door, "eth_getLogs", filter).await?;
    Ok((blocks, logs))
}

/// The chain was re-organised while it was read: another look finds it whole.
fn moved() -> RpcError {
    RpcError::Unusable("the chain changed while it was read".to_owned())
}

fn found(
    spec: &EvmSpec,
    blocks: &BTreeMap<u64, wire::Block>,
    logs: &[wire::Log],
) -> Result<Vec<Arrival>, RpcError> {
    let mut arrivals = Vec::new();
    let mut events: BTreeMap<u64, Vec<&wire::Log>> = BTreeMap::new();
    for log in logs {
        let height = log.block_number.to::<u64>();
        let there = blocks.get(&height).map(|block| block.hash);
        if log.removed || there != Some(log.block_hash) {
            return Err(moved());
        }
        events.entry(height).or_default().push(log);
    }
    for (height, block) in blocks {
        let at = moment(block.timestamp.to());
        arrivals.extend(native(spec, block, at));
        let mut logs = events.remove(height).unwrap_or_default();
        logs.sort_by_key(|log| log.log_index);
        arrivals.extend(tokens(spec, &logs, at));
    }
    Ok(arrivals)
}

/// Native coins that transactions move by themselves. They are not asked whether they went well: one to an address
/// without code, such as all of ours, cannot fail once it is in a block.
fn native(spec: &EvmSpec, block: &wire::Block, at: Timestamp) -> impl Iterator<Item = Arrival> {
    let coin = spec.network.native();
    block.transactions.iter().filter_map(move |moved| {
        let movement = token::Event {
            from: moved.from,
            to: moved.to?,
            amount: moved.value,
        };
        arrival(coin, moved.hash, token::NATIVE_INDEX, movement, at)
    })
}

/// What our tokens say. Events without an amount are what anybody can make a token say about anybody.
fn tokens(spec: &EvmSpec, logs: &[&wire::Log], at: Timestamp) -> Vec<Arrival> {
    let mut counter = token::Counter::default();
    let arrivals = logs.iter().filter_map(|log| {
        let asset = spec.asset_of(log.address)?;
        if !token::is_transfer(log, log.address) {
            return None;
        }
        let index = counter.next(log)?;
        arrival(asset, log.transaction_hash, index, token::event(log)?, at)
    });
    arrivals.collect()
}

fn arrival(
    asset: Asset,
    hash: B256,
    index: u32,
    movement: token::Event,
    seen_at: Timestamp,
) -> Option<Arrival> {
    let base: u128 = movement.amount.try_into().ok()?;
    if movement.amount == U256::ZERO {
        return None;
    }
    let spelt = |address: &Address| proof_core::address::evm_checksummed(&address.0.0);
    let sender = OurAddress::parse(asset.network(), &spelt(&movement.from));
    Some(Arrival {
        recipient: spelt(&movement.to),
        deposit: Deposit {
            key: DepositKey {
                hash: hash.to_string(),
                index,
            },
            amount: Amount::new(asset, base),
            seen_at,
            senders: sender.into_iter().collect(),
        },
    })
}

//! What came, block by block.

use super::{
    TronSpec,
    http::{View, ask, must},
    node::Node,
    wire,
};
use crate::{
    blocks::{Found, moment},
    evm::{token, wire as evm},
    rpc::RpcError,
};
use alloy_primitives::{B256, U256, hex};
use futures::{StreamExt, TryStreamExt, stream};
use proof_core::{
    Address as OurAddress, Asset, Network, Timestamp,
    address::tron_spelt,
    deposit::{Deposit, DepositKey},
    money::Amount,
};
use proof_outbound::Configured;
use proof_port::Arrival;
use serde_json::json;

/// Blocks that a node is asked for at the same time.
const BLOCKS_AT_ONCE: usize = 4;

/// What one node has found in blocks that follow each other up to the one that the nodes agree on.
pub async fn seen(
    node: &Node,
    spec: &TronSpec,
    (from, to): (u64, u64),
    last: B256,
) -> Result<Found, RpcError> {
    let door = node.ready(spec).await?;
    let asked = (from..=to).map(|height| whole(door, spec, height));
    let blocks: Vec<(wire::Block, Vec<wire::Info>)> = stream::iter(asked)
        .buffered(BLOCKS_AT_ONCE)
        .try_collect()
        .await?;
    let linked = blocks
        .windows(2)
        .all(|pair| matches!(pair, [(a, _), (b, _)] if b.parent() == a.id));
    let mut numbered = blocks.iter().zip(from..);
    let numbered = numbered.all(|((block, _), height)| block.number() == height);
    if !linked || !numbered || blocks.last().is_none_or(|(block, _)| block.id != last) {
        return Err(moved());
    }
    let mut arrivals = Vec::new();
    for (block, infos) in &blocks {
        let at = moment(block.time_ms() / 1_000);
        arrivals.extend(native(block, at));
        arrivals.extend(tokens(spec, block, infos, at)?);
    }
    let passed = blocks.iter().map(|(block, _)| (block.number(), block.id));
    Ok((arrivals, passed.collect()))
}

/// The chain was re-organised while it was read: another look finds it whole.
fn moved() -> RpcError {
    RpcError::Unusable("the chain changed while it was read".to_owned())
}

/// A block, and what became of its transactions where any of them can have moved a token of ours.
async fn whole(
    door: &Configured,
    spec: &TronSpec,
    height: u64,
) -> Result<(wire::Block, Vec<wire::Info>), RpcError> {
    let number = json!({ "num": height });
    let block: wire::Block = must(door, View::Newest, "getblockbynum", number.clone()).await?;
    let mut calls = block.transactions.iter();
    if spec.tokens.is_empty() || !calls.any(wire::Transaction::calls_a_contract) {
        return Ok((block, Vec::new()));
    }
    let infos: Option<Vec<wire::Info>> =
        ask(door, View::Newest, "gettransactioninfobyblocknum", number).await?;
    Ok((block, infos.unwrap_or_default()))
}

/// Coins that transactions move by themselves.
fn native(block: &wire::Block, at: Timestamp) -> impl Iterator<Item = Arrival> {
    let all = block.transactions.iter();
    let all = all.filter(|one| one.went_well() && !one.calls_a_contract());
    all.filter_map(move |transaction| {
        let moved = transaction.as_evm()?;
        let movement = token::Event {
            from: moved.from,
            to: moved.to?,
            amount: moved.value,
        };
        let coin = Network::Trc20.native();
        arrival(coin, transaction.id, token::NATIVE_INDEX, movement, at)
    })
}

/// What our tokens say. Infos of another block than this one were read while the chain changed.
fn tokens(
    spec: &TronSpec,
    block: &wire::Block,
    infos: &[wire::Info],
    at: Timestamp,
) -> Result<Vec<Arrival>, RpcError> {
    let mut calls = block.transactions.iter();
    let complete = spec.tokens.is_empty()
        || calls.all(|one| !one.calls_a_contract() || infos.iter().any(|info| info.id == one.id));
    let ours = |info: &wire::Info| {
        let mut all = block.transactions.iter();
        info.block_number == block.number() && all.any(|one| one.id == info.id)
    };
    if !complete || !infos.iter().all(ours) {
        return Err(moved());
    }
    let mut counter = token::Counter::default();
    let events = infos.iter().flat_map(|info| info.events(block.id));
    let found = events.filter_map(|log: evm::Log| {
        let asset = spec.asset_of(log.address)?;
        if !token::is_transfer(&log, log.address) {
            return None;
        }
        let index = counter.next(&log)?;
        arrival(asset, log.transaction_hash, index, token::event(&log)?, at)
    });
    Ok(found.collect())
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
    let sender = OurAddress::parse(asset.network(), &tron_spelt(&movement.from.0.0));
    Some(Arrival {
        recipient: tron_spelt(&movement.to.0.0),
        deposit: Deposit {
            key: DepositKey {
                hash: hex::encode(hash),
                index,
            },
            amount: Amount::new(asset, base),
            seen_at,
            senders: sender.into_iter().collect(),
        },
    })
}

//! Unspent coins of our wallet, without a wallet in the node: it looks through all coins of its chain once, and from
//! then on each block says what came and what went.

use super::{BitcoinChain, BitcoinSpec, node::Node, wire};
use crate::{
    agree,
    rpc::{RpcError, must},
};
use bitcoin::{Block, BlockHash, OutPoint, ScriptBuf};
use proof_port::PortError;
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};

/// As far back as a re-org is followed; beyond, the node looks through its coins again.
const KEPT: usize = 16;
/// A view that is further behind is made anew.
const BLOCKS_MAX: usize = 144;
/// Wallets that are followed. We have one; a restore asks about others, each once.
const VIEWS_MAX: usize = 4;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Held {
    pub base: u64,
    /// Of its block.
    pub height: u64,
    /// New coins, which nobody can spend before a hundred blocks.
    pub young: bool,
}

pub type Coins = BTreeMap<OutPoint, Held>;

/// The coins of one script after each of the last blocks, the newest last.
pub struct View(VecDeque<Point>);

#[derive(Clone)]
struct Point {
    height: u64,
    block: BlockHash,
    coins: Coins,
}

impl BitcoinChain {
    /// What a majority of the nodes says is unspent at the height that a majority has reached.
    pub(super) async fn unspent(&self, script: &ScriptBuf) -> Result<(u64, Coins), PortError> {
        let height = self.height().await?;
        let block = self.agreed_hash(height).await?;
        let votes = self.votes(|node| at(node, &self.spec, script, (height, block)));
        Ok((height, agree::same(&votes.await)?))
    }
}

async fn at(
    node: &Node,
    spec: &BitcoinSpec,
    script: &ScriptBuf,
    to: (u64, BlockHash),
) -> Result<Coins, RpcError> {
    let mut views = node.views.lock().await;
    if let Some(view) = views.get_mut(script)
        && let Some(coins) = follow(node, spec, script, view, to).await?
    {
        return Ok(coins);
    }
    let scanned = scan(node, spec, script).await?;
    if views.len() >= VIEWS_MAX {
        views.clear();
    }
    let view = views.entry(script.clone()).or_insert(View(VecDeque::new()));
    *view = View([scanned].into());
    let coins = follow(node, spec, script, view, to).await?;
    coins.ok_or_else(|| {
        RpcError::Unusable("the chain went on while its coins were looked through".to_owned())
    })
}

/// Brings a view to a block. `None`: it has no block in common with the way there.
async fn follow(
    node: &Node,
    spec: &BitcoinSpec,
    script: &ScriptBuf,
    view: &mut View,
    (height, block): (u64, BlockHash),
) -> Result<Option<Coins>, RpcError> {
    let (mut missing, mut wanted, mut number) = (Vec::new(), block, height);
    let start = loop {
        let known = view.0.iter().position(|point| point.block == wanted);
        if let Some(known) = known {
            break known;
        }
        let oldest = view.0.front().map_or(u64::MAX, |point| point.height);
        if number <= oldest || missing.len() >= BLOCKS_MAX {
            return Ok(None);
        }
        let next = node.block(spec, wanted).await?;
        let before = next.header.prev_blockhash;
        missing.push((number, wanted, next));
        (wanted, number) = (before, number.saturating_sub(1));
    };
    // What was built on it beyond is another branch, or ahead of what the nodes agree on: read again when it counts.
    view.0.truncate(start + 1);
    while let Some((height, block, read)) = missing.pop() {
        let before = view.0.back().map(|point| point.coins.clone());
        let coins = after(before.unwrap_or_default(), &read, script, height);
        view.0.push_back(Point {
            height,
            block,
            coins,
        });
        if view.0.len() > KEPT {
            view.0.pop_front();
        }
    }
    Ok(view.0.back().map(|point| point.coins.clone()))
}

fn after(mut coins: Coins, block: &Block, script: &ScriptBuf, height: u64) -> Coins {
    for transaction in &block.txdata {
        for input in &transaction.input {
            coins.remove(&input.previous_output);
        }
        let hash = transaction.compute_txid();
        let young = transaction.is_coinbase();
        for (index, output) in (0..).zip(&transaction.output) {
            if output.script_pubkey == *script {
                let base = output.value.to_sat();
                coins.insert(
                    OutPoint::new(hash, index),
                    Held {
                        base,
                        height,
                        young,
                    },
                );
            }
        }
    }
    coins
}

async fn scan(node: &Node, spec: &BitcoinSpec, script: &ScriptBuf) -> Result<Point, RpcError> {
    node.ready(spec).await?;
    let wanted = json!(["start", [format!("raw({})", script.to_hex_string())]]);
    let found: wire::Scan = must(&node.patient, "scantxoutset", wanted).await?;
    if !found.success {
        return Err(RpcError::Unusable(
            "the node did not look through all coins".to_owned(),
        ));
    }
    let mut coins = Coins::new();
    for one in found.unspents {
        let held = Held {
            base: wire::satoshi(&one.amount)?,
            height: one.height,
            young: one.coinbase,
        };
        coins.insert(OutPoint::new(one.txid, one.vout), held);
    }
    Ok(Point {
        height: found.height,
        block: found.bestblock,
        coins,
    })
}

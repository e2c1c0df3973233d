//! One of the operator's nodes, which has to be on the right chain before it is believed.

use super::{BitcoinSpec, coins::View, wire};
use crate::rpc::{RpcError, ask, must};
use bitcoin::{Block, BlockHash, ScriptBuf, block::Header, consensus::encode::deserialize_hex};
use futures::lock::Mutex;
use proof_outbound::Configured;
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
};

/// Looking through all coins of the main chain takes a node a few minutes.
const SCAN_TIMEOUT_MS: u64 = 900_000;
/// What bitcoind says of something that is not there, and of a height that it has not reached.
const NOT_THERE: i64 = -5;
const OUT_OF_RANGE: i64 = -8;

pub struct Node {
    door: Configured,
    pub patient: Configured,
    checked: AtomicBool,
    /// Coins of our wallet, as they were at some block.
    pub views: Mutex<BTreeMap<ScriptBuf, View>>,
}

impl Node {
    pub fn new(door: Configured) -> Self {
        Self {
            patient: door.clone().with_timeout_ms(SCAN_TIMEOUT_MS),
            door,
            checked: AtomicBool::new(false),
            views: Mutex::default(),
        }
    }

    /// Whether it is on our chain, and finds transactions by their hash; asked until that is so.
    pub async fn ready(&self, spec: &BitcoinSpec) -> Result<&Configured, RpcError> {
        if self.checked.load(Ordering::Relaxed) {
            return Ok(&self.door);
        }
        let first: BlockHash = must(&self.door, "getblockhash", json!([0])).await?;
        if first != spec.genesis {
            let context = format!("the node's first block is {first}, not {}", spec.genesis);
            return Err(RpcError::Wrong(context));
        }
        let indexes: wire::Indexes = must(&self.door, "getindexinfo", json!([])).await?;
        match indexes.txindex {
            Some(index) if index.synced => {}
            Some(_) => {
                let context = "the node's index of transactions is not complete yet";
                return Err(RpcError::Unusable(context.to_owned()));
            }
            None => return Err(RpcError::Wrong("the node has no txindex=1".to_owned())),
        }
        self.checked.store(true, Ordering::Relaxed);
        Ok(&self.door)
    }

    /// Its newest block, which has to be where it says that it is.
    pub async fn newest(&self, spec: &BitcoinSpec) -> Result<u64, RpcError> {
        let door = self.ready(spec).await?;
        let said: wire::ChainInfo = must(door, "getblockchaininfo", json!([])).await?;
        if self.hash_at(spec, said.blocks).await? == Some(said.bestblockhash) {
            return Ok(said.blocks);
        }
        let context = "the node does not have the block that it calls its newest";
        Err(RpcError::Unusable(context.to_owned()))
    }

    /// The block at a height of the chain that it follows.
    pub async fn hash_at(
        &self,
        spec: &BitcoinSpec,
        height: u64,
    ) -> Result<Option<BlockHash>, RpcError> {
        let door = self.ready(spec).await?;
        match ask(door, "getblockhash", json!([height])).await {
            Err(RpcError::Refused { code, .. }) if code == OUT_OF_RANGE => Ok(None),
            answer => answer,
        }
    }

    /// A block by its hash, which is that of what it says.
    pub async fn block(&self, spec: &BitcoinSpec, hash: BlockHash) -> Result<Block, RpcError> {
        let door = self.ready(spec).await?;
        let hex: String = must(door, "getblock", json!([hash, 0])).await?;
        let block: Block = read(&hex)?;
        if block.block_hash() == hash && block.check_merkle_root() {
            return Ok(block);
        }
        Err(RpcError::Unusable(
            "the node gives another block than the one that was asked for".to_owned(),
        ))
    }

    pub async fn header(&self, spec: &BitcoinSpec, hash: BlockHash) -> Result<Header, RpcError> {
        let door = self.ready(spec).await?;
        let hex: String = must(door, "getblockheader", json!([hash, false])).await?;
        let header: Header = read(&hex)?;
        if header.block_hash() == hash {
            return Ok(header);
        }
        Err(RpcError::Unusable(
            "the node gives another block than the one that was asked for".to_owned(),
        ))
    }

    /// A transaction, with what it spends; `None`: the node does not know it.
    pub async fn transaction(
        &self,
        spec: &BitcoinSpec,
        hash: &str,
    ) -> Result<Option<wire::Transaction>, RpcError> {
        let door = self.ready(spec).await?;
        match ask(door, "getrawtransaction", json!([hash, 2])).await {
            Err(RpcError::Refused { code, message }) if code == NOT_THERE => {
                if message.contains("being indexed") {
                    return Err(RpcError::Unusable(message));
                }
                Ok(None)
            }
            answer => answer,
        }
    }
}

pub fn read<T: bitcoin::consensus::Decodable>(hex: &str) -> Result<T, RpcError> {
    let unreadable = |error| RpcError::Unusable(format!("no hex of Bitcoin: {error}"));
    deserialize_hex(hex).map_err(unreadable)
}

//! One of the operator's nodes, which has to be on the right chain before it is believed.

use super::{EvmSpec, token, wire};
use crate::rpc::{RpcError, ask, must};
use alloy_primitives::{Address, Bytes, U64, U256};
use proof_outbound::Configured;
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};

pub struct Node {
    pub door: Configured,
    checked: AtomicBool,
}

impl Node {
    pub const fn new(door: Configured) -> Self {
        Self {
            door,
            checked: AtomicBool::new(false),
        }
    }

    /// Whether it is on our chain, and its tokens are those of the catalogue; asked until that is so.
    pub async fn ready(&self, spec: &EvmSpec) -> Result<&Configured, RpcError> {
        if self.checked.load(Ordering::Relaxed) {
            return Ok(&self.door);
        }
        let chain_id: U64 = must(&self.door, "eth_chainId", json!([])).await?;
        if chain_id.to::<u64>() != spec.chain_id {
            let context = format!("the node is on chain {chain_id}, not {}", spec.chain_id);
            return Err(RpcError::Wrong(context));
        }
        for (asset, contract) in &spec.tokens {
            let said = decimals(&self.door, *contract).await?;
            if said != U256::from(asset.decimals()) {
                let ours = asset.decimals();
                let context = format!("{contract} has {said} decimals, and {asset} has {ours}");
                return Err(RpcError::Wrong(context));
            }
        }
        self.checked.store(true, Ordering::Relaxed);
        Ok(&self.door)
    }

    /// A block of the chain that this node follows: its newest one, or the one at a height.
    pub async fn header(
        &self,
        spec: &EvmSpec,
        height: Option<u64>,
    ) -> Result<Option<wire::Header>, RpcError> {
        let door = self.ready(spec).await?;
        let header: Option<wire::Header> =
            ask(door, "eth_getBlockByNumber", json!([tag(height), false])).await?;
        match (&header, height) {
            (Some(header), Some(height)) if header.number.to::<u64>() != height => {
                let context = "the node gives another block than the one that was asked for";
                Err(RpcError::Unusable(context.to_owned()))
            }
            _ => Ok(header),
        }
    }

    /// Its newest block, which has to be where it says that it is.
    pub async fn newest(&self, spec: &EvmSpec) -> Result<wire::Header, RpcError> {
        let said = self.header(spec, None).await?;
        let said = said.ok_or_else(|| RpcError::Unusable("the node has no block".to_owned()))?;
        let there = self.header(spec, Some(said.number.to())).await?;
        if there.is_some_and(|there| there.hash == said.hash) {
            return Ok(said);
        }
        let context = "the node does not have the block that it calls its newest";
        Err(RpcError::Unusable(context.to_owned()))
    }

    pub async fn call(
        &self,
        spec: &EvmSpec,
        contract: Address,
        data: &str,
        height: u64,
    ) -> Result<U256, RpcError> {
        let door = self.ready(spec).await?;
        let call = json!([{ "to": contract, "data": data }, tag(Some(height))]);
        number(&must::<Bytes>(door, "eth_call", call).await?)
    }
}

/// How JSON-RPC names a block.
pub fn tag(height: Option<u64>) -> String {
    height.map_or_else(|| "latest".to_owned(), |height| format!("{height:#x}"))
}

async fn decimals(door: &Configured, contract: Address) -> Result<U256, RpcError> {
    let call = json!([{ "to": contract, "data": token::DECIMALS_CALL }, "latest"]);
    let no_token = || RpcError::Wrong(format!("there is no token at {contract}"));
    match must::<Bytes>(door, "eth_call", call).await {
        Ok(said) => number(&said).map_err(|_| no_token()),
        // What refuses to say its decimals is no token of ours.
        Err(RpcError::Refused { code: 3, .. }) => Err(no_token()),
        Err(error) => Err(error),
    }
}

fn number(bytes: &Bytes) -> Result<U256, RpcError> {
    let word: Result<[u8; 32], _> = bytes.as_ref().try_into();
    let unreadable = |_| RpcError::Unusable("the contract gives no number".to_owned());
    word.map(U256::from_be_bytes).map_err(unreadable)
}

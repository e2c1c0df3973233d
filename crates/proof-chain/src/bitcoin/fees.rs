//! What a place in the next blocks costs.

use super::{BitcoinChain, BitcoinSpec, node::Node, wire};
use crate::{
    agree,
    rpc::{RpcError, must},
};
use proof_core::transfer::BitcoinForm;
use proof_port::PortError;
use serde_json::json;

/// Blocks within which a transfer should be in one.
const BLOCKS_WANTED: u64 = 3;

pub fn form(spec: &BitcoinSpec, fee_per_kvb: u64) -> BitcoinForm {
    BitcoinForm {
        chain_id: spec.chain_id(),
        fee_per_kvb,
    }
}

/// What one node says; where it cannot tell, what the operator offers at least, and never less than it takes.
pub async fn of_node(node: &Node, spec: &BitcoinSpec) -> Result<u64, RpcError> {
    let door = node.ready(spec).await?;
    let estimate: wire::Estimate = must(door, "estimatesmartfee", json!([BLOCKS_WANTED])).await?;
    let pool: wire::Pool = must(door, "getmempoolinfo", json!([])).await?;
    let estimated = estimate
        .feerate
        .map_or(Ok(0), |rate| wire::satoshi(&rate))?;
    let taken = wire::satoshi(&pool.mempoolminfee)?;
    Ok(estimated.max(taken).max(spec.fee_per_kvb_min))
}

impl BitcoinChain {
    /// Satoshi for a thousand virtual bytes. An error while that is more than the operator allows.
    pub(super) async fn rate(&self) -> Result<u64, PortError> {
        let now = agree::reached(&self.votes(|node| of_node(node, &self.spec)).await)?;
        let cap = self.spec.fee_per_kvb_max;
        if now > cap {
            let context =
                format!("a thousand bytes cost {now} satoshi, and the operator allows {cap}");
            return Err(self.odd(context));
        }
        Ok(now)
    }
}

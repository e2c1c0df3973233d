//! Trying a transfer without making it: what its receiver's code or its token would say.

use super::{EvmChain, evm, node::Node, token};
use crate::{
    agree,
    rpc::{RpcError, must},
};
use alloy_primitives::{Address as EvmAddress, Bytes, U256};
use proof_core::{Address, money::Amount};
use proof_port::{Chain as _, PortError};
use serde_json::{Value, json};

/// What nodes call the end of a call whose code has said no. Whatever else they say tells nothing of the transfer.
const NO: [&str; 4] = ["revert", "out of gas", "invalid opcode", "invalid jump"];
/// The code for it that most nodes agree on.
const REVERTED: i64 = 3;

impl EvmChain {
    /// Whether a transfer from our wallet would come to nothing. Of coins that are not there it cannot be told.
    pub(super) async fn would_be_refused(
        &self,
        from: &Address,
        to: &Address,
        amount: Amount,
    ) -> Result<bool, PortError> {
        let call = self.attempt(evm(from)?, evm(to)?, amount);
        let Some(call) = call else {
            return Ok(false);
        };
        let is_token = call.get("data").is_some();
        let votes = self.votes(|node| self.tried(node, &call, is_token)).await;
        // A wallet that lacks the coins is refused, too: asked after the "no", since one that had them before may have
        // sent them meanwhile.
        Ok(agree::same(&votes)?
            && self.balance(from, amount.asset()).await?.base() >= amount.base())
    }

    fn attempt(&self, from: EvmAddress, to: EvmAddress, amount: Amount) -> Option<Value> {
        let base = U256::from(amount.base());
        if amount.asset() == self.spec.network.native() {
            let gas = format!("{:#x}", self.spec.gas_limit_native);
            return Some(json!({ "from": from, "to": to, "value": base, "gas": gas }));
        }
        let contract = self.spec.tokens.get(&amount.asset())?;
        let (gas, data) = (
            format!("{:#x}", self.spec.gas_limit_token),
            token::transfer_call(to, base),
        );
        Some(json!({ "from": from, "to": contract, "data": data, "gas": gas }))
    }

    async fn tried(&self, node: &Node, call: &Value, is_token: bool) -> Result<bool, RpcError> {
        let door = node.ready(&self.spec).await?;
        match must::<Bytes>(door, "eth_call", json!([call, "latest"])).await {
            // Old tokens answer nothing, others `true`.
            Ok(said) => Ok(is_token && !said.is_empty() && said.iter().all(|byte| *byte == 0)),
            Err(RpcError::Refused { code, message }) if is_no(code, &message) => Ok(true),
            Err(error) => Err(error),
        }
    }
}

fn is_no(code: i64, message: &str) -> bool {
    let message = message.to_lowercase();
    code == REVERTED || NO.iter().any(|word| message.contains(word))
}

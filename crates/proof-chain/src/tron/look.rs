//! How one transaction stands, by one node, and what it did there. A call of a contract is one of the EVM, and is judged
//! as such.

use super::{
    TronSpec,
    http::{View, ask},
    node::Node,
    wire,
};
use crate::{
    evm::look::{Effect, Look, Question, effect},
    rpc::RpcError,
};
use alloy_primitives::B256;
use proof_core::transfer::TronForm;
use serde_json::json;

/// A final block has to be this much later than the moment up to which a transfer could be taken: nodes behind one
/// address do not always have the same newest block.
const EXPIRED_MARGIN_MS: u64 = 10 * 60 * 1_000;

pub async fn look(
    node: &Node,
    spec: &TronSpec,
    view: View,
    hash: B256,
    question: Question,
) -> Result<Look, RpcError> {
    let door = node.ready(spec).await?;
    let asked = json!({ "value": hash_text(hash) });
    let info: Option<wire::Info> = ask(door, view, "gettransactioninfobyid", asked.clone()).await?;
    let transaction: Option<wire::Transaction> =
        ask(door, view, "gettransactionbyid", asked).await?;
    let (info, transaction) = match (info, transaction) {
        (Some(info), Some(transaction)) => (info, transaction),
        (None, Some(_)) => return Ok(Look::Waiting),
        (None, None) => return Ok(Look::Unknown),
        (Some(_), None) => {
            let context = "the node knows what became of a transaction and not the transaction";
            return Err(RpcError::Unusable(context.to_owned()));
        }
    };
    if info.id != hash || transaction.id != hash {
        let context = "the node tells of another transaction than the one that was asked for";
        return Err(RpcError::Unusable(context.to_owned()));
    }
    let height = info.block_number;
    let Some(block) = node.header(spec, view, Some(height)).await? else {
        // Its block was taken back while we asked.
        return Ok(Look::Waiting);
    };
    let receipt = info.as_evm(block.id, transaction.went_well());
    let effect = match transaction.as_evm() {
        Some(transaction) => effect(&receipt, &transaction, |at| spec.is_token(at), question),
        None => Effect::Other,
    };
    Ok(Look::Mined {
        height,
        block: block.id,
        effect,
        fee: u128::from(info.fee),
    })
}

/// Whether this node's final blocks prove that a transfer was not taken and cannot be any more: a block takes it only while
/// the one before it is not later than its time. A node that does not have the block that the transfer refers to, as one
/// that began later, cannot tell.
pub async fn expired(
    node: &Node,
    spec: &TronSpec,
    hash: B256,
    form: &TronForm,
) -> Result<bool, RpcError> {
    let newest = node.newest(spec, View::Final).await?;
    let over = form.expires_ms.saturating_add(EXPIRED_MARGIN_MS);
    if newest.time_ms() <= over {
        return Ok(false);
    }
    let unusable = |context: &str| RpcError::Unusable(context.to_owned());
    let reference: B256 = form
        .ref_block
        .parse()
        .map_err(|_| unusable("the form refers to no block"))?;
    let height = height_of(reference);
    let there = node.header(spec, View::Final, Some(height)).await?;
    if there.is_none_or(|there| there.id != reference) {
        return Err(unusable(
            "the node does not have the block that the transfer refers to",
        ));
    }
    let door = node.ready(spec).await?;
    let asked = json!({ "value": hash_text(hash) });
    let info: Option<wire::Info> =
        ask(door, View::Final, "gettransactioninfobyid", asked.clone()).await?;
    let transaction: Option<wire::Transaction> =
        ask(door, View::Newest, "gettransactionbyid", asked).await?;
    Ok(info.is_none() && transaction.is_none())
}

/// A block's id begins with its number.
fn height_of(id: B256) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&id[..8]);
    u64::from_be_bytes(bytes)
}

fn hash_text(hash: B256) -> String {
    alloy_primitives::hex::encode(hash)
}

//! How one transaction stands, by one node: its receipt in a block of the chain that this node follows, and what
//! it did there.

use super::{EvmSpec, node::Node, token, wire};
use crate::rpc::{RpcError, ask, must};
use alloy_primitives::{Address, B256, U256};
use serde_json::json;

/// What a transaction was meant to do.
#[derive(Clone, Copy, Debug)]
pub enum Question {
    /// What it says by itself: one of ours.
    Itself,
    /// This movement is among what it did: a deposit.
    Output {
        index: u32,
        /// None for the native coin.
        token: Option<Address>,
        to: Address,
        amount: U256,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    Done,
    /// Nothing moved.
    Nothing,
    /// Something moved that is not what was meant: neither done nor undone.
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    Unknown,
    Waiting,
    Mined {
        height: u64,
        block: B256,
        effect: Effect,
        fee: u128,
    },
}

pub async fn look(
    node: &Node,
    spec: &EvmSpec,
    hash: B256,
    question: Question,
) -> Result<Look, RpcError> {
    let door = node.ready(spec).await?;
    let receipt: Option<wire::Receipt> =
        ask(door, "eth_getTransactionReceipt", json!([hash])).await?;
    let transaction: Option<wire::Transaction> =
        ask(door, "eth_getTransactionByHash", json!([hash])).await?;
    let (receipt, transaction) = match (receipt, transaction) {
        (Some(receipt), Some(transaction)) => (receipt, transaction),
        (None, Some(_)) => return Ok(Look::Waiting),
        (None, None) => return Ok(Look::Unknown),
        (Some(_), None) => {
            let context = "the node has a receipt and not its transaction";
            return Err(RpcError::Unusable(context.to_owned()));
        }
    };
    let height = receipt.block_number.to();
    let block: wire::Header = must(
        door,
        "eth_getBlockByNumber",
        json!([super::node::tag(Some(height)), false]),
    )
    .await?;
    if block.hash != receipt.block_hash {
        // A receipt of a block that was taken back: it waits for another.
        return Ok(Look::Waiting);
    }
    let price = receipt.effective_gas_price.to::<u128>();
    let fee = receipt.gas_used.to::<u128>().checked_mul(price);
    Ok(Look::Mined {
        height,
        block: block.hash,
        effect: effect(&receipt, &transaction, |at| spec.is_token(at), question),
        fee: fee.ok_or_else(|| RpcError::Unusable("a fee beyond all numbers".to_owned()))?,
    })
}

/// What a transaction did, by its receipt and the events in it.
pub fn effect(
    receipt: &wire::Receipt,
    transaction: &wire::Transaction,
    is_token: impl Fn(Address) -> bool,
    question: Question,
) -> Effect {
    if receipt.status.is_zero() {
        return Effect::Nothing;
    }
    match question {
        Question::Itself => effect_of_ours(receipt, transaction, is_token),
        Question::Output {
            token: None,
            index,
            to,
            amount,
        } => {
            let there = index == token::NATIVE_INDEX
                && transaction.to == Some(to)
                && transaction.value == amount;
            if there { Effect::Done } else { Effect::Nothing }
        }
        Question::Output {
            token: Some(contract),
            index,
            to,
            amount,
        } => {
            let mut counter = token::Counter::default();
            let mut logs = receipt
                .logs
                .iter()
                .filter(|log| token::is_transfer(log, contract));
            let there = logs.any(|log| {
                counter.next(log) == Some(index)
                    && token::event(log)
                        .is_some_and(|event| event.to == to && event.amount == amount)
            });
            if there { Effect::Done } else { Effect::Nothing }
        }
    }
}

/// Judged by what was signed, whatever the configuration says today: without a call it is the native coin that moved; a
/// call of a contract that is no token of ours any more is for people.
///
/// A call of a token is done when the token tells exactly that one movement. One that tells nothing has moved
/// nothing, whatever it answered; one that tells another has kept a fee, or worse.
fn effect_of_ours(
    receipt: &wire::Receipt,
    transaction: &wire::Transaction,
    is_token: impl Fn(Address) -> bool,
) -> Effect {
    if transaction.input.is_empty() {
        return Effect::Done;
    }
    let Some(contract) = transaction.to.filter(|to| is_token(*to)) else {
        return Effect::Other;
    };
    let Some((to, amount)) = token::transfer_of(&transaction.input) else {
        return Effect::Other;
    };
    let meant = token::Event {
        from: transaction.from,
        to,
        amount,
    };
    let logs = receipt.logs.iter();
    let told: Vec<_> = logs
        .filter(|log| token::is_transfer(log, contract))
        .map(token::event)
        .collect();
    match told.as_slice() {
        [] => Effect::Nothing,
        [Some(event)] if *event == meant => Effect::Done,
        _ => Effect::Other,
    }
}

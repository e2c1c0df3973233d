//! What came, block by block.

use super::{BitcoinSpec, address_of, node::Node};
use crate::{
    blocks::{self, Found},
    rpc::RpcError,
};
use bitcoin::{Block, BlockHash, block::Header};
use proof_core::{
    Network, Timestamp,
    deposit::{Deposit, DepositKey},
    money::Amount,
};
use proof_port::Arrival;

/// What one node has found, and the blocks in which it looked. Each block is named by the one after it, down from the
/// one that the nodes agree on.
pub async fn seen(
    node: &Node,
    spec: &BitcoinSpec,
    (from, to): (u64, u64),
    last: BlockHash,
) -> Result<Found<BlockHash>, RpcError> {
    let (mut arrivals, mut passed, mut hash) = (Vec::new(), Vec::new(), last);
    for height in (from..=to).rev() {
        let block = node.block(spec, hash).await?;
        arrivals.push(found(&block));
        passed.push((height, hash));
        hash = block.header.prev_blockhash;
    }
    let arrivals = arrivals.into_iter().rev().flatten().collect();
    Ok((arrivals, passed))
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

pub fn moment(header: &Header) -> Timestamp {
    blocks::moment(header.time.into())
}

//! The node's words in ours.

use super::{PROVIDER, wire};
use proof_core::{
    Address, Asset, Network, Timestamp,
    deposit::{Deposit, DepositKey},
    money::Amount,
};
use proof_port::{Arrival, Arrivals, PortError, TransferStatus};
use std::num::ParseIntError;

/// An asset that the node does not list is one that the owner never had.
pub fn balance(account: &wire::Account, asset: Asset) -> Result<Amount, ParseIntError> {
    let base = match account.balances.get(asset.ticker()) {
        Some(text) => text.parse()?,
        None => 0,
    };
    Ok(Amount::new(asset, base))
}

/// A status that we do not know is one to wait on: it is neither success nor failure.
pub fn status(transfer: &wire::Transfer, network: Network) -> TransferStatus {
    match (transfer.status.as_str(), transfer.block) {
        ("mined", Some(block)) => TransferStatus::Mined {
            confirmations: transfer.confirmations,
            block,
            fee: Amount::new(network.native(), transfer.fee),
        },
        ("failed", _) => TransferStatus::Failed {
            confirmations: transfer.confirmations,
            fee: Amount::new(network.native(), transfer.fee),
        },
        _ => TransferStatus::Waiting,
    }
}

/// A token that we do not know is nothing to us.
pub fn arrivals(list: wire::List, network: Network) -> Arrivals {
    let arrivals = list.transfers.into_iter().filter_map(|listed| {
        let asset = Asset::find(&listed.ticker, network)?;
        Some(Arrival {
            recipient: listed.recipient,
            deposit: Deposit {
                key: DepositKey {
                    hash: listed.hash,
                    index: listed.index,
                },
                amount: Amount::new(asset, listed.base),
                seen_at: Timestamp::from_micros(listed.seen_at),
                senders: Address::parse(network, &listed.sender)
                    .into_iter()
                    .collect(),
            },
        })
    });
    Arrivals {
        height: list.height,
        complete: list.complete,
        until: None,
        arrivals: arrivals.collect(),
    }
}

/// Only what these bytes can never overcome is final. A nonce may be early (the transfer before it
/// has not arrived), and a wallet may be filled up.
pub fn refusal(status: u16, code: &str) -> PortError {
    let context = format!("status {status}, {code:.40}");
    match code {
        "bad_signature" | "malformed" | "spent_coin" => PortError::give_up(PROVIDER, context),
        _ => PortError::retry(PROVIDER, context).answered(),
    }
}

//! The signed form of a transfer on the simulated chain (docs: reference/sandbox.md).

use crate::keys::{Key, NotSigned};
use proof_core::Network;
use proof_port::{Coin, Signed, UnsignedFrom, UnsignedTransfer};
use serde::Serialize;
use sha2::{Digest, Sha256};

const DOMAIN: &[u8] = b"proof-simchain/1";

#[derive(Serialize)]
struct Body<'a> {
    sender: &'a str,
    recipient: &'a str,
    ticker: &'static str,
    #[serde(with = "proof_core::money::as_text")]
    base: u128,
    #[serde(with = "proof_core::money::as_text")]
    fee: u128,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coins: Option<&'a [Coin]>,
}

pub fn sign(transfer: &UnsignedTransfer, key: &dyn Key) -> Result<Signed, NotSigned> {
    let network = transfer.amount.asset().network();
    let body = body(transfer).ok_or(NotSigned::Unwritable)?;
    let (signature, _) = key.sign(&digest(network, &body))?;
    let mut bytes = body;
    bytes.extend_from_slice(key.public().to_encoded_point(true).as_bytes());
    bytes.extend_from_slice(&signature.to_bytes());
    Ok(Signed {
        hash: hash(network, &bytes),
        signed_hex: hex::encode(bytes),
    })
}

fn body(transfer: &UnsignedTransfer) -> Option<Vec<u8>> {
    let (nonce, coins) = match &transfer.from {
        UnsignedFrom::Nonce(nonce) => (Some(*nonce), None),
        UnsignedFrom::Coins(coins) => (None, Some(coins.as_slice())),
        // Simulated chains are not swept.
        UnsignedFrom::Deposits(_) => return None,
    };
    serde_json::to_vec(&Body {
        sender: transfer.sender.as_str(),
        recipient: transfer.recipient.as_str(),
        ticker: transfer.amount.asset().ticker(),
        base: transfer.amount.base(),
        fee: transfer.fee.base(),
        nonce,
        coins,
    })
    .ok()
}

fn digest(network: Network, body: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(DOMAIN)
        .chain_update(network.name())
        .chain_update(body)
        .finalize()
        .into()
}

fn hash(network: Network, signed: &[u8]) -> String {
    let prefix = match network {
        Network::Erc20 | Network::Bep20 | Network::Evm(_) => "0x",
        Network::Trc20 | Network::Bitcoin | Network::Solana => "",
    };
    format!("{prefix}{}", hex::encode(Sha256::digest(signed)))
}

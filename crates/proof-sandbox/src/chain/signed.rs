//! Reading a signed transfer, by the documentation and not by the signer's code.

use crate::refusal::Refusal;
use k256::ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier};
use proof_core::{Address, Network};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const DOMAIN: &[u8] = b"proof-simchain/1";
const KEY_BYTES: usize = 33;
const SIGNATURE_BYTES: usize = 64;
/// A body with the most coins that are accepted stays well below.
const SIGNED_BYTES_MAX: usize = 64 * 1024;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    pub sender: String,
    pub recipient: String,
    pub ticker: String,
    #[serde(with = "proof_core::money::as_text")]
    pub base: u128,
    /// In the native coin.
    #[serde(with = "proof_core::money::as_text")]
    pub fee: u128,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coins: Option<Vec<Coin>>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coin {
    pub hash: String,
    pub index: u32,
    #[serde(with = "proof_core::money::as_text")]
    pub base: u128,
}

/// A transfer that its sender has signed.
#[derive(Debug)]
pub struct Signed {
    pub hash: String,
    pub body: Body,
}

impl Signed {
    pub fn parse(network: Network, signed_hex: &str) -> Result<Self, Refusal> {
        let malformed = |message: &str| Refusal::unprocessable("malformed", message);
        let bytes = hex::decode(signed_hex).map_err(|_| malformed("not hex"))?;
        if bytes.len() > SIGNED_BYTES_MAX {
            return Err(malformed("too long"));
        }
        let too_short = || malformed("too short");
        let (rest, signature) = bytes
            .split_last_chunk::<SIGNATURE_BYTES>()
            .ok_or_else(too_short)?;
        let (body, key) = rest.split_last_chunk::<KEY_BYTES>().ok_or_else(too_short)?;

        let bad = |message| Refusal::unprocessable("bad_signature", message);
        let key = VerifyingKey::from_sec1_bytes(key).map_err(|_| bad("not a public key"))?;
        let signature = Signature::from_slice(signature).map_err(|_| bad("not a signature"))?;
        let digest = Sha256::new()
            .chain_update(DOMAIN)
            .chain_update(network.name())
            .chain_update(body)
            .finalize();
        key.verify_prehash(&digest, &signature)
            .map_err(|_| bad("the signature does not match"))?;

        let body: Body =
            serde_json::from_slice(body).map_err(|error| malformed(&error.to_string()))?;
        if address(network, &key).is_none_or(|address| address != body.sender) {
            return Err(bad("the key is not the sender's"));
        }
        Ok(Self {
            hash: hash(network, &bytes),
            body,
        })
    }
}

fn address(network: Network, key: &VerifyingKey) -> Option<String> {
    let point = key.to_encoded_point(false);
    let uncompressed = point.as_bytes().try_into().ok()?;
    let address = Address::from_public_key(network, uncompressed).ok()?;
    Some(address.to_string())
}

fn hash(network: Network, signed: &[u8]) -> String {
    let digits = hex::encode(Sha256::digest(signed));
    match network {
        Network::Erc20 | Network::Bep20 | Network::Evm(_) => format!("0x{digits}"),
        Network::Trc20 | Network::Bitcoin | Network::Solana => digits,
    }
}

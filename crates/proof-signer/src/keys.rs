//! One key per network, derived from one master key or held elsewhere; and one per order, always derived.

use crate::key_file::MasterKey;
use hmac::{Hmac, Mac};
use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};
use proof_core::{Address, Asset, Network, address::AddressError, catalogue, id::OrderId};
use sha2::Sha256;
use std::{collections::BTreeMap, iter, sync::Arc};
use zeroize::Zeroizing;

/// The networks that have a key of their own; EVM chains that a configuration adds share Ethereum's.
pub const SIGNED_FOR: [Network; 4] = [
    Network::Trc20,
    Network::Erc20,
    Network::Bep20,
    Network::Bitcoin,
];

/// What signs for one address. Some keys never sign one hash in the same way twice, and some can be away.
pub trait Key: Send + Sync {
    fn public(&self) -> &VerifyingKey;

    /// With a low s, which is the only one that chains take (EIP-2, BIP-146).
    fn sign(&self, hash: &[u8; 32]) -> Result<(Signature, RecoveryId), KeyAway>;

    /// Whether it is there, as far as that is known: one that was away is looked for again.
    fn ready(&self) -> Result<(), KeyAway>;
}

/// Nothing was signed, and it is no answer to what was asked: later it may be.
#[derive(Debug, thiserror::Error)]
#[error("the key cannot be used now: {0}")]
pub struct KeyAway(pub String);

/// In memory: there at any time, and the same signature each time (RFC 6979).
impl Key for SigningKey {
    fn public(&self) -> &VerifyingKey {
        self.verifying_key()
    }

    fn sign(&self, hash: &[u8; 32]) -> Result<(Signature, RecoveryId), KeyAway> {
        let signed = self.sign_prehash_recoverable(hash);
        signed.map_err(|error| KeyAway(error.to_string()))
    }

    fn ready(&self) -> Result<(), KeyAway> {
        Ok(())
    }
}

/// Why there is no signed transfer.
#[derive(Debug, thiserror::Error)]
pub enum NotSigned {
    /// Never the case for one that policy has passed.
    #[error("the transfer cannot be written")]
    Unwritable,
    #[error(transparent)]
    Away(#[from] KeyAway),
}

/// A wallet: where coins are, and the key that spends them.
pub struct Wallet {
    pub address: Address,
    pub key: Arc<dyn Key>,
}

/// All that a signer signs with.
pub struct WalletKeys {
    master: MasterKey,
    hot: BTreeMap<Network, Wallet>,
    derived: bool,
}

impl From<MasterKey> for WalletKeys {
    /// Hot wallets are derived, too.
    fn from(master: MasterKey) -> Self {
        let key = |network: Network| {
            let key = derive(&master, &[network.name()])?;
            Some((network, Box::new(key) as Box<dyn Key>))
        };
        let hot = wallets(SIGNED_FOR.into_iter().filter_map(key));
        Self {
            hot,
            master,
            derived: true,
        }
    }
}

impl From<[u8; 32]> for WalletKeys {
    fn from(master: [u8; 32]) -> Self {
        Zeroizing::new(master).into()
    }
}

impl WalletKeys {
    /// With hot wallets whose keys are held elsewhere; a network without one has no wallet.
    pub fn held(
        master: MasterKey,
        keys: impl IntoIterator<Item = (Network, Box<dyn Key>)>,
    ) -> Self {
        Self {
            master,
            hot: wallets(keys),
            derived: false,
        }
    }

    /// From which the keys of deposit addresses are derived.
    pub const fn master(&self) -> &MasterKey {
        &self.master
    }

    /// Whether the master key is that of the hot wallets, too.
    pub const fn are_derived(&self) -> bool {
        self.derived
    }

    pub fn hot(&self, network: Network) -> Option<&Wallet> {
        self.hot.get(&network)
    }

    /// Of the hot wallets; they are no secret.
    pub fn addresses(&self) -> BTreeMap<Network, Address> {
        let wallets = self.hot.iter();
        wallets
            .map(|(network, wallet)| (*network, wallet.address.clone()))
            .collect()
    }
}

fn wallets(keys: impl IntoIterator<Item = (Network, Box<dyn Key>)>) -> BTreeMap<Network, Wallet> {
    let wallet = |(network, key): (Network, Arc<dyn Key>)| {
        let address = address(key.public(), network).ok()?;
        Some((network, Wallet { address, key }))
    };
    let keys = keys.into_iter().map(|(network, key)| (network, key.into()));
    let keys: BTreeMap<Network, Arc<dyn Key>> = keys.collect();
    // A signature is for one chain id: the same address on another chain is another wallet.
    let ethereum = keys.get(&Network::Erc20).cloned();
    let added = catalogue::added().into_iter().map(Asset::network);
    let added = added.filter(|network| matches!(network, Network::Evm(_)));
    let added: Vec<_> = added.zip(iter::repeat(ethereum)).collect();
    let added = added.into_iter().filter_map(|(to, key)| Some((to, key?)));
    keys.into_iter().chain(added).filter_map(wallet).collect()
}

/// Where an order's deposit is awaited. Networks with one kind of address share it, so that coins
/// sent over the wrong one of them can be given back.
pub fn deposit_address(master_key: &[u8; 32], network: Network, order: OrderId) -> Option<Address> {
    address(deposit_key(master_key, network, order)?.public(), network).ok()
}

/// What spends from there.
pub fn deposit_key(master_key: &[u8; 32], network: Network, order: OrderId) -> Option<SigningKey> {
    let family = match network {
        Network::Erc20 | Network::Bep20 | Network::Evm(_) => "evm",
        Network::Trc20 | Network::Bitcoin => network.name(),
        Network::Solana => return None,
    };
    derive(master_key, &["deposit", family, &order.to_string()])
}

fn address(key: &VerifyingKey, network: Network) -> Result<Address, AddressError> {
    let point = key.to_encoded_point(false);
    let uncompressed = point
        .as_bytes()
        .try_into()
        .map_err(|_| AddressError(network))?;
    Address::from_public_key(network, uncompressed)
}

/// HMAC-SHA-256 of a path and a counter. Nearly every 32 bytes are a valid scalar, so
/// the counter hardly ever leaves zero.
pub fn derive(master_key: &[u8; 32], path: &[&str]) -> Option<SigningKey> {
    let path = path.join("/");
    (0..=u8::MAX).find_map(|counter| {
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(master_key).ok()?;
        mac.update(path.as_bytes());
        mac.update(&[counter]);
        SigningKey::from_bytes(&mac.finalize().into_bytes()).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_order_has_an_address_of_its_own() {
        let order = |n| OrderId::from_uuid(uuid::Uuid::from_u128(n));
        let of = |network, n| deposit_address(&[7; 32], network, order(n)).unwrap();
        let first = of(Network::Trc20, 1);
        assert_eq!(first, of(Network::Trc20, 1));
        assert_ne!(first, of(Network::Trc20, 2));
        assert_eq!(
            of(Network::Erc20, 1).as_str(),
            of(Network::Bep20, 1).as_str()
        );
        assert!(deposit_address(&[7; 32], Network::Solana, order(1)).is_none());
        let wallets = WalletKeys::from([7; 32]).addresses();
        assert!(wallets.values().all(|address| *address != first));
    }

    #[test]
    fn keys_differ_by_network_and_master_and_stay() {
        let of = |master| WalletKeys::from([master; 32]).addresses();
        let (first, again, other) = (of(7), of(7), of(8));
        assert_eq!(first.len(), 4, "all but Solana");
        for (network, address) in &first {
            assert_eq!(*address, again[network]);
            assert_ne!(*address, other[network]);
            let read = Address::parse(*network, address.as_str());
            assert_eq!(
                read.as_ref(),
                Ok(address),
                "the address is one of its network"
            );
        }
        assert_ne!(
            first[&Network::Erc20].as_str(),
            first[&Network::Bep20].as_str()
        );
    }
}

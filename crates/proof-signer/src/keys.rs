//! One key per network, all derived from one master key.

use hmac::{Hmac, Mac};
use k256::ecdsa::SigningKey;
use proof_core::{Address, Network, address::AddressError, id::OrderId};
use sha2::Sha256;
use std::collections::BTreeMap;

/// A wallet: where coins are, and the key that spends them.
pub struct Wallet {
    pub address: Address,
    pub key: SigningKey,
}

/// The wallets of all networks whose signatures this signer can make.
pub fn wallets(master_key: &[u8; 32]) -> BTreeMap<Network, Wallet> {
    Network::ALL
        .into_iter()
        .filter_map(|network| Some((network, wallet(master_key, network).ok()?)))
        .collect()
}

/// Their addresses, which are no secret.
pub fn wallet_addresses(master_key: &[u8; 32]) -> BTreeMap<Network, Address> {
    let wallets = wallets(master_key).into_iter();
    wallets
        .map(|(network, wallet)| (network, wallet.address))
        .collect()
}

/// Where an order's deposit is awaited. Networks with one kind of address share it, so that coins
/// sent over the wrong one of them can be given back.
pub fn deposit_address(master_key: &[u8; 32], network: Network, order: OrderId) -> Option<Address> {
    address(&deposit_key(master_key, network, order)?, network).ok()
}

/// What spends from there.
pub fn deposit_key(master_key: &[u8; 32], network: Network, order: OrderId) -> Option<SigningKey> {
    let family = match network {
        Network::Erc20 | Network::Bep20 => "evm",
        Network::Trc20 | Network::Bitcoin => network.name(),
        Network::Solana => return None,
    };
    derive(master_key, &["deposit", family, &order.to_string()])
}

fn wallet(master_key: &[u8; 32], network: Network) -> Result<Wallet, AddressError> {
    let key = derive(master_key, &[network.name()]).ok_or(AddressError(network))?;
    let address = address(&key, network)?;
    Ok(Wallet { address, key })
}

fn address(key: &SigningKey, network: Network) -> Result<Address, AddressError> {
    let point = key.verifying_key().to_encoded_point(false);
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
        let wallets = wallets(&[7; 32]);
        assert!(wallets.values().all(|wallet| wallet.address != first));
    }

    #[test]
    fn keys_differ_by_network_and_master_and_stay() {
        let first = wallets(&[7; 32]);
        let again = wallets(&[7; 32]);
        let other = wallets(&[8; 32]);
        assert_eq!(first.len(), 4, "all but Solana");
        for (network, wallet) in &first {
            assert_eq!(wallet.address, again[network].address);
            assert_ne!(wallet.address, other[network].address);
            let text = wallet.address.as_str();
            assert_eq!(
                Address::parse(*network, text),
                Ok(wallet.address.clone()),
                "the address is one of its network"
            );
        }
        assert_ne!(
            first[&Network::Erc20].address.as_str(),
            first[&Network::Bep20].address.as_str()
        );
    }
}

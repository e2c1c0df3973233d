//! Addresses, each checked by the rules of its own network.

use crate::network::Network;
use ripemd::Ripemd160;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use sha3::{Digest, Keccak256};
use std::fmt;

/// Longest text that is looked at: no real address comes near it.
const TEXT_LENGTH_MAX: usize = 128;

/// An address whose checksum holds, in its network's canonical spelling.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Address {
    network: Network,
    text: String,
}

/// The text is not an address of that network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {0} address")]
pub struct AddressError(pub Network);

impl Address {
    pub fn parse(network: Network, text: &str) -> Result<Self, AddressError> {
        let canonical = if text.len() > TEXT_LENGTH_MAX {
            None
        } else {
            match network {
                Network::Trc20 => tron(text),
                Network::Erc20 | Network::Bep20 | Network::Evm(_) => evm(text),
                Network::Bitcoin => bitcoin(text),
                Network::Solana => solana(text),
            }
        };
        canonical
            .map(|text| Self { network, text })
            .ok_or(AddressError(network))
    }

    /// An address of whatever network, as that spells it: people paste what their wallets show.
    pub fn spelt(text: &str) -> Option<String> {
        let parse = |network: &Network| Self::parse(*network, text).ok();
        Network::BUILT_IN
            .iter()
            .find_map(parse)
            .map(|found| found.text)
    }

    /// The address that only the holder of this secp256k1 key can spend from; the key is in SEC1's
    /// uncompressed form. Solana has keys of another kind.
    pub fn from_public_key(
        network: Network,
        uncompressed: &[u8; 65],
    ) -> Result<Self, AddressError> {
        let text = match network {
            Network::Trc20 => tron_spelt(&key_hash(uncompressed)),
            Network::Erc20 | Network::Bep20 | Network::Evm(_) => {
                evm_checksummed(&key_hash(uncompressed))
            }
            Network::Bitcoin => p2wpkh_of(uncompressed).ok_or(AddressError(network))?,
            Network::Solana => return Err(AddressError(network)),
        };
        Ok(Self { network, text })
    }

    pub const fn network(&self) -> Network {
        self.network
    }

    /// Bytes of the script that pays to it; `None` on other networks.
    pub fn bitcoin_script_bytes(&self) -> Option<u128> {
        if self.network != Network::Bitcoin {
            return None;
        }
        if let Ok((_, _, program)) = bech32::segwit::decode(&self.text) {
            return u128::try_from(program.len().checked_add(2)?).ok();
        }
        // P2PKH and P2SH.
        let plain = base58check(&self.text)?;
        Some(if plain.first() == Some(&0x00) { 25 } else { 23 })
    }

    /// Whether what was paid to it is spent by a witness.
    pub fn is_bitcoin_witness(&self) -> bool {
        self.network == Network::Bitcoin && bech32::segwit::decode(&self.text).is_ok()
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Of a TRON address, the account without its prefix and checksum.
    pub fn tron_account(&self) -> Option<[u8; 20]> {
        let bytes = base58check(&self.text).filter(|_| self.network == Network::Trc20)?;
        bytes.get(1..)?.try_into().ok()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Base58Check of 21 bytes that begin with 0x41 (TRON developers' guide, "Account").
fn tron(text: &str) -> Option<String> {
    let bytes = base58check(text)?;
    let (first, account) = bytes.split_first()?;
    let good = account.len() == 20 && *first == 0x41 && !is_nobody(account);
    good.then(|| text.to_owned())
}

/// How TRON spells 20 bytes.
pub fn tron_spelt(account: &[u8; 20]) -> String {
    let mut bytes = [0x41; 21];
    bytes[1..].copy_from_slice(account);
    bs58::encode(bytes).with_check().into_string()
}

/// The last 20 bytes of the Keccak-256 of a public key's coordinates: EVM's and TRON's account.
fn key_hash(uncompressed: &[u8; 65]) -> [u8; 20] {
    let hash: [u8; 32] = Keccak256::digest(&uncompressed[1..]).into();
    let mut account = [0; 20];
    account.copy_from_slice(&hash[12..]);
    account
}

/// Nobody has the key of the account of zeros: what goes there is burnt.
fn is_nobody(account: &[u8]) -> bool {
    account.iter().all(|byte| *byte == 0)
}

/// 20 bytes in hex; mixed case must carry the checksum of EIP-55.
fn evm(text: &str) -> Option<String> {
    let digits = text.strip_prefix("0x")?;
    let bytes: [u8; 20] = hex::decode(digits).ok()?.try_into().ok()?;
    if is_nobody(&bytes) {
        return None;
    }
    let canonical = evm_checksummed(&bytes);
    let one_case = digits.bytes().all(|b| !b.is_ascii_uppercase())
        || digits.bytes().all(|b| !b.is_ascii_lowercase());
    (one_case || canonical == text).then_some(canonical)
}

/// The EIP-55 spelling of 20 bytes.
pub fn evm_checksummed(bytes: &[u8; 20]) -> String {
    let digits = hex::encode(bytes);
    let hash = hex::encode(Keccak256::digest(digits.as_bytes()));
    let cased = digits.chars().zip(hash.bytes()).map(|(digit, nibble)| {
        if nibble >= b'8' {
            digit.to_ascii_uppercase()
        } else {
            digit
        }
    });
    std::iter::once("0x".to_owned())
        .chain(cased.map(String::from))
        .collect()
}

/// P2PKH and P2SH in Base58Check, SegWit in bech32 (BIP-173) or bech32m (BIP-350); main network.
fn bitcoin(text: &str) -> Option<String> {
    if let Ok((hrp, version, program)) = bech32::segwit::decode(text) {
        let known = match version.to_u8() {
            0 => program.len() == 20 || program.len() == 32,
            1 => is_taproot_key(&program),
            // A later version has no rule yet by which coins there could be spent.
            _ => false,
        };
        return (known && hrp.to_lowercase() == "bc").then(|| text.to_ascii_lowercase());
    }
    let bytes = base58check(text)?;
    (bytes.len() == 21 && matches!(bytes.first(), Some(0x00 | 0x05))).then(|| text.to_owned())
}

/// The x of a point of the curve (BIP-341). Nobody has the key of another one: what goes there is burnt, and its
/// checksum holds all the same.
fn is_taproot_key(program: &[u8]) -> bool {
    let even = [&[0x02], program].concat();
    program.len() == 32 && k256::PublicKey::from_sec1_bytes(&even).is_ok()
}

/// SegWit version 0 over the hash of the compressed key (BIP-141).
fn p2wpkh_of(uncompressed: &[u8; 65]) -> Option<String> {
    let odd = uncompressed[64] & 1;
    let mut compressed = [0x02 | odd; 33];
    compressed[1..].copy_from_slice(&uncompressed[1..33]);
    let program = Ripemd160::digest(Sha256::digest(compressed));
    bech32::segwit::encode_v0(bech32::hrp::BC, &program).ok()
}

/// 32 bytes in Base58; Solana addresses carry no checksum.
fn solana(text: &str) -> Option<String> {
    let bytes = bs58::decode(text).into_vec().ok()?;
    (bytes.len() == 32).then(|| text.to_owned())
}

fn base58check(text: &str) -> Option<Vec<u8>> {
    bs58::decode(text).with_check(None).into_vec().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(Network, &str); 8] = [
        (Network::Trc20, "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"),
        (Network::Erc20, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
        (Network::Bep20, "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"),
        (Network::Bitcoin, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
        (Network::Bitcoin, "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"),
        (
            Network::Bitcoin,
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        ),
        (
            Network::Bitcoin,
            "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        ),
        (
            Network::Solana,
            "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
        ),
    ];

    #[test]
    fn published_examples_are_accepted_and_kept() {
        for (network, text) in GOOD {
            assert_eq!(
                Address::parse(network, text).map(|a| a.to_string()),
                Ok(text.to_owned())
            );
            assert_eq!(Address::spelt(text).as_deref(), Some(text));
        }
        let lower = "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf";
        let spelt = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
        assert_eq!(Address::spelt(lower).as_deref(), Some(spelt));
        assert_eq!(Address::spelt("ann@example.com"), None);
    }

    #[test]
    fn one_changed_character_is_noticed_where_there_is_a_checksum() {
        for (network, text) in GOOD.into_iter().filter(|(n, _)| *n != Network::Solana) {
            let middle = text.len() / 2;
            let old = text.as_bytes()[middle];
            let new = if old == b'2' { '3' } else { '2' };
            let mut changed = text.to_owned();
            changed.replace_range(middle..=middle, &new.to_string());
            // An EVM checksum lives in the case of letters and may miss a digit; use its case.
            if matches!(network, Network::Erc20 | Network::Bep20) {
                let last = text
                    .rfind(|c: char| c.is_ascii_lowercase() && c != 'x')
                    .unwrap();
                changed = text.to_owned();
                let upper = text[last..=last].to_uppercase();
                changed.replace_range(last..=last, &upper);
            }
            assert!(Address::parse(network, &changed).is_err(), "{changed}");
        }
    }

    #[test]
    fn addresses_of_other_networks_are_refused() {
        for (network, text) in GOOD {
            for other in Network::BUILT_IN {
                let same_format = matches!(
                    (network, other),
                    (
                        Network::Erc20 | Network::Bep20,
                        Network::Erc20 | Network::Bep20
                    )
                );
                if other != network && !same_format {
                    assert!(Address::parse(other, text).is_err(), "{text} as {other}");
                }
            }
        }
    }

    /// The key 1, whose addresses are published everywhere (BIP-173's example among them).
    #[test]
    fn addresses_of_a_known_key() {
        let key = hex::decode(concat!(
            "04",
            "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
            "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
        ))
        .unwrap();
        let key: [u8; 65] = key.try_into().unwrap();
        for (network, text) in [
            (Network::Trc20, "TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC"),
            (Network::Erc20, "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"),
            (Network::Bep20, "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"),
            (
                Network::Bitcoin,
                "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
            ),
        ] {
            let address = Address::from_public_key(network, &key).unwrap();
            assert_eq!(address.as_str(), text);
            assert_eq!(Address::parse(network, text), Ok(address));
        }
        assert!(Address::from_public_key(Network::Solana, &key).is_err());
    }

    #[test]
    fn odd_text_is_refused() {
        let long = "1".repeat(10_000);
        for text in [
            "",
            " ",
            "0x",
            "0X5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "bc1",
            &long,
        ] {
            for network in Network::BUILT_IN {
                assert!(
                    Address::parse(network, text).is_err(),
                    "{text:.20} as {network}"
                );
            }
        }
    }
}

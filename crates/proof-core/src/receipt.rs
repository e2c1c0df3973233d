//! What a person holds of an order from its first screen on: whose it is, what is bought or sold, and where it
//! goes. The server signs it; anybody can check it without asking.

use crate::{
    Timestamp,
    order::Order,
    partner::{Environment, Side},
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Stands before the document when it is signed, so that no other signed text is a receipt.
const DOMAIN: &[u8] = b"proof receipt 1\n";

const FINGERPRINT_DOMAIN: &str = "proof address 1\n";
const GROUPS: usize = 4;
const GROUP_LETTERS: usize = 4;

/// Crockford's: no letter that is mistaken for a digit when it is said or written by hand.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The document. What is in it never changes, so that it has the same bytes whenever it is asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Receipt {
    pub version: u8,
    pub environment: Environment,
    pub partner_id: String,
    pub merchant_transaction_id: Uuid,
    #[serde(rename = "type")]
    pub side: Side,
    pub currency: &'static str,
    pub network: &'static str,
    pub amount: String,
    /// Of a buy: where the crypto goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Of a sell whose terms are fixed: where the crypto is sent, and where it goes back to if need be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deposit_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_address: Option<String>,
    pub issued_at: String,
}

impl Receipt {
    /// `terms_at`: when the terms of a sell were fixed.
    pub fn new(order: &Order, terms_at: Option<Timestamp>) -> (Self, Timestamp) {
        let asset = order.amount.asset();
        let terms = order.sale.as_deref().zip(terms_at);
        let issued_at = terms.map_or(order.created_at, |(_, at)| at);
        let receipt = Self {
            version: 1,
            environment: order.environment,
            partner_id: order.partner.to_string(),
            merchant_transaction_id: order.id.uuid(),
            side: order.side,
            currency: asset.ticker(),
            network: asset.network().name(),
            amount: order.amount.to_decimal(),
            address: (order.side == Side::Buy).then(|| order.destination.to_string()),
            deposit_address: terms.map(|(sale, _)| sale.deposit_address.to_string()),
            refund_address: terms.map(|(sale, _)| sale.refund_address.to_string()),
            issued_at: issued_at.to_contract(),
        };
        (receipt, issued_at)
    }
}

/// The bytes that are signed for a document.
pub fn signed_bytes(document: &str) -> Vec<u8> {
    [DOMAIN, document.as_bytes()].concat()
}

/// Which key signs then: the first is 1, and every turn begins another. Turns are in order.
pub fn key_generation(turns: &[Timestamp], at: Timestamp) -> usize {
    turns.iter().filter(|turn| **turn <= at).count() + 1
}

/// From when until when a key signs; open where no other one was before, or comes after.
pub fn key_validity(
    turns: &[Timestamp],
    generation: usize,
) -> (Option<Timestamp>, Option<Timestamp>) {
    let turn = |number: Option<usize>| number.and_then(|number| turns.get(number)).copied();
    (
        turn(generation.checked_sub(2)),
        turn(generation.checked_sub(1)),
    )
}

/// Four groups by which two people compare an address over the phone: the first 80 bits of a SHA-256 of network
/// and address, five to a letter. Networks on which case means nothing have one spelling.
pub fn fingerprint(network: &str, address: &str) -> String {
    let caseless = ["0x", "bc1", "tb1", "bcrt1"].iter().any(|start| {
        let head = address.get(..start.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(start))
    });
    let address = if caseless {
        address.to_ascii_lowercase()
    } else {
        address.to_owned()
    };
    let hash = Sha256::digest(format!("{FINGERPRINT_DOMAIN}{network}\n{address}"));
    let mut text = String::with_capacity(GROUPS * (GROUP_LETTERS + 1));
    for letter in 0..GROUPS * GROUP_LETTERS {
        if letter > 0 && letter % GROUP_LETTERS == 0 {
            text.push('-');
        }
        let bits = (0..5).fold(0_usize, |value, bit| {
            let at = letter * 5 + bit;
            let byte = hash.get(at / 8).copied().unwrap_or_default();
            value << 1 | usize::from(byte >> (7 - at % 8) & 1)
        });
        text.push(char::from(LETTERS.get(bits).copied().unwrap_or(b'0')));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_every_moment_one_key_signs_and_says_so() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let turns = [at(100), at(200)];
        for (moment, generation) in [(0, 1), (99, 1), (100, 2), (199, 2), (200, 3), (900, 3)] {
            assert_eq!(key_generation(&turns, at(moment)), generation, "{moment}");
            let within = (1..=3).filter(|one| {
                let (from, until) = key_validity(&turns, *one);
                from.is_none_or(|from| from <= at(moment)) && until.is_none_or(|u| at(moment) < u)
            });
            assert_eq!(within.collect::<Vec<_>>(), [generation], "{moment}");
        }
        assert_eq!(key_generation(&[], at(5)), 1);
        assert_eq!(key_validity(&[], 1), (None, None));
    }

    #[test]
    fn a_fingerprint_is_four_groups_and_another_for_every_change() {
        let own = fingerprint("TRC20", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t");
        assert_eq!(own.len(), 19);
        assert_eq!(own.split('-').filter(|group| group.len() == 4).count(), 4);
        for (network, address) in [
            ("TRC20", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6T"),
            ("ERC20", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"),
        ] {
            assert_ne!(fingerprint(network, address), own, "{network} {address}");
        }
    }

    #[test]
    fn case_counts_only_where_the_network_counts_it() {
        let spelt = "0xdAC17F958D2ee523a2206206994597C13D831ec7";
        let one = fingerprint("ERC20", spelt);
        assert_eq!(fingerprint("ERC20", &spelt.to_lowercase()), one);
        let bech32 = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq";
        let one = fingerprint("BITCOIN", bech32);
        assert_eq!(fingerprint("BITCOIN", &bech32.to_uppercase()), one);
    }
}

//! What a transfer of bitcoin costs, by how it is written: its coins, the recipient, and what goes back.
//!
//! Sizes are in weight units (BIP-141), four of which are a virtual byte.

use super::Coin;
use crate::address::Address;
use serde::{Deserialize, Serialize};

/// Version, lock time, numbers of inputs and outputs of three bytes each at most, and the two bytes that say SegWit.
const WEIGHT_EMPTY: u128 = 4 * (4 + 4 + 3 + 1) + 2;
/// A P2WPKH input: 41 bytes, and a witness of a signature of at most 72 and a key of 33.
const WEIGHT_INPUT: u128 = 4 * 41 + 1 + 1 + 72 + 1 + 33;
/// Amount and length of an output.
const WEIGHT_OUTPUT: u128 = 4 * (8 + 1);
/// Bytes of a P2WPKH script.
const OWN_SCRIPT: u128 = 22;
/// What spending an output adds to a transaction, as nodes reckon it: with a witness, and without.
const SPENDING_WITNESS: u128 = 67;
const SPENDING_PLAIN: u128 = 148;
/// Nodes relay no output that is worth less than it costs to make and to spend it, at three satoshi for each byte.
const DUST_RATE: u128 = 3;
/// As many inputs as stay well below what nodes relay (100,000 virtual bytes).
pub const INPUTS_MAX: usize = 500;
/// Coins that one transaction brings together at most: some 3,450 virtual bytes. Each is asked for before, and one that
/// is gone holds up the rest.
pub const SWEPT_MAX: usize = 50;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BitcoinForm {
    /// The first eight bytes of the chain's first block's hash, as it is written.
    pub chain_id: u64,
    /// Satoshi for a thousand virtual bytes.
    pub fee_per_kvb: u64,
}

/// What a recipient on Bitcoin has to get at least.
pub fn dust(recipient: &Address) -> Option<u128> {
    let script = recipient.bitcoin_script_bytes()?;
    let spending = if recipient.is_bitcoin_witness() {
        SPENDING_WITNESS
    } else {
        SPENDING_PLAIN
    };
    Some(dust_of(script, spending))
}

/// What goes back to our own P2WPKH wallet at least; less is left to the miner.
pub const fn dust_of_change() -> u128 {
    dust_of(OWN_SCRIPT, SPENDING_WITNESS)
}

const fn dust_of(script: u128, spending: u128) -> u128 {
    (8 + 1 + script + spending) * DUST_RATE
}

impl BitcoinForm {
    /// What `coins` pay for sending `amount` to `recipient`; `None`: they are not enough, or too many. What is left and
    /// would be dust is part of it.
    pub fn fee(&self, coins: &[Coin], recipient: &Address, amount: u128) -> Option<u128> {
        if coins.is_empty() || coins.len() > INPUTS_MAX {
            return None;
        }
        let mut bases = coins.iter().map(|coin| coin.base);
        let have = bases.try_fold(0_u128, u128::checked_add)?;
        let left = have.checked_sub(amount)?;
        let weight = weight(coins.len(), recipient.bitcoin_script_bytes()?)?;
        let with_change = self.of(weight.checked_add(WEIGHT_OUTPUT + 4 * OWN_SCRIPT)?)?;
        if left >= with_change.checked_add(dust_of_change())? {
            return Some(with_change);
        }
        (left >= self.of(weight)?).then_some(left)
    }

    /// Of a usual transfer: one coin, the longest recipient, and change.
    pub fn fee_usual(&self) -> Option<u128> {
        self.of(weight(1, 34)?.checked_add(WEIGHT_OUTPUT + 4 * OWN_SCRIPT)?)
    }

    /// What it costs to bring so many coins of P2WPKH addresses together at our own, which gets all that is left.
    pub fn fee_sweep(&self, coins: usize) -> Option<u128> {
        if coins == 0 || coins > SWEPT_MAX {
            return None;
        }
        self.of(weight(coins, OWN_SCRIPT)?)
    }

    /// What one coin more adds to that.
    pub fn fee_input(&self) -> Option<u128> {
        self.of(WEIGHT_INPUT)
    }

    fn of(&self, weight: u128) -> Option<u128> {
        let fee = weight.checked_mul(u128::from(self.fee_per_kvb))?;
        Some(fee.div_ceil(4_000))
    }
}

fn weight(inputs: usize, script: u128) -> Option<u128> {
    let inputs = u128::try_from(inputs).ok()?.checked_mul(WEIGHT_INPUT)?;
    inputs.checked_add(WEIGHT_EMPTY + WEIGHT_OUTPUT + 4 * script)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Network;

    fn address(text: &str) -> Address {
        Address::parse(Network::Bitcoin, text).unwrap()
    }

    fn coin(base: u128) -> Coin {
        Coin {
            hash: "00".repeat(32),
            index: 0,
            base,
        }
    }

    const P2WPKH: &str = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";

    #[test]
    fn dust_is_what_nodes_call_so() {
        for (text, least) in [
            (P2WPKH, 294),
            ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", 546),
            ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", 540),
            (
                "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
                330,
            ),
        ] {
            assert_eq!(dust(&address(text)), Some(least), "{text}");
        }
        assert_eq!(dust_of_change(), 294);
    }

    #[test]
    fn what_is_left_goes_back_or_to_the_miner_and_never_lacks() {
        let form = BitcoinForm {
            chain_id: 1,
            fee_per_kvb: 10_000,
        };
        let to = address(P2WPKH);
        // 142.5 virtual bytes at ten satoshi.
        let with_change = form.fee(&[coin(100_000)], &to, 50_000).unwrap();
        assert_eq!(with_change, 1_425);
        let without = with_change - 310;
        let fee = |have| form.fee(&[coin(have)], &to, 50_000);
        assert_eq!(fee(50_000 + with_change + 294), Some(with_change));
        assert_eq!(fee(50_000 + with_change + 293), Some(with_change + 293));
        assert_eq!(fee(50_000 + without), Some(without));
        assert_eq!(fee(50_000 + without - 1), None);
        assert_eq!(fee(49_999), None);
        assert_eq!(form.fee(&[], &to, 0), None);
        let many = vec![coin(1_000_000); INPUTS_MAX + 1];
        assert_eq!(form.fee(&many, &to, 5), None);
        assert!(form.fee(&many[1..], &to, 5).is_some());
        assert_eq!(form.fee(&[coin(u128::MAX), coin(1)], &to, 5), None);
        let dear = BitcoinForm {
            fee_per_kvb: u64::MAX,
            ..form
        };
        assert_eq!(dear.fee(&[coin(100_000)], &to, 5), None);
        // 43.5 virtual bytes, and 68 for each coin.
        assert_eq!(form.fee_input(), Some(680));
        assert_eq!(form.fee_sweep(1), Some(1_115));
        assert_eq!(form.fee_sweep(SWEPT_MAX), Some(34_435));
        assert_eq!(
            (form.fee_sweep(0), form.fee_sweep(SWEPT_MAX + 1)),
            (None, None)
        );
    }
}

//! ERC-20, as far as transfers go: a call of two words and an event of three.

use super::wire;
use alloy_primitives::{Address, B256, U256, b256};
use std::collections::BTreeMap;

/// `keccak256("Transfer(address,address,uint256)")`.
pub const TRANSFER_TOPIC: B256 =
    b256!("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
/// `transfer(address,uint256)`.
const TRANSFER_SELECTOR: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];
/// `balanceOf(address)`.
const BALANCE_SELECTOR: [u8; 4] = [0x70, 0xa0, 0x82, 0x31];
/// `decimals()`.
pub const DECIMALS_CALL: &str = "0x313ce567";

pub fn balance_call(owner: Address) -> String {
    let owner = owner.into_word();
    alloy_primitives::hex::encode_prefixed([&BALANCE_SELECTOR, owner.as_slice()].concat())
}

pub fn transfer_call(to: Address, amount: U256) -> String {
    let (to, amount) = (to.into_word(), amount.to_be_bytes::<32>());
    alloy_primitives::hex::encode_prefixed(
        [TRANSFER_SELECTOR.as_slice(), to.as_slice(), &amount].concat(),
    )
}

/// Recipient and amount of a call of `transfer`; `None` for any other call.
pub fn transfer_of(input: &[u8]) -> Option<(Address, U256)> {
    let words = input.strip_prefix(&TRANSFER_SELECTOR)?;
    let (to, amount) = words.split_at_checked(32)?;
    Some((address(to)?, word(amount)?))
}

/// What a token says of a movement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Event {
    pub from: Address,
    pub to: Address,
    pub amount: U256,
}

/// Whether it is the event by which this token tells movements, readable or not.
pub fn is_transfer(log: &wire::Log, token: Address) -> bool {
    log.address == token && log.topics.first() == Some(&TRANSFER_TOPIC)
}

pub fn event(log: &wire::Log) -> Option<Event> {
    let [_, from, to] = log.topics.as_slice() else {
        return None;
    };
    Some(Event {
        from: address(from.as_slice())?,
        to: address(to.as_slice())?,
        amount: word(&log.data)?,
    })
}

fn address(word: &[u8]) -> Option<Address> {
    let (zeros, account) = word.split_at_checked(12)?;
    let good = account.len() == 20 && zeros.iter().all(|byte| *byte == 0);
    good.then(|| Address::from_slice(account))
}

fn word(bytes: &[u8]) -> Option<U256> {
    let bytes: [u8; 32] = bytes.try_into().ok()?;
    Some(U256::from_be_bytes(bytes))
}

/// The index of a native transfer: a transaction makes one by itself.
pub const NATIVE_INDEX: u32 = 0;
/// Events of one token that one transaction can be told apart by.
const EVENTS_MAX: u32 = 0xffff;

/// The name of one movement in its transaction, which stays the same when a re-org puts the transaction elsewhere
/// and when the operator configures another token: the token's first two bytes, and the how manieth event of that
/// token it is. The node's own index counts events of the whole block.
pub fn index(token: Address, events_before: u32) -> Option<u32> {
    let nth = events_before
        .checked_add(1)
        .filter(|nth| *nth <= EVENTS_MAX)?;
    Some((tag(token) << 16) | nth)
}

/// One bit is left out, so that databases with signed numbers hold it.
pub fn tag(token: Address) -> u32 {
    u32::from(u16::from_be_bytes([token[0], token[1]]) & 0x7fff)
}

/// Counts the events of each token in each transaction.
#[derive(Default)]
pub struct Counter {
    seen: BTreeMap<(B256, Address), u32>,
}

impl Counter {
    pub fn next(&mut self, log: &wire::Log) -> Option<u32> {
        let key = (log.transaction_hash, log.address);
        let before = self.seen.entry(key).or_default();
        let index = index(log.address, *before);
        *before = before.saturating_add(1);
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{address, hex, keccak256};

    #[test]
    fn names_are_what_their_signatures_hash_to() {
        let selector = |text: &str| keccak256(text)[..4].to_vec();
        assert_eq!(
            TRANSFER_TOPIC,
            keccak256("Transfer(address,address,uint256)")
        );
        assert_eq!(
            TRANSFER_SELECTOR.to_vec(),
            selector("transfer(address,uint256)")
        );
        assert_eq!(BALANCE_SELECTOR.to_vec(), selector("balanceOf(address)"));
        assert_eq!(hex::decode(DECIMALS_CALL).unwrap(), selector("decimals()"));
    }

    #[test]
    fn only_a_call_of_transfer_with_two_whole_words_is_one() {
        let mut call = TRANSFER_SELECTOR.to_vec();
        let to = address!("0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
        call.extend(to.into_word());
        call.extend(U256::from(5).to_be_bytes::<32>());
        assert_eq!(transfer_of(&call), Some((to, U256::from(5))));
        for bad in [&call[..67], &call[..36], &call[..4], &[], &call[1..]] {
            assert_eq!(transfer_of(bad), None);
        }
        let longer = [call.as_slice(), &[0]].concat();
        assert_eq!(transfer_of(&longer), None);
        let mut dirty = call;
        dirty[5] = 1;
        assert_eq!(transfer_of(&dirty), None);
    }

    #[test]
    fn indexes_differ_by_token_and_order_and_fit_everywhere() {
        let usdt = address!("0xdAC17F958D2ee523a2206206994597C13D831ec7");
        let usdc = address!("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48");
        let all = [index(usdt, 0), index(usdt, 1), index(usdc, 0)].map(Option::unwrap);
        assert!(
            all.iter()
                .all(|n| i32::try_from(*n).is_ok() && *n != NATIVE_INDEX)
        );
        assert!(all[0] != all[1] && all[0] != all[2] && all[1] != all[2]);
        assert_eq!(index(usdt, EVENTS_MAX), None);
    }
}

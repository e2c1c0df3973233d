//! Addresses, right and wrong ones, against the libraries that wallets use: ethers, tronweb and bitcoinjs.
//!
//! `PROOF_ADDRESS_CASES=1000000` is the long run of RELIABILITY.md.

use crate::npm::judged_by;
use bech32::{Bech32, Bech32m, ByteIterExt, Fe32, Fe32IterExt, Hrp};
use proof_core::{
    Address, Network,
    address::{evm_checksummed, tron_spelt},
};
use sha2::{Digest, Sha256};

const CASES: u64 = 20_000;

/// The same numbers in every run: a fresh one each time it is asked.
struct Dice {
    seed: [u8; 32],
}

impl Dice {
    fn new(n: u64) -> Self {
        let seed = Sha256::digest(format!("address {n}")).into();
        Self { seed }
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        self.seed = Sha256::digest(self.seed).into();
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.seed[..N]);
        bytes
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::from(u16::from_be_bytes(self.bytes())) % bound
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

fn evm(dice: &mut Dice) -> String {
    let account = if dice.below(200) == 0 {
        [0; 20]
    } else {
        dice.bytes()
    };
    let right = evm_checksummed(&account);
    match dice.below(4) {
        0 => right.to_lowercase(),
        1 => format!("0x{}", hex::encode_upper(account)),
        _ => right,
    }
}

fn tron(dice: &mut Dice) -> String {
    let account = dice.bytes();
    if dice.below(4) > 0 {
        return tron_spelt(&account);
    }
    let first = dice.one(&[0x41, 0x00, 0x05, 0xa0]);
    let length = dice.one(&[19, 20, 21]);
    let bytes = [&[first], &dice.bytes::<32>()[..length]].concat();
    bs58::encode(bytes).with_check().into_string()
}

fn bitcoin(dice: &mut Dice) -> String {
    if dice.below(4) == 0 {
        let first = dice.one(&[0x00, 0x05, 0x6f, 0xc4, 0x80]);
        let length = dice.one(&[20, 20, 20, 19, 21, 32]);
        let bytes = [&[first], &dice.bytes::<32>()[..length]].concat();
        return bs58::encode(bytes).with_check().into_string();
    }
    // Of keys that exist as often as of those that do not.
    let program = dice.bytes::<32>();
    let length = dice.one(&[20, 32, 32, 32, 2, 19, 31]);
    let version = dice.one(&[0, 0, 0, 1, 1, 1, 2, 16, 17]);
    let hrp = Hrp::parse(dice.one(&["bc", "bc", "bc", "bc", "tb", "bcrt"])).unwrap();
    let version = Fe32::try_from(u8::try_from(version).unwrap()).unwrap();
    let data = program[..length].iter().copied().bytes_to_fes();
    let data = std::iter::once(version).chain(data);
    let right_m = version != Fe32::Q;
    let text: String = if (dice.below(8) > 0) == right_m {
        data.with_checksum::<Bech32m>(&hrp).chars().collect()
    } else {
        data.with_checksum::<Bech32>(&hrp).chars().collect()
    };
    if dice.below(8) == 0 {
        return text.to_uppercase();
    }
    text
}

/// As people get it wrong.
fn slip(dice: &mut Dice, text: &str) -> String {
    let at = dice.below(text.len());
    let (before, from) = text.split_at(at);
    let (old, after) = from.split_at(1);
    match dice.below(8) {
        0 => format!("{before}{after}"),
        1 => format!("{before}{old}{old}{after}"),
        2 => format!(
            "{before}{}{after}",
            dice.one(&["0", "1", "l", "O", "q", "f", "B", "é", " ", "z"])
        ),
        3 => format!("{before}{}{after}", old.to_uppercase()),
        4 => format!("{before}{}{after}", old.to_lowercase()),
        5 => format!(" {text}"),
        6 => format!("{text}{}", dice.one(&["\t", "0", "q", "p"])),
        _ => {
            let (next, rest) = after.split_at(after.len().min(1));
            format!("{before}{next}{old}{rest}")
        }
    }
}

fn case(n: u64) -> (Network, String) {
    let mut dice = Dice::new(n);
    let network = dice.one(&[
        Network::Erc20,
        Network::Trc20,
        Network::Bitcoin,
        Network::Bitcoin,
    ]);
    let text = match network {
        Network::Trc20 => tron(&mut dice),
        Network::Bitcoin => bitcoin(&mut dice),
        _ => evm(&mut dice),
    };
    let text = match dice.below(3) {
        0 => slip(&mut dice, &text),
        _ => text,
    };
    // Of another network, now and then.
    let network = match dice.below(40) {
        0 => dice.one(&[Network::Erc20, Network::Trc20, Network::Bitcoin]),
        _ => network,
    };
    (network, text)
}

#[test]
fn addresses_are_those_of_ethers_tronweb_and_bitcoinjs() {
    let asked = std::env::var("PROOF_ADDRESS_CASES");
    let cases = asked.map_or(CASES, |text| text.parse().unwrap());
    let mut good = 0_u64;
    let mut lines = String::new();
    for n in 0..cases {
        let (network, text) = case(n);
        let read = Address::parse(network, &text).ok();
        good += u64::from(read.is_some());
        let read = read.as_ref().map(Address::as_str);
        lines += &serde_json::json!([network.to_string(), text, read]).to_string();
        lines += "\n";
    }
    assert!(
        good > cases / 4 && good < cases * 3 / 4,
        "{good} of {cases}"
    );
    let counted = judged_by("addresses.mjs", &lines);
    assert_eq!(counted, cases.to_string());
}

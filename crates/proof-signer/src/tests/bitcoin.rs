//! Coins of a real network: what they are worth cannot be told in two ways, and none is spent by two intents.

use super::*;
use crate::{BitcoinRules, WalletKeys};
use proof_core::transfer::BitcoinForm;

const FRIEND: &str = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";

fn ruled(dir: &Path) -> LocalSigner {
    ruled_with(dir, [7; 32].into())
}

pub fn ruled_with(dir: &Path, keys: WalletKeys) -> LocalSigner {
    let rules = BitcoinRules {
        chain_id: 7,
        fee_max: 10_000,
    };
    let signer = LocalSigner::open(dir, keys).unwrap();
    let signer = signer.with_rules([(Network::Bitcoin, ChainRules::Bitcoin(rules))].into());
    let friend = Address::parse(Network::Bitcoin, FRIEND).unwrap();
    for n in 1..=2 {
        block_on(signer.register(Epoch::FIRST, order(n), &friend, Whose::User)).unwrap();
    }
    signer
}

pub fn coin(hash: &str, base: u128) -> Coin {
    Coin {
        hash: hash.repeat(32),
        index: 0,
        base,
    }
}

pub fn delivery(signer: &LocalSigner, n: u128, coins: &[Coin], rate: u64) -> SigningIntent {
    let (btc, form) = (
        Network::Bitcoin.native(),
        BitcoinForm {
            chain_id: 7,
            fee_per_kvb: rate,
        },
    );
    let recipient = Address::parse(Network::Bitcoin, FRIEND).unwrap();
    let fee = form.fee(coins, &recipient, 5_000).unwrap();
    SigningIntent {
        intent: intent(n),
        class: IntentClass::Deliver,
        order: order(n),
        transfer: UnsignedTransfer {
            sender: block_on(signer.wallet(Network::Bitcoin)).unwrap(),
            recipient,
            amount: Amount::new(btc, 5_000),
            from: UnsignedFrom::Coins(coins.to_vec()),
            fee: Amount::new(btc, fee),
            form: Some(Form::Bitcoin(Box::new(form))),
        },
    }
}

#[test]
fn a_coin_has_one_value_and_one_intent_and_a_replacement_has_the_same_coins() {
    let dir = tempfile::tempdir().unwrap();
    let signer = ruled(dir.path());
    let coins = [coin("ab", 60_000), coin("cd", 70_000)];
    let wish = delivery(&signer, 1, &coins, 2_000);
    let signed = sign(&signer, &wish).unwrap();
    assert_eq!(sign(&signer, &wish).unwrap(), signed);
    let lie = [coin("ab", 60_000), coin("cd", 90_000)];
    let other = [coin("ab", 60_000), coin("ef", 70_000)];
    let more = [coin("ab", 60_000), coin("cd", 70_000), coin("ef", 1_000)];
    for coins in [&lie[..], &other, &more, &coins[..1]] {
        let raised = delivery(&signer, 1, coins, 3_000);
        assert_eq!(
            refused(sign(&signer, &raised)),
            "the intent was signed with other facts"
        );
    }
    let second = delivery(&signer, 2, &lie, 2_000);
    let taken = "the nonce or a coin is spent by another intent";
    assert_eq!(refused(sign(&signer, &second)), taken);
    // The same coin in other letters.
    let loud = [coin("AB", 60_000), coin("EF", 90_000)];
    let uncovered = "the coins do not cover amount and fee, or one is named twice";
    assert_eq!(
        refused(sign(&signer, &delivery(&signer, 2, &loud, 2_000))),
        uncovered
    );

    let dearer = delivery(&signer, 1, &coins, 2_200);
    let replaced = sign(&signer, &dearer).unwrap();
    assert_ne!(replaced.hash, signed.hash);
    let small = delivery(&signer, 1, &coins, 2_300);
    assert_eq!(
        refused(sign(&signer, &small)),
        "the replacement's fees are not a tenth above those that were signed before"
    );
    // Also out of the journal.
    drop(signer);
    let signer = ruled(dir.path());
    assert_eq!(sign(&signer, &dearer).unwrap(), replaced);
    assert_eq!(refused(sign(&signer, &second)), taken);
}

#[test]
fn a_real_network_gets_nothing_that_only_a_simulated_one_takes() {
    let dir = tempfile::tempdir().unwrap();
    let signer = ruled(dir.path());
    let mut plain = delivery(&signer, 1, &[coin("ab", 60_000)], 2_000);
    plain.transfer.form = None;
    let wrong = "the transfer is not written in the form of its network";
    assert_eq!(refused(sign(&signer, &plain)), wrong);
    let (_dir, simulated) = fresh();
    let recipient = plain.transfer.recipient.clone();
    block_on(simulated.register(Epoch::FIRST, order(1), &recipient, Whose::User)).unwrap();
    let real = delivery(&simulated, 1, &[coin("ab", 60_000)], 2_000);
    assert_eq!(refused(sign(&simulated, &real)), wrong);
    let mut all = plain;
    all.transfer = delivery(&signer, 1, &[coin("ab", 60_000)], 80_000).transfer;
    let dear = "the fee is above what the signer was configured for, or is not what the form says";
    assert_eq!(refused(sign(&signer, &all)), dear);
}

//! What a hot wallet has too much goes to the one address that the signer's own configuration names.

use super::*;
use crate::{BitcoinRules, Limit, Limits, Outflow};
use ::bitcoin::{Transaction, consensus::encode::deserialize_hex};
use proof_core::{
    Clock, Timestamp,
    transfer::{BitcoinForm, DepositCoin},
};
use std::sync::Arc;

const COLD: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
const THIEF: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::FIRST
    }
}

fn evm(text: &str) -> Address {
    Address::parse(Network::Erc20, text).unwrap()
}

fn ruled(dir: &Path) -> LocalSigner {
    let rules = EvmRules {
        chain_id: 1,
        contracts: [].into(),
        fee_max: 1_000_000,
    };
    open(dir).with_rules([(Network::Erc20, ChainRules::Evm(rules))].into())
}

fn with_cold(dir: &Path) -> LocalSigner {
    ruled(dir).with_cold([(Network::Erc20, evm(COLD))].into())
}

fn wish(signer: &LocalSigner, n: u128, to: &str) -> SigningIntent {
    let native = Network::Erc20.native();
    let form = EvmForm {
        chain_id: 1,
        gas_limit: 100,
        fee_per_gas_max: 10,
        tip_per_gas_max: 1,
        token: None,
    };
    SigningIntent {
        intent: intent(n),
        class: IntentClass::Cold,
        order: order(n),
        transfer: UnsignedTransfer {
            sender: block_on(signer.wallet(Network::Erc20)).unwrap(),
            recipient: evm(to),
            amount: Amount::new(native, 5),
            from: UnsignedFrom::Nonce(u64::try_from(n).unwrap()),
            fee: Amount::new(native, 1_000),
            form: Some(Form::Evm(Box::new(form))),
        },
    }
}

#[test]
fn a_move_into_cold_storage_goes_to_the_configured_address_and_nowhere_else() {
    let dir = tempfile::tempdir().unwrap();
    let signer = with_cold(dir.path());
    let cold = |signer: &LocalSigner, network| block_on(signer.cold(network)).unwrap();
    assert_eq!(cold(&signer, Network::Erc20), Some(evm(COLD)));
    assert_eq!(cold(&signer, Network::Bep20), None);
    // What the server says of an order is no way to another place.
    let thief = evm(THIEF);
    block_on(signer.register(Epoch::FIRST, order(2), &thief, Whose::User)).unwrap();
    block_on(signer.open_deposit(Epoch::FIRST, order(3), &thief)).unwrap();
    for n in [1, 2, 3] {
        refused(sign(&signer, &wish(&signer, n, THIEF)));
    }
    let right = wish(&signer, 1, COLD);
    let mut from = right.clone();
    from.transfer.sender = thief;
    refused(sign(&signer, &from));
    // Nor is the address one for anything else.
    for class in [
        IntentClass::Deliver,
        IntentClass::Return,
        IntentClass::Prove,
    ] {
        refused(sign(
            &signer,
            &SigningIntent {
                class,
                ..right.clone()
            },
        ));
    }
    let given = sign(&signer, &right).unwrap();
    // The journal of before is read again, also where there is another address, or none, by now.
    drop(signer);
    let signer = ruled(dir.path());
    assert_eq!(cold(&signer, Network::Erc20), None);
    assert_eq!(sign(&signer, &right).unwrap(), given);
    refused(sign(&signer, &wish(&signer, 4, COLD)));
    let promised = block_on(signer.promised(order(1))).unwrap();
    assert_eq!(promised.signed.len(), 1);
}

#[test]
fn cold_storage_has_limits_of_its_own() {
    let limit = |most| Limit {
        order: most,
        hour: most,
        day: most,
    };
    let native = Network::Erc20.native();
    let fee = ((Outflow::Fee, native), limit(10_000));
    let others = [
        Outflow::Deliver,
        Outflow::Return,
        Outflow::Prove,
        Outflow::TopUp,
    ];
    let others = others.map(|of| ((of, native), limit(u128::MAX)));
    let signed = |limits: Limits, moves: u128| {
        let dir = tempfile::tempdir().unwrap();
        let signer = with_cold(dir.path()).with_limits(limits, Arc::new(Still));
        let asked = (1..=moves).map(|n| {
            let wish = wish(&signer, n, COLD);
            block_on(signer.sign(Epoch::FIRST, &wish)).map(drop)
        });
        let asked: Vec<_> = asked.collect();
        asked.into_iter().next_back().unwrap()
    };
    let own = |most| [fee, ((Outflow::Cold, native), limit(most))].into();
    assert!(signed(own(5), 1).is_ok());
    assert_eq!(signed(own(4), 1).unwrap_err().class, Class::GiveUp);
    let later = signed(own(9), 2).unwrap_err();
    assert!(later.answered && later.class == Class::Retry, "the hour's");
    let none = signed(others.into_iter().chain([fee]).collect(), 1).unwrap_err();
    assert_eq!(none.class, Class::Retry, "without a limit it waits");
}

#[test]
fn coins_go_to_the_configured_vault_of_any_form_and_what_is_left_comes_back() {
    let vaults = [
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
        "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
        "bc1qwqdg6squsna38e46795at95yu9atm8azzmyvckulcc7kytlcckxswvvzej",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
    ];
    let vaults = vaults.map(|text| Address::parse(Network::Bitcoin, text).unwrap());
    for (vault, other) in vaults.iter().zip(vaults.iter().cycle().skip(1)) {
        let dir = tempfile::tempdir().unwrap();
        let rules = BitcoinRules {
            chain_id: 7,
            fee_max: 10_000,
        };
        let signer = open(dir.path())
            .with_rules([(Network::Bitcoin, ChainRules::Bitcoin(rules))].into())
            .with_cold([(Network::Bitcoin, vault.clone())].into());
        let right = coin_move(&signer, vault, 2_000);
        refused(sign(&signer, &coin_move(&signer, other, 2_000)));
        let deposits = |wish: &mut SigningIntent| {
            let coins = wish.transfer.from.coins().cloned();
            let order = wish.order;
            let deposits = coins.map(|coin| DepositCoin { order, coin }).collect();
            wish.transfer.from = UnsignedFrom::Deposits(deposits);
        };
        let mut swept = right.clone();
        deposits(&mut swept);
        refused(sign(&signer, &swept));
        let signed = sign(&signer, &right).unwrap();
        let replaced = sign(&signer, &coin_move(&signer, vault, 3_000)).unwrap();
        for (one, rate) in [(&signed, 2_000), (&replaced, 3_000)] {
            let wish = coin_move(&signer, vault, rate).transfer;
            let read: Transaction = deserialize_hex(&one.signed_hex).unwrap();
            let values: Vec<u64> = read.output.iter().map(|out| out.value.to_sat()).collect();
            let fee = u64::try_from(wish.fee.base()).unwrap();
            assert_eq!(values, [50_000, 130_000 - 50_000 - fee]);
        }
        assert_ne!(signed.hash, replaced.hash);
    }
}

fn coin_move(signer: &LocalSigner, to: &Address, rate: u64) -> SigningIntent {
    let coin = |index, base| Coin {
        hash: "ab".repeat(32),
        index,
        base,
    };
    let coins = vec![coin(0, 60_000), coin(1, 70_000)];
    let form = BitcoinForm {
        chain_id: 7,
        fee_per_kvb: rate,
    };
    let btc = |base| Amount::new(Network::Bitcoin.native(), base);
    SigningIntent {
        intent: intent(1),
        class: IntentClass::Cold,
        order: order(1),
        transfer: UnsignedTransfer {
            sender: block_on(signer.wallet(Network::Bitcoin)).unwrap(),
            recipient: to.clone(),
            amount: btc(50_000),
            fee: btc(form.fee(&coins, to, 50_000).unwrap()),
            from: UnsignedFrom::Coins(coins),
            form: Some(Form::Bitcoin(Box::new(form))),
        },
    }
}

//! Coins of many deposit addresses come together in the hot wallet, each signed by the key of its own order's address.

use super::*;
use crate::{BitcoinRules, Limit, Limits, Outflow};
use ::bitcoin::{Transaction, consensus::encode::deserialize_hex};
use proof_core::{
    Clock, Timestamp,
    transfer::{BitcoinForm, DepositCoin, bitcoin::SWEPT_MAX},
};
use std::{collections::BTreeMap, sync::Arc};

const REFUND: &str = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::FIRST
    }
}

fn bitcoin(text: &str) -> Address {
    Address::parse(Network::Bitcoin, text).unwrap()
}

fn ruled(dir: &Path) -> LocalSigner {
    let rules = BitcoinRules {
        chain_id: 7,
        fee_max: 10_000,
    };
    open(dir).with_rules([(Network::Bitcoin, ChainRules::Bitcoin(rules))].into())
}

fn opened(signer: &LocalSigner, n: u128) -> Address {
    let refund = bitcoin(REFUND);
    let opened = signer.open_deposit(Epoch::FIRST, order(n), &refund);
    block_on(opened).unwrap()
}

fn deposit(n: u128, index: u32, base: u128) -> DepositCoin {
    let hash = format!("{n:064x}");
    let coin = Coin { hash, index, base };
    DepositCoin {
        order: order(n),
        coin,
    }
}

/// Asked for the first one's order.
fn sweep(signer: &LocalSigner, name: u128, deposits: &[DepositCoin], rate: u64) -> SigningIntent {
    let form = BitcoinForm {
        chain_id: 7,
        fee_per_kvb: rate,
    };
    let fee = form.fee_sweep(deposits.len()).unwrap_or(1_000);
    let all: u128 = deposits.iter().map(|one| one.coin.base).sum();
    let btc = |base| Amount::new(Network::Bitcoin.native(), base);
    let asked = deposits[0].order;
    let promised = block_on(signer.promised(asked)).unwrap();
    let wallet = block_on(signer.wallet(Network::Bitcoin)).unwrap();
    let sender = promised
        .deposit
        .map_or(wallet.clone(), |deposit| deposit.address);
    SigningIntent {
        intent: intent(name),
        class: IntentClass::Sweep,
        order: asked,
        transfer: UnsignedTransfer {
            sender,
            recipient: wallet,
            amount: btc(all - fee),
            from: UnsignedFrom::Deposits(deposits.to_vec()),
            fee: btc(fee),
            form: Some(Form::Bitcoin(Box::new(form))),
        },
    }
}

#[test]
fn coins_of_many_orders_go_to_our_wallet_alone() {
    let (dir, _) = fresh();
    let dir = dir.path().join("coins");
    let signer = ruled(&dir);
    let at: Vec<Address> = (1..=3).map(|n| opened(&signer, n)).collect();
    let coins = [
        deposit(1, 0, 60_000),
        deposit(1, 1, 5_000),
        deposit(2, 0, 70_000),
    ];
    let wish = sweep(&signer, 9, &coins, 2_000);
    let refused_as = |change: &dyn Fn(&mut SigningIntent)| {
        let mut wrong = wish.clone();
        change(&mut wrong);
        refused(sign(&signer, &wrong))
    };
    let recipient = "the recipient is not the one that was registered for the order";
    for to in [bitcoin(REFUND), at[0].clone(), at[2].clone()] {
        assert_eq!(
            refused_as(&|w| w.transfer.recipient = to.clone()),
            recipient
        );
    }
    let sender = "the sender is not our wallet";
    for from in [&at[1], &wish.transfer.recipient, &bitcoin(REFUND)] {
        assert_eq!(refused_as(&|w| w.transfer.sender = from.clone()), sender);
    }
    let source = "the transfer spends the wrong kind of source for its network";
    let plain = coins.iter().map(|one| one.coin.clone()).collect::<Vec<_>>();
    assert_eq!(
        refused_as(&|w| w.transfer.from = UnsignedFrom::Coins(plain.clone())),
        source
    );
    // Deposits are only ever swept.
    let returned = |w: &mut SigningIntent| {
        w.class = IntentClass::Return;
        w.transfer.recipient = bitcoin(REFUND);
    };
    assert_eq!(refused_as(&returned), source);
    // It is asked for an order that is in it.
    let asked = |w: &mut SigningIntent| {
        w.order = order(3);
        w.transfer.sender = at[2].clone();
    };
    assert_eq!(refused_as(&asked), source);
    // An order that the signer was never told of has no address here.
    let unknown = sweep(&signer, 9, &[coins[0].clone(), deposit(4, 0, 9_000)], 2_000);
    let unregistered = "no address is registered for the order";
    assert_eq!(refused(sign(&signer, &unknown)), unregistered);
    // Nothing goes to miners but what the form says, nor more than comes to us.
    let uncovered = "the coins do not cover amount and fee, or one is named twice";
    let less = |w: &mut SigningIntent| {
        w.transfer.amount = Amount::new(Network::Bitcoin.native(), 100_000);
    };
    assert_eq!(refused_as(&less), uncovered);
    let twice = [coins[0].clone(), coins[0].clone()];
    assert_eq!(
        refused(sign(&signer, &sweep(&signer, 9, &twice, 2_000))),
        uncovered
    );
    let fee = "the fee is above what the signer was configured for, or is not what the form says";
    for (coins, rate) in [(&coins[..], 60_000), (&[deposit(1, 1, 5_000)], 30_000)] {
        assert_eq!(refused(sign(&signer, &sweep(&signer, 9, coins, rate))), fee);
    }
}

#[test]
fn what_is_brought_together_is_one_transaction_and_each_order_is_told() {
    let (dir, _) = fresh();
    let dir = dir.path().join("coins");
    let signer = ruled(&dir);
    (1..=3).for_each(|n| drop(opened(&signer, n)));
    let coins = [
        deposit(1, 0, 60_000),
        deposit(1, 1, 5_000),
        deposit(2, 0, 70_000),
    ];
    let wish = sweep(&signer, 9, &coins, 2_000);
    let fee = "the fee is above what the signer was configured for, or is not what the form says";
    let many: Vec<_> = (0..)
        .take(SWEPT_MAX + 1)
        .map(|n| deposit(1, n, 9_000))
        .collect();
    assert_eq!(
        refused(sign(&signer, &sweep(&signer, 9, &many, 1_000))),
        fee
    );
    let signed = sign(&signer, &wish).unwrap();
    let read: Transaction = deserialize_hex(&signed.signed_hex).unwrap();
    assert_eq!((read.input.len(), read.output.len()), (3, 1));
    assert!(read.is_explicitly_rbf());
    assert_eq!(
        u128::from(read.output[0].value.to_sat()),
        wish.transfer.amount.base()
    );
    // Both know it, after another start as well; the third order does not.
    drop(signer);
    let signer = ruled(&dir);
    let given = |n| block_on(signer.promised(order(n))).unwrap().signed;
    assert_eq!(given(1).len(), 1);
    assert_eq!(given(1), given(2));
    assert!(given(3).is_empty());
    // Page by page it is told once.
    let page = block_on(signer.promises(None)).unwrap();
    let told: Vec<usize> = page.iter().map(|promised| promised.signed.len()).collect();
    assert_eq!(told, [1, 0, 0]);
    assert_eq!(sign(&signer, &wish).unwrap(), signed);
    // Its coins are nobody else's any more.
    let second = sweep(&signer, 10, &[coins[2].clone()], 2_000);
    let taken = "the nonce or a coin is spent by another intent";
    assert_eq!(refused(sign(&signer, &second)), taken);
}

#[test]
fn a_replacement_has_the_same_coins_and_brings_less_by_what_it_costs_more() {
    let dir = tempfile::tempdir().unwrap();
    let signer = ruled(dir.path());
    (1..=2).for_each(|n| drop(opened(&signer, n)));
    let coins = [deposit(1, 0, 60_000), deposit(2, 0, 70_000)];
    let signed = sign(&signer, &sweep(&signer, 9, &coins, 2_000)).unwrap();
    let other_facts = "the intent was signed with other facts";
    let more = [coins[0].clone(), coins[1].clone(), deposit(2, 1, 9_000)];
    let turned = [coins[1].clone(), coins[0].clone()];
    let lie = [coins[0].clone(), deposit(2, 0, 71_000)];
    let mut foreign = coins.clone();
    foreign[1].order = order(1);
    for coins in [&coins[..1], &more, &turned, &lie, &foreign] {
        let raised = sweep(&signer, 9, coins, 3_000);
        assert_eq!(refused(sign(&signer, &raised)), other_facts);
    }
    let good = sweep(&signer, 9, &coins, 3_000);
    let mut wrong = good.clone();
    wrong.transfer.recipient = bitcoin(REFUND);
    assert_eq!(refused(sign(&signer, &wrong)), other_facts);
    // What it costs more is not taken from the form alone.
    let mut wrong = good.clone();
    let kept = sweep(&signer, 9, &coins, 2_000).transfer.amount;
    wrong.transfer.amount = kept;
    assert_eq!(refused(sign(&signer, &wrong)), other_facts);
    let small = "the replacement's fees are not a tenth above those that were signed before";
    for rate in [1_000, 2_100] {
        assert_eq!(
            refused(sign(&signer, &sweep(&signer, 9, &coins, rate))),
            small
        );
    }
    let replaced = sign(&signer, &good).unwrap();
    assert_ne!(replaced.hash, signed.hash);
    let read: Transaction = deserialize_hex(&replaced.signed_hex).unwrap();
    let spent = |read: &Transaction| {
        let spent = read.input.iter().map(|input| input.previous_output);
        spent.collect::<Vec<_>>()
    };
    assert_eq!(
        spent(&read),
        spent(&deserialize_hex(&signed.signed_hex).unwrap())
    );
    let fee = "the fee is above what the signer was configured for, or is not what the form says";
    assert_eq!(
        refused(sign(&signer, &sweep(&signer, 9, &coins, 70_000))),
        fee
    );
}

#[test]
fn limits_count_what_is_swept_by_order_and_all_of_it_by_hour() {
    let btc = Network::Bitcoin.native();
    let limit = |order, hour| Limit {
        order,
        hour,
        day: hour,
    };
    let signed = |sweeps: Limit, fees: Limit, bases: [u128; 2]| {
        let dir = tempfile::tempdir().unwrap();
        let limits: Limits =
            BTreeMap::from([((Outflow::Sweep, btc), sweeps), ((Outflow::Fee, btc), fees)]);
        let signer = ruled(dir.path()).with_limits(limits, Arc::new(Still));
        (1..=2).for_each(|n| drop(opened(&signer, n)));
        let coins = [deposit(1, 0, bases[0]), deposit(2, 0, bases[1])];
        let wish = sweep(&signer, 9, &coins, 2_000);
        let signed = block_on(signer.sign(Epoch::FIRST, &wish));
        signed.map(drop).map_err(|error| error.class)
    };
    // 359 for both, by what they are worth.
    let (all, fees) = (limit(60_000, 120_000), limit(180, 400));
    assert_eq!(signed(all, fees, [60_000, 60_000]), Ok(()));
    let above = Err(Class::GiveUp);
    assert_eq!(signed(all, fees, [70_000, 40_000]), above, "one order");
    assert_eq!(
        signed(limit(60_000, 119_000), fees, [60_000, 60_000]),
        above,
        "all of it"
    );
    assert_eq!(
        signed(all, limit(179, 400), [60_000, 60_000]),
        above,
        "one order's fee"
    );
    assert_eq!(
        signed(all, limit(180, 358), [60_000, 60_000]),
        above,
        "the fee"
    );
}

//! The adapter on one good node.

use super::{Bench, CONFIRMATIONS, FRIEND, OLD, address, btc, chain, config, regtest::BTC};
use bitcoin::consensus::encode::serialize_hex;
use proof_core::{Network, deposit::DepositKey, recovery::Epoch};
use proof_port::{Arrival, Arrivals, Chain, Form, Signer, TransferStatus, UnsignedFrom};
use serde_json::json;

fn confirmations(status: &TransferStatus) -> Option<u64> {
    match status {
        TransferStatus::Mined { confirmations, .. } => Some(*confirmations),
        TransferStatus::Unknown | TransferStatus::Waiting | TransferStatus::Failed { .. } => None,
    }
}

#[tokio::test]
async fn coins_are_delivered_and_followed_and_change_comes_back() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let wallet = bench.wallet.as_str();
    for (to, base) in [(FRIEND, 25_000), (OLD, BTC / 2), (wallet, 300)] {
        let before = bench.balance(wallet).await;
        let intent = bench.planned(to, base).await;
        let signed = bench.signer.sign(Epoch::FIRST, &intent).await.unwrap();
        let look = || bench.chain.transfer(&signed.hash);
        assert_eq!(look().await.unwrap(), TransferStatus::Unknown);
        bench.chain.broadcast(&signed.signed_hex).await.unwrap();
        assert_eq!(look().await.unwrap(), TransferStatus::Waiting);
        // Twice is once.
        bench.chain.broadcast(&signed.signed_hex).await.unwrap();
        bench.node.mine(1).await;
        assert_eq!(confirmations(&look().await.unwrap()), Some(1));
        // Also when it is in a block.
        bench.chain.broadcast(&signed.signed_hex).await.unwrap();
        // What came back is there, and not deep enough to be spent.
        let free = bench.chain.coins(&bench.wallet).await.unwrap();
        assert!(free.iter().all(|coin| coin.hash != signed.hash), "{to}");
        bench.node.mine(CONFIRMATIONS - 1).await;
        let TransferStatus::Mined {
            confirmations, fee, ..
        } = look().await.unwrap()
        else {
            panic!("{to} is not mined");
        };
        assert_eq!((confirmations, fee), (CONFIRMATIONS, intent.transfer.fee));
        let moved = if to == wallet { 0 } else { u128::from(base) };
        assert_eq!(bench.balance(wallet).await, before - moved - fee.base());
        let free = bench.chain.coins(&bench.wallet).await.unwrap();
        assert!(free.iter().any(|coin| coin.hash == signed.hash), "{to}");
    }
    assert_eq!(bench.balance(FRIEND).await, 25_000);
}

fn failed(status: &TransferStatus) -> bool {
    matches!(status, TransferStatus::Failed { .. })
}

async fn came(bench: &Bench, height: u64) -> Arrivals {
    bench.chain.arrivals(height).await.unwrap()
}

fn to<'a>(found: &'a Arrivals, recipient: &str) -> Vec<&'a Arrival> {
    let all = found.arrivals.iter();
    all.filter(|one| one.recipient == recipient).collect()
}

async fn stands(bench: &Bench, one: &Arrival) -> TransferStatus {
    let (key, amount) = (&one.deposit.key, one.deposit.amount);
    let asked = bench.chain.arrival(&one.recipient, key, amount);
    asked.await.unwrap()
}

#[tokio::test]
async fn what_came_is_found_block_by_block_and_each_output_by_itself() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let node = &bench.node;
    let height = node.height().await;
    let both = node
        .send(&[(FRIEND, 500), (OLD, 6_000), (FRIEND, 7_000)])
        .await;
    node.mine(2).await;
    let found = came(&bench, height).await;
    assert!(found.complete && found.until.is_some());
    assert_eq!(found.height, height + 2);
    let mine = to(&found, FRIEND);
    let keys: Vec<_> = mine.iter().map(|one| &one.deposit.key).collect();
    let key = |index| DepositKey {
        hash: both.clone(),
        index,
    };
    let expected = [key(0), key(2)];
    assert!(keys.into_iter().eq(&expected));
    for one in &mine {
        assert_eq!(confirmations(&stands(&bench, one).await), Some(2));
        // Whoever sent it says nothing, and has an address.
        let senders = bench.chain.senders(one).await.unwrap();
        assert!(
            senders.len() == 1 && senders[0].as_str().len() == 62,
            "{senders:?}"
        );
    }
    // The same transaction, but not this output of it.
    let mut forged = mine[1].clone();
    forged.deposit.amount = btc(7_001);
    assert!(failed(&stands(&bench, &forged).await));
    let mut forged = mine[1].clone();
    forged.recipient = OLD.to_owned();
    assert!(failed(&stands(&bench, &forged).await));
    let native = Network::Bitcoin.native();
    let (owner, keys) = (address(FRIEND), [0, 1, 2, 9].map(key));
    let held = bench.chain.held(&owner, native, &keys).await;
    assert_eq!(held.unwrap().base(), 7_500);
    // Nothing twice, and long absences in pieces.
    assert!(to(&came(&bench, found.height).await, FRIEND).is_empty());
    node.mine(60).await;
    node.send(&[(FRIEND, 6_000)]).await;
    node.mine(1).await;
    let (mut at, mut looks, mut late) = (found.height, 0, 0);
    loop {
        let found = came(&bench, at).await;
        assert!(found.height > at);
        (at, looks, late) = (found.height, looks + 1, late + to(&found, FRIEND).len());
        if found.complete {
            break;
        }
    }
    assert!(looks > 2 && late == 1, "{looks} looks: {late}");
}

#[tokio::test]
async fn new_coins_count_when_they_can_be_spent() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let node = &bench.node;
    let height = node.height().await;
    let script = super::script(bench.wallet.as_str()).to_hex_string();
    let made = json!([1, format!("raw({script})")]);
    node.call("generatetodescriptor", made).await;
    let found = came(&bench, height).await;
    let one = to(&found, bench.wallet.as_str());
    let one = (*one.last().unwrap()).clone();
    assert!(bench.chain.senders(&one).await.unwrap().is_empty());
    let spent = bench.chain.spends(&one.deposit.key.hash).await.unwrap();
    assert!(spent.is_empty(), "it makes new coins");
    assert!(bench.chain.spends(&"ab".repeat(32)).await.is_err());
    assert_eq!(stands(&bench, &one).await, TransferStatus::Waiting);
    let spendable = async || {
        let coins = bench.chain.coins(&bench.wallet).await.unwrap();
        coins.iter().any(|coin| coin.hash == one.deposit.key.hash)
    };
    node.mine(98).await;
    assert!(!spendable().await);
    assert_eq!(stands(&bench, &one).await, TransferStatus::Waiting);
    node.mine(2).await;
    assert!(spendable().await);
    assert_eq!(confirmations(&stands(&bench, &one).await), Some(1));
}

#[tokio::test]
async fn re_orgs_of_one_to_ten_blocks_lose_nothing_and_pay_nothing_twice() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let (node, wallet) = (&bench.node, bench.wallet.as_str());
    let mut paid = 0;
    for depth in 1..=10 {
        let at = node.height().await;
        let before = bench.balance(wallet).await;
        let signed = bench.signed(FRIEND, 1_000).await;
        paid += 1_000;
        bench.chain.broadcast(&signed.signed_hex).await.unwrap();
        let deposit = node.send(&[(OLD, 9_000)]).await;
        node.mine(depth).await;
        let of_deposit = |found: &Arrivals| {
            let mut all = found.arrivals.iter();
            let ours = all.find(|one| one.deposit.key.hash == deposit && one.recipient == OLD);
            ours.map(|one| one.deposit.key.clone())
        };
        let found = came(&bench, at).await;
        let (at, key) = (found.height, of_deposit(&found).unwrap());
        assert!(bench.balance(wallet).await < before);
        // Both wait again, and so does what was paid with them.
        node.reorg(depth).await;
        let known = bench.chain.transfer(&signed.hash).await.unwrap();
        assert_eq!(known, TransferStatus::Waiting, "depth {depth}");
        assert_eq!(bench.balance(wallet).await, before, "depth {depth}");
        bench.chain.broadcast(&signed.signed_hex).await.unwrap();
        node.mine(1).await;
        let found = came(&bench, at).await;
        assert_eq!(of_deposit(&found), Some(key), "depth {depth}");
        let known = bench.chain.transfer(&signed.hash).await.unwrap();
        assert_eq!(confirmations(&known), Some(1));
        assert_eq!(bench.balance(FRIEND).await, paid);
    }
}

/// Somebody pays the miner for the other of two transactions that spend the same coin.
#[tokio::test]
async fn a_deposit_that_another_transaction_displaced_is_gone() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let node = &bench.node;
    let height = node.height().await;
    let paying = node.paying(&[(FRIEND, 5_000)]);
    let mut other = paying.clone();
    other.output.remove(0);
    let bytes = serialize_hex(&paying);
    node.call("sendrawtransaction", json!([bytes])).await;
    node.mine(1).await;
    let found = came(&bench, height).await;
    let one = to(&found, FRIEND)[0].clone();
    assert_eq!(confirmations(&stands(&bench, &one).await), Some(1));
    let hash = node.call("getbestblockhash", json!([])).await;
    node.call("invalidateblock", json!([hash])).await;
    node.mine_only(&[&serialize_hex(&other)]).await;
    node.mine(1).await;
    assert_eq!(stands(&bench, &one).await, TransferStatus::Unknown);
    assert_eq!(bench.balance(FRIEND).await, 0);
    // Its own coin is spent: telling it again may pass, and never says that it is there.
    let refused = bench.chain.broadcast(&bytes).await.unwrap_err();
    assert_eq!(refused.class, proof_port::Class::Retry, "{refused}");
}

#[tokio::test]
async fn what_is_too_small_or_too_dear_is_not_sent_and_a_low_fee_is_raised_in_its_place() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let wallet = &bench.wallet;
    for (to, base, refused) in [(FRIEND, 329, true), (FRIEND, 330, false), (OLD, 545, true)] {
        let said = bench.chain.refuses(wallet, &address(to), btc(base)).await;
        assert_eq!(said.unwrap(), refused, "{base} to {to}");
    }
    let cheap = bench.planned(FRIEND, 330).await;
    let signed = bench.signer.sign(Epoch::FIRST, &cheap).await.unwrap();
    bench.chain.broadcast(&signed.signed_hex).await.unwrap();
    // A tenth more suits the signer; nodes want a satoshi for each byte.
    for (rate, is_taken) in [(2_200, false), (3_400, true)] {
        let mut dear = cheap.clone();
        let (Some(Form::Bitcoin(form)), UnsignedFrom::Coins(coins)) =
            (&mut dear.transfer.form, &dear.transfer.from)
        else {
            panic!("another network's");
        };
        form.fee_per_kvb = rate;
        let fee = form.fee(coins, &dear.transfer.recipient, 330).unwrap();
        dear.transfer.fee = btc(u64::try_from(fee).unwrap());
        let raised = bench.signer.sign(Epoch::FIRST, &dear).await.unwrap();
        let taken = bench.chain.broadcast(&raised.signed_hex).await;
        assert_eq!(taken.is_ok(), is_taken, "{taken:?}");
        assert_eq!(bench.node.waits(&raised.hash).await, is_taken);
        assert_eq!(bench.node.waits(&signed.hash).await, !is_taken);
    }
    let mut capped = config();
    capped.fee_per_kvb_min = 1;
    capped.fee_per_kvb_max = 10;
    let capped = chain(&[&bench.node.url], capped.read().unwrap());
    let refused = capped.fee().await.unwrap_err();
    assert!(refused.context.contains("the operator allows"), "{refused}");
}

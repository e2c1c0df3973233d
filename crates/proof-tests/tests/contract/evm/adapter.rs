//! The adapter on one good node.

use super::{
    Bench, CONFIRMATIONS, ETHER, FRIEND, GWEI, address, anvil::Mood, asset, chain, config,
};
use proof_core::{deposit::DepositKey, money::Amount};
use proof_port::{Arrival, Arrivals, Chain, Class, TransferStatus};

fn confirmations(status: &TransferStatus) -> Option<u64> {
    match status {
        TransferStatus::Mined { confirmations, .. } => Some(*confirmations),
        TransferStatus::Unknown | TransferStatus::Waiting | TransferStatus::Failed { .. } => None,
    }
}

#[tokio::test]
async fn coins_and_tokens_are_delivered_and_followed() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let wallet = bench.wallet.as_str();
    for (ticker, base) in [("USDT", 25_000_000), ("USDC", 7), ("ETH", ETHER / 50)] {
        let coins = bench.balance(wallet, "ETH").await;
        let nonce = bench.chain.nonce(&bench.wallet).await.unwrap();
        let signed = bench.signed(ticker, FRIEND, base).await;
        let look = || bench.chain.transfer(&signed.hash);
        assert_eq!(look().await.unwrap(), TransferStatus::Unknown);
        bench.chain.broadcast(&signed.signed_hex).await.unwrap();
        assert_eq!(look().await.unwrap(), TransferStatus::Waiting);
        // Twice is once, and a number in the pool is taken.
        bench.chain.broadcast(&signed.signed_hex).await.unwrap();
        let next = bench.chain.nonce(&bench.wallet).await.unwrap();
        assert_eq!(next, nonce + 1);
        bench.anvil.mine(1).await;
        assert_eq!(confirmations(&look().await.unwrap()), Some(1));
        bench.anvil.mine(CONFIRMATIONS - 1).await;
        let TransferStatus::Mined {
            confirmations, fee, ..
        } = look().await.unwrap()
        else {
            panic!("{ticker} is not mined");
        };
        assert_eq!(confirmations, CONFIRMATIONS);
        assert_eq!(bench.balance(FRIEND, ticker).await, base);
        let moved = if ticker == "ETH" { base } else { 0 };
        let left = bench.balance(wallet, "ETH").await;
        assert_eq!(left, coins - moved - fee.base(), "{ticker}");
        // A node that is told what it has in a block says that the number is used up; the hash settles it.
        let again = bench.chain.broadcast(&signed.signed_hex).await;
        assert_eq!(again.unwrap_err().class, Class::Retry);
    }
}

/// With a fee, which the chain keeps.
fn failed(status: &TransferStatus) -> Option<u64> {
    match status {
        TransferStatus::Failed { confirmations, fee } if !fee.is_zero() => Some(*confirmations),
        _ => None,
    }
}

async fn came(bench: &Bench, height: u64) -> Arrivals {
    bench.chain.arrivals(height).await.unwrap()
}

fn to(arrivals: &[Arrival], recipient: &str) -> Vec<(u32, String)> {
    let ours = arrivals.iter().filter(|one| one.recipient == recipient);
    ours.map(|one| (one.deposit.key.index, one.deposit.amount.to_string()))
        .collect()
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
    let (anvil, other) = (&bench.anvil, bench.wallet.as_str());
    let height = anvil.height().await;
    anvil.send_native(FRIEND, 5).await;
    anvil.send_token(&anvil.usdc, FRIEND, 8).await;
    // Nothing at all, which anybody can make a token say.
    anvil.send_token(&anvil.usdt, FRIEND, 0).await;
    anvil.send_token(&anvil.usdt, &anvil.odd, 100).await;
    let both = anvil
        .send_both(&anvil.usdt, [(FRIEND, 3), (other, 4)])
        .await;
    anvil.mine(2).await;
    let found = came(&bench, height).await;
    assert!(found.complete && found.until.is_some());
    assert_eq!(found.height, height + 2);
    let mine = to(&found.arrivals, FRIEND);
    let amounts: Vec<&str> = mine.iter().map(|(_, amount)| amount.as_str()).collect();
    assert_eq!(amounts.len(), 3, "{amounts:?}");
    let outputs: Vec<&Arrival> = found
        .arrivals
        .iter()
        .filter(|one| one.deposit.key.hash == both)
        .collect();
    let [first, second] = outputs.as_slice() else {
        panic!("two outputs: {outputs:?}");
    };
    assert_ne!(first.deposit.key.index, second.deposit.key.index);
    assert_eq!(second.recipient, other);
    let mine = found.arrivals.iter().filter(|one| one.recipient == FRIEND);
    for one in mine {
        assert_eq!(confirmations(&stands(&bench, one).await), Some(2));
    }
    // The same transaction, but not this movement of it.
    let mut forged = (*first).clone();
    forged.deposit.amount = Amount::new(asset("USDT"), 4);
    assert_eq!(failed(&stands(&bench, &forged).await), Some(2));
    let mut forged = (*first).clone();
    forged.recipient = second.recipient.clone();
    assert_eq!(failed(&stands(&bench, &forged).await), Some(2));
    let key = DepositKey {
        hash: both,
        index: 0,
    };
    let asked = bench
        .chain
        .arrival(FRIEND, &key, Amount::new(asset("ETH"), 3));
    assert_eq!(failed(&asked.await.unwrap()), Some(2));
    // Nothing twice, and long absences in pieces.
    assert!(came(&bench, found.height).await.arrivals.is_empty());
    anvil.mine(300).await;
    anvil.send_native(FRIEND, 6).await;
    anvil.mine(1).await;
    let (mut at, mut looks, mut late) = (found.height, 0, Vec::new());
    loop {
        let found = came(&bench, at).await;
        assert!(found.height > at);
        (at, looks) = (found.height, looks + 1);
        late.extend(to(&found.arrivals, FRIEND));
        if found.complete {
            break;
        }
    }
    assert!(looks > 3 && late.len() == 1, "{looks} looks: {late:?}");
}

#[tokio::test]
async fn re_orgs_of_one_to_ten_blocks_lose_nothing_and_pay_nothing_twice() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let anvil = &bench.anvil;
    let mut paid = 0;
    for depth in 1..=10 {
        let mut at = came(&bench, anvil.height().await - 1).await.height;
        let signed = bench.delivered("USDT", FRIEND, 10).await;
        paid += 10;
        let deposit = anvil.send_token(&anvil.usdc, FRIEND, 1).await;
        let raw = anvil
            .call("eth_getRawTransactionByHash", serde_json::json!([deposit]))
            .await;
        anvil.mine(1).await;
        if depth > 1 {
            anvil.mine(depth - 1).await;
        }
        let found = came(&bench, at).await;
        at = found.height;
        let of_deposit = |found: &Arrivals| {
            let mut all = found.arrivals.iter();
            all.find(|one| one.deposit.key.hash == deposit).cloned()
        };
        let before = of_deposit(&found).unwrap();
        // Both are gone, and a block that was passed already has the deposit again.
        anvil
            .call("anvil_reorg", serde_json::json!([depth + 1, [[raw, 0]]]))
            .await;
        let known = bench.chain.transfer(&signed.hash).await.unwrap();
        assert!(confirmations(&known).is_none(), "{known:?}");
        let found = came(&bench, at).await;
        let again = of_deposit(&found).unwrap();
        assert_eq!(again.deposit.key, before.deposit.key, "depth {depth}");
        assert!(found.height >= at);
        // The same bytes again.
        bench.chain.broadcast(&signed.signed_hex).await.unwrap();
        anvil.mine(1).await;
        let known = bench.chain.transfer(&signed.hash).await.unwrap();
        assert_eq!(confirmations(&known), Some(1));
        assert_eq!(bench.balance(FRIEND, "USDT").await, paid);
    }
}

#[tokio::test]
async fn a_transfer_counts_by_what_it_did() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let anvil = &bench.anvil;
    let wallet = bench.wallet.as_str();
    for (mood, moved) in [
        (Mood::ReturnsFalse, 0),
        (Mood::Reverts, 0),
        (Mood::TakesFee, 1_000_000),
        (Mood::MovesMore, 1_000_001),
    ] {
        anvil.feel(mood).await;
        let before = bench.balance(wallet, "USDT").await;
        let signed = bench.delivered("USDT", FRIEND, 1_000_000).await;
        assert_eq!(before - bench.balance(wallet, "USDT").await, moved);
        let status = bench.chain.transfer(&signed.hash).await;
        if moved == 0 {
            // That is proof: the coins are here.
            assert_eq!(failed(&status.unwrap()), Some(1));
        } else {
            // Neither done nor undone: people look.
            let error = status.unwrap_err();
            assert!(error.context.contains("something else"), "{error}");
            // Nor does it become done by taking the token out of the configuration.
            let mut without = config(anvil);
            without.tokens.clear();
            let without = chain(&[&anvil.url], without.read().unwrap());
            let error = without.transfer(&signed.hash).await.unwrap_err();
            assert!(error.context.contains("something else"), "{error}");
        }
    }
    anvil.feel(Mood::Good).await;
    let signed = bench.delivered("ETH", &anvil.odd, 5).await;
    let status = bench.chain.transfer(&signed.hash).await.unwrap();
    assert_eq!(failed(&status), Some(1));
}

#[tokio::test]
async fn a_fee_spike_waits_and_a_gap_of_numbers_is_no_loss() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let anvil = &bench.anvil;
    let usual = bench.chain.fee().await.unwrap();
    assert!(usual.base() > 0);
    // What was signed with room waits while the fee is above it, and goes when it falls.
    let signed = bench.signed("USDT", FRIEND, 5).await;
    let spike = |gwei: u128| {
        let fee = serde_json::json!([format!("{:#x}", gwei * GWEI)]);
        async move { anvil.call("anvil_setNextBlockBaseFeePerGas", fee).await }
    };
    spike(90).await;
    anvil.mine(1).await;
    // Nodes may refuse to take it meanwhile; that is no loss either.
    if let Err(error) = bench.chain.broadcast(&signed.signed_hex).await {
        assert_eq!(error.class, Class::Retry, "{error}");
    }
    anvil.mine(1).await;
    let known = bench.chain.transfer(&signed.hash).await.unwrap();
    assert!(confirmations(&known).is_none(), "{known:?}");
    spike(200).await;
    anvil.mine(1).await;
    for refused in [
        bench.chain.fee().await.map(|_| ()),
        bench.chain.form(asset("USDT")).await.map(|_| ()),
    ] {
        let error = refused.unwrap_err();
        assert_eq!(error.class, Class::Retry);
        assert!(error.context.contains("the operator allows"), "{error}");
    }
    spike(1).await;
    bench.chain.broadcast(&signed.signed_hex).await.unwrap();
    anvil.mine(2).await;
    let known = bench.chain.transfer(&signed.hash).await.unwrap();
    assert!(confirmations(&known).is_some(), "{known:?}");
    // A number ahead of its turn waits; once the one before is there, both go.
    let first = bench.planned("USDT", FRIEND, 1).await;
    let mut second = bench.planned("USDT", FRIEND, 2).await;
    let nonce = bench.chain.nonce(&bench.wallet).await.unwrap();
    second.transfer.from = proof_port::UnsignedFrom::Nonce(nonce + 1);
    let epoch = proof_core::recovery::Epoch::FIRST;
    let mut hashes = Vec::new();
    for intent in [second, first] {
        let signed = proof_port::Signer::sign(&bench.signer, epoch, &intent).await;
        let signed = signed.unwrap();
        bench.chain.broadcast(&signed.signed_hex).await.unwrap();
        anvil.mine(1).await;
        hashes.push(signed.hash);
    }
    for hash in hashes {
        let known = bench.chain.transfer(&hash).await.unwrap();
        assert!(confirmations(&known).is_some(), "{known:?}");
    }
    assert_eq!(bench.balance(FRIEND, "USDT").await, 8);
    assert_eq!(address(FRIEND).as_str(), FRIEND);
}

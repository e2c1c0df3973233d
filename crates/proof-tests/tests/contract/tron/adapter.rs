//! The adapter on one good node.

use super::{Bench, CONFIRMATIONS, FRIEND, TRX, address, asset, chain, config, on_anvil, on_tron};
use crate::evm::anvil::Mood;
use proof_core::{deposit::DepositKey, money::Amount, recovery::Epoch, transfer::Form};
use proof_port::{Arrival, Arrivals, Chain, Class, Signer, TransferStatus, UnsignedFrom};
use std::sync::atomic::Ordering;

const HOUR: u64 = 3_600;

fn confirmations(status: &TransferStatus) -> Option<u64> {
    match status {
        TransferStatus::Mined { confirmations, .. } => Some(*confirmations),
        TransferStatus::Unknown | TransferStatus::Waiting | TransferStatus::Failed { .. } => None,
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

async fn stands(bench: &Bench, one: &Arrival) -> TransferStatus {
    let (key, amount) = (&one.deposit.key, one.deposit.amount);
    let asked = bench.chain.arrival(&one.recipient, key, amount);
    asked.await.unwrap()
}

#[tokio::test]
async fn trx_and_tokens_are_delivered_and_final_when_the_chain_says_so() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let (anvil, lag) = (&bench.world.anvil, &bench.world.lag);
    let wallet = bench.wallet.as_str();
    for (ticker, base) in [("USDT", 25_000_000), ("TRX", 20 * TRX)] {
        let coins = bench.balance(wallet, "TRX").await;
        let signed = bench.signed(ticker, FRIEND, base).await;
        let look = || bench.chain.transfer(&signed.hash);
        assert_eq!(look().await.unwrap(), TransferStatus::Unknown);
        bench.chain.broadcast(&signed.signed_hex).await.unwrap();
        // Twice is once, before it is in a block and after that.
        bench.chain.broadcast(&signed.signed_hex).await.unwrap();
        anvil.mine(1).await;
        bench.chain.broadcast(&signed.signed_hex).await.unwrap();
        assert_eq!(confirmations(&look().await.unwrap()), Some(1));
        // Enough blocks, and the chain can still go back.
        lag.store(CONFIRMATIONS + 2, Ordering::Relaxed);
        anvil.mine(CONFIRMATIONS).await;
        let early = confirmations(&look().await.unwrap());
        assert_eq!(early, Some(CONFIRMATIONS - 1));
        lag.store(3, Ordering::Relaxed);
        let TransferStatus::Mined {
            confirmations, fee, ..
        } = look().await.unwrap()
        else {
            panic!("{ticker} is not in a block");
        };
        assert_eq!(confirmations, CONFIRMATIONS + 1);
        assert_eq!(bench.balance(FRIEND, ticker).await, base);
        let moved = if ticker == "TRX" { base } else { 0 };
        let left = bench.balance(wallet, "TRX").await;
        assert_eq!(left, coins - moved - fee.base(), "{ticker}");
    }
    let page = bench.chain.explorer_url("ab");
    assert_eq!(page, "https://nile.tronscan.org/#/transaction/ab");
}

#[tokio::test]
async fn what_came_over_tron_is_found_block_by_block_and_each_output_by_itself() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let (anvil, other) = (&bench.world.anvil, bench.wallet.as_str());
    let (friend, ours) = (on_anvil(FRIEND), on_anvil(other));
    let height = anvil.height().await;
    anvil.send_native(&friend, 5).await;
    // Not a token of ours, and nothing at all, which anybody can make a token say.
    anvil.send_token(&anvil.usdc, &friend, 8).await;
    anvil.send_token(&anvil.usdt, &friend, 0).await;
    anvil.send_token(&anvil.usdt, &anvil.odd, 100).await;
    let to = [(friend.as_str(), 3), (ours.as_str(), 4)];
    let both = anvil.send_both(&anvil.usdt, to).await;
    let both = both.trim_start_matches("0x");
    anvil.mine(2).await;
    let found = came(&bench, height).await;
    assert!(found.complete && found.until.is_some());
    assert_eq!(found.height, height + 2);
    let mine = found.arrivals.iter().filter(|one| one.recipient == FRIEND);
    let mine: Vec<&Arrival> = mine.collect();
    assert_eq!(mine.len(), 2, "{mine:?}");
    for one in mine {
        assert_eq!(confirmations(&stands(&bench, one).await), Some(2));
    }
    let outputs = found.arrivals.iter();
    let outputs: Vec<&Arrival> = outputs.filter(|one| one.deposit.key.hash == both).collect();
    let [first, second] = outputs.as_slice() else {
        panic!("two outputs: {outputs:?}");
    };
    assert_ne!(first.deposit.key.index, second.deposit.key.index);
    assert_eq!(second.recipient, other);
    // The same transaction, but not this movement of it.
    let mut forged = (*first).clone();
    forged.deposit.amount = Amount::new(asset("USDT"), 4);
    assert_eq!(failed(&stands(&bench, &forged).await), Some(2));
    let mut forged = (*first).clone();
    forged.recipient = second.recipient.clone();
    assert_eq!(failed(&stands(&bench, &forged).await), Some(2));
    let key = DepositKey {
        hash: both.to_owned(),
        index: 0,
    };
    let asked = bench
        .chain
        .arrival(FRIEND, &key, Amount::new(asset("TRX"), 3));
    assert_eq!(failed(&asked.await.unwrap()), Some(2));
    assert!(came(&bench, found.height).await.arrivals.is_empty());
}

#[tokio::test]
async fn re_orgs_on_tron_lose_nothing_and_pay_nothing_twice() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let anvil = &bench.world.anvil;
    let friend = on_anvil(FRIEND);
    let mut paid = 0;
    for depth in [1, 4, 10] {
        // What is final is deeper than any of these.
        bench.world.lag.store(12, Ordering::Relaxed);
        anvil.mine(20).await;
        let at = came(&bench, anvil.height().await - 1).await.height;
        let signed = bench.delivered("USDT", FRIEND, 10).await;
        paid += 10;
        let deposit = anvil.send_native(&friend, 7).await;
        let raw = anvil.call("eth_getRawTransactionByHash", serde_json::json!([deposit]));
        let raw = raw.await;
        anvil.mine(depth).await;
        let found = came(&bench, at).await;
        let of_deposit = |found: &Arrivals| {
            let mut all = found.arrivals.iter();
            all.find(|one| one.deposit.key.hash == deposit.trim_start_matches("0x"))
                .cloned()
        };
        let before = of_deposit(&found).unwrap();
        // Both are gone, and a block that was passed already has the deposit again.
        let again = serde_json::json!([depth + 1, [[raw, 0]]]);
        anvil.call("anvil_reorg", again).await;
        let known = bench.chain.transfer(&signed.hash).await.unwrap();
        assert_eq!(known, TransferStatus::Unknown);
        let found = came(&bench, found.height).await;
        assert_eq!(of_deposit(&found).unwrap().deposit.key, before.deposit.key);
        // The same bytes again: they refer to a block that is still there.
        bench.chain.broadcast(&signed.signed_hex).await.unwrap();
        anvil.mine(1).await;
        let known = bench.chain.transfer(&signed.hash).await.unwrap();
        assert_eq!(confirmations(&known), Some(1));
        assert_eq!(bench.balance(FRIEND, "USDT").await, paid);
    }
}

#[tokio::test]
async fn a_transfer_on_tron_counts_by_what_it_did() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let anvil = &bench.world.anvil;
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
        }
    }
    anvil.feel(Mood::Good).await;
    // Energy for less than it takes: nothing moves, and what was used is burnt.
    let mut poor = config(&bench.world);
    poor.energy_limit_token = 30_000;
    let poor = chain(&[&bench.front], poor.read().unwrap());
    let mut wish = bench.planned("USDT", FRIEND, 5).await;
    let form = poor.form(asset("USDT")).await.unwrap().unwrap();
    let fee = form.fee_max().unwrap();
    wish.transfer.fee = Amount::new(asset("TRX"), fee);
    wish.transfer.form = Some(form);
    let signed = bench.signer.sign(Epoch::FIRST, &wish).await.unwrap();
    bench.chain.broadcast(&signed.signed_hex).await.unwrap();
    anvil.mine(1).await;
    let known = bench.chain.transfer(&signed.hash).await.unwrap();
    assert_eq!(failed(&known), Some(1), "{known:?}");
    // All of that is asked before money is taken for it.
    let odd = on_tron(&anvil.odd);
    for (one, to, ticker, base, refused) in [
        (&bench.chain, FRIEND, "USDT", 5, false),
        (&poor, FRIEND, "USDT", 5, true),
        (&bench.chain, FRIEND, "USDT", u128::from(u64::MAX), false),
        (&bench.chain, FRIEND, "TRX", 5, false),
        (&bench.chain, odd.as_str(), "TRX", 5, true),
    ] {
        let amount = Amount::new(asset(ticker), base);
        let said = one.refuses(&bench.wallet, &address(to), amount).await;
        assert_eq!(said.unwrap(), refused, "{base} {ticker} to {to}");
    }
}

#[tokio::test]
async fn a_transfer_is_over_only_when_final_blocks_prove_it() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let anvil = &bench.world.anvil;
    let lost = bench.planned("USDT", FRIEND, 5).await;
    let form = lost.transfer.form.clone().unwrap();
    let signed = bench.signer.sign(Epoch::FIRST, &lost).await.unwrap();
    let mined = bench.planned("USDT", FRIEND, 6).await;
    let mined_form = mined.transfer.form.clone().unwrap();
    let other = bench.signer.sign(Epoch::FIRST, &mined).await.unwrap();
    bench.chain.broadcast(&other.signed_hex).await.unwrap();
    anvil.mine(1).await;
    let over = || bench.chain.expired(&signed.hash, &form);
    assert!(!over().await.unwrap());
    // Nodes take it no more, and the newest block is far later: but a final one is not.
    bench.world.lag.store(1_000, Ordering::Relaxed);
    bench.later(5 * HOUR).await;
    let refused = bench.chain.broadcast(&signed.signed_hex).await.unwrap_err();
    assert_eq!(refused.class, Class::Retry);
    assert!(refused.context.contains("EXPIRATION"), "{refused}");
    assert!(!over().await.unwrap());
    bench.world.lag.store(3, Ordering::Relaxed);
    assert!(over().await.unwrap());
    // What was taken is not over, however late it is.
    assert!(!bench.chain.expired(&other.hash, &mined_form).await.unwrap());
    // A node that does not have the block that the transfer refers to may lack others, too.
    let Form::Tron(mut strange) = form.clone() else {
        panic!("another form");
    };
    strange.ref_block = format!("{}{}", &strange.ref_block[..16], "0".repeat(48));
    let strange = Form::Tron(strange);
    assert!(bench.chain.expired(&signed.hash, &strange).await.is_err());
    // The signer gives no second signature for the same intent, over or not.
    let mut again = lost.clone();
    again.transfer.form = bench.chain.form(asset("USDT")).await.unwrap();
    again.transfer.from = UnsignedFrom::Nonce(bench.chain.nonce(&bench.wallet).await.unwrap());
    let refused = bench.signer.sign(Epoch::FIRST, &again).await.unwrap_err();
    assert!(refused.context.contains("other facts"), "{refused}");
    assert_eq!(bench.balance(FRIEND, "USDT").await, 6);
}

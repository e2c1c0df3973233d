//! What users sold on TRON is moved from their deposit addresses into the hot wallet: with TRX that comes there once, and
//! never twice, also where a transfer ends before a block takes it.

use super::{TRX, front::Vice, on_anvil, orders::Ramp};
use crate::{
    buyer::GOOD_CARD,
    evm::anvil::Mood,
    recovery::{accepted, backed_up, restored},
    sweeping::verdicts,
};
use proof_core::{
    Network,
    id::OrderId,
    sweep::{Sweep, SweepState},
};
use proof_port::{IntentClass, Signer};
use std::sync::atomic::Ordering;

impl Ramp {
    /// Somebody sells, and is paid; the order and its deposit address.
    async fn sold(&self, ticker: &str, amount: u128) -> (OrderId, String) {
        let (seller, at) = self.seller(ticker, &amount.to_string(), GOOD_CARD).await;
        let (anvil, to) = (&self.world.anvil, on_anvil(&at));
        {
            let _held = self.blocks.lock().await;
            match ticker {
                "TRX" => anvil.send_native(&to, amount * TRX).await,
                _ => anvil.send_token(&anvil.usdt, &to, amount * TRX).await,
            };
        }
        seller.until_step("completed").await;
        (seller.order(), at)
    }

    async fn wallet(&self) -> String {
        let wallet = self.app.signer.wallet(Network::Trc20).await.unwrap();
        wallet.to_string()
    }

    /// What a sweep of this order says of itself, once it says so.
    async fn until<T>(&self, what: &str, order: OrderId, say: impl Fn(&Sweep) -> Option<T>) -> T {
        let look = || async { self.app.sweeps(order).await.last().and_then(&say) };
        self.app.until(what, look).await
    }

    /// What is left of the native coin at an address is in the books, and nothing is on its way; how much that is.
    async fn left_is_booked(&self, order: OrderId, at: &str) -> u128 {
        let left = self.there(at, "TRX").await;
        let key = format!("deposit:{order}:TRX/TRC20");
        assert_eq!(self.app.balance(&key).await.unsigned_abs(), left);
        for coin in ["TRX", "USDT"] {
            let key = format!("in_transit:{coin}/TRC20");
            assert_eq!(self.app.balance(&key).await, 0);
        }
        self.books_agree().await;
        left
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sold_token_gets_trx_once_and_then_comes_into_the_hot_wallet() {
    let Some(mut ramp) = Ramp::open().await else {
        return;
    };
    let (small, small_at) = ramp.sold("USDT", 10).await;
    assert_eq!(verdicts(&ramp.app.ask().await), ["USDT too_small"]);
    let (order, at) = ramp.sold("USDT", 100).await;
    let wallet = ramp.wallet().await;
    let before = ramp.there(&wallet, "USDT").await;
    // No answer about the top-up ever comes, and in the middle of it the server goes away.
    ramp.front.is(Vice::TakesAndBreaks);
    assert!(ramp.app.ask().await.iter().any(|line| line.begun));
    let taken = |sweep: &Sweep| (sweep.top_up.as_ref()?.confirmations > 0).then_some(());
    ramp.until("TRX is on its way", order, taken).await;
    ramp.restart().await;
    ramp.front.is(Vice::None);
    ramp.app.until_swept(order).await;
    assert_eq!(ramp.app.signed(order, IntentClass::TopUp).await, 1);
    assert_eq!(ramp.app.signed(order, IntentClass::Sweep).await, 1);
    assert_eq!(ramp.there(&wallet, "USDT").await, before + 100 * TRX);
    assert_eq!(ramp.there(&at, "USDT").await, 0);
    let left = ramp.left_is_booked(order, &at).await;
    assert!(left > 0 && left < TRX, "{left}: little more than it took");
    // Neither the TRX that came there nor what came to the hot wallet is taken for somebody's.
    ramp.app.night_is_quiet(&at).await;
    assert_eq!(ramp.app.sweeps(order).await.len(), 1, "too little is left");
    assert!(ramp.app.sweeps(small).await.is_empty());
    assert_eq!(ramp.there(&small_at, "USDT").await, 10 * TRX);
    ramp.done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sold_trx_pays_for_itself_and_a_token_waits_while_energy_is_above_the_cap() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    let (order, at) = ramp.sold("TRX", 200).await;
    let wallet = ramp.wallet().await;
    let before = ramp.there(&wallet, "TRX").await;
    assert!(ramp.app.ask().await[0].begun);
    let seen = |sweep: &Sweep| {
        let out = sweep.out.as_ref()?;
        (out.confirmations > 1).then(|| out.hash().unwrap())
    };
    let hash = ramp.until("it is in a block", order, seen).await;
    ramp.world.anvil.reorg(3).await;
    ramp.app.until_swept(order).await;
    let out = ramp.app.sweeps(order).await.remove(0).out.unwrap();
    assert_eq!(out.hash().unwrap(), hash, "the same bytes again");
    assert_eq!(ramp.app.signed(order, IntentClass::TopUp).await, 0);
    let moved = ramp.there(&wallet, "TRX").await - before;
    assert_eq!(moved, out.transfer.amount.base());
    // Room in a block is set aside, and nothing for an account: the wallet has one.
    assert_eq!(moved, 200 * TRX - TRX / 2);
    ramp.left_is_booked(order, &at).await;
    ramp.app.night_is_quiet(&at).await;

    let (order, at) = ramp.sold("USDT", 100).await;
    let energy = &ramp.world.energy;
    let told = energy.swap(1_000, Ordering::Relaxed);
    let page = verdicts(&ramp.app.ask().await);
    assert_eq!(page, ["TRX too_small", "USDT no_price"]);
    energy.store(told, Ordering::Relaxed);
    assert!(ramp.app.ask().await.iter().any(|line| line.begun));
    // Energy grows dearer than what was brought there.
    let topped_up = |sweep: &Sweep| (sweep.top_up.as_ref()?.confirmations > 0).then_some(());
    ramp.until("TRX is on its way", order, topped_up).await;
    energy.store(2 * told, Ordering::Relaxed);
    let sweeping = |sweep: &Sweep| (sweep.state == SweepState::Sweeping).then_some(());
    ramp.until("its TRX is there", order, sweeping).await;
    let height = ramp.world.anvil.height().await;
    let later = || async { (ramp.world.anvil.height().await > height + 5).then_some(()) };
    ramp.app.until("blocks go by", later).await;
    assert!(ramp.app.sweeps(order).await[0].out.is_none(), "it waits");
    energy.store(told, Ordering::Relaxed);
    ramp.app.clock.skip(600);
    ramp.app.until_swept(order).await;
    assert_eq!(ramp.app.signed(order, IntentClass::TopUp).await, 1);
    ramp.left_is_booked(order, &at).await;
    ramp.done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_block_takes_in_time_is_begun_again_and_what_a_refusal_burnt_is_booked() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    let (order, at) = ramp.sold("USDT", 100).await;
    ramp.front.is(Vice::Swallows);
    assert!(ramp.app.ask().await[0].begun);
    let told = |sweep: &Sweep| sweep.top_up.as_ref()?.broadcast.then_some(());
    ramp.until("it is told", order, told).await;
    ramp.app.clock.skip(3 * 3_600);
    let height = ramp.world.anvil.height().await;
    let later = || async { (ramp.world.anvil.height().await > height + 10).then_some(()) };
    ramp.app.until("blocks", later).await;
    assert_eq!(verdicts(&ramp.app.ask().await), ["USDT under_way"]);
    ramp.app.clock.skip(2 * 3_600);
    let over = |sweep: &Sweep| sweep.expired.then_some(());
    ramp.until("its time is over", order, over).await;
    assert_eq!(ramp.left_is_booked(order, &at).await, 0, "nothing was sent");
    // Nobody has to ask for what nobody refused.
    ramp.front.is(Vice::None);
    assert_eq!(verdicts(&ramp.app.preview().await.lines), ["USDT ready"]);
    assert!(ramp.app.ask().await[0].begun);
    let sweeping = |sweep: &Sweep| (sweep.state == SweepState::Sweeping).then_some(());
    ramp.until("its TRX is there", order, sweeping).await;
    ramp.world.anvil.feel(Mood::RevertsInBlocks).await;
    let refused = |sweep: &Sweep| sweep.is_refused().then_some(());
    ramp.until("the token refuses it", order, refused).await;
    assert_eq!(ramp.there(&at, "USDT").await, 100 * TRX);
    let brought = ramp.app.sweeps(order).await[1].gas.unwrap().base();
    let left = ramp.left_is_booked(order, &at).await;
    assert!(left < brought, "what it burnt is gone");
    assert_eq!(ramp.app.signed(order, IntentClass::TopUp).await, 2);
    let page = verdicts(&ramp.app.preview().await.lines);
    assert!(page.contains(&"USDT refused".to_owned()), "{page:?}");
    ramp.app.night_is_quiet(&at).await;
    // Told before anything is sent there: not even who asks moves what the token holds back.
    ramp.world.anvil.feel(Mood::ReturnsFalse).await;
    assert!(ramp.app.ask().await.iter().all(|line| !line.begun));
    ramp.world.anvil.feel(Mood::Good).await;
    assert!(ramp.app.ask().await.iter().any(|line| line.begun));
    ramp.app.until_swept(order).await;
    ramp.left_is_booked(order, &at).await;
    ramp.done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_database_finds_top_up_and_sweep_on_tron_whatever_energy_costs_by_then() {
    let Some(mut ramp) = Ramp::open().await else {
        return;
    };
    let (order, at) = ramp.sold("USDT", 100).await;
    let wallet = ramp.wallet().await;
    let before = ramp.there(&wallet, "USDT").await;
    let folder = backed_up(&ramp.app).await;
    assert!(ramp.app.ask().await[0].begun);
    let told = |sweep: &Sweep| {
        let out = sweep.out.as_ref().filter(|out| out.broadcast)?;
        Some(out.hash().unwrap())
    };
    let hash = ramp.until("the sweep is on its way", order, told).await;
    let next = restored(&ramp.app, &folder).await;
    ramp.app = next;
    accepted(&ramp.app).await;
    assert!(ramp.app.sweeps(order).await.is_empty(), "forgotten");
    ramp.world.energy.store(1_000, Ordering::Relaxed);
    // By itself, too.
    ramp.app.ask().await;
    ramp.until("it is found again", order, |_| Some(())).await;
    ramp.app.until_swept(order).await;
    let out = ramp.app.sweeps(order).await.remove(0).out.unwrap();
    assert_eq!(out.hash().unwrap(), hash);
    assert_eq!(ramp.app.signed(order, IntentClass::TopUp).await, 1);
    assert_eq!(ramp.app.signed(order, IntentClass::Sweep).await, 1);
    assert_eq!(ramp.there(&wallet, "USDT").await, before + 100 * TRX);
    ramp.left_is_booked(order, &at).await;
    ramp.app.night_is_quiet(&at).await;
    ramp.done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_database_takes_over_what_was_never_taken_before_it_begins_anew() {
    let Some(mut ramp) = Ramp::open().await else {
        return;
    };
    let (order, at) = ramp.sold("USDT", 100).await;
    let folder = backed_up(&ramp.app).await;
    ramp.front.is(Vice::Swallows);
    assert!(ramp.app.ask().await[0].begun);
    let told = |sweep: &Sweep| sweep.top_up.as_ref()?.broadcast.then_some(());
    ramp.until("it is told", order, told).await;
    ramp.app.clock.skip(5 * 3_600);
    let over = |sweep: &Sweep| sweep.expired.then_some(());
    ramp.until("its time is over", order, over).await;
    let next = restored(&ramp.app, &folder).await;
    ramp.app = next;
    accepted(&ramp.app).await;
    ramp.front.is(Vice::None);
    let swept = |sweep: &Sweep| (sweep.state == SweepState::Swept).then_some(sweep.number);
    assert_eq!(ramp.until("the next is swept", order, swept).await, 2);
    let sweeps = ramp.app.sweeps(order).await;
    assert!(sweeps.len() == 2 && sweeps[0].expired, "{sweeps:#?}");
    assert_eq!(ramp.app.signed(order, IntentClass::TopUp).await, 2);
    assert_eq!(ramp.app.signed(order, IntentClass::Sweep).await, 1);
    ramp.left_is_booked(order, &at).await;
    ramp.done().await;
}

//! What users sold is moved from their deposit addresses into the hot wallet, once, and only where that costs little.

use super::{CONFIRMATIONS, ETHER, asset, orders::Ramp};
use crate::{
    buyer::GOOD_CARD,
    recovery::{accepted, backed_up, restored},
    sweeping::verdicts,
};
use proof_core::{Network, id::OrderId, sweep::SweepState};
use proof_port::{IntentClass, Signer};
use proof_signer::{Limit, Limits, Outflow};

impl Ramp {
    /// Somebody sells, and is paid; the order and its deposit address.
    async fn sold(&self, ticker: &str, amount: &str, base: u128) -> (OrderId, String) {
        let (seller, address) = self.seller(ticker, amount, GOOD_CARD).await;
        match ticker {
            "ETH" => self.anvil.send_native(&address, base).await,
            _ => {
                self.anvil
                    .send_token(&self.anvil.usdt, &address, base)
                    .await
            }
        };
        seller.until_step("completed").await;
        (seller.order(), address)
    }

    async fn wallet(&self) -> String {
        let wallet = self.app.signer.wallet(Network::Erc20).await.unwrap();
        wallet.to_string()
    }

    /// The server ends, and another one goes on with its database.
    pub async fn restart(&mut self) {
        self.app.halt().await;
        self.app.db.close().await;
        let next = self.app.reborn(&self.app.url.clone()).await;
        self.app = next;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sold_token_gets_gas_once_and_then_comes_into_the_hot_wallet() {
    let Some(mut ramp) = Ramp::open().await else {
        return;
    };
    let (order, at) = ramp.sold("USDT", "100", 100_000_000).await;
    let wallet = ramp.wallet().await;
    let before = ramp.there(&wallet, "USDT").await;
    let page = ramp.app.preview().await;
    assert_eq!(verdicts(&page.lines), ["USDT ready"]);
    assert!(
        ramp.app.sweeps(order).await.is_empty(),
        "nothing was asked for"
    );
    assert!(ramp.app.ask().await[0].begun);
    let again = ramp.app.ask().await;
    assert_eq!(verdicts(&again), ["USDT under_way"]);
    assert!(!again[0].begun);
    // In the middle of the top-up the server goes away.
    let sent = || async {
        let sweeps = ramp.app.sweeps(order).await;
        let top_up = sweeps[0].top_up.as_ref()?;
        top_up.broadcast.then_some(())
    };
    ramp.app.until("gas is on its way", sent).await;
    ramp.restart().await;
    ramp.app.until_swept(order).await;
    assert_eq!(ramp.app.signed(order, IntentClass::TopUp).await, 1);
    assert_eq!(ramp.app.signed(order, IntentClass::Sweep).await, 1);
    assert_eq!(ramp.there(&wallet, "USDT").await, before + 100_000_000);
    assert_eq!(ramp.there(&at, "USDT").await, 0);
    // What is left of the gas is in the books, and nothing else.
    let left = ramp.there(&at, "ETH").await;
    let key = format!("deposit:{order}:ETH/ERC20");
    assert_eq!(ramp.app.balance(&key).await.unsigned_abs(), left);
    let token = format!("deposit:{order}:USDT/ERC20");
    assert_eq!(ramp.app.balance(&token).await, 0);
    assert_eq!(ramp.app.balance("in_transit:ETH/ERC20").await, 0);
    ramp.books_agree().await;
    // Neither the gas that came there nor what came to the hot wallet is taken for somebody's.
    ramp.app.night_is_quiet(&at).await;
    // The next one is found by the server itself.
    let (next, _) = ramp.sold("USDT", "200", 200_000_000).await;
    ramp.app.until_swept(next).await;
    assert_eq!(ramp.there(&wallet, "USDT").await, before + 300_000_000);
    assert_eq!(
        ramp.app.sweeps(order).await.len(),
        1,
        "what is left is too small"
    );
    assert_eq!(
        verdicts(&ramp.app.preview().await.lines),
        ["ETH too_small", "ETH too_small"]
    );
    ramp.done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sold_native_coin_pays_for_itself_also_when_its_block_is_taken_back() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    let (order, at) = ramp.sold("ETH", "0.1", ETHER / 10).await;
    let wallet = ramp.wallet().await;
    let before = ramp.there(&wallet, "ETH").await;
    assert!(ramp.app.ask().await[0].begun);
    let seen = || async {
        let sweeps = ramp.app.sweeps(order).await;
        let out = sweeps[0].out.as_ref()?;
        (out.confirmations > 1).then(|| out.hash().unwrap())
    };
    let hash = ramp.app.until("it is in a block", seen).await;
    ramp.anvil.reorg(3).await;
    ramp.app.until_swept(order).await;
    let sweeps = ramp.app.sweeps(order).await;
    let out = sweeps[0].out.as_ref().unwrap();
    assert_eq!(out.hash().unwrap(), hash, "the same bytes again");
    assert_eq!(ramp.app.signed(order, IntentClass::TopUp).await, 0);
    let moved = ramp.there(&wallet, "ETH").await - before;
    assert_eq!(moved, out.transfer.amount.base());
    assert!(moved > ETHER / 10 - ETHER / 1_000, "{moved}");
    let key = format!("deposit:{order}:ETH/ERC20");
    let left = ramp.there(&at, "ETH").await;
    assert_eq!(ramp.app.balance(&key).await.unsigned_abs(), left);
    ramp.books_agree().await;
    ramp.app.night_is_quiet(&at).await;
    ramp.done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_small_stays_and_what_is_too_dear_waits() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    let (small, at) = ramp.sold("USDT", "10", 10_000_000).await;
    assert_eq!(verdicts(&ramp.app.ask().await), ["USDT too_small"]);
    assert!(ramp.app.sweeps(small).await.is_empty());
    let (order, _) = ramp.sold("USDT", "100", 100_000_000).await;
    // Its top-up is there, and then gas becomes dearer than what it can pay.
    assert!(ramp.app.ask().await.iter().any(|line| line.begun));
    let topped_up = || async {
        let sweeps = ramp.app.sweeps(order).await;
        let deep = sweeps[0].top_up.as_ref()?.confirmations;
        (deep > CONFIRMATIONS / 2).then_some(())
    };
    ramp.app.until("its gas is nearly final", topped_up).await;
    *ramp.base_fee.lock().await = 60_000_000_000;
    let sweeping = || async {
        let sweeps = ramp.app.sweeps(order).await;
        (sweeps[0].state == SweepState::Sweeping).then_some(())
    };
    ramp.app.until("its gas is there", sweeping).await;
    ramp.app.clock.skip(1_800);
    let height = ramp.anvil.height().await;
    let later = || async { (ramp.anvil.height().await > height + 20).then_some(()) };
    ramp.app.until("blocks go by", later).await;
    assert!(ramp.app.sweeps(order).await[0].out.is_none(), "it waits");
    let dear = ramp.app.preview().await;
    let verdict = |id: OrderId| {
        let mut lines = dear.lines.iter();
        let line = lines.find(|line| line.order == id && line.currency == "USDT");
        line.unwrap().verdict.clone()
    };
    assert_eq!(
        (&*verdict(small), &*verdict(order)),
        ("too_small", "under_way")
    );
    // It falls again.
    *ramp.base_fee.lock().await = 1;
    let height = ramp.anvil.height().await;
    let later = || async { (ramp.anvil.height().await > height).then_some(()) };
    ramp.app.until("gas is cheap again", later).await;
    *ramp.base_fee.lock().await = 0;
    ramp.app.clock.skip(600);
    ramp.app.until_swept(order).await;
    assert_eq!(ramp.app.signed(order, IntentClass::TopUp).await, 1);
    assert_eq!(ramp.there(&at, "USDT").await, 10_000_000);
    ramp.books_agree().await;
    ramp.app.night_is_quiet(&at).await;
    ramp.done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_order_is_not_swept_and_the_signer_has_limits_of_its_own_for_it() {
    let all = Limit {
        order: ETHER,
        hour: ETHER,
        day: ETHER,
    };
    let little = Limit {
        order: 1,
        hour: 1,
        day: 1,
    };
    let (usdt, native) = (asset("USDT"), Network::Erc20.native());
    let limits: Limits = [
        ((Outflow::Deliver, usdt), all),
        ((Outflow::Fee, native), all),
        ((Outflow::TopUp, native), all),
        ((Outflow::Sweep, usdt), little),
    ]
    .into();
    let Some(ramp) = Ramp::limited(limits).await else {
        return;
    };
    let (seller, at) = ramp.seller("USDT", "100", GOOD_CARD).await;
    ramp.anvil
        .send_token(&ramp.anvil.usdt, &at, 60_000_000)
        .await;
    let key = format!("deposit:{}:USDT/ERC20", seller.order());
    let booked = || async { (ramp.app.balance(&key).await > 0).then_some(()) };
    ramp.app.until("a part is final", booked).await;
    assert_eq!(verdicts(&ramp.app.ask().await), ["USDT order_open"]);
    ramp.anvil
        .send_token(&ramp.anvil.usdt, &at, 40_000_000)
        .await;
    seller.until_step("completed").await;
    assert!(ramp.app.ask().await[0].begun);
    let refused = || async {
        let sweeps = ramp.app.sweeps(seller.order()).await;
        (sweeps[0].state == SweepState::Refused).then_some(())
    };
    ramp.app.until("the signer refuses it", refused).await;
    assert_eq!(ramp.there(&at, "USDT").await, 100_000_000);
    assert_eq!(ramp.app.balance(&key).await, 100_000_000);
    ramp.books_agree().await;
    // Nobody tries it again by itself.
    let mut told = verdicts(&ramp.app.preview().await.lines);
    told.retain(|line| line.starts_with("USDT"));
    assert_eq!(told, ["USDT refused"]);
    ramp.done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_database_finds_top_up_and_sweep_that_it_has_forgotten_and_makes_no_second() {
    let Some(mut ramp) = Ramp::open().await else {
        return;
    };
    let (order, at) = ramp.sold("USDT", "100", 100_000_000).await;
    let wallet = ramp.wallet().await;
    let before = ramp.there(&wallet, "USDT").await;
    let folder = backed_up(&ramp.app).await;
    assert!(ramp.app.ask().await[0].begun);
    let sent = || async {
        let sweeps = ramp.app.sweeps(order).await;
        let out = sweeps[0].out.as_ref().filter(|out| out.broadcast)?;
        Some(out.hash().unwrap())
    };
    let hash = ramp.app.until("the sweep is on its way", sent).await;
    let next = restored(&ramp.app, &folder).await;
    ramp.app = next;
    accepted(&ramp.app).await;
    assert!(ramp.app.sweeps(order).await.is_empty(), "forgotten");
    // By itself, too.
    ramp.app.ask().await;
    let begun = || async { (!ramp.app.sweeps(order).await.is_empty()).then_some(()) };
    ramp.app.until("it is found again", begun).await;
    ramp.app.until_swept(order).await;
    let sweeps = ramp.app.sweeps(order).await;
    assert_eq!(sweeps[0].out.as_ref().unwrap().hash().unwrap(), hash);
    assert_eq!(ramp.app.signed(order, IntentClass::TopUp).await, 1);
    assert_eq!(ramp.app.signed(order, IntentClass::Sweep).await, 1);
    assert_eq!(ramp.there(&wallet, "USDT").await, before + 100_000_000);
    let key = format!("deposit:{order}:ETH/ERC20");
    let left = ramp.there(&at, "ETH").await;
    assert_eq!(ramp.app.balance(&key).await.unsigned_abs(), left);
    ramp.books_agree().await;
    ramp.app.night_is_quiet(&at).await;
    ramp.done().await;
}

/// The hour in which gas is as dear as it may be: what was swept in the lost life is swept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_swept_before_a_restore_is_booked_whatever_gas_costs_now() {
    let Some(mut ramp) = Ramp::open().await else {
        return;
    };
    let (order, at) = ramp.sold("USDT", "100", 100_000_000).await;
    let folder = backed_up(&ramp.app).await;
    assert!(ramp.app.ask().await[0].begun);
    ramp.app.until_swept(order).await;
    let next = restored(&ramp.app, &folder).await;
    ramp.app = next;
    accepted(&ramp.app).await;
    *ramp.base_fee.lock().await = 60_000_000_000;
    let height = ramp.anvil.height().await;
    let later = || async { (ramp.anvil.height().await > height + 2).then_some(()) };
    ramp.app.until("gas is dear", later).await;
    ramp.app.ask().await;
    let begun = || async { (!ramp.app.sweeps(order).await.is_empty()).then_some(()) };
    ramp.app.until("it is found again", begun).await;
    ramp.app.until_swept(order).await;
    assert_eq!(ramp.app.signed(order, IntentClass::TopUp).await, 1);
    assert_eq!(ramp.app.signed(order, IntentClass::Sweep).await, 1);
    ramp.books_agree().await;
    ramp.app.night_is_quiet(&at).await;
    ramp.done().await;
}

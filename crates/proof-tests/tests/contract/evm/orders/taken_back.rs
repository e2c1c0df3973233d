//! Blocks that are taken back, under a delivery that is on its way, and under one that was complete.

use super::{CONFIRMATIONS, FRIEND, NO_BLOCKS, Ramp, alert, confirmed};
use crate::buyer::GOOD_CARD;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_arrives_once_however_many_blocks_are_taken_back_under_it() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    for (n, depth) in [1, 4, 7, 10].into_iter().enumerate() {
        let buyer = ramp.user("buy", "USDT", "100").await;
        assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
        confirmed(&buyer, 1).await;
        ramp.anvil.reorg(depth).await;
        buyer.until_step("completed").await;
        let there = ramp.there(FRIEND, "USDT").await;
        assert_eq!(there, 100_000_000 * (n as u128 + 1), "{depth}");
    }
    ramp.books_agree().await;
    ramp.done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_final_and_is_taken_back_is_sent_again_and_people_are_told() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    let buyer = ramp.user("buy", "USDT", "100").await;
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    buyer.until_step("completed").await;
    let order = buyer.order();
    let subject = order.to_string();
    *ramp.base_fee.lock().await = NO_BLOCKS;
    ramp.anvil.reorg(CONFIRMATIONS + 6).await;
    assert_eq!(ramp.there(FRIEND, "USDT").await, 0);
    let told = || alert(&ramp.app, "order_stuck", &subject);
    let lost = ramp.app.until("people are told", told).await;
    assert_eq!(
        lost["headline"],
        "An order does not get on from completed: the chain has taken back the delivery, which was final; nodes have it again, and no block yet."
    );
    let engine = &ramp.app.app.engine;
    let trouble = engine.order_story(order).await.unwrap().trouble;
    assert!(trouble.unwrap().why.contains("taken back"));
    assert_eq!(buyer.view().await["step"], "completed");
    // As soon as blocks come it is in one of them, and in no second one.
    *ramp.base_fee.lock().await = 0;
    let over = || async { told().await.is_none().then_some(()) };
    ramp.app.until("it is over", over).await;
    assert_eq!(ramp.there(FRIEND, "USDT").await, 100_000_000);
    let story = engine.order_story(order).await.unwrap();
    assert!(story.trouble.is_none(), "{:?}", story.trouble);
    ramp.books_agree().await;
    ramp.done().await;
}

//! Limits and judgements: before the card is asked, and before its money is taken.

use crate::buyer::{Buyer, GOOD_CARD};
use crate::kit::{App, good_session};
use crate::on_both_engines;
use proof_core::{Fiat, order::EventKind, risk::Limits};
use proof_store::{Failure, Tx};
use serde_json::{Value, json};

on_both_engines!(
    a_limit_ends_with_the_day,
    buys_and_sells_count_together,
    sells_that_start_at_once_are_judged_one_after_the_other,
    what_came_late_is_sold_within_the_limit_only,
    a_card_that_others_used_is_looked_at,
    every_judgement_is_kept_with_its_facts,
);

const AUTHORISE: &str = "POST http://cards.test/v1/authorisations ";

/// From now on a customer of the shop may move so many euros in a day; a hundred coins are about
/// ninety-seven.
async fn limit(app: &App, day: u128, month: u128) {
    let (engine, shop) = (&app.app.engine, app.shop.partner.id);
    let mut policy = engine.policy(shop).await.unwrap();
    let limits = Limits {
        day_minor: day * 100,
        month_minor: month * 100,
    };
    policy.risk.limits.insert(Fiat::Eur, limits);
    engine
        .policy_set(proof_core::audit::Author::machine(), shop, policy)
        .await
        .unwrap();
}

async fn ready<'a>(app: &'a App, side: &str, step: &str) -> Buyer<'a> {
    let mut body = good_session();
    body["type"] = json!(side);
    let buyer = Buyer::open_with(app, body).await;
    if buyer.view().await["step"] == "identity" {
        buyer.identify().await;
    }
    buyer.until_step(step).await;
    buyer
}

async fn buys(app: &App) {
    let buyer = ready(app, "buy", "quote").await;
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    buyer.until_step("completed").await;
}

async fn is_refused(app: &App) {
    let buyer = ready(app, "buy", "quote").await;
    let asked = app.outside.calls_of(AUTHORISE);
    let answer = buyer.pay(GOOD_CARD).await;
    assert_eq!(answer.refusal(), (409, "conflict", "limit_exceeded"));
    assert_eq!(
        app.outside.calls_of(AUTHORISE),
        asked,
        "the card was never asked"
    );
    assert_eq!(buyer.view().await["step"], "pay");
}

async fn a_limit_ends_with_the_day(app: &App) {
    limit(app, 150, 250).await;
    buys(app).await;
    is_refused(app).await;
    app.clock.skip(24 * 3_600);
    buys(app).await;
    app.clock.skip(24 * 3_600);
    // A new day, but the month is used up.
    is_refused(app).await;
    app.clock.skip(30 * 24 * 3_600);
    let buyer = ready(app, "buy", "quote").await;
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
}

async fn buys_and_sells_count_together(app: &App) {
    buys(app).await;
    limit(app, 150, 1_000).await;
    let seller = ready(app, "sell", "terms").await;
    let token = seller.card_token(GOOD_CARD).await;
    let body = json!({
        "quote_id": seller.quote().await, "card_token": token,
        "refund_address": crate::sell::REFUND,
    });
    let answer = seller.post("sale", body.clone()).await;
    assert_eq!(answer.refusal(), (409, "conflict", "limit_exceeded"));
    limit(app, 1_000, 1_000).await;
    let answer = seller.post("sale", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn sells_that_start_at_once_are_judged_one_after_the_other(app: &App) {
    let mut ready_ones = Vec::new();
    for _ in 0..5 {
        let seller = ready(app, "sell", "terms").await;
        let body = json!({
            "quote_id": seller.quote().await, "card_token": seller.card_token(GOOD_CARD).await,
            "refund_address": crate::sell::REFUND,
        });
        ready_ones.push((seller, body));
    }
    limit(app, 150, 1_000).await;
    let starts = ready_ones.iter();
    let starts = starts.map(|(seller, body)| seller.post("sale", body.clone()));
    let answers = futures::future::join_all(starts).await;
    let started = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(started, 1, "{answers:?}");
}

async fn what_came_late_is_sold_within_the_limit_only(app: &App) {
    let (seller, case) = crate::sell::late(app).await;
    limit(app, 50, 1_000).await;
    let path = format!("cases/{}", case["id"].as_str().unwrap());
    let quoted = seller.post(&format!("{path}/quote"), json!({})).await;
    let cases = quoted.json["sale"]["cases"].clone();
    let choice = json!({ "choice": "sell", "quote_id": cases[0]["quote"]["id"] });
    let answer = seller.post(&format!("{path}/choice"), choice).await;
    assert_eq!(answer.refusal(), (409, "conflict", "limit_exceeded"));
    // Nothing happened: the user still has the choice.
    assert_eq!(seller.view().await["sale"]["cases"][0]["state"], "choose");
    let back = json!({ "choice": "return" });
    let answer = seller.post(&format!("{path}/choice"), back).await;
    assert!(answer.status < 300, "{}", answer.text);
    let ended = crate::sell::case_of(app, &seller, "late").await;
    assert_eq!(ended["state"], "returned");
}

async fn a_card_that_others_used_is_looked_at(app: &App) {
    let (engine, shop) = (&app.app.engine, app.shop.partner.id);
    let mut policy = engine.policy(shop).await.unwrap();
    policy.risk.card_customers_max = 1;
    engine
        .policy_set(proof_core::audit::Author::machine(), shop, policy)
        .await
        .unwrap();
    let first = Buyer::verified(app, "u1").await;
    first.pay(GOOD_CARD).await;
    first.until_step("completed").await;
    let second = Buyer::verified(app, "u2").await;
    second.pay(GOOD_CARD).await;
    let waits = || async { engine.order_reviewed().await.unwrap().into_iter().next() };
    let waits = app.until("the second waits for people", waits).await;
    assert_eq!(
        (waits.order, waits.why.as_str()),
        (second.order(), "card_shared")
    );
    assert_eq!(waits.stopped_in, "authorised");
    assert_eq!(
        app.outside.calls_of("/capture"),
        1,
        "nothing is taken meanwhile"
    );
}

async fn judgements(app: &App, buyer: &Buyer<'_>) -> Vec<Value> {
    let id = buyer.order();
    let events = app
        .db
        .read("events", move |tx: &mut Tx| {
            Box::pin(async move { Ok::<_, Failure<()>>(tx.event_list(id, 0, 100).await?) })
        })
        .await
        .unwrap();
    let judged = events.into_iter();
    let judged = judged.filter(|event| event.kind == EventKind::RiskAssessed.name());
    judged.map(|event| event.body).collect()
}

async fn every_judgement_is_kept_with_its_facts(app: &App) {
    let buyer = Buyer::verified(app, "u1").await;
    buyer.pay(GOOD_CARD).await;
    buyer.until_step("completed").await;
    let kept = judgements(app, &buyer).await;
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert_eq!(kept[0]["facts"]["stage"], "authorise");
    assert_eq!(
        kept[1]["facts"]["stage"]["capture"]["liability_shift"],
        true
    );
    assert_eq!(
        kept[1]["facts"]["payments_day"], 0,
        "without the present one"
    );
    for one in &kept {
        assert_eq!(
            (&one["policy_version"], &one["assessment"]["verdict"]),
            (&json!(1), &json!("allow"))
        );
    }
    limit(app, 1_000, 1_000).await;
    let next = Buyer::open(app, "u1", "u1@example.com").await;
    next.pay(GOOD_CARD).await;
    next.until_step("completed").await;
    let kept = judgements(app, &next).await;
    assert_eq!(kept[0]["policy_version"], 2);
    assert_eq!(kept[0]["facts"]["payments_day"], 1);
    assert_ne!(kept[0]["facts"]["day_minor"], "0");
    // Partners do not read them.
    let feed = app.get("/widget/events?after=0&limit=200").await;
    assert!(!feed.text.contains("policy_version"), "{}", feed.text);
}

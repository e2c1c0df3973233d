//! `GET /widget/events`: everything in one order, and the same numbers on every channel.

use crate::buyer::{Buyer, GOOD_CARD};
use crate::kit::{App, as_partner, good_session};
use crate::on_both_engines;
use axum::body::Body;
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

on_both_engines!(
    an_orders_events_are_numbered_without_gaps,
    every_channel_shows_the_same_numbers,
    pages_join_and_end,
    a_reader_may_wait_for_the_next_event,
    the_feed_is_the_partners_own,
);

/// The whole feed, page by page.
async fn feed(app: &App, limit: usize) -> Vec<Value> {
    let (mut events, mut after) = (Vec::new(), String::new());
    loop {
        let page = app
            .get(&format!("/widget/events?limit={limit}&after={after}"))
            .await;
        assert_eq!(page.status, 200, "{}", page.text);
        let data = page.json["data"].as_array().unwrap();
        assert!(data.len() <= limit);
        if data.is_empty() {
            return events;
        }
        events.extend(data.iter().cloned());
        page.json["next_cursor"]
            .as_str()
            .unwrap()
            .clone_into(&mut after);
    }
}

/// The feed, once it holds an event like this.
async fn feed_with(app: &App, what: impl Fn(&Value) -> bool) -> Vec<Value> {
    let look = || async {
        let events = feed(app, 100).await;
        events.iter().any(&what).then_some(events)
    };
    app.until("the event in the feed", look).await
}

async fn an_orders_events_are_numbered_without_gaps(app: &App) {
    let first = Buyer::verified(app, "u").await;
    let second = Buyer::verified(app, "v").await;
    let (a, b) = tokio::join!(first.pay(GOOD_CARD), second.pay(GOOD_CARD));
    assert_eq!((a.status, b.status), (200, 200));
    first.until_step("completed").await;
    second.until_step("completed").await;
    let done = |events: &[Value]| {
        events
            .iter()
            .filter(|e| e["type"] == "order.completed")
            .count()
    };
    let look = || async { Some(feed(app, 3).await).filter(|events| done(events) == 2) };
    let events = app.until("both ends in the feed", look).await;
    let mut last: BTreeMap<&str, i64> = BTreeMap::new();
    for event in &events {
        let order = event["merchant_transaction_id"].as_str().unwrap();
        let number = last.entry(order).or_default();
        *number += 1;
        assert_eq!(event["sequence"], *number, "{events:?}");
    }
    assert_eq!(last.len(), 2);
    let created = &events[0];
    assert_eq!(created["type"], "order.created");
    assert_eq!(created["status"], "pending");
}

async fn every_channel_shows_the_same_numbers(app: &App) {
    let buyer = Buyer::verified(app, "u").await;
    buyer.pay(GOOD_CARD).await;
    buyer.until_step("completed").await;
    let ended = |e: &Value| e["type"] == "order.status_changed" && e["status"] == "completed";
    let events = feed_with(app, ended).await;
    let event = events.iter().find(|e| ended(e)).unwrap();
    let polled = app
        .get(&format!("/widget/transactions/{}", buyer.id))
        .await
        .json;
    for field in ["event_id", "sequence"] {
        assert_eq!(polled[field], event[field], "{field}");
    }
    assert_eq!(polled["updated_at"], event["occurred_at"]);
    let look = || async {
        let got = app.outside.receiver.got.lock().unwrap().clone();
        got.into_iter().find(|r| r.body.contains("completed"))
    };
    let received = app.until("the webhook", look).await;
    assert_eq!(received.id, event["event_id"].as_str().unwrap());
    let body: Value = serde_json::from_str(&received.body).unwrap();
    assert_eq!(body["sequence"], event["sequence"]);
    assert_eq!(event["data"]["crypto_amount"], "100.00");
}

async fn pages_join_and_end(app: &App) {
    for _ in 0..5 {
        app.session(&good_session()).await;
    }
    let look = || async { Some(feed(app, 2).await).filter(|events| events.len() == 5) };
    let by_two = app.until("five events", look).await;
    assert_eq!(by_two, feed(app, 100).await);
    let page = app.get("/widget/events").await.json;
    assert_eq!(page["next_cursor"], by_two[4]["event_id"]);
    for bad in [
        "after=x",
        "after=evt_",
        "limit=0",
        "limit=101",
        "limit=x",
        "limit=-1",
        "wait=31",
    ] {
        let answer = app.get(&format!("/widget/events?{bad}")).await;
        assert_eq!(
            answer.refusal(),
            (400, "invalid_request", "validation_error"),
            "{bad}"
        );
    }
}

async fn a_reader_may_wait_for_the_next_event(app: &App) {
    let empty = app.get("/widget/events").await.json;
    assert_eq!(empty, json!({ "data": [], "next_cursor": "" }));
    let waiting = app.get("/widget/events?wait=30");
    let acting = async {
        // Polled only after the reader: it waits already.
        app.session(&good_session()).await
    };
    let (page, session) = tokio::join!(waiting, acting);
    let data = page.json["data"].as_array().unwrap();
    assert_eq!(data.len(), 1, "{}", page.text);
    assert_eq!(
        data[0]["merchant_transaction_id"],
        session.json["merchant_transaction_id"]
    );
    let cursor = page.json["next_cursor"].as_str().unwrap();
    let path = format!("/widget/events?wait=1&after={cursor}");
    let nothing = app.get(&path).await;
    assert_eq!(nothing.json, json!({ "data": [], "next_cursor": cursor }));
}

async fn the_feed_is_the_partners_own(app: &App) {
    app.session(&good_session()).await;
    let events = feed_with(app, |_| true).await;
    let cursor = events[0]["event_id"].as_str().unwrap();
    let as_other = |path: String| {
        app.call(as_partner(
            &app.wallet_partner,
            Method::GET,
            &path,
            Body::empty(),
        ))
    };
    let page = as_other("/widget/events".to_owned()).await;
    assert_eq!(page.json, json!({ "data": [], "next_cursor": "" }));
    let unknown = "evt_01a205d764457da8b9dd58caedbfa33b";
    let mut texts = Vec::new();
    for cursor in [cursor, unknown] {
        let answer = as_other(format!("/widget/events?after={cursor}")).await;
        assert_eq!(answer.refusal().2, "validation_error");
        texts.push(answer.without_name());
    }
    assert_eq!(texts[0], texts[1], "foreign and unknown look alike");
}

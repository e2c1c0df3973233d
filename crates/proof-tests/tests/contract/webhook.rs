//! The partner webhook (contract §6).

use crate::buyer::{Buyer, GOOD_CARD};
use crate::kit::App;
use crate::on_both_engines;
use crate::world::Received;
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;

on_both_engines!(
    statuses_arrive_signed_and_in_order,
    a_failing_endpoint_is_tried_again_with_the_same_id,
    a_newer_status_overtakes_one_that_is_held_back_for_a_minute,
);

async fn received(app: &App, status: &str) -> Vec<Received> {
    let look = || async {
        let got = app.outside.receiver.got.lock().unwrap().clone();
        let there = got.iter().any(|r| self::status(r) == status);
        there.then_some(got)
    };
    app.until(&format!("the webhook {status}"), look).await
}

fn status(received: &Received) -> String {
    let body: Value = serde_json::from_str(&received.body).unwrap();
    body["status"].as_str().unwrap().to_owned()
}

/// Standard Webhooks, by the specification and not by our code.
fn check_signature(app: &App, received: &Received) {
    let secret = app.shop.webhook_secret.as_ref().unwrap().expose_secret();
    let key = STANDARD
        .decode(secret.strip_prefix("whsec_").unwrap())
        .unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{}.{}.{}", received.id, received.timestamp, received.body).as_bytes());
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let mut signatures = received.signature.split(' ');
    assert!(signatures.any(|one| one == expected), "{received:?}");
}

async fn statuses_arrive_signed_and_in_order(app: &App) {
    let buyer = Buyer::verified(app, "u").await;
    assert!(
        app.outside.receiver.got.lock().unwrap().is_empty(),
        "a session sends nothing"
    );
    buyer.pay(GOOD_CARD).await;
    let got = received(app, "completed").await;
    assert_eq!(
        got.iter().map(status).collect::<Vec<_>>(),
        ["processing", "completed"]
    );
    got.iter().for_each(|r| check_signature(app, r));
    let body: Value = serde_json::from_str(&got[1].body).unwrap();
    let view = buyer.view().await;
    for (field, value) in [
        ("merchant_transaction_id", buyer.id.as_str()),
        ("type", "buy"),
        ("currency", "USDT"),
        ("network", "TRC20"),
        ("crypto_amount", "100.00"),
        ("fiat_currency", "EUR"),
        ("fiat_amount", view["quote"]["total"].as_str().unwrap()),
    ] {
        assert_eq!(body[field], value, "{field}");
    }
    assert!(body["created_at"].as_str() < body["updated_at"].as_str());
}

async fn a_failing_endpoint_is_tried_again_with_the_same_id(app: &App) {
    app.outside
        .receiver
        .script
        .lock()
        .unwrap()
        .extend([500, 302, 404, 204]);
    let buyer = Buyer::verified(app, "u").await;
    buyer.pay(GOOD_CARD).await;
    let got = received(app, "completed").await;
    let tries: Vec<&Received> = got.iter().filter(|r| status(r) == "processing").collect();
    assert!(tries.len() >= 2, "{got:?}");
    assert!(
        tries.iter().all(|r| r.id == tries[0].id),
        "one id for each event"
    );
    got.iter().for_each(|r| check_signature(app, r));
    assert_eq!(
        app.outside.calls_of("shop.test/else"),
        0,
        "redirects are not followed"
    );
}

async fn a_newer_status_overtakes_one_that_is_held_back_for_a_minute(app: &App) {
    let buyer = Buyer::verified(app, "u").await;
    app.outside.receiver.script.lock().unwrap().extend([500; 8]);
    buyer.pay(GOOD_CARD).await;
    buyer.until_step("completed").await;
    let got = received(app, "completed").await;
    let first = got.iter().position(|r| status(r) == "completed").unwrap();
    assert!(first >= 1, "the older one went first");
    let seconds = |r: &Received| r.timestamp.parse::<i64>().unwrap();
    let waited = seconds(&got[first]) - seconds(&got[0]);
    assert!((55..=75).contains(&waited), "held back for {waited} s");
    assert!(
        got[first..].iter().all(|r| status(r) == "completed"),
        "never back to the older"
    );
}

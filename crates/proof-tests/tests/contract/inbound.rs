//! Providers' callbacks: `POST /inbound/{provider}/payments`.

use crate::buyer::Buyer;
use crate::kit::{Answer, App};
use crate::on_both_engines;
use axum::body::Body;
use hmac::{Hmac, Mac};
use http::Request;
use proof_core::Clock;
use serde_json::{Value, json};
use sha2::Sha256;

on_both_engines!(
    a_callback_is_taken_and_its_order_goes_on,
    twice_late_early_and_about_nothing_are_harmless,
    a_callback_without_the_providers_mark_is_refused,
    publish_failed_when_the_callback_cannot_be_recorded,
);

const KEY: &str = "key";
const THREE_DS_CARD: &str = "4000000000003220";

fn signed(app: &App, key: &str, age_seconds: i64, body: &Value) -> Request<Body> {
    let (time, body) = (app.clock.now().seconds() - age_seconds, body.to_string());
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(format!("{time}.{body}").as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    Request::post("/inbound/sandbox/payments")
        .header("sandbox-signature", format!("t={time},v1={signature}"))
        .body(Body::from(body))
        .unwrap()
}

/// The processor calls back about a payment.
pub async fn send(app: &App, reference: &str) -> Answer {
    let body = json!({ "type": "authorisation.updated", "reference": reference });
    app.call(signed(app, KEY, 0, &body)).await
}

/// An order whose user is at the bank, the bank's page, and our reference for the payment, as the
/// processor was asked about it.
async fn at_the_bank<'a>(app: &'a App, user: &str) -> (Buyer<'a>, Value, String) {
    let buyer = Buyer::verified(app, user).await;
    assert_eq!(buyer.pay(THREE_DS_CARD).await.status, 200);
    let view = buyer.until_step("three_ds").await;
    let order = buyer.id.replace('-', "");
    let look = || async {
        let calls = app.outside.calls.lock().unwrap().clone();
        calls.iter().find_map(|call| {
            let (_, rest) = call.split_once("/v1/authorisations/")?;
            let reference = rest.split('/').next()?;
            reference.contains(&order).then(|| reference.to_owned())
        })
    };
    let reference = app.until("a question about the payment", look).await;
    (buyer, view["payment"]["three_ds_url"].clone(), reference)
}

async fn a_callback_is_taken_and_its_order_goes_on(app: &App) {
    let (buyer, url, reference) = at_the_bank(app, "u").await;
    let asked = || app.outside.calls_of(&reference);
    buyer.bank(&url, true).await;
    let before = asked();
    assert_eq!(send(app, &reference).await.status, 204);
    let look = || async { (asked() > before).then_some(()) };
    app.until("the processor is asked, not believed", look)
        .await;
    buyer.until_step("completed").await;
}

async fn twice_late_early_and_about_nothing_are_harmless(app: &App) {
    let (buyer, url, reference) = at_the_bank(app, "u").await;
    // Before the user did anything, and twice.
    for _ in 0..2 {
        assert_eq!(send(app, &reference).await.status, 204);
    }
    assert_eq!(buyer.view().await["status"], "pending");
    buyer.bank(&url, true).await;
    buyer.until_step("completed").await;
    let rows = app.rows().await;
    // After the end, and about what is not ours.
    let foreign = reference.replacen(&reference[..8], "00000000", 1);
    for reference in [reference.as_str(), &foreign, "x", ""] {
        assert_eq!(send(app, reference).await.status, 204, "{reference}");
    }
    let changed: Vec<_> = app
        .rows()
        .await
        .into_iter()
        .zip(rows)
        .filter(|(a, b)| a != b)
        .collect();
    assert!(
        changed
            .iter()
            .all(|((table, _), _)| table == "jobs" || table == "deliveries"),
        "{changed:?}"
    );
    assert_eq!(buyer.status().await, "completed");
}

async fn a_callback_without_the_providers_mark_is_refused(app: &App) {
    let (buyer, url, reference) = at_the_bank(app, "u").await;
    let body = json!({ "reference": reference });
    let mut tampered = signed(app, KEY, 0, &body);
    *tampered.body_mut() = Body::from(json!({ "reference": "x" }).to_string());
    let plain = Request::post("/inbound/sandbox/payments")
        .body(Body::from(body.to_string()))
        .unwrap();
    for (what, request) in [
        ("another key", signed(app, "other", 0, &body)),
        ("replayed", signed(app, KEY, 900, &body)),
        ("from the future", signed(app, KEY, -900, &body)),
        ("tampered", tampered),
        ("not signed", plain),
        ("unreadable", signed(app, KEY, 0, &json!({ "x": 1 }))),
    ] {
        let answer = app.call(request).await;
        assert_eq!(
            answer.refusal(),
            (401, "unauthorised", "invalid_token"),
            "{what}"
        );
    }
    let mut other = signed(app, KEY, 0, &body);
    *other.uri_mut() = "/inbound/nobody/payments".parse().unwrap();
    assert_eq!(app.call(other).await.refusal().2, "not_found");
    buyer.bank(&url, false).await;
    buyer.until_step("quote").await;
}

async fn publish_failed_when_the_callback_cannot_be_recorded(app: &App) {
    let (_buyer, _, reference) = at_the_bank(app, "u").await;
    app.break_database().await;
    let answer = send(app, &reference).await;
    assert_eq!(
        answer.refusal(),
        (500, "publish_failed", "kafka_unavailable")
    );
}

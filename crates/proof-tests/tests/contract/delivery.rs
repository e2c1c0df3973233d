//! The webhook's other side: the delivery log, what can be done by hand, and endpoints that fail
//! (contract §6, *ours*).

use crate::buyer::Buyer;
use crate::kit::{Answer, App, as_partner, good_session, with_token};
use crate::on_both_engines;
use crate::world::Received;
use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use hmac::{Hmac, Mac};
use http::Method;
use serde_json::{Value, json};
use sha2::Sha256;

on_both_engines!(
    every_try_is_in_the_log,
    two_secrets_sign_in_overlap,
    the_published_key_verifies,
    a_test_event_can_be_asked_for,
    gone_disables_at_once_and_nothing_is_lost,
    what_is_on_its_way_to_an_endpoint_that_goes_ends_too,
    days_of_failure_disable_with_a_notice,
    one_is_redelivered_by_hand,
    retry_after_is_honoured,
    a_dead_endpoint_slows_nobody,
    only_the_owner_sees_deliveries,
);

async fn post(app: &App, path: &str, body: &Value) -> Answer {
    app.shop(Method::POST, path, body.to_string()).await
}

async fn deliveries(app: &App, query: &str) -> Vec<Value> {
    let page = app
        .get(&format!("/widget/webhook/deliveries?{query}"))
        .await;
    assert_eq!(page.status, 200, "{}", page.text);
    page.json["data"].as_array().unwrap().clone()
}

async fn until_state(app: &App, id: &str, state: &str) -> Value {
    let path = format!("/widget/webhook/deliveries/{id}");
    let look = || async {
        let delivery = app.get(&path).await.json;
        (delivery["state"] == state).then_some(delivery)
    };
    app.until(&format!("{id} {state}"), look).await
}

async fn received(app: &App, count: usize) -> Vec<Received> {
    let look = || async {
        let got = app.outside.receiver.got.lock().unwrap().clone();
        (got.len() >= count).then_some(got)
    };
    app.until(&format!("{count} webhooks"), look).await
}

fn script(app: &App, answers: &[u16]) {
    app.outside.receiver.script.lock().unwrap().extend(answers);
}

fn hmac(secret: &str, r: &Received) -> String {
    let key = STANDARD
        .decode(secret.strip_prefix("whsec_").unwrap())
        .unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{}.{}.{}", r.id, r.timestamp, r.body).as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

fn carries(r: &Received, signature: &str) -> bool {
    r.signature.split(' ').any(|one| one == signature)
}

/// An order that ends at once, by its user's wish: one webhook.
async fn cancelled(app: &App) -> String {
    let buyer = Buyer::open(app, "u", "u@example.com").await;
    assert_eq!(buyer.post("cancel", json!({})).await.status, 200);
    buyer.id
}

async fn every_try_is_in_the_log(app: &App) {
    script(app, &[500, 302, 204]);
    let order = cancelled(app).await;
    received(app, 3).await;
    let listed = deliveries(app, &format!("merchant_transaction_id={order}")).await;
    assert_eq!(listed.len(), 1);
    let id = listed[0]["id"].as_str().unwrap();
    let detail = until_state(app, id, "delivered").await;
    let log = detail["log"].as_array().unwrap();
    let statuses: Vec<i64> = log.iter().map(|a| a["status"].as_i64().unwrap()).collect();
    assert_eq!(statuses, [204, 302, 500], "the latest first");
    for try_ in log {
        assert_eq!(try_["url"], "http://shop.test/webhook");
        assert_eq!(try_["headers"]["location"], "http://shop.test/else");
        assert_eq!(try_["body_start"], "noted");
        assert!(try_["duration_ms"].as_i64().unwrap() >= 0);
    }
    let sent: Value = serde_json::from_str(detail["body"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&sent["status"], &sent["event_id"]),
        (&json!("cancelled"), &detail["event_id"])
    );
    assert_eq!(detail["next_attempt_at"], Value::Null);
    assert_eq!(deliveries(app, "state=delivered").await.len(), 1);
    assert_eq!(deliveries(app, "state=failed").await.len(), 0);
    assert_eq!(deliveries(app, &format!("after={id}")).await.len(), 0);
    for bad in ["state=x", "after=x", "limit=0"] {
        let answer = app.get(&format!("/widget/webhook/deliveries?{bad}")).await;
        assert_eq!(answer.refusal().2, "validation_error", "{bad}");
    }
}

async fn two_secrets_sign_in_overlap(app: &App) {
    const GRACE: i64 = 3_600;
    let old = app.shop.webhook_secret.as_ref().unwrap().expose_secret();
    let path = "/widget/webhook/secret";
    let rotated = post(app, path, &json!({ "grace_seconds": GRACE })).await;
    assert_eq!(rotated.status, 200, "{}", rotated.text);
    let new = rotated.json["secret"].as_str().unwrap();
    assert_ne!(old, new);
    cancelled(app).await;
    let got = received(app, 1).await;
    assert!(carries(&got[0], &hmac(old, &got[0])) && carries(&got[0], &hmac(new, &got[0])));
    let again = post(app, path, &json!({ "grace_seconds": GRACE })).await;
    assert_eq!(
        again.refusal(),
        (409, "conflict", "wrong_state"),
        "a repeat ends no secret that receivers know"
    );
    app.clock.skip(GRACE);
    cancelled(app).await;
    let got = received(app, 2).await;
    assert!(!carries(&got[1], &hmac(old, &got[1])) && carries(&got[1], &hmac(new, &got[1])));
    for bad in [
        json!({ "grace_seconds": -1 }),
        json!({ "grace_seconds": "1" }),
        json!({ "grace_seconds": 604_801 }),
    ] {
        assert_eq!(
            post(app, path, &bad).await.refusal().2,
            "validation_error",
            "{bad}"
        );
    }
    assert_eq!(
        app.shop(Method::POST, path, "[]").await.refusal().2,
        "decode_error"
    );
}

async fn the_published_key_verifies(app: &App) {
    cancelled(app).await;
    let got = received(app, 1).await.remove(0);
    let keys = app.get("/.well-known/proof-webhook-keys.json").await.json;
    let keys = keys["keys"].as_array().unwrap().clone();
    let test = keys.iter().find(|k| k["environment"] == "test").unwrap();
    let key = test["key"].as_str().unwrap().strip_prefix("whpk_").unwrap();
    let key: [u8; 32] = STANDARD.decode(key).unwrap().try_into().unwrap();
    let key = VerifyingKey::from_bytes(&key).unwrap();
    let signature = got
        .signature
        .split(' ')
        .find_map(|one| one.strip_prefix("v1a,"));
    let signature = STANDARD.decode(signature.unwrap()).unwrap();
    let signature = Signature::from_slice(&signature).unwrap();
    let signed = format!("{}.{}.{}", got.id, got.timestamp, got.body);
    assert!(key.verify_strict(signed.as_bytes(), &signature).is_ok());
    assert!(
        key.verify_strict(format!("{signed} ").as_bytes(), &signature)
            .is_err()
    );
}

async fn a_test_event_can_be_asked_for(app: &App) {
    let asked = post(app, "/widget/webhook/test", &json!({})).await;
    assert_eq!(asked.status, 202, "{}", asked.text);
    let got = received(app, 1).await.remove(0);
    let body: Value = serde_json::from_str(&got.body).unwrap();
    assert_eq!(
        (&body["test"], &body["event_id"]),
        (&json!(true), &asked.json["event_id"])
    );
    until_state(app, asked.json["id"].as_str().unwrap(), "delivered").await;
    let path = format!(
        "/widget/transactions/{}",
        body["merchant_transaction_id"].as_str().unwrap()
    );
    assert_eq!(
        app.get(&path).await.status,
        404,
        "it is about no transaction"
    );
    let none = as_partner(
        &app.wallet_partner,
        Method::POST,
        "/widget/webhook/test",
        Body::empty(),
    );
    assert_eq!(
        app.call(none).await.refusal().2,
        "not_found",
        "without an endpoint"
    );
}

async fn gone_disables_at_once_and_nothing_is_lost(app: &App) {
    script(app, &[410]);
    let first = cancelled(app).await;
    received(app, 1).await;
    let look = || async {
        let webhook = app.get("/widget/webhook").await.json;
        (webhook["state"] == "disabled").then_some(webhook)
    };
    let webhook = app.until("the endpoint off", look).await;
    assert!(webhook["disabled_reason"].as_str().unwrap().contains("410"));
    let second = cancelled(app).await;
    let look = || async { Some(deliveries(app, "state=failed").await).filter(|d| d.len() == 2) };
    app.until("both kept as failed", look).await;
    assert_eq!(
        app.outside.receiver.got.lock().unwrap().len(),
        1,
        "nothing is sent"
    );
    let log = app.get("/widget/integration-log").await.json;
    let notice = |e: &Value| e["code"] == "webhook_disabled";
    assert!(log["data"].as_array().unwrap().iter().any(notice), "{log}");
    let refused = post(app, "/widget/webhook/test", &json!({})).await;
    assert_eq!(refused.refusal(), (409, "conflict", "wrong_state"));

    let enabled = post(app, "/widget/webhook/enable", &json!({})).await;
    assert_eq!(enabled.json["state"], "enabled");
    let range = json!({ "from": "2027-01-01T00:00:00Z", "to": "2028-01-01T00:00:00Z" });
    let recovered = post(app, "/widget/webhook/recover", &range).await;
    assert_eq!(
        (recovered.status, &recovered.json),
        (202, &json!({ "recovered": 2 }))
    );
    let got = received(app, 3).await;
    for order in [first, second] {
        assert!(
            got[1..].iter().any(|r| r.body.contains(&order)),
            "{order} arrives after all"
        );
    }
    for (bad, code) in [
        (json!({ "from": "2027-01-01T00:00:00Z" }), "missing_param"),
        (
            json!({ "from": "yesterday", "to": "2028-01-01T00:00:00Z" }),
            "validation_error",
        ),
        (
            json!({ "from": "2028-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z" }),
            "validation_error",
        ),
    ] {
        assert_eq!(
            post(app, "/widget/webhook/recover", &bad).await.refusal().2,
            code
        );
    }
}

/// So many orders of a partner whose users bring their own wallet, ended at once.
async fn cancelled_of(app: &App, token: &str, count: usize) {
    let mut body = good_session();
    body["address"] = json!("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t");
    for n in 0..count {
        body["partner_user_id"] = json!(format!("u{n}"));
        let session = with_token(token, Method::POST, "/widget/session", &body.to_string());
        let session = app.call(session).await;
        assert_eq!(session.status, 200, "{}", session.text);
        let buyer = Buyer::reopen(app, session.json).await;
        assert_eq!(buyer.post("cancel", json!({})).await.status, 200);
    }
}

async fn what_is_on_its_way_to_an_endpoint_that_goes_ends_too(app: &App) {
    let going = app.partner("going", Some("http://going.test/hook")).await;
    let token = going.client_token.expose_secret();
    cancelled_of(app, token, 8).await;
    let list = |state: &str| {
        let path = format!("/widget/webhook/deliveries?state={state}");
        app.call(with_token(token, Method::GET, &path, ""))
    };
    let look = || async {
        let failed = list("failed").await.json;
        (failed["data"].as_array().unwrap().len() == 8).then_some(())
    };
    app.until("all are given up", look).await;
    assert_eq!(list("pending").await.json["data"], json!([]));
    let jobs = || async {
        let rows = app.rows().await;
        let jobs = rows.iter().find(|(table, _)| table == "jobs").unwrap().1;
        (jobs == 0).then_some(())
    };
    app.until("nobody works for an endpoint that is off", jobs)
        .await;
}

async fn days_of_failure_disable_with_a_notice(app: &App) {
    script(app, &[500; 400]);
    let look = || async {
        // An event is given up after three days; each day brings a new one.
        if !app.outside.receiver.got.lock().unwrap().is_empty() {
            app.clock.skip(6 * 3_600);
        }
        cancelled(app).await;
        let webhook = app.get("/widget/webhook").await.json;
        (webhook["state"] == "disabled").then_some(webhook)
    };
    let webhook = app.until("the endpoint off", look).await;
    assert!(
        webhook["disabled_reason"]
            .as_str()
            .unwrap()
            .contains("five days")
    );
    assert!(webhook["failing_since"].as_str() < webhook["disabled_at"].as_str());
}

async fn one_is_redelivered_by_hand(app: &App) {
    cancelled(app).await;
    let first = received(app, 1).await.remove(0);
    let listed = deliveries(app, "").await;
    let id = listed[0]["id"].as_str().unwrap();
    until_state(app, id, "delivered").await;
    let again = post(
        app,
        &format!("/widget/webhook/deliveries/{id}/redeliver"),
        &json!({}),
    )
    .await;
    assert_eq!(
        (again.status, &again.json["state"]),
        (202, &json!("pending")),
        "{}",
        again.text
    );
    let second = received(app, 2).await.remove(1);
    assert_eq!((first.id, first.body), (second.id, second.body));
    let detail = until_state(app, id, "delivered").await;
    let numbers: Vec<&Value> = detail["log"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| &a["number"])
        .collect();
    assert_eq!(numbers, [&json!(2), &json!(1)]);
}

async fn retry_after_is_honoured(app: &App) {
    *app.outside.receiver.retry_after.lock().unwrap() = Some(120);
    script(app, &[429, 204]);
    cancelled(app).await;
    let got = received(app, 2).await;
    let at = |r: &Received| r.timestamp.parse::<i64>().unwrap();
    let waited = at(&got[1]) - at(&got[0]);
    assert!((120..=180).contains(&waited), "{waited} s");
}

async fn a_dead_endpoint_slows_nobody(app: &App) {
    let dead = app.partner("dead", Some("http://dead.test/hook")).await;
    cancelled_of(app, dead.client_token.expose_secret(), 40).await;
    let hanging = || async { (app.outside.calls_of("dead.test") >= 16).then_some(()) };
    app.until("the dead endpoint's lane is full", hanging).await;
    // Without time none of those that hang ever gives up: nobody may wait for one of them.
    app.clock.stop();
    let order = cancelled(app).await;
    let got = received(app, 1).await.remove(0);
    assert!(got.body.contains(&order));
}

async fn only_the_owner_sees_deliveries(app: &App) {
    cancelled(app).await;
    received(app, 1).await;
    let listed = deliveries(app, "").await;
    let id = listed[0]["id"].as_str().unwrap();
    let other = app.partner("other", Some("http://shop.test/other")).await;
    let token = other.client_token.expose_secret();
    let mut texts = Vec::new();
    for id in [id, "whd_01a205d764457da8b9dd58caedbfa33b", "nonsense"] {
        let path = format!("/widget/webhook/deliveries/{id}");
        let answer = app.call(with_token(token, Method::GET, &path, "")).await;
        assert_eq!(answer.refusal().2, "not_found");
        texts.push(answer.without_name());
        let again = with_token(token, Method::POST, &format!("{path}/redeliver"), "");
        assert_eq!(app.call(again).await.refusal().2, "not_found");
    }
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
}

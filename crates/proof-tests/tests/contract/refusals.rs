//! The integration log: refused calls reach the partner's people.

use crate::kit::{App, as_partner, good_session, with_token};
use crate::on_both_engines;
use axum::body::Body;
use http::Method;
use serde_json::{Value, json};

on_both_engines!(
    refused_calls_are_counted_with_their_cause,
    a_token_that_ended_still_says_whose_it_was,
    nobody_sees_anothers_log,
    a_forged_token_writes_into_nobodys_log,
    a_flood_of_origins_is_folded,
);

async fn entries(app: &App) -> Vec<Value> {
    let log = app.get("/widget/integration-log").await;
    assert_eq!(log.status, 200, "{}", log.text);
    log.json["data"].as_array().unwrap().clone()
}

fn entry<'a>(entries: &'a [Value], code: &str) -> &'a Value {
    let found: Vec<&Value> = entries.iter().filter(|e| e["code"] == code).collect();
    assert_eq!(found.len(), 1, "{code} in {entries:?}");
    found[0]
}

async fn refused_calls_are_counted_with_their_cause(app: &App) {
    assert_eq!(entries(app).await.len(), 0);
    let with = |field: &str, value: Value| {
        let mut body = good_session();
        body[field] = value;
        body
    };
    for _ in 0..2 {
        let answer = app.session(&with("currency", json!("DOGE"))).await;
        assert_eq!(answer.refusal().2, "currency_not_allowed");
    }
    let wallet = app.session(&with("network", json!("ERC20"))).await;
    assert_eq!(wallet.refusal().2, "WALLET_NOT_SUPPORTED");
    let amount = app.session(&with("amount", json!("1e9"))).await;
    assert_eq!(amount.refusal().2, "validation_error");
    let mut page = as_partner(
        &app.shop,
        Method::POST,
        "/widget/session",
        Body::from(good_session().to_string()),
    );
    page.headers_mut()
        .insert("origin", "https://else.example".parse().unwrap());
    let origin = app.call(page).await;
    assert_eq!(origin.refusal().2, "forbidden_origin");
    let entries = entries(app).await;
    let currency = entry(&entries, "currency_not_allowed");
    assert_eq!(currency["count"], 2);
    assert_eq!(currency["route"], "POST /widget/session");
    let amounts = entry(&entries, "validation_error");
    assert_eq!(
        (&amounts["field"], &amounts["error"]),
        (&json!("amount"), &json!("invalid_request"))
    );
    assert_eq!(
        amounts["request_id"],
        amount.headers["x-request-id"].to_str().unwrap()
    );
    let wallets = entry(&entries, "WALLET_NOT_SUPPORTED");
    assert_eq!(
        wallets["docs_url"],
        "http://proof.test/docs/errors/wallet_not_supported"
    );
    assert_eq!(
        entry(&entries, "forbidden_origin")["origin"],
        "https://else.example"
    );
}

async fn a_token_that_ended_still_says_whose_it_was(app: &App) {
    let (engine, partner) = (&app.app.engine, app.shop.partner.id);
    let environment = proof_core::partner::Environment::Test;
    let spare = engine
        .token_create(proof_core::audit::Author::machine(), partner, environment)
        .await
        .unwrap();
    let spare = spare.expose_secret();
    let key_id = spare.split('_').nth(2).unwrap().to_owned();
    engine
        .token_revoke(proof_core::audit::Author::machine(), partner, key_id)
        .await
        .unwrap();
    let path = "/widget/transactions";
    let answer = app.call(with_token(spare, Method::GET, path, "")).await;
    assert_eq!(answer.refusal().2, "invalid_token");
    assert_eq!(entry(&entries(app).await, "invalid_token")["count"], 1);
}

async fn nobody_sees_anothers_log(app: &App) {
    let mut body = good_session();
    body["currency"] = json!("DOGE");
    app.session(&body).await;
    assert_eq!(entries(app).await.len(), 1);
    let path = "/widget/integration-log";
    let other = as_partner(&app.wallet_partner, Method::GET, path, Body::empty());
    assert_eq!(app.call(other).await.json, json!({ "data": [] }));
}

/// The key id is public and the checksum no secret: whoever makes both up is still nobody.
async fn a_forged_token_writes_into_nobodys_log(app: &App) {
    let token = app.shop.client_token.expose_secret();
    let head = format!(
        "sk_test_{}_{}",
        token.split('_').nth(2).unwrap(),
        "0".repeat(48)
    );
    let checksum = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(head.as_bytes()));
    let forged = format!("{head}{}", &checksum[..8]);
    let answer = app
        .call(with_token(&forged, Method::GET, "/widget/events", ""))
        .await;
    assert_eq!(answer.refusal().2, "invalid_token");
    assert_eq!(entries(app).await.len(), 0);
}

async fn a_flood_of_origins_is_folded(app: &App) {
    for n in 0..150 {
        let mut page = as_partner(&app.shop, Method::GET, "/widget/events", Body::empty());
        let origin = if n % 3 == 0 {
            format!("https://<script>{n}")
        } else {
            format!("https://o{n}.example")
        };
        page.headers_mut().insert("origin", origin.parse().unwrap());
        assert_eq!(app.call(page).await.refusal().2, "forbidden_origin");
    }
    let entries = entries(app).await;
    assert!(entries.len() <= 200, "{}", entries.len());
    let shown = serde_json::to_string(&entries).unwrap();
    assert!(
        !shown.contains("<script>"),
        "what is no origin is not repeated"
    );
}

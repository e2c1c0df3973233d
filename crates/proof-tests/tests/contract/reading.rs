//! `GET /widget/transactions/{id}` and `GET /widget/users/{id}/kyc-status` (contract §3, §4).

use crate::kit::{App, as_partner, good_session};
use crate::on_both_engines;
use axum::body::Body;
use http::Method;
use serde_json::json;

on_both_engines!(
    a_transaction_shows_the_contracts_fields,
    what_is_foreign_looks_like_what_is_unknown,
    user_ids_are_percent_encoded,
);

async fn a_transaction_shows_the_contracts_fields(app: &App) {
    let session = app.session(&good_session()).await.json;
    let id = session["merchant_transaction_id"].as_str().unwrap();
    let answer = app
        .shop(
            Method::GET,
            &format!("/widget/transactions/{id}"),
            Body::empty(),
        )
        .await;
    let created = answer.json["created_at"].as_str().unwrap();
    assert!(created.len() == 20 && created.ends_with('Z'), "{created}");
    assert_eq!(
        answer.json,
        json!({
            "merchant_transaction_id": id, "partner_user_id": "user-1", "type": "buy",
            "status": "pending", "currency": "USDT", "network": "TRC20", "crypto_amount": "100.00",
            "fiat_currency": "EUR", "fiat_amount": "", "created_at": created, "updated_at": created,
        })
    );
}

async fn what_is_foreign_looks_like_what_is_unknown(app: &App) {
    let session = app.session(&good_session()).await.json;
    let id = session["merchant_transaction_id"].as_str().unwrap();
    let mut texts = Vec::new();
    for path in [
        format!("/widget/transactions/{id}"),
        "/widget/transactions/01a205d7-6445-7da8-b9dd-58caedbfa33b".to_owned(),
        "/widget/transactions/nonsense".to_owned(),
        "/widget/transactions/%2e%2e".to_owned(),
    ] {
        let request = as_partner(&app.wallet_partner, Method::GET, &path, Body::empty());
        let answer = app.call(request).await;
        assert_eq!(answer.refusal(), (404, "not_found", "not_found"), "{path}");
        texts.push(answer.text);
    }
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
    let mut users = Vec::new();
    for user in ["user-1", "nobody"] {
        let path = format!("/widget/users/{user}/kyc-status");
        let request = as_partner(&app.wallet_partner, Method::GET, &path, Body::empty());
        let answer = app.call(request).await;
        assert_eq!(answer.refusal(), (404, "not_found", "not_found"), "{user}");
        users.push(answer.text);
    }
    assert_eq!(users[0], users[1]);
}

async fn user_ids_are_percent_encoded(app: &App) {
    for (id, encoded) in [
        ("a/b", "a%2Fb"),
        ("ü ö", "%C3%BC%20%C3%B6"),
        ("100%", "100%25"),
        ("a?b#c", "a%3Fb%23c"),
    ] {
        let mut body = good_session();
        body["partner_user_id"] = json!(id);
        assert_eq!(app.session(&body).await.status, 200);
        let path = format!("/widget/users/{encoded}/kyc-status");
        let answer = app.shop(Method::GET, &path, Body::empty()).await;
        assert_eq!(
            answer.json,
            json!({ "partner_user_id": id, "status": "not_started" })
        );
    }
}

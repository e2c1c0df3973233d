//! `GET /widget/transactions/{id}` and `GET /widget/users/{id}/kyc-status` (contract §3, §4).

use crate::buyer::Buyer;
use crate::kit::{Answer, App, as_partner, good_session};
use crate::on_both_engines;
use axum::body::Body;
use http::Method;
use proof_core::Clock;
use serde_json::{Value, json};

on_both_engines!(
    a_transaction_shows_the_contracts_fields,
    what_is_foreign_looks_like_what_is_unknown,
    user_ids_are_percent_encoded,
    an_unchanged_transaction_is_304,
    a_reader_may_wait_for_a_change,
    lists_have_pages,
    lists_have_filters,
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
            "event_id": answer.json["event_id"], "sequence": 1,
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
        texts.push(answer.without_name());
    }
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
    let mut users = Vec::new();
    for user in ["user-1", "nobody"] {
        let path = format!("/widget/users/{user}/kyc-status");
        let request = as_partner(&app.wallet_partner, Method::GET, &path, Body::empty());
        let answer = app.call(request).await;
        assert_eq!(answer.refusal(), (404, "not_found", "not_found"), "{user}");
        users.push(answer.without_name());
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

async fn with_etag(app: &App, path: &str, etag: &str) -> Answer {
    let mut request = as_partner(&app.shop, Method::GET, path, Body::empty());
    let headers = request.headers_mut();
    headers.insert("if-none-match", etag.parse().unwrap());
    app.call(request).await
}

async fn an_unchanged_transaction_is_304(app: &App) {
    let buyer = Buyer::open(app, "u", "u@example.com").await;
    let path = format!("/widget/transactions/{}", buyer.id);
    let first = app.get(&path).await;
    let etag = first.headers["etag"].to_str().unwrap().to_owned();
    for known in [
        etag.clone(),
        format!("W/{etag}"),
        format!("\"x\", {etag}"),
        "*".to_owned(),
    ] {
        let again = with_etag(app, &path, &known).await;
        assert_eq!((again.status, again.text.as_str()), (304, ""), "{known}");
        assert_eq!(again.headers["etag"].to_str().unwrap(), etag);
    }
    assert_eq!(with_etag(app, &path, "\"x\"").await.status, 200);
    buyer.post("cancel", json!({})).await;
    let changed = with_etag(app, &path, &etag).await;
    assert_eq!(
        (changed.status, &changed.json["status"]),
        (200, &json!("cancelled"))
    );
    assert_ne!(changed.headers["etag"].to_str().unwrap(), etag);
}

async fn a_reader_may_wait_for_a_change(app: &App) {
    let buyer = Buyer::open(app, "u", "u@example.com").await;
    let path = format!("/widget/transactions/{}", buyer.id);
    let etag = app.get(&path).await.headers["etag"]
        .to_str()
        .unwrap()
        .to_owned();
    let nothing = with_etag(app, &format!("{path}?wait=1"), &etag).await;
    assert_eq!(nothing.status, 304);
    let waiting = format!("{path}?wait=30");
    let waiting = with_etag(app, &waiting, &etag);
    let acting = buyer.post("cancel", json!({}));
    let (changed, acted) = tokio::join!(waiting, acting);
    assert_eq!(acted.status, 200);
    assert_eq!(
        (changed.status, &changed.json["status"]),
        (200, &json!("cancelled"))
    );
    // It has ended: nobody waits for what cannot come.
    let etag = changed.headers["etag"].to_str().unwrap();
    let before = app.clock.now();
    assert_eq!(
        with_etag(app, &format!("{path}?wait=30"), etag)
            .await
            .status,
        304
    );
    assert!(app.clock.now() < before.plus_seconds(30));
    for bad in ["31", "-1", "x", "1.5"] {
        let answer = app.get(&format!("{path}?wait={bad}")).await;
        assert_eq!(answer.refusal().2, "validation_error", "{bad}");
    }
}

/// Five transactions, newest first: one of BTC, two of one user and three of another.
async fn five(app: &App) -> Vec<Value> {
    let mut ids = Vec::new();
    for n in 0..5 {
        let mut body = good_session();
        body["partner_user_id"] = json!(format!("u{}", n % 2));
        if n == 4 {
            body["currency"] = json!("BTC");
            body["network"] = json!("BITCOIN");
            body["amount"] = json!("0.01");
        }
        let session = app.session(&body).await;
        assert_eq!(session.status, 200, "{}", session.text);
        ids.insert(0, session.json["merchant_transaction_id"].clone());
        app.clock.skip(2);
    }
    ids
}

async fn lists_have_pages(app: &App) {
    let ids = five(app).await;
    let (mut paged, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page = app.get(&format!("/widget/transactions?{query}")).await.json;
        let data = page["data"].as_array().unwrap();
        paged.extend(data.iter().map(|t| t["merchant_transaction_id"].clone()));
        match page["next_cursor"].as_str() {
            Some(cursor) => query = format!("limit=2&after={cursor}"),
            None => break,
        }
    }
    assert_eq!(paged, ids, "newest first, each once");
    let path = "/widget/transactions";
    let other = as_partner(&app.wallet_partner, Method::GET, path, Body::empty());
    let other = app.call(other).await.json;
    assert_eq!(other, json!({ "data": [], "next_cursor": null }));
}

async fn lists_have_filters(app: &App) {
    let ids = five(app).await;
    let third = format!("/widget/transactions/{}", ids[2].as_str().unwrap());
    let third = app.get(&third).await.json;
    let third = third["created_at"].as_str().unwrap();
    let (from, to) = (
        format!("created_from={third}"),
        format!("created_to={third}"),
    );
    for (query, count) in [
        ("status=pending", 5),
        ("status=completed", 0),
        ("type=buy", 5),
        ("type=sell", 0),
        ("currency=USDT", 4),
        ("currency=BTC&network=BITCOIN", 1),
        ("network=TRC20", 4),
        ("partner_user_id=u1", 2),
        ("partner_user_id=nobody", 0),
        (&from, 3),
        (&to, 2),
    ] {
        let page = app.get(&format!("/widget/transactions?{query}")).await;
        let found = page.json["data"].as_array().map(Vec::len);
        assert_eq!(found, Some(count), "{query}: {}", page.text);
    }
    for bad in [
        "status=x",
        "type=x",
        "currency=%25",
        "network=x",
        "created_from=x",
        "limit=0",
        "after=x",
    ] {
        let answer = app.get(&format!("/widget/transactions?{bad}")).await;
        assert_eq!(answer.refusal().2, "validation_error", "{bad}");
    }
}

//! Opening the widget and proving who one is.

use crate::buyer::{Buyer, frame, opening, picture};
use crate::kit::{App, good_session};
use crate::on_both_engines;
use axum::{
    body::Body,
    middleware::{Next, from_fn},
};
use http::{Method, Request};
use proof_core::identity::CONSENT_TEXT;
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

on_both_engines!(
    a_session_opens_only_as_it_was_made,
    a_session_opens_for_one_hour,
    the_frame_is_for_the_partners_pages_only,
    outcomes_follow_the_providers_word,
    bad_pictures_are_refused_and_can_be_replaced,
    a_second_tab_sees_what_the_first_did,
    nothing_is_submitted_before_it_is_complete,
    nobody_is_photographed_before_they_agree,
    what_was_good_is_not_asked_for_again,
    of_an_order_that_is_over_nothing_is_taken_over,
);

async fn a_session_opens_only_as_it_was_made(app: &App) {
    let session = app.session(&good_session()).await.json;
    let open = |body: Value| app.call(frame(Method::POST, "visits", "", body.to_string()));
    for (name, value) in session.as_object().unwrap() {
        let mut changed = session.clone();
        changed[name] = match value {
            Value::Bool(b) => json!(!b),
            Value::String(_) => json!("changed"),
            _ => json!(["changed"]),
        };
        let answer = open(opening(&session, changed)).await;
        assert_eq!(
            answer.refusal(),
            (403, "forbidden", "parameter_mismatch"),
            "{name}"
        );
        assert_eq!(answer.json["field"], json!(name));
        let mut subset = session.clone();
        subset.as_object_mut().unwrap().remove(name);
        assert_eq!(
            open(opening(&session, subset)).await.status,
            201,
            "{name} left out"
        );
    }
    let mut extra = session.clone();
    extra["lang"] = json!("de");
    extra["theme"] = json!("dark");
    extra["surprise"] = json!(1);
    assert_eq!(open(opening(&session, extra)).await.status, 201);
    for (name, value, refusal) in [
        (
            "init_token",
            json!("it_unknown"),
            (401, "unauthorised", "invalid_token"),
        ),
        (
            "widget_id",
            json!(app.wallet_partner.partner.widget_id),
            (401, "unauthorised", "invalid_token"),
        ),
        (
            "page_origin",
            json!("http://evil.test"),
            (403, "forbidden", "forbidden_origin"),
        ),
        (
            "page_origin",
            json!("null"),
            (403, "forbidden", "forbidden_origin"),
        ),
    ] {
        let mut body = opening(&session, session.clone());
        body[name] = value;
        assert_eq!(open(body).await.refusal(), refusal, "{name}");
    }
    for token in ["", "vt_unknown"] {
        let answer = app.call(frame(Method::GET, "order", token, "")).await;
        assert_eq!(answer.status, 401);
    }
}

async fn a_session_opens_for_one_hour(app: &App) {
    let session = app.session(&good_session()).await.json;
    app.clock.skip(3_000);
    Buyer::reopen(app, session.clone()).await;
    app.clock.skip(601);
    let body = opening(&session, session.clone()).to_string();
    let answer = app.call(frame(Method::POST, "visits", "", body)).await;
    assert_eq!(answer.refusal(), (401, "unauthorised", "invalid_token"));
}

async fn the_frame_is_for_the_partners_pages_only(app: &App) {
    let path = format!("/frame/{}", app.shop.partner.widget_id);
    let answer = app
        .call(Request::get(path).body(Body::empty()).unwrap())
        .await;
    assert_eq!(
        answer.status, 200,
        "the web parts are built: {}",
        answer.text
    );
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("frame-ancestors http://shop.test"),
        "{policy}"
    );
    assert!(
        policy.contains("frame-src http://cards.test 'self';"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(
        answer.text.contains(r#"id="proof-boot">{"#),
        "{}",
        answer.text
    );
    for unknown in ["/frame/x", "/frame/00000000-0000-0000-0000-000000000000"] {
        let answer = app
            .call(Request::get(unknown).body(Body::empty()).unwrap())
            .await;
        assert_eq!(answer.refusal(), (404, "not_found", "not_found"));
    }
}

async fn kyc(app: &App, user: &str) -> String {
    let path = format!("/widget/users/{user}/kyc-status");
    let answer = app.shop(Method::GET, &path, Body::empty()).await;
    answer.json["status"].as_str().unwrap().to_owned()
}

async fn outcomes_follow_the_providers_word(app: &App) {
    let good = Buyer::open(app, "good", "a@example.com").await;
    assert_eq!(kyc(app, "good").await, "not_started");
    good.photograph().await;
    assert_eq!(
        kyc(app, "good").await,
        "not_started",
        "nothing is submitted yet"
    );
    good.post("identity/submit", json!({})).await;
    good.until_step("quote").await;
    assert_eq!(kyc(app, "good").await, "verified");

    let bad = Buyer::open(app, "bad", "a+kyc-fail@example.com").await;
    bad.identify().await;
    let view = bad.until_step("failed").await;
    assert_eq!(
        view["failure"],
        json!({ "code": "identity_refused", "money_moved": false })
    );
    assert_eq!(
        (kyc(app, "bad").await, bad.status().await),
        ("failed".into(), "failed".into())
    );
    let again = Buyer::open(app, "bad", "other@example.com").await;
    assert_eq!(
        again.view().await["step"],
        "failed",
        "refused for good stays refused"
    );

    let retry = Buyer::open(app, "retry", "a+kyc-retry@example.com").await;
    retry.identify().await;
    let look = || async {
        let view = retry.view().await;
        (!view["identity"]["reason"].is_null()).then_some(view)
    };
    let view = app.until("a refusal that may be repeated", look).await;
    assert_eq!(view["identity"]["reason"], "face_mismatch");
    assert_eq!(
        (
            view["step"].as_str(),
            view["identity"]["may_retry"].as_bool()
        ),
        (Some("identity"), Some(true))
    );
    assert_eq!(kyc(app, "retry").await, "failed");
    retry.identify().await;
    retry.until_step("quote").await;

    let review = Buyer::open(app, "review", "a+kyc-review@example.com").await;
    review.identify().await;
    review.until_step("review").await;
    assert_eq!(
        (kyc(app, "review").await, review.status().await),
        ("pending".into(), "pending".into())
    );
    app.clock.skip(2 * 3_600);
    assert_eq!(
        review.view().await["step"],
        "review",
        "the payment hour does not run"
    );
    app.clock.skip(71 * 3_600);
    review.until_step("expired").await;
}

async fn bad_pictures_are_refused_and_can_be_replaced(app: &App) {
    let buyer = Buyer::open(app, "u", "u@example.com").await;
    buyer
        .post(
            "identity/start",
            json!({ "document": "national_id", "consent": CONSENT_TEXT }),
        )
        .await;
    let front = "identity/documents/front";
    let whole = picture(800, 500);
    let cut = whole[..whole.len() / 2].to_vec();
    for (bytes, problem) in [
        (b"hello".to_vec(), "not_an_image"),
        (Vec::new(), "not_an_image"),
        (picture(100, 100), "too_small"),
        (cut, "truncated"),
    ] {
        let answer = buyer.put(front, bytes).await;
        assert_eq!(
            answer.refusal(),
            (422, "invalid_request", "picture_refused"),
            "{problem}"
        );
        assert_eq!(answer.json["problem"], problem, "{}", answer.text);
    }
    let mut large = whole.clone();
    large.resize(50 * 1024 * 1024, 0);
    let answer = buyer.put(front, large).await;
    assert_eq!(answer.refusal(), (413, "invalid_request", "body_too_large"));
    let answer = buyer.put("identity/documents/middle", whole.clone()).await;
    assert_eq!(
        answer.refusal(),
        (400, "invalid_request", "validation_error")
    );
    let view = buyer.put(front, whole).await.json;
    assert_eq!(
        (&view["identity"]["received"], &view["step"]),
        (&json!(["front"]), &json!("identity"))
    );
}

async fn a_second_tab_sees_what_the_first_did(app: &App) {
    let first = Buyer::verified(app, "u").await;
    let second = Buyer::reopen(app, first.session.clone()).await;
    assert_eq!(second.view().await["step"], "quote");
    let answer = second
        .post(
            "identity/start",
            json!({ "document": "passport", "consent": CONSENT_TEXT }),
        )
        .await;
    assert_eq!(answer.refusal(), (409, "conflict", "wrong_state"));
    let seen = second.view().await["version"].clone();
    // Without time only a change ends the wait.
    app.clock.stop();
    let path = format!("order?seen={seen}&wait=20");
    let waiting = app.call(frame(Method::GET, &path, &second.visit, ""));
    let (changed, _) = tokio::join!(waiting, first.quote());
    assert_eq!(
        changed.json["step"], "pay",
        "a change reaches whoever waits for it"
    );
}

async fn nothing_is_submitted_before_it_is_complete(app: &App) {
    let buyer = Buyer::open(app, "u", "u@example.com").await;
    let answer = buyer.post("identity/submit", json!({})).await;
    assert_eq!(
        answer.refusal(),
        (409, "conflict", "wrong_state"),
        "nothing was begun"
    );
    buyer
        .post(
            "identity/start",
            json!({ "document": "driving_licence", "consent": CONSENT_TEXT }),
        )
        .await;
    let answer = buyer.post("identity/submit", json!({})).await;
    assert_eq!(
        answer.refusal(),
        (400, "invalid_request", "validation_error")
    );
    buyer
        .put("identity/documents/front", picture(800, 500))
        .await;
    buyer
        .put("identity/documents/back", picture(800, 500))
        .await;
    assert_eq!(buyer.post("identity/submit", json!({})).await.status, 200);
    // No selfie reached the provider: the user takes the pictures again.
    buyer.until_step("identity").await;
    let answer = buyer.post("quote", json!({})).await;
    assert_eq!(
        answer.refusal(),
        (409, "conflict", "wrong_state"),
        "no price before identity"
    );
}

async fn nobody_is_photographed_before_they_agree(app: &App) {
    let buyer = Buyer::open(app, "u", "u@example.com").await;
    let consent = buyer.view().await["identity"]["consent"].clone();
    assert_eq!(
        (&consent["text"], &consent["given"]),
        (&json!(CONSENT_TEXT), &json!(false))
    );
    for (body, code) in [
        (json!({ "document": "passport" }), "missing_param"),
        (
            json!({ "document": "passport", "consent": "2025-01" }),
            "validation_error",
        ),
    ] {
        let answer = buyer.post("identity/start", body).await;
        assert_eq!(answer.refusal(), (400, "invalid_request", code));
        assert_eq!(answer.json["field"], "consent");
    }
    let front = buyer
        .put("identity/documents/front", picture(800, 500))
        .await;
    assert_eq!(
        front.refusal(),
        (409, "conflict", "wrong_state"),
        "nothing was begun"
    );
    let view = buyer.start("passport", false).await;
    assert_eq!(view["identity"]["consent"]["given"], true);
}

async fn failed(app: &App, buyer: &Buyer<'_>) -> Value {
    let look = || async {
        let view = buyer.view().await;
        (!view["identity"]["reason"].is_null()).then_some(view)
    };
    app.until("a refusal that may be repeated", look).await
}

async fn what_was_good_is_not_asked_for_again(app: &App) {
    let buyer = Buyer::open(app, "u", "u+kyc-retry@example.com").await;
    buyer.identify().await;
    let view = failed(app, &buyer).await;
    assert_eq!(view["identity"]["keeps"], "document");
    // Only in this order, and only of the same document.
    let other = Buyer::open(app, "u", "u+kyc-retry@example.com").await;
    assert_eq!(other.view().await["identity"]["keeps"], Value::Null);
    let passed = Buyer::open(app, "v", "v+kyc-retry@example.com").await;
    passed.identify().await;
    failed(app, &passed).await;
    let view = passed.start("national_id", true).await;
    assert_eq!(
        (&view["identity"]["kept"], &view["identity"]["received"]),
        (&Value::Null, &json!([]))
    );

    let view = buyer.start("passport", true).await;
    assert_eq!(view["identity"]["kept"], "document", "{view}");
    assert_eq!(view["identity"]["received"], json!(["front"]));
    buyer.film().await;
    assert_eq!(buyer.post("identity/submit", json!({})).await.status, 200);
    buyer.until_step("quote").await;
}

async fn of_an_order_that_is_over_nothing_is_taken_over(app: &App) {
    let buyer = Buyer::open(app, "u", "u+kyc-retry@example.com").await;
    buyer.identify().await;
    failed(app, &buyer).await;
    // Every picture that the provider is given from here on.
    let given = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&given);
    let count = move |request: Request<Body>, next: Next| {
        if request.method() == Method::PUT && request.uri().path().starts_with("/identity/") {
            seen.fetch_add(1, Ordering::Relaxed);
        }
        next.run(request)
    };
    {
        let mut hosts = app.outside.hosts.lock().unwrap();
        let world = hosts.remove("world.test").unwrap();
        hosts.insert("world.test".to_owned(), world.layer(from_fn(count)));
    }
    let start = json!({ "document": "passport", "consent": CONSENT_TEXT, "keep": true });
    assert_eq!(buyer.post("cancel", json!({})).await.status, 200);
    for _ in 0..3 {
        let answer = buyer.post("identity/start", start.clone()).await;
        assert_eq!(answer.refusal().2, "wrong_state");
    }
    assert_eq!(given.load(Ordering::Relaxed), 0);
    let other = Buyer::open(app, "v", "v+kyc-retry@example.com").await;
    other.identify().await;
    failed(app, &other).await;
    let before = given.load(Ordering::Relaxed);
    let view = other.start("passport", true).await;
    assert_eq!(view["identity"]["kept"], "document");
    assert_eq!(given.load(Ordering::Relaxed), before + 1, "it does count");
}

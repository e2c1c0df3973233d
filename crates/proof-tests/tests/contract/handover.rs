//! The identity check on another device.

use crate::buyer::{Buyer, frame, picture};
use crate::kit::{Answer, App};
use crate::on_both_engines;
use axum::body::Body;
use http::{Method, Request};
use proof_core::handover::{HANDOVERS_MAX, LINK_SECONDS, VISIT_SECONDS};
use serde_json::{Value, json};

on_both_engines!(
    a_phone_does_the_check_and_the_desktop_goes_on,
    a_link_opens_once_and_in_time,
    whoever_handed_over_takes_it_back,
    the_other_device_does_nothing_else,
);

const OVER: (u16, &str, &str) = (401, "unauthorised", "invalid_token");

async fn begin(buyer: &Buyer<'_>) -> String {
    let begun = buyer.post("identity/handover", json!({})).await;
    assert_eq!(begun.status, 201, "{}", begun.text);
    assert_eq!(
        begun.json["view"]["identity"]["handover"]["state"],
        "waiting"
    );
    begun.json["token"].as_str().unwrap().to_owned()
}

async fn open(app: &App, token: &str) -> Answer {
    let body = json!({ "token": token }).to_string();
    app.call(frame(Method::POST, "handover/visits", "", body))
        .await
}

/// What the other device is from now on.
async fn phone<'a>(buyer: &Buyer<'a>, token: &str) -> Buyer<'a> {
    let opened = open(buyer.app, token).await;
    assert_eq!(opened.status, 201, "{}", opened.text);
    Buyer {
        app: buyer.app,
        id: buyer.id.clone(),
        visit: opened.json["visit_token"].as_str().unwrap().to_owned(),
        session: Value::Null,
    }
}

/// What the page of the link says, which changes nothing.
async fn page(app: &App, token: &str) -> Answer {
    let request = Request::get(format!("/handover/{token}"));
    app.call(request.body(Body::empty()).unwrap()).await
}

async fn a_phone_does_the_check_and_the_desktop_goes_on(app: &App) {
    let desktop = Buyer::open(app, "u", "u@example.com").await;
    let token = begin(&desktop).await;
    for _ in 0..2 {
        let page = page(app, &token).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains(r#""state":"open""#), "{}", page.text);
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        let told = format!(
            "report-uri /embed/violations/{}",
            app.shop.partner.widget_id
        );
        assert!(policy.ends_with(&told), "{policy}");
    }
    let phone = phone(&desktop, &token).await;
    let view = phone.view().await;
    assert_eq!(view["partner"], desktop.view().await["partner"]);
    assert_eq!(
        (&view["address"], &view["timeline"]),
        (&json!(""), &json!([]))
    );
    phone.identify().await;
    let view = desktop.until_step("quote").await;
    assert_eq!(view["identity"], Value::Null);
    assert_eq!(phone.view().await["quote"], Value::Null);
    desktop.quote().await;
    assert_eq!(
        phone.view().await["quote"],
        Value::Null,
        "no price is shown there"
    );
    let again = desktop.post("identity/handover", json!({})).await;
    assert_eq!(again.refusal(), (409, "conflict", "wrong_state"));
}

async fn a_link_opens_once_and_in_time(app: &App) {
    app.clock.stop();
    let desktop = Buyer::open(app, "u", "u@example.com").await;
    let used = begin(&desktop).await;
    let phone = phone(&desktop, &used).await;
    assert_eq!(open(app, &used).await.refusal(), OVER);
    let late = begin(&desktop).await;
    assert_eq!(
        app.call(frame(Method::GET, "order", &phone.visit, ""))
            .await
            .refusal(),
        OVER,
        "another link ends the visit of the former one"
    );
    app.clock.skip(LINK_SECONDS);
    assert_eq!(open(app, &late).await.refusal(), OVER);
    let told = page(app, &late).await;
    assert!(told.text.contains(r#""state":"over""#), "{}", told.text);
    assert_eq!(desktop.view().await["identity"]["handover"], Value::Null);
    for unknown in ["", "hl_unknown", &desktop.visit] {
        assert_eq!(open(app, unknown).await.refusal(), OVER);
    }
    for _ in 2..HANDOVERS_MAX {
        begin(&desktop).await;
    }
    let more = desktop.post("identity/handover", json!({})).await;
    assert_eq!(more.refusal(), (409, "conflict", "attempts_exhausted"));
}

async fn whoever_handed_over_takes_it_back(app: &App) {
    app.clock.stop();
    let desktop = Buyer::open(app, "u", "u@example.com").await;
    let token = begin(&desktop).await;
    let seen = desktop.view().await["version"].clone();
    // Without time only a change ends the wait.
    let path = format!("order?seen={seen}&wait=20");
    let waiting = app.call(frame(Method::GET, &path, &desktop.visit, ""));
    let (told, phone) = tokio::join!(waiting, phone(&desktop, &token));
    assert_eq!(told.json["identity"]["handover"]["state"], "open");
    phone.start("passport", false).await;
    let view = desktop.post("identity/handover/end", json!({})).await.json;
    assert_eq!(view["identity"]["handover"], Value::Null);
    let sent = phone
        .put("identity/documents/front", picture(800, 500))
        .await;
    assert_eq!(sent.refusal(), OVER);
    // What was begun there goes on here.
    let view = desktop
        .put("identity/documents/front", picture(800, 500))
        .await;
    assert_eq!(view.json["identity"]["received"], json!(["front"]));
    let unused = begin(&desktop).await;
    desktop.post("identity/handover/end", json!({})).await;
    assert_eq!(open(app, &unused).await.refusal(), OVER);
}

async fn the_other_device_does_nothing_else(app: &App) {
    let desktop = Buyer::open(app, "u", "u@example.com").await;
    let phone = phone(&desktop, &begin(&desktop).await).await;
    for path in [
        "quote",
        "payments",
        "payments/check",
        "sale",
        "sale/choice",
        "cancel",
        "identity/handover",
        "identity/handover/end",
        "cases/cas_01a205d764457da8b9dd58caedbfa33b/quote",
    ] {
        assert_eq!(phone.post(path, json!({})).await.refusal(), OVER, "{path}");
    }
    app.clock.stop();
    app.clock.skip(VISIT_SECONDS);
    let answer = app
        .call(frame(Method::GET, "order", &phone.visit, ""))
        .await;
    assert_eq!(answer.refusal(), OVER);
}

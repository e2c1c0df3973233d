//! Wallets of users' devices: what they hand over goes to the processor unread.

use crate::buyer::{Buyer, frame};
use crate::kit::{Answer, App};
use crate::on_both_engines;
use crate::people::Person;
use crate::visits;
use axum::body::Body;
use http::{Method, Request};
use proof_core::member::Role;
use serde_json::{Value, json};

on_both_engines!(
    a_wallet_pays_like_a_card,
    the_checklist_hears_of_wallets_that_paid,
    what_no_wallet_hands_over_is_refused,
    apple_pay_is_opened_for_our_own_page,
    a_browser_may_ask_google_and_nobody_else,
);

async fn pay(buyer: &Buyer<'_>, wallet: &str, payload: &str) -> crate::kit::Answer {
    let quote = buyer.quote().await;
    let body = json!({ "wallet": wallet, "wallet_payload": payload, "quote_id": quote });
    buyer.post("payments", body).await
}

async fn a_wallet_pays_like_a_card(app: &App) {
    let buyer = Buyer::verified(app, "ada").await;
    let offers = buyer.view().await["wallets"].clone();
    assert_eq!(offers["apple_pay"]["country"], "DE");
    assert_eq!(offers["google_pay"]["gateway"], "sandbox");
    let declined = pay(&buyer, "google_pay", r#"{"sandbox":"declined"}"#).await;
    assert_eq!(declined.status, 200, "{}", declined.text);
    let told = || async {
        let view = buyer.view().await;
        view["payment"]["declined"].is_string().then_some(view)
    };
    let view = app.until("it is declined", told).await;
    assert_eq!(view["payment"]["method"], "google_pay");
    let paid = pay(&buyer, "apple_pay", r#"{"sandbox":"approved"}"#).await;
    assert_eq!(paid.status, 200, "{}", paid.text);
    let view = buyer.until_step("completed").await;
    assert_eq!(view["payment"]["method"], "apple_pay");
    assert_eq!(view["payment"]["card"]["last4"], "4242");
    assert_eq!(view["wallets"], Value::Null);
}

/// What was begun is no test; what went through is.
async fn the_checklist_hears_of_wallets_that_paid(app: &App) {
    let carol = Person::join(app, "carol", Role::PartnerAdmin).await;
    let path = format!("partners/{}/checklist/profile", app.shop.partner.id);
    let phones = json!({ "ios": true, "android": true, "wallet_payments": true });
    assert_eq!(carol.post(&path, phones).await.status, 200);
    let states = async || {
        let list = app.get("/widget/checklist").await.json;
        let lines = list["lines"].as_array().unwrap();
        ["MOB-4", "MOB-7"].map(|id| {
            let line = lines.iter().find(|line| line["id"] == id).unwrap();
            line["state"].as_str().unwrap().to_owned()
        })
    };
    let android = "Mozilla/5.0 (Linux; Android 16)";
    let buyer = visits::of_an_app(app).await;
    known(&buyer).await;
    let declined = pay_with(&buyer, android, ("google_pay", "declined")).await;
    assert_eq!(declined.status, 200, "{}", declined.text);
    let told = || async {
        let view = buyer.view().await;
        view["payment"]["declined"].is_string().then_some(())
    };
    app.until("it is declined", told).await;
    assert_eq!(states().await, ["unseen", "unseen"]);
    let paid = pay_with(&buyer, android, ("google_pay", "approved")).await;
    assert_eq!(paid.status, 200, "{}", paid.text);
    buyer.until_step("completed").await;
    assert_eq!(states().await, ["unseen", "passing"]);
}

async fn known(buyer: &Buyer<'_>) {
    buyer.identify().await;
    buyer.until_step("quote").await;
}

async fn pay_with(buyer: &Buyer<'_>, agent: &str, (wallet, how): (&str, &str)) -> Answer {
    let quote = buyer.quote().await;
    let payload = json!({ "sandbox": how }).to_string();
    let body = json!({ "wallet": wallet, "wallet_payload": payload, "quote_id": quote });
    let mut call = frame(Method::POST, "payments", &buyer.visit, body.to_string());
    call.headers_mut()
        .insert("user-agent", agent.parse().unwrap());
    buyer.app.call(call).await
}

async fn what_no_wallet_hands_over_is_refused(app: &App) {
    let buyer = Buyer::verified(app, "ada").await;
    let unread = pay(&buyer, "apple_pay", "{}").await;
    assert_eq!(
        (unread.status, &unread.json["field"]),
        (400, &json!("wallet_payload"))
    );
    let large = pay(&buyer, "apple_pay", &"x".repeat(17_000)).await;
    assert_eq!(large.json["field"], "wallet_payload", "{}", large.text);
    let other = pay(&buyer, "purse", r#"{"sandbox":"approved"}"#).await;
    assert_eq!(other.json["field"], "wallet", "{}", other.text);
    let card = pay(&buyer, "apple_pay", "4242 4242 4242 4242").await;
    assert_eq!(card.refusal().2, "card_data_refused");
    let quote = buyer.quote().await;
    let nothing = buyer.post("payments", json!({ "quote_id": quote })).await;
    assert_eq!(nothing.json["field"], "card_token", "{}", nothing.text);
    assert_eq!(
        buyer.view().await["payment"],
        Value::Null,
        "nothing was begun"
    );
}

async fn apple_pay_is_opened_for_our_own_page(app: &App) {
    let buyer = Buyer::verified(app, "ada").await;
    let opened = buyer.post("payments/apple-pay/session", json!({})).await;
    assert_eq!(opened.status, 200, "{}", opened.text);
    assert!(opened.json["domainName"].is_string(), "{}", opened.text);
    buyer.post("cancel", json!({})).await;
    let late = buyer.post("payments/apple-pay/session", json!({})).await;
    assert_eq!(late.refusal().2, "wrong_state");
}

async fn a_browser_may_ask_google_and_nobody_else(app: &App) {
    let path = format!("/frame/{}", app.shop.partner.widget_id);
    let page = app
        .call(Request::get(path).body(Body::empty()).unwrap())
        .await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    let calls = "connect-src 'self' https://google.com/pay https://pay.google.com/gp/p/;";
    assert!(policy.contains(calls), "{policy}");
}

//! The sandbox: a clock that people move, and what the world does on request.

use crate::buyer::{Buyer, GOOD_CARD};
use crate::kit::{App, as_partner, good_session};
use crate::on_both_engines;
use crate::people::Person;
use crate::sell::{REFUND, WINDOW_SECONDS, awaiting, sell_session, start};
use axum::body::Body;
use http::Method;
use proof_core::{Clock, member::Role};
use serde_json::{Value, json};

on_both_engines!(
    a_moved_clock_ends_what_waits,
    the_clock_goes_forwards_and_not_too_far,
    people_and_receivers_keep_the_real_time,
    a_scenario_is_played_and_watched,
    an_email_asks_for_the_world_s_part,
    an_endpoint_that_is_away_hears_everything_afterwards,
    a_scenario_needs_what_it_needs,
    plays_that_move_the_clock_play_alone,
    what_differs_is_said,
    what_is_played_proves_nothing,
);

async fn advance(app: &App, by: &str) -> crate::kit::Answer {
    let body = json!({ "advance": by }).to_string();
    app.shop(Method::POST, "/widget/sandbox/clock", body).await
}

async fn a_moved_clock_ends_what_waits(app: &App) {
    let (seller, _) = awaiting(app, GOOD_CARD).await;
    assert_eq!(seller.status().await, "pending");
    let moved = advance(app, "6h").await;
    assert_eq!(moved.status, 200, "{}", moved.text);
    assert_eq!(moved.json["ahead_seconds"], WINDOW_SECONDS);
    let view = seller.until_step("failed").await;
    assert_eq!(view["failure"]["code"], "deposit_timeout");
    let audit = app.app.engine.audit_list(i64::MAX, 10).await.unwrap();
    let deed = audit.data.iter().find(|one| one.act == "sandbox.clock");
    let deed = deed.unwrap();
    assert_eq!(deed.after["advanced_seconds"], WINDOW_SECONDS);
    assert!(deed.ip.starts_with("token "), "{deed:?}");
}

async fn the_clock_goes_forwards_and_not_too_far(app: &App) {
    for by in ["0s", "32d", "-5m", "5", "", "9999999999999999999d"] {
        let refused = advance(app, by).await;
        assert_eq!(refused.refusal().2, "validation_error", "{by}");
        assert_eq!(refused.json["field"], "advance");
    }
    for _ in 0..11 {
        assert_eq!(advance(app, "31d").await.status, 200);
    }
    assert_eq!(advance(app, "31d").await.refusal().2, "validation_error");
    assert_eq!(advance(app, "25d").await.status, 200);
    let clock = app.get("/widget/sandbox/clock").await.json;
    assert_eq!(clock["ahead_seconds"], 366 * 24 * 3_600);
    assert_eq!(clock["movable"], true);
}

/// Authenticator apps and the receivers of webhooks have clocks of their own.
async fn people_and_receivers_keep_the_real_time(app: &App) {
    app.clock.stop();
    let real = app.clock.now();
    let ann = Person::join(app, "ann", Role::Owner).await;
    assert_eq!(advance(app, "6h").await.status, 200);
    assert_eq!(ann.get("me").await.status, 200, "nobody is signed out");
    let fresh = ann.post("ledger/reconcile", json!({})).await;
    assert_eq!(fresh.status, 200, "{}", fresh.text);
    assert_eq!(
        app.shop(Method::POST, "/widget/webhook/test", "")
            .await
            .status,
        202
    );
    let got = || async { app.outside.receiver.got.lock().unwrap().first().cloned() };
    let got = app.until("the test event", got).await;
    assert_eq!(got.timestamp, real.seconds().to_string());
}

async fn ask(app: &App, name: &str) -> Value {
    let path = format!("/widget/sandbox/scenarios/{name}");
    let asked = app.shop(Method::POST, &path, "").await;
    assert_eq!(asked.status, 202, "{}", asked.text);
    asked.json
}

async fn ended(app: &App, play: &Value) -> Value {
    let path = format!("/widget/sandbox/plays/{}", play["id"].as_str().unwrap());
    let look = || async {
        let play = app.get(&path).await.json;
        let open = ["waiting", "playing"].contains(&play["state"].as_str().unwrap());
        (!open).then_some(play)
    };
    app.until("the play has ended", look).await
}

fn marks(play: &Value) -> Vec<&str> {
    let seen = play["seen"].as_array().unwrap().iter();
    seen.map(|seen| seen["mark"].as_str().unwrap()).collect()
}

async fn a_scenario_is_played_and_watched(app: &App) {
    let list = app.get("/widget/sandbox/scenarios").await.json;
    let names = list["data"].as_array().unwrap();
    assert!(names.len() >= 30);
    let asked = ask(app, "buy-cancelled").await;
    let play = ended(app, &asked).await;
    assert_eq!(play["state"], "reached", "{play}");
    assert_eq!(marks(&play), ["pending", "cancelled"]);
    // Its order is one like any other.
    let order = play["merchant_transaction_id"].as_str().unwrap();
    let read = app.get(&format!("/widget/transactions/{order}")).await;
    assert_eq!(read.json["status"], "cancelled");
    let got = || async {
        let got = app.outside.receiver.got.lock().unwrap();
        got.iter().any(|got| got.body.contains(order)).then_some(())
    };
    app.until("the webhook tells it", got).await;
    let page = app.get("/widget/sandbox/plays").await.json;
    assert_eq!(page["data"][0], play);
    let audit = app.app.engine.audit_list(i64::MAX, 5).await.unwrap();
    assert_eq!(audit.data[0].act, "sandbox.play");
}

/// A developer drives the widget by hand, and somebody's wallet does what the scenario says.
async fn an_email_asks_for_the_world_s_part(app: &App) {
    let mut body = sell_session();
    body["user_email"] = json!("ann+scenario-sell-completes@example.com");
    let seller = Buyer::open_with(app, body).await;
    seller.identify().await;
    seller.until_step("terms").await;
    assert_eq!(start(&seller, GOOD_CARD, REFUND).await.status, 200);
    seller.until_step("completed").await;
    let page = app.get("/widget/sandbox/plays").await.json;
    let play = ended(app, &page["data"][0]).await;
    assert_eq!(
        (&play["state"], &play["by_hand"]),
        (&json!("reached"), &json!(true))
    );
    assert_eq!(play["merchant_transaction_id"], json!(seller.id));
    let mut unknown = good_session();
    unknown["user_email"] = json!("ann+scenario-nothing@example.com");
    let refused = app.session(&unknown).await;
    assert_eq!(refused.json["field"], "user_email");
    assert!(
        refused.text.contains("scenario nothing"),
        "{}",
        refused.text
    );
}

async fn an_endpoint_that_is_away_hears_everything_afterwards(app: &App) {
    let asked = ask(app, "webhook-outage").await;
    let play = ended(app, &asked).await;
    assert_eq!(play["state"], "reached", "{play}");
    let order = play["merchant_transaction_id"].as_str().unwrap();
    let path = format!("/widget/webhook/deliveries?merchant_transaction_id={order}");
    let deliveries = app.get(&path).await.json;
    let last = &deliveries["data"][0];
    assert_eq!(last["state"], "delivered");
    let first = deliveries["data"].as_array().unwrap().last().unwrap();
    let path = format!(
        "/widget/webhook/deliveries/{}",
        first["id"].as_str().unwrap()
    );
    let log = app.get(&path).await.json["log"].clone();
    assert!(log.to_string().contains("plays an outage"), "{log}");
}

async fn a_scenario_needs_what_it_needs(app: &App) {
    let unknown = app
        .shop(Method::POST, "/widget/sandbox/scenarios/nothing", "")
        .await;
    assert_eq!(unknown.refusal().2, "not_found");
    // The shop has no pair whose addresses are good on two networks.
    let path = "/widget/sandbox/scenarios/sell-wrong-network";
    let refused = app.shop(Method::POST, path, "").await;
    assert_eq!(refused.refusal().2, "wrong_state");
    let quiet = app.partner("quiet", None).await;
    let path = "/widget/sandbox/scenarios/webhook-outage";
    let refused = app
        .call(as_partner(&quiet, Method::POST, path, Body::empty()))
        .await;
    assert!(
        refused.text.contains("webhook endpoint"),
        "{}",
        refused.text
    );
}

async fn plays_that_move_the_clock_play_alone(app: &App) {
    let mut asked = Vec::new();
    for name in [
        "buy-expires",
        "sell-expires",
        "buy-cancelled",
        "identity-left",
    ] {
        asked.push(ask(app, name).await);
    }
    for play in &asked {
        let play = ended(app, play).await;
        assert_eq!(play["state"], "reached", "{play}");
    }
    for _ in 0..8 {
        ask(app, "sell-expires").await;
    }
    let path = "/widget/sandbox/scenarios/sell-expires";
    let more = app.shop(Method::POST, path, "").await;
    assert_eq!(more.refusal().2, "wrong_state");
}

/// Somebody who drives the widget does not do what the scenario says.
async fn what_differs_is_said(app: &App) {
    let mut body = good_session();
    body["user_email"] = json!("ann+scenario-buy-completes@example.com");
    let buyer = Buyer::open_with(app, body).await;
    assert_eq!(buyer.post("cancel", json!({})).await.status, 200);
    let page = app.get("/widget/sandbox/plays").await.json;
    let play = ended(app, &page["data"][0]).await;
    assert_eq!(play["state"], "missed");
    let problem = play["problem"].as_str().unwrap();
    assert!(problem.contains("saw pending, cancelled"), "{problem}");
}

/// The checklist is about the partner's integration, not about what the server plays by itself.
async fn what_is_played_proves_nothing(app: &App) {
    let sandbox = app.get("/widget/sandbox").await.json;
    assert_eq!(sandbox["origins"], json!(["http://shop.test"]));
    assert_eq!(sandbox["pairs"][0]["sells"], true);
    for name in ["buy-completes", "webhook-outage"] {
        let play = ended(app, &ask(app, name).await).await;
        assert_eq!(play["state"], "reached", "{play}");
    }
    let list = app.get("/widget/checklist").await.json;
    let line = |id: &str| {
        let lines = list["lines"].as_array().unwrap();
        lines.iter().find(|line| line["id"] == id).unwrap().clone()
    };
    assert_eq!(line("PAY-1")["state"], "unseen", "{}", line("PAY-1"));
    let red = list["lines"].as_array().unwrap().iter();
    let red: Vec<&Value> = red
        .filter(|line| line["state"] == "failing")
        .filter(|line| !line["why"].as_str().unwrap().contains("too slow"))
        .collect();
    assert!(red.is_empty(), "{red:?}");
}

//! The sandbox: a clock that people move, and what the world does on request.

use crate::buyer::GOOD_CARD;
use crate::kit::App;
use crate::on_both_engines;
use crate::people::Person;
use crate::sell::{WINDOW_SECONDS, awaiting};
use http::Method;
use proof_core::{Clock, member::Role};
use serde_json::json;

on_both_engines!(
    a_moved_clock_ends_what_waits,
    the_clock_goes_forwards_and_not_too_far,
    people_and_receivers_keep_the_real_time,
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

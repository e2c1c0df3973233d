//! People whom the identity provider leaves to people.

use crate::buyer::{Buyer, picture};
use crate::kit::App;
use crate::on_both_engines;
use crate::people::Person;
use axum::{
    body::Body,
    middleware::{Next, from_fn},
};
use http::{Method, Request};
use proof_core::{identity::CONSENT_TEXT, member::Role};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Semaphore;

on_both_engines!(
    two_people_look_and_approve,
    what_is_wrong_is_said_to_the_user,
    who_is_quick_keeps_their_selfie,
    nobody_decides_alone_or_about_nothing,
    the_provider_may_decide_first,
);

/// A buyer whom somebody has to look at, and the id of the check.
pub async fn waiting<'a>(app: &'a App, user: &str, reader: &Person<'_>) -> (Buyer<'a>, String) {
    let buyer = Buyer::open(app, user, &format!("{user}+kyc-review@example.com")).await;
    buyer.identify().await;
    let id = check_of(app, &buyer, reader).await;
    (buyer, id)
}

async fn check_of(app: &App, buyer: &Buyer<'_>, reader: &Person<'_>) -> String {
    let look = || async {
        let waits = reader.get("reviews").await.json;
        let rows = waits["identity"].as_array().unwrap().clone();
        let found = rows.into_iter().find(|row| row["order"] == json!(buyer.id));
        found.map(|row| row["id"].as_str().unwrap().to_owned())
    };
    app.until("the check waits", look).await
}

async fn people(app: &App) -> (Person<'_>, Person<'_>) {
    (
        Person::join(app, "ann", Role::Reviewer).await,
        Person::join(app, "bob", Role::Operator).await,
    )
}

fn approval(country: &str) -> Value {
    json!({ "act": "approve", "document_country": country, "reason": "it is them" })
}

async fn deeds(app: &App, act: &str) -> usize {
    let audit = app.app.engine.audit_list(i64::MAX, 100).await.unwrap();
    audit.data.iter().filter(|deed| deed.act == act).count()
}

async fn two_people_look_and_approve(app: &App) {
    let (ann, bob) = people(app).await;
    let (buyer, id) = waiting(app, "u1", &ann).await;
    let path = format!("identity/{id}");
    let check = ann.get(&path).await.json;
    assert_eq!(check["state"], "review");
    assert_eq!(check["email"], "u1+kyc-review@example.com");
    let pictures = check["pictures"].as_array().unwrap();
    assert_eq!(pictures.len(), 7);
    assert_eq!(
        pictures[0],
        json!({ "document": "passport", "side": "front", "step": null })
    );
    assert_eq!(pictures[6]["step"], "right");
    let seen = ann.get(&format!("{path}/pictures/0")).await;
    assert_eq!(seen.text, String::from_utf8_lossy(&picture(800, 500)));
    assert_eq!(seen.headers["content-type"], "image/png");
    assert_eq!(seen.headers["cache-control"], "no-store");
    assert_eq!(ann.get(&format!("{path}/pictures/7")).await.status, 404);
    assert_eq!(deeds(app, "identity.look").await, 1);
    let read = ann.get(&format!("{path}/findings")).await.json;
    assert_eq!(read["name"], "U1 SANDBOX");
    assert_eq!(read["similarity"], "0.9800");
    assert!(read["grid"].is_null(), "the sandbox measures none: {read}");
    assert!(
        read["document_number"].is_string() && read["born"].is_string(),
        "{read}"
    );
    assert_eq!(deeds(app, "identity.look").await, 2);

    let rule = format!("{path}/rule");
    let first = ann.act(&rule, approval("FR")).await;
    assert_eq!(first.json["ruled"], "proposed", "{}", first.text);
    let check = bob.get(&path).await.json;
    assert_eq!(check["proposed"], "approve (FR) by ann: it is them");
    // Another country is another wish.
    assert_eq!(
        bob.act(&rule, approval("DE")).await.json["ruled"],
        "proposed"
    );
    assert_eq!(ann.act(&rule, approval("DE")).await.json["ruled"], "done");
    buyer.until_step("quote").await;
    let check = bob.get(&path).await.json;
    assert_eq!(check["state"], "approved");
    assert_eq!(check["decided_by"], json!(["bob", "ann"]));
    assert_eq!(check["proposed"], Value::Null);
    let told = bob.get(&format!("{path}/pictures/0")).await;
    assert_eq!(told.refusal().2, "wrong_state");
    let told = bob.get(&format!("{path}/findings")).await;
    assert_eq!(told.refusal().2, "wrong_state");
    let status = app.get("/widget/users/u1/kyc-status").await;
    assert_eq!(status.json["status"], "verified", "{}", status.text);
    assert_eq!(deeds(app, "identity.propose").await, 2);
    assert_eq!(deeds(app, "identity.rule").await, 1);
}

/// One proposes it, the other one says the same.
async fn both_rule(people: [&Person<'_>; 2], id: &str, wish: &Value) {
    let rule = format!("identity/{id}/rule");
    for person in people {
        let said = person.act(&rule, wish.clone()).await;
        assert_eq!(said.status, 200, "{}", said.text);
    }
}

async fn what_is_wrong_is_said_to_the_user(app: &App) {
    let (ann, bob) = people(app).await;
    let (buyer, id) = waiting(app, "u2", &ann).await;
    let again =
        json!({ "act": "ask_again", "problem": "document_unreadable", "reason": "blurred" });
    both_rule([&ann, &bob], &id, &again).await;
    let view = buyer.until_step("identity").await;
    assert_eq!(view["identity"]["reason"], "document_unreadable");
    assert_eq!(view["identity"]["may_retry"], true);

    // The selfie was good: another document goes with it.
    assert_eq!(view["identity"]["keeps"], "selfie");
    let view = buyer.start("national_id", true).await;
    assert_eq!(view["identity"]["kept"], "selfie", "{view}");
    assert_eq!(view["identity"]["received"], json!([]));
    for side in ["front", "back"] {
        let path = format!("identity/documents/{side}");
        assert_eq!(buyer.put(&path, picture(800, 500)).await.status, 200);
    }
    assert_eq!(buyer.post("identity/submit", json!({})).await.status, 200);
    let second = check_of(app, &buyer, &ann).await;
    assert_ne!(second, id);
    let check = ann.get(&format!("identity/{second}")).await.json;
    assert_eq!(check["pictures"].as_array().unwrap().len(), 2 + 6);
    assert_eq!(check["consent"]["text"], CONSENT_TEXT);
    let refusal = json!({ "act": "refuse", "problem": "document_forged", "reason": "edges" });
    both_rule([&bob, &ann], &second, &refusal).await;
    let view = buyer.until_step("failed").await;
    assert_eq!(view["failure"]["code"], "identity_refused", "{view}");
}

/// The document is sent while the film is still taken over from the attempt before.
async fn who_is_quick_keeps_their_selfie(app: &App) {
    let (ann, bob) = people(app).await;
    let (buyer, id) = waiting(app, "u2", &ann).await;
    let again =
        json!({ "act": "ask_again", "problem": "document_unreadable", "reason": "blurred" });
    both_rule([&ann, &bob], &id, &again).await;
    buyer.until_step("identity").await;
    let go_on = frames_wait(app);
    let quick = async {
        let chosen = || async {
            let identity = buyer.view().await["identity"].clone();
            (identity["document"] == "passport" && identity["reason"].is_null()).then_some(())
        };
        app.until("the attempt is there", chosen).await;
        let front = buyer.put("identity/documents/front", picture(800, 500));
        assert_eq!(front.await.json["identity"]["kept"], Value::Null);
        go_on.add_permits(Semaphore::MAX_PERMITS);
    };
    tokio::join!(buyer.start("passport", true), quick);
    let view = buyer.view().await;
    assert_eq!(view["identity"]["kept"], "selfie", "{view}");
    assert_eq!(view["identity"]["received"], json!(["front"]));
    assert_eq!(buyer.post("identity/submit", json!({})).await.status, 200);
    assert_ne!(check_of(app, &buyer, &ann).await, id);
}

/// From here on no frame gets to the provider before it may.
fn frames_wait(app: &App) -> Arc<Semaphore> {
    let go_on = Arc::new(Semaphore::new(0));
    let gate = Arc::clone(&go_on);
    let wait = move |request: Request<Body>, next: Next| {
        let gate = Arc::clone(&gate);
        async move {
            if request.method() == Method::PUT && request.uri().path().contains("/frames/") {
                drop(gate.acquire().await);
            }
            next.run(request).await
        }
    };
    let mut hosts = app.outside.hosts.lock().unwrap();
    let world = hosts.remove("world.test").unwrap();
    hosts.insert("world.test".to_owned(), world.layer(from_fn(wait)));
    drop(hosts);
    go_on
}

async fn nobody_decides_alone_or_about_nothing(app: &App) {
    let (ann, bob) = people(app).await;
    let (_, id) = waiting(app, "u3", &ann).await;
    let rule = format!("identity/{id}/rule");
    for (body, field) in [
        (json!({ "act": "praise", "reason": "x" }), "act"),
        (
            json!({ "act": "approve", "reason": "x" }),
            "document_country",
        ),
        (approval("de"), "document_country"),
        (approval("<b"), "document_country"),
        (json!({ "act": "refuse", "reason": "x" }), "problem"),
        (
            json!({ "act": "refuse", "problem": "ugly", "reason": "x" }),
            "problem",
        ),
        (
            json!({ "act": "refuse", "problem": "under_age", "reason": " " }),
            "reason",
        ),
    ] {
        let answer = ann.act(&rule, body.clone()).await;
        assert_eq!(answer.json["field"], field, "{body}: {}", answer.text);
    }
    assert_eq!(ann.act(&rule, approval("DE")).await.status, 200);
    let alone = ann.act(&rule, approval("DE")).await;
    assert_eq!(alone.refusal().2, "wrong_state");
    assert_eq!(
        ann.get(&format!("identity/{id}")).await.json["state"],
        "review"
    );
    let nobodys = bob
        .act(
            "identity/019a0000-0000-7000-8000-000000000000/rule",
            approval("DE"),
        )
        .await;
    assert_eq!(nobodys.status, 404);
    let support = Person::join(app, "sue", Role::Support).await;
    assert_eq!(support.get("reviews").await.json["identity"], json!([]));
}

async fn the_provider_may_decide_first(app: &App) {
    let (ann, bob) = people(app).await;
    let buyer = Buyer::open(app, "u4", "u4+kyc-review-pass@example.com").await;
    buyer.identify().await;
    let id = check_of(app, &buyer, &ann).await;
    let rule = format!("identity/{id}/rule");
    let refusal = json!({ "act": "refuse", "problem": "face_mismatch", "reason": "no" });
    assert_eq!(ann.act(&rule, refusal.clone()).await.status, 200);
    app.clock.skip(240);
    buyer.until_step("quote").await;
    let late = bob.act(&rule, refusal).await;
    assert_eq!(late.refusal().2, "wrong_state", "{}", late.text);
    assert!(late.text.contains("decided meanwhile"), "{}", late.text);
}

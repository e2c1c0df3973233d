//! The go-live checklist: a good merchant turns green what a machine can judge, and each bad one leaves
//! exactly its own line red.

use crate::buyer::{Buyer, GOOD_CARD, frame, opening};
use crate::kit::{Answer, App, good_session, with_token};
use crate::on_both_engines;
use crate::people::Person;
use crate::sell;
use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Verifier, VerifyingKey};
use http::Method;
use proof_core::{id::DeliveryId, member::Role};
use proof_engine::{DeliveryFilter, DeliveryState};
use serde_json::{Value, json};
use std::collections::BTreeMap;

on_both_engines!(
    a_good_merchant_turns_everything_green,
    a_caller_with_an_old_token_is_one_red_line,
    a_page_of_another_origin_is_one_red_line,
    a_session_without_a_field_is_one_red_line,
    changed_parameters_are_one_red_line,
    who_polls_on_after_the_end_is_one_red_line,
    who_leaves_its_socket_open_is_one_red_line,
    who_hammers_after_an_error_is_one_red_line,
    who_gives_up_after_an_error_is_one_red_line,
    who_tries_a_refused_origin_again_and_again_is_one_red_line,
    a_probe_that_nobody_waits_for_is_over,
    a_webhook_that_does_not_answer_is_one_red_line,
    who_takes_what_nobody_sent_is_one_red_line,
    who_acts_on_an_event_again_is_one_red_line,
    who_does_not_wait_for_an_answer_is_one_red_line,
    an_app_without_its_line_is_one_red_line,
    a_red_line_is_forgiven_after_its_window,
);

/// Seconds after an end in which nobody may come back.
const QUIET_SECONDS: i64 = 130;

/// Tries of webhooks that are looked at.
const TRIES: usize = 100;

async fn checklist(app: &App) -> Value {
    let answer = app.get("/widget/checklist").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json
}

fn states(list: &Value) -> BTreeMap<String, String> {
    let lines = list["lines"].as_array().unwrap().iter();
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    lines
        .map(|line| (text(line, "id"), text(line, "state")))
        .collect()
}

/// The lines that are red, but for how long webhooks took: forty of the fast clock's milliseconds are
/// one of a busy machine's.
fn failing(list: &Value) -> Vec<&str> {
    let lines = list["lines"].as_array().unwrap().iter();
    let slow = |line: &Value| line["why"].as_str().unwrap().contains("too slow");
    let red = lines.filter(|line| line["state"] == "failing" && !slow(line));
    red.map(|line| line["id"].as_str().unwrap()).collect()
}

fn line<'a>(list: &'a Value, id: &str) -> &'a Value {
    let mut lines = list["lines"].as_array().unwrap().iter();
    lines.find(|line| line["id"] == id).unwrap()
}

/// Exactly this line is red, with a cause, evidence where a machine has some, and what to do.
async fn only_red(app: &App, id: &str) -> Value {
    let list = checklist(app).await;
    assert_eq!(failing(&list), [id], "{:#}", list["lines"]);
    let red = line(&list, id).clone();
    assert!(
        !red["why"].as_str().unwrap().is_empty() && red["next"].is_string(),
        "{red}"
    );
    red
}

async fn session(app: &App, body: &Value) -> Answer {
    app.shop(Method::POST, "/widget/session", body.to_string())
        .await
}

/// A session for each pair and side that the shop has.
async fn cover(app: &App) {
    for pair in &app.shop.partner.policy.pairs {
        for side in ["buy", "sell"] {
            let mut body = good_session();
            body["network"] = json!(pair.asset.network().name());
            body["currency"] = json!(pair.asset.ticker());
            body["amount"] = json!(pair.min.to_decimal());
            body["type"] = json!(side);
            let made = session(app, &body).await;
            assert_eq!(made.status, 200, "{side} {}: {}", pair.asset, made.text);
        }
    }
}

/// A shop that checks signatures, and says how often an event had an effect.
async fn signed_and_counted(app: &App, carol: &Person<'_>) {
    let secret = app.shop.webhook_secret.as_ref().unwrap();
    *app.outside.receiver.secret.lock().unwrap() = Some(secret.expose_secret().to_owned());
    counted(app, carol).await;
}

async fn counted(app: &App, carol: &Person<'_>) {
    let path = format!("partners/{}/webhook/status-url", app.shop.partner.id);
    let url = json!({ "url": "http://shop.test/effects" });
    let kept = carol.act(&path, url).await;
    assert_eq!(
        kept.json["status_url"], "http://shop.test/effects",
        "{}",
        kept.text
    );
}

/// A session, when its answer may be held back while time stands still.
async fn session_waited_for(app: &App, body: &Value) -> Answer {
    // It has come in before time goes on.
    let time = async {
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            app.clock.skip(1);
        }
    };
    tokio::select! {
        answer = session(app, body) => answer,
        () = time => unreachable!(),
    }
}

/// What a backend does that takes errors as it should: pauses that grow, and no loop.
async fn probed(app: &App) {
    app.clock.stop();
    let begun = app
        .shop(Method::POST, "/widget/checklist/probe", Body::empty())
        .await;
    assert_eq!(begun.status, 202, "{}", begun.text);
    let body = good_session();
    for (code, pause) in [
        ("WALLET_NOT_SUPPORTED", 1),
        ("currency_not_allowed", 1),
        ("provider_error", 1),
        ("provider_error", 2),
        ("provider_error", 4),
    ] {
        let refused = session_waited_for(app, &body).await;
        assert_eq!(refused.json["code"], code, "{}", refused.text);
        app.clock.skip(pause);
    }
    assert_eq!(session(app, &body).await.status, 200);
    assert_eq!(session(app, &body).await.json["code"], "forbidden_origin");
    app.clock.skip(40);
}

/// As many webhooks as are looked at, while time stands still.
async fn answered_at_once(app: &App) {
    for _ in 0..TRIES {
        let sent = app.shop(Method::POST, "/widget/webhook/test", Body::empty());
        assert_eq!(sent.await.status, 202);
    }
    let taken = || async {
        // Not by the partner's calls: its allowance does not grow while time stands still.
        let engine = &app.app.engine;
        let access = engine.access_of(app.shop.partner.id).await.unwrap();
        let filter = DeliveryFilter {
            before: DeliveryId::LAST,
            order: None,
            state: Some(DeliveryState::Pending),
        };
        let pending = engine.deliveries(&access, filter, 1).await.unwrap();
        pending.data.is_empty().then_some(())
    };
    app.until("all test events are taken", taken).await;
}

/// Orders of every kind, bought, sold, refused, and bought again.
async fn trade(app: &App) {
    cover(app).await;
    let buyer = Buyer::open(app, "user-1", "ann@example.com").await;
    buyer.identify().await;
    buyer.until_step("quote").await;
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    buyer.until_status("completed").await;
    Buyer::open(app, "user-1", "ann@example.com")
        .await
        .until_step("quote")
        .await;
    let refused = Buyer::open(app, "user-2", "ann+kyc-fail@example.com").await;
    refused.identify().await;
    refused.until_status("failed").await;
    let (seller, address) = sell::awaiting(app, GOOD_CARD).await;
    sell::deposit(app, &address, "100").await;
    seller.until_status("completed").await;
}

async fn a_good_merchant_turns_everything_green(app: &App) {
    let carol = Person::join(app, "carol", Role::PartnerAdmin).await;
    let ann = Person::join(app, "ann", Role::Operator).await;
    trade(app).await;
    app.clock.skip(QUIET_SECONDS);
    signed_and_counted(app, &carol).await;
    probed(app).await;
    answered_at_once(app).await;
    // What the machine can judge is green with no human.
    let taken = || async {
        let list = checklist(app).await;
        (line(&list, "WHK-2")["state"] == "passing").then_some(list)
    };
    let list = app.until("the webhook takes its event again", taken).await;
    for (id, state) in states(&list) {
        let who = line(&list, &id)["who"].as_str().unwrap().to_owned();
        let expected = match (id.as_str(), who.as_str()) {
            (mobile, _) if mobile.starts_with("MOB") => "not_applicable",
            // The shop itself said that it happened once.
            ("WHK-2", _) => "passing",
            ("LIVE-2", _) | (_, "person" | "auto_person" | "probe_person") => "unseen",
            _ => "passing",
        };
        assert_eq!(state, expected, "{id}: {:#}", line(&list, &id));
    }
    people_sign(app, &carol, &ann).await;
}

/// With the public key that everybody may fetch.
async fn signed_by_us(app: &App, report: &Value) {
    let keys = app.get("/.well-known/proof-webhook-keys.json").await.json;
    let pdf = STANDARD.decode(report["pdf"].as_str().unwrap()).unwrap();
    let parts = [
        (
            report["json"].as_str().unwrap().as_bytes(),
            "json_signature",
        ),
        (&pdf, "pdf_signature"),
    ];
    for (bytes, signature) in parts {
        let signature = STANDARD.decode(report[signature].as_str().unwrap());
        let signature = Signature::from_slice(&signature.unwrap()).unwrap();
        let good = |key: &Value| {
            let key = key["key"].as_str().unwrap().trim_start_matches("whpk_");
            let key: [u8; 32] = STANDARD.decode(key).unwrap().try_into().unwrap();
            let key = VerifyingKey::from_bytes(&key).unwrap();
            key.verify(bytes, &signature).is_ok()
        };
        assert!(keys["keys"].as_array().unwrap().iter().any(good), "{keys}");
    }
    on_paper(&pdf);
}

/// Each line stands in the document, as text.
fn on_paper(pdf: &[u8]) {
    assert!(pdf.starts_with(b"%PDF-") && pdf.trim_ascii_end().ends_with(b"%%EOF"));
    let text = String::from_utf8_lossy(pdf);
    for line in &proof_core::checklist::LINES {
        assert!(text.contains(&format!("({})", line.id)), "{}", line.id);
    }
    assert!(text.contains("signed off") && text.contains("Signed by carol"));
}

async fn people_sign(app: &App, carol: &Person<'_>, ann: &Person<'_>) {
    let path = format!("partners/{}/checklist", app.shop.partner.id);
    // People sign what only they can, each their own lines.
    for id in ["ONB-3", "ACC-3", "ERR-1", "WHK-1"] {
        let sign = format!("{path}/{id}/sign");
        let note = json!({ "note": "seen" });
        assert_eq!(
            ann.post(&sign, note.clone()).await.status,
            403,
            "{id} by an operator"
        );
        let signed = carol.post(&sign, note).await;
        assert_eq!(
            line(&signed.json, id)["state"],
            "signed_off",
            "{}",
            signed.text
        );
    }
    for id in ["COV-1", "LIVE-1"] {
        let sign = format!("{path}/{id}/sign");
        assert_eq!(
            carol.post(&sign, json!({})).await.status,
            403,
            "{id} by the partner"
        );
        assert_eq!(ann.post(&sign, json!({ "note": "seen" })).await.status, 200);
    }
    let ready = checklist(app).await;
    assert_eq!(ready["ready"], true, "{:?}", states(&ready));
    let report = ann.get(&format!("{path}/report")).await.json;
    signed_by_us(app, &report).await;
    let document: Value = serde_json::from_str(report["json"].as_str().unwrap()).unwrap();
    assert_eq!(document["checklist"]["ready"], true);
    assert_eq!(line(&ready, "COV-2")["matrix"][0]["state"], "passing");
    assert_eq!(
        ann.post(&format!("{path}/PAY-1/sign"), json!({}))
            .await
            .status,
        409,
        "nobody signs it"
    );
    // A word that is taken back counts no more.
    let back = ann.post(&format!("{path}/LIVE-1/unsign"), json!({})).await;
    assert_eq!(
        (&back.json["ready"], &line(&back.json, "LIVE-1")["state"]),
        (&json!(false), &json!("unseen"))
    );
    // Phones are another profile.
    let phones = json!({ "ios": true, "android": true, "wallet_payments": false });
    let phones = carol.post(&format!("{path}/profile"), phones).await;
    assert_eq!(line(&phones.json, "MOB-1")["state"], "unseen");
    assert_eq!(line(&phones.json, "MOB-4")["state"], "not_applicable");
    assert_eq!(phones.json["declared_by"], "carol");
    custom_tab_seen(app).await;
}

async fn custom_tab_seen(app: &App) {
    assert_eq!(line(&checklist(app).await, "MOB-5")["state"], "unseen");
    crate::visits::opened_by_an_app(app).await;
    let seen = || async {
        let list = checklist(app).await;
        (line(&list, "MOB-5")["state"] == "passing").then_some(())
    };
    app.until("the tab is on the checklist", seen).await;
}

async fn a_caller_with_an_old_token_is_one_red_line(app: &App) {
    let ended = app.ended_token().await;
    let old = app
        .call(with_token(&ended, Method::GET, "/widget/transactions", ""))
        .await;
    assert_eq!(old.status, 401);
    // What cannot be attributed turns no line red.
    app.call(with_token(
        "sk_test_0123",
        Method::GET,
        "/widget/transactions",
        "",
    ))
    .await;
    let red = only_red(app, "ACC-1").await;
    assert_eq!(red["evidence"][0]["request_id"], old.json["request_id"]);
}

async fn open(app: &App, change: impl FnOnce(&mut Value)) -> Answer {
    let session = app.session(&good_session()).await.json;
    let mut body = opening(&session, session.clone());
    change(&mut body);
    app.call(frame(Method::POST, "visits", "", body.to_string()))
        .await
}

/// A buy that came to its end, of which the webhook heard.
async fn bought(app: &App) {
    let buyer = Buyer::verified(app, "user-1").await;
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    buyer.until_status("completed").await;
    let told = || async {
        let got = app.outside.receiver.got.lock().unwrap();
        got.iter()
            .any(|one| one.body.contains("completed"))
            .then_some(())
    };
    app.until("the webhook heard of its end", told).await;
}

async fn probe_begun(app: &App) {
    let begun = app
        .shop(Method::POST, "/widget/checklist/probe", Body::empty())
        .await;
    assert_eq!(begun.status, 202, "{}", begun.text);
}

async fn who_takes_what_nobody_sent_is_one_red_line(app: &App) {
    bought(app).await;
    probe_begun(app).await;
    let red = only_red(app, "WHK-2").await;
    assert!(red["why"].as_str().unwrap().contains("204"), "{red}");
}

async fn who_acts_on_an_event_again_is_one_red_line(app: &App) {
    let carol = Person::join(app, "carol", Role::PartnerAdmin).await;
    bought(app).await;
    signed_and_counted(app, &carol).await;
    *app.outside.receiver.acts_each_time.lock().unwrap() = true;
    probe_begun(app).await;
    let seen = || async {
        let list = checklist(app).await;
        (line(&list, "WHK-2")["state"] == "failing").then_some(())
    };
    app.until("its second effect is seen", seen).await;
    let red = only_red(app, "WHK-2").await;
    assert!(red["why"].as_str().unwrap().contains("2 after"), "{red}");
}

async fn who_does_not_wait_for_an_answer_is_one_red_line(app: &App) {
    app.clock.stop();
    probe_begun(app).await;
    let body = good_session();
    for _ in 0..3 {
        session(app, &body).await;
        app.clock.skip(1);
    }
    // The next one is answered slowly; its caller asks again meanwhile.
    let impatient = async {
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            session(app, &body).await;
            app.clock.skip(5);
        }
    };
    tokio::select! {
        _ = session(app, &body) => {}
        () = impatient => unreachable!(),
    }
    let red = only_red(app, "ERR-2").await;
    assert!(
        red["why"]
            .as_str()
            .unwrap()
            .contains("before it was answered"),
        "{red}"
    );
}

async fn a_page_of_another_origin_is_one_red_line(app: &App) {
    let refused = open(app, |body| {
        body["page_origin"] = json!("https://else.example")
    })
    .await;
    assert_eq!(refused.json["code"], "forbidden_origin", "{}", refused.text);
    let red = only_red(app, "ACC-2").await;
    assert!(
        red["evidence"][0]["text"]
            .as_str()
            .unwrap()
            .contains("https://else.example")
    );
}

async fn a_session_without_a_field_is_one_red_line(app: &App) {
    let refused = session(app, &json!({ "partner_user_id": "u" })).await;
    assert_eq!(refused.json["code"], "missing_param");
    only_red(app, "INT-1").await;
}

async fn changed_parameters_are_one_red_line(app: &App) {
    let refused = open(app, |body| body["parameters"]["amount"] = json!("1")).await;
    assert_eq!(
        refused.json["code"], "parameter_mismatch",
        "{}",
        refused.text
    );
    only_red(app, "INT-3").await;
}

async fn who_polls_on_after_the_end_is_one_red_line(app: &App) {
    let buyer = Buyer::open(app, "user-1", "u@example.com").await;
    assert_eq!(buyer.post("cancel", json!({})).await.status, 200);
    buyer.until_status("cancelled").await;
    // Not while a webhook is on its way: it would seem to be answered slowly.
    let taken = || async {
        let page = app.get("/widget/webhook/deliveries?state=delivered").await;
        page.json["data"][0].is_object().then_some(())
    };
    app.until("the webhook is taken", taken).await;
    for _ in 0..5 {
        app.clock.skip(70);
        buyer.status().await;
    }
    let red = only_red(app, "INT-5").await;
    assert_eq!(red["evidence"][0]["order"], json!(buyer.id));
}

async fn who_leaves_its_socket_open_is_one_red_line(app: &App) {
    use futures::StreamExt;
    use tokio_tungstenite::tungstenite::client::IntoClientRequest;
    let buyer = Buyer::open(app, "user-1", "u@example.com").await;
    assert_eq!(buyer.post("cancel", json!({})).await.status, 200);
    let served = crate::socket::serve(app).await;
    let url = format!("{}/ws?tx_id={}", served.address, buyer.id);
    let mut request = url.into_client_request().unwrap();
    let token = format!("Bearer {}", app.shop.client_token.expose_secret());
    request
        .headers_mut()
        .insert("authorization", token.parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    // Reads to the end, and never closes.
    while let Some(Ok(_)) = socket.next().await {}
    served.task.abort();
    let seen = || async {
        let list = checklist(app).await;
        (!failing(&list).is_empty()).then_some(())
    };
    app.until("the socket is told of", seen).await;
    only_red(app, "INT-5").await;
}

/// Brings the probe to its 502s.
async fn to_the_errors(app: &App) -> Value {
    app.clock.stop();
    app.shop(Method::POST, "/widget/checklist/probe", Body::empty())
        .await;
    let body = good_session();
    for code in ["WALLET_NOT_SUPPORTED", "currency_not_allowed"] {
        assert_eq!(session(app, &body).await.json["code"], code);
    }
    body
}

async fn who_hammers_after_an_error_is_one_red_line(app: &App) {
    let body = to_the_errors(app).await;
    for status in [502, 502, 502, 200] {
        assert_eq!(session_waited_for(app, &body).await.status, status);
    }
    let red = only_red(app, "ERR-2").await;
    assert!(red["why"].as_str().unwrap().contains("0 ms"), "{red}");
}

async fn who_gives_up_after_an_error_is_one_red_line(app: &App) {
    let body = to_the_errors(app).await;
    assert_eq!(session(app, &body).await.status, 502);
    app.clock.skip(61);
    let red = only_red(app, "ERR-2").await;
    assert!(
        red["why"].as_str().unwrap().contains("not repeated"),
        "{red}"
    );
}

async fn a_probe_that_nobody_waits_for_is_over(app: &App) {
    app.clock.stop();
    app.shop(Method::POST, "/widget/checklist/probe", Body::empty())
        .await;
    app.clock.skip(601);
    assert_eq!(session(app, &good_session()).await.status, 200);
}

async fn who_tries_a_refused_origin_again_and_again_is_one_red_line(app: &App) {
    let body = to_the_errors(app).await;
    for pause in [1, 2, 4, 1] {
        session_waited_for(app, &body).await;
        app.clock.skip(pause);
    }
    assert_eq!(session(app, &body).await.json["code"], "forbidden_origin");
    for _ in 0..4 {
        app.clock.skip(2);
        session(app, &body).await;
    }
    only_red(app, "ERR-3").await;
}

async fn a_webhook_that_does_not_answer_is_one_red_line(app: &App) {
    app.outside
        .receiver
        .script
        .lock()
        .unwrap()
        .extend([500; 40]);
    let buyer = Buyer::open(app, "user-1", "u@example.com").await;
    assert_eq!(buyer.post("cancel", json!({})).await.status, 200);
    let tried = || async {
        let list = checklist(app).await;
        (!failing(&list).is_empty()).then_some(())
    };
    app.until("the webhook has failed", tried).await;
    only_red(app, "WHK-1").await;
}

async fn an_app_without_its_line_is_one_red_line(app: &App) {
    let carol = Person::join(app, "carol", Role::PartnerAdmin).await;
    let path = format!("partners/{}/checklist/profile", app.shop.partner.id);
    let ios = json!({ "ios": true, "android": false, "wallet_payments": false });
    assert_eq!(carol.post(&path, ios).await.status, 200);
    let scans = json!({ "scans": [
        { "line": "MOB-1", "good": false, "note": "Info.plist" },
        { "line": "MOB-2", "good": true },
    ]});
    let said = app
        .shop(Method::POST, "/widget/checklist/scans", scans.to_string())
        .await;
    assert_eq!(said.status, 200, "{}", said.text);
    only_red(app, "MOB-1").await;
    let other = json!({ "scans": [{ "line": "PAY-1", "good": true }] });
    let other = app
        .shop(Method::POST, "/widget/checklist/scans", other.to_string())
        .await;
    assert_eq!((other.status, &other.json["field"]), (400, &json!("line")));
}

async fn a_red_line_is_forgiven_after_its_window(app: &App) {
    session(app, &json!({ "partner_user_id": "u" })).await;
    assert_eq!(session(app, &good_session()).await.status, 200);
    only_red(app, "INT-1").await;
    app.clock.skip(24 * 3_600);
    let list = checklist(app).await;
    assert_eq!(
        (failing(&list).len(), &line(&list, "INT-1")["state"]),
        (0, &json!("passing"))
    );
    // And what was seen a month ago proves nothing.
    app.clock.skip(30 * 24 * 3_600);
    assert_eq!(line(&checklist(app).await, "INT-1")["state"], "unseen");
}

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
use proof_core::{id::DeliveryId, member::Role, partner::Pair};
use proof_engine::{DeliveryFilter, DeliveryState};
use serde_json::{Value, json};
use std::collections::BTreeMap;

on_both_engines!(
    a_good_merchant_turns_everything_green,
    a_list_of_pairs_is_the_partners_and_confirmed_as_it_was_shown,
    who_breaks_one_rule_leaves_all_other_lines_as_they_were,
    who_takes_what_is_provoked_badly_leaves_all_other_lines_as_they_were,
    a_probe_that_nobody_waits_for_is_over,
    an_event_that_is_taken_late_is_judged,
    an_app_without_its_line_is_one_red_line,
    a_red_line_is_forgiven_after_its_window,
);

/// Seconds after an end in which nobody may come back.
const QUIET_SECONDS: i64 = 130;

/// After this a probe is over that nothing came of.
const PROBE_SECONDS: i64 = 601;

/// So long the second of the provoked errors is held back.
const HELD_BACK_SECONDS: i64 = 3;

/// Tries of webhooks that are looked at.
const TRIES: usize = 100;

async fn checklist(app: &App) -> Value {
    let answer = app.get("/widget/checklist").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json
}

/// The same without a call of the partner's: its allowance does not grow while time stands still.
async fn judged(app: &App) -> Value {
    let list = app.app.engine.checklist(app.shop.partner.id).await;
    json!(list.unwrap())
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

/// All that the shop may sell and buy: that is what its users ask for.
fn enabled(app: &App) -> Vec<Value> {
    let pairs = app.shop.partner.policy.pairs.iter();
    let both = |pair: &Pair| {
        ["buy", "sell"].map(|side| json!({ "pair": pair.asset.to_string(), "side": side }))
    };
    pairs.flat_map(both).collect()
}

async fn asks_for(app: &App, person: &Person<'_>, pairs: &[Value]) -> Answer {
    let path = format!("partners/{}/checklist/pairs", app.shop.partner.id);
    person.post(&path, json!({ "pairs": pairs })).await
}

/// What no server of the tests has given this shop.
fn not_enabled() -> Value {
    json!({ "pair": "TRX/TRC20", "side": "buy" })
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

/// A session whose answer is held back while time stands still.
async fn session_held_back(app: &App, body: &Value) -> Answer {
    let asleep = app.clock.sleepers_for(HELD_BACK_SECONDS);
    // Time goes on when the call has come in, however busy the machine is.
    let time = async {
        while app.clock.sleepers_for(HELD_BACK_SECONDS) == asleep {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        app.clock.skip(HELD_BACK_SECONDS);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        answer = session(app, body) => answer,
        () = time => unreachable!(),
    }
}

/// The provider's errors, with these pauses after them.
async fn provoked(app: &App, body: &Value, pauses: [i64; 3]) {
    for (number, pause) in pauses.into_iter().enumerate() {
        let refused = match number {
            1 => session_held_back(app, body).await,
            _ => session(app, body).await,
        };
        assert_eq!(refused.json["code"], "provider_error", "{}", refused.text);
        app.clock.skip(pause);
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
    for code in ["WALLET_NOT_SUPPORTED", "currency_not_allowed"] {
        assert_eq!(session(app, &body).await.json["code"], code);
    }
    provoked(app, &body, [1, 2, 4]).await;
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
    all_taken(app).await;
}

/// No webhook is on its way. That a shop has got one is not yet that the server knows it.
async fn all_taken(app: &App) {
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
    app.until("all events are taken", taken).await;
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

/// What a merchant with a shop on the web does that buys and sells.
async fn good_merchant(app: &App, carol: &Person<'_>) -> Value {
    let path = format!("partners/{}/checklist/profile", app.shop.partner.id);
    let web = json!({ "ios": false, "android": false, "wallet_payments": false });
    assert_eq!(carol.post(&path, web).await.status, 200);
    let listed = asks_for(app, carol, &enabled(app)).await;
    assert_eq!(listed.status, 200, "{}", listed.text);
    trade(app).await;
    app.clock.skip(QUIET_SECONDS);
    signed_and_counted(app, carol).await;
    probed(app).await;
    answered_at_once(app).await;
    taken_again(app).await
}

async fn taken_again(app: &App) -> Value {
    all_taken(app).await;
    let taken = || async {
        let list = judged(app).await;
        (line(&list, "WHK-2")["state"] == "passing").then_some(list)
    };
    app.until("the webhook takes its event again", taken).await
}

async fn a_good_merchant_turns_everything_green(app: &App) {
    let carol = Person::join(app, "carol", Role::PartnerAdmin).await;
    let ann = Person::join(app, "ann", Role::Operator).await;
    // What the machine can judge is green with no human.
    let list = good_merchant(app, &carol).await;
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

/// The files say so, and the browser.
async fn custom_tab_seen(app: &App) {
    assert_eq!(line(&checklist(app).await, "MOB-5")["state"], "unseen");
    crate::visits::opened_by_an_app(app).await;
    assert_eq!(line(&checklist(app).await, "MOB-5")["state"], "unseen");
    let found = json!({ "scans": [{ "line": "MOB-5", "good": true }] });
    let list = app
        .shop(Method::POST, "/widget/checklist/scans", found.to_string())
        .await;
    assert_eq!(
        line(&list.json, "MOB-5")["state"],
        "passing",
        "{}",
        list.text
    );
}

async fn a_list_of_pairs_is_the_partners_and_confirmed_as_it_was_shown(app: &App) {
    let carol = Person::join(app, "carol", Role::PartnerAdmin).await;
    let dan = Person::join(app, "dan", Role::PartnerDeveloper).await;
    let ann = Person::join(app, "ann", Role::Operator).await;
    let path = format!("partners/{}/checklist/COV-1/sign", app.shop.partner.id);
    let sign = async |basis: &Value| ann.post(&path, json!({ "note": "", "basis": basis })).await;
    let cov = async || line(&checklist(app).await, "COV-1").clone();
    // Nobody confirms what nobody has listed, and the partner alone lists.
    let nothing = cov().await;
    assert_eq!(nothing["state"], "unseen");
    assert_eq!(sign(&nothing["basis"]).await.status, 409);
    let whole = enabled(app);
    for other in [&dan, &ann] {
        assert_eq!(asks_for(app, other, &whole).await.status, 403);
    }
    let unknown = json!({ "pair": "GOLD/TRC20", "side": "buy" });
    let unknown = asks_for(app, &carol, &[unknown]).await;
    let refused = (unknown.status, &unknown.json["field"]);
    assert_eq!(refused, (400, &json!("pairs")), "{}", unknown.text);
    asks_for(app, &carol, &whole[..1]).await;
    let shown = cov().await;
    assert_eq!(shown["evidence"][0]["text"], "Listed by carol", "{shown}");
    // While the operator looks at it, the list becomes another one.
    asks_for(app, &carol, &whole).await;
    let late = sign(&shown["basis"]).await;
    assert_eq!(late.status, 409, "{}", late.text);
    assert_eq!(sign(&cov().await["basis"]).await.status, 200);
    assert_eq!(cov().await["state"], "signed_off");
    // The same list again is the same list; a shorter one is another.
    asks_for(app, &carol, &whole).await;
    assert_eq!(cov().await["state"], "signed_off");
    asks_for(app, &carol, &whole[1..]).await;
    let changed = cov().await;
    assert_eq!(changed["state"], "unseen");
    let next = changed["next"].as_str().unwrap();
    assert!(
        next.contains("ann") && next.contains("sign again"),
        "{next}"
    );
    assert_eq!(sign(&changed["basis"]).await.status, 200);
    let ben = Person::join(app, "ben", Role::Owner).await;
    sells_no_more(app, [&ann, &ben], &whole[1]).await;
    let missing = only_red(app, "COV-1").await;
    let name = format!("sell {}", whole[1]["pair"].as_str().unwrap());
    assert!(
        missing["why"].as_str().unwrap().contains(&name),
        "{missing}"
    );
    assert!(missing["signed"].is_null(), "{missing}");
    audited(app, &ben).await;
}

/// Two operators take one side of a pair away.
async fn sells_no_more(app: &App, [ann, ben]: [&Person<'_>; 2], of: &Value) {
    let path = format!("partners/{}", app.shop.partner.id);
    let mut policy = ann.get(&path).await.json["policy"].clone();
    let mut pairs = policy["pairs"].as_array_mut().unwrap().iter_mut();
    pairs.find(|pair| pair["asset"] == of["pair"]).unwrap()["sells"] = json!(false);
    let path = format!("{path}/policy");
    ann.act(&path, policy.clone()).await;
    let saved = ben.act(&path, policy).await;
    assert_eq!(saved.json["ruled"], "done", "{}", saved.text);
}

/// Each list, with the one before it.
async fn audited(app: &App, ben: &Person<'_>) {
    let path = format!("audit?act=checklist.pairs&query={}", app.shop.partner.id);
    let records = ben.get(&path).await.json;
    let records = records["data"].as_array().unwrap();
    let lists: Vec<_> = records.iter().map(|record| &record["after"]).collect();
    assert_eq!(records.len(), 3, "{lists:?}");
    assert_eq!(records[0]["before"], records[1]["after"], "{lists:?}");
}

/// A merchant that was good, and how its lines stood then.
struct Merchant<'a> {
    app: &'a App,
    good: BTreeMap<String, String>,
}

impl Merchant<'_> {
    /// This line is red, and all others are as they were.
    async fn broke(&self, id: &str) -> Value {
        // A probe goes on after it was begun.
        let seen = || async {
            let list = judged(self.app).await;
            (line(&list, id)["state"] == "failing").then_some(())
        };
        self.app.until(&format!("{id} is red"), seen).await;
        let list = checklist(self.app).await;
        let mut expected = self.good.clone();
        expected.insert(id.to_owned(), "failing".to_owned());
        assert_eq!(states(&list), expected, "{id}: {:#}", line(&list, id));
        only_red(self.app, id).await
    }

    async fn is_good_again(&self, after: &str) {
        let list = checklist(self.app).await;
        assert_eq!(states(&list), self.good, "after {after}");
    }

    /// What was refused is forgiven.
    async fn a_day_later(&self, after: &str) {
        self.app.clock.skip(24 * 3_600);
        self.is_good_again(after).await;
    }

    /// It is put right, and the probes say so.
    async fn probed_again(&self, after: &str) {
        // The probe that showed it is over, in whatever way.
        self.app.clock.skip(PROBE_SECONDS);
        all_taken(self.app).await;
        checklist(self.app).await;
        probed(self.app).await;
        taken_again(self.app).await;
        self.is_good_again(after).await;
    }
}

/// Merchants that are good but for one thing. That is forgiven, or it is put right, and the next one begins
/// with the same list.
async fn who_breaks_one_rule_leaves_all_other_lines_as_they_were(app: &App) {
    let carol = Person::join(app, "carol", Role::PartnerAdmin).await;
    let good = states(&good_merchant(app, &carol).await);
    let merchant = Merchant { app, good };
    // She is signed out when the first day has passed.
    let mut more = enabled(app);
    more.push(not_enabled());
    assert_eq!(asks_for(app, &carol, &more).await.status, 200);
    let red = merchant.broke("COV-1").await;
    let why = red["why"].as_str().unwrap();
    assert!(why.ends_with("not enabled: buy TRX/TRC20."), "{red}");
    assert_eq!(asks_for(app, &carol, &enabled(app)).await.status, 200);
    merchant.is_good_again("COV-1").await;
    calls_that_are_seen(&merchant).await;
    does_not_answer_webhooks(app).await;
    merchant.broke("WHK-1").await;
    // What was refused is tried again, and taken.
    app.clock.skip(24 * 3_600);
    answered_at_once(app).await;
    merchant.a_day_later("WHK-1").await;
}

async fn calls_that_are_seen(merchant: &Merchant<'_>) {
    let app = merchant.app;
    let named = calls_with_an_old_token(app).await;
    let red = merchant.broke("ACC-1").await;
    let evidence = &red["evidence"][0];
    assert_eq!(
        (&evidence["request_id"], &evidence["logged"]),
        (&named, &json!(true))
    );
    merchant.a_day_later("ACC-1").await;
    opens_on_another_origin(app).await;
    let red = merchant.broke("ACC-2").await;
    let text = red["evidence"][0]["text"].as_str().unwrap();
    assert!(text.contains("https://else.example"), "{red}");
    merchant.a_day_later("ACC-2").await;
    leaves_a_field_out(app).await;
    merchant.broke("INT-1").await;
    merchant.a_day_later("INT-1").await;
    changes_parameters(app).await;
    merchant.broke("INT-3").await;
    merchant.a_day_later("INT-3").await;
    let order = polls_on_after_the_end(app).await;
    assert_eq!(merchant.broke("INT-5").await["evidence"][0]["order"], order);
    merchant.a_day_later("INT-5").await;
    leaves_its_socket_open(app).await;
    merchant.broke("INT-5").await;
    merchant.a_day_later("INT-5").await;
}

/// The same of what only the probes show.
async fn who_takes_what_is_provoked_badly_leaves_all_other_lines_as_they_were(app: &App) {
    let carol = Person::join(app, "carol", Role::PartnerAdmin).await;
    let good = states(&good_merchant(app, &carol).await);
    let merchant = Merchant { app, good };
    let why = async |id: &str, part: &str| {
        let red = merchant.broke(id).await;
        assert!(red["why"].as_str().unwrap().contains(part), "{red}");
    };
    hammers_after_an_error(app).await;
    why("ERR-2", "0 ms").await;
    merchant.probed_again("hammering").await;
    gives_up_after_an_error(app).await;
    why("ERR-2", "not repeated").await;
    merchant.probed_again("giving up").await;
    does_not_wait_for_an_answer(app).await;
    why("ERR-2", "before it was answered").await;
    merchant.probed_again("impatience").await;
    tries_a_refused_origin_again_and_again(app).await;
    taken_again(app).await;
    merchant.broke("ERR-3").await;
    merchant.probed_again("ERR-3").await;
    let receiver = &app.outside.receiver;
    let secret = receiver.secret.lock().unwrap().take();
    probe_begun(app).await;
    why("WHK-2", "204").await;
    *receiver.secret.lock().unwrap() = secret;
    merchant.probed_again("a forged event").await;
    *receiver.acts_each_time.lock().unwrap() = true;
    // What went well in the same moment would make good.
    app.clock.skip(1);
    probe_begun(app).await;
    why("WHK-2", "after it came again").await;
    *receiver.acts_each_time.lock().unwrap() = false;
    merchant.probed_again("a second effect").await;
}

async fn calls_with_an_old_token(app: &App) -> Value {
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
    old.json["request_id"].clone()
}

async fn open(app: &App, change: impl FnOnce(&mut Value)) -> Answer {
    let session = app.session(&good_session()).await.json;
    let mut body = opening(&session, session.clone());
    change(&mut body);
    app.call(frame(Method::POST, "visits", "", body.to_string()))
        .await
}

async fn probe_begun(app: &App) {
    let begun = app
        .shop(Method::POST, "/widget/checklist/probe", Body::empty())
        .await;
    assert_eq!(begun.status, 202, "{}", begun.text);
}

async fn does_not_wait_for_an_answer(app: &App) {
    let body = to_the_errors(app).await;
    assert_eq!(session(app, &body).await.status, 502);
    app.clock.skip(1);
    // The next one is answered slowly; its caller asks again meanwhile, once.
    let impatient = async {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        session(app, &body).await;
        loop {
            app.clock.skip(1);
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        _ = session(app, &body) => {}
        () = impatient => unreachable!(),
    }
}

async fn opens_on_another_origin(app: &App) {
    let refused = open(app, |body| {
        body["page_origin"] = json!("https://else.example")
    })
    .await;
    assert_eq!(refused.json["code"], "forbidden_origin", "{}", refused.text);
}

async fn leaves_a_field_out(app: &App) {
    let refused = session(app, &json!({ "partner_user_id": "u" })).await;
    assert_eq!(refused.json["code"], "missing_param");
}

async fn changes_parameters(app: &App) {
    let refused = open(app, |body| body["parameters"]["amount"] = json!("1")).await;
    assert_eq!(
        refused.json["code"], "parameter_mismatch",
        "{}",
        refused.text
    );
}

/// An order that ended, of which the webhook has heard.
async fn cancelled(app: &App) -> Buyer<'_> {
    let buyer = Buyer::open(app, "user-1", "u@example.com").await;
    assert_eq!(buyer.post("cancel", json!({})).await.status, 200);
    buyer.until_status("cancelled").await;
    let taken = || async {
        let got = app.outside.receiver.got.lock().unwrap();
        let told = |body: &str| body.contains(&buyer.id) && body.contains("cancelled");
        got.iter().any(|one| told(&one.body)).then_some(())
    };
    app.until("the webhook is taken", taken).await;
    all_taken(app).await;
    buyer
}

async fn polls_on_after_the_end(app: &App) -> Value {
    // Not while a webhook is on its way: it would seem to be answered slowly.
    let buyer = cancelled(app).await;
    for _ in 0..5 {
        app.clock.skip(70);
        buyer.status().await;
    }
    json!(buyer.id)
}

async fn leaves_its_socket_open(app: &App) {
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
    let time = async {
        loop {
            app.clock.skip(1);
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        () = async { while let Some(Ok(_)) = socket.next().await {} } => {}
        () = time => unreachable!(),
    }
    served.task.abort();
    let seen = || async {
        let list = checklist(app).await;
        (!failing(&list).is_empty()).then_some(())
    };
    app.until("the socket is told of", seen).await;
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

async fn hammers_after_an_error(app: &App) {
    let body = to_the_errors(app).await;
    provoked(app, &body, [0; 3]).await;
    assert_eq!(session(app, &body).await.status, 200);
}

async fn gives_up_after_an_error(app: &App) {
    let body = to_the_errors(app).await;
    assert_eq!(session(app, &body).await.status, 502);
    app.clock.skip(61);
}

async fn a_probe_that_nobody_waits_for_is_over(app: &App) {
    app.clock.stop();
    app.shop(Method::POST, "/widget/checklist/probe", Body::empty())
        .await;
    app.clock.skip(PROBE_SECONDS);
    assert_eq!(session(app, &good_session()).await.status, 200);
}

/// A shop that is away while its event comes again is asked once more, when all errors are over.
async fn an_event_that_is_taken_late_is_judged(app: &App) {
    let carol = Person::join(app, "carol", Role::PartnerAdmin).await;
    cancelled(app).await;
    signed_and_counted(app, &carol).await;
    app.clock.stop();
    let script = &app.outside.receiver.script;
    script.lock().unwrap().extend([500; TRIES]);
    cover(app).await;
    probed(app).await;
    let list = judged(app).await;
    let state = |list: &Value, id: &str| line(list, id)["state"].clone();
    assert_eq!(state(&list, "ERR-3"), "passing", "{list:#}");
    assert_eq!(state(&list, "WHK-2"), "unseen", "{list:#}");
    assert_eq!(list["probing"], json!(true));
    script.lock().unwrap().clear();
    let late = || async {
        app.clock.skip(1);
        let list = judged(app).await;
        (state(&list, "WHK-2") == "passing").then_some(list)
    };
    let list = app.until("the event is taken late", late).await;
    assert_eq!(list["probing"], json!(false));
}

async fn tries_a_refused_origin_again_and_again(app: &App) {
    let body = to_the_errors(app).await;
    provoked(app, &body, [1, 2, 4]).await;
    assert_eq!(session(app, &body).await.status, 200);
    app.clock.skip(1);
    assert_eq!(session(app, &body).await.json["code"], "forbidden_origin");
    for _ in 0..4 {
        app.clock.skip(2);
        session(app, &body).await;
    }
}

async fn does_not_answer_webhooks(app: &App) {
    const REFUSED: usize = 20;
    let script = &app.outside.receiver.script;
    script.lock().unwrap().extend([500; REFUSED]);
    for _ in 0..REFUSED {
        let sent = app.shop(Method::POST, "/widget/webhook/test", Body::empty());
        assert_eq!(sent.await.status, 202);
    }
    let tried = || async { script.lock().unwrap().is_empty().then_some(()) };
    app.until("all were refused", tried).await;
    let told = || async {
        let list = checklist(app).await;
        (line(&list, "WHK-1")["state"] == "failing").then_some(())
    };
    app.until("the webhook has failed", told).await;
}

async fn an_app_without_its_line_is_one_red_line(app: &App) {
    let carol = Person::join(app, "carol", Role::PartnerAdmin).await;
    let path = format!("partners/{}/checklist/profile", app.shop.partner.id);
    let ios = json!({ "ios": true, "android": false, "wallet_payments": false });
    let mut before = states(&carol.post(&path, ios).await.json);
    let scans = json!({ "scans": [
        { "line": "MOB-1", "good": false, "note": "Info.plist" },
        { "line": "MOB-2", "good": true },
    ]});
    let said = app
        .shop(Method::POST, "/widget/checklist/scans", scans.to_string())
        .await;
    assert_eq!(said.status, 200, "{}", said.text);
    only_red(app, "MOB-1").await;
    // The call itself was seen, too.
    for (id, state) in [
        ("MOB-1", "failing"),
        ("MOB-2", "passing"),
        ("ONB-2", "passing"),
        ("ACC-1", "passing"),
    ] {
        before.insert(id.to_owned(), state.to_owned());
    }
    assert_eq!(states(&checklist(app).await), before);
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

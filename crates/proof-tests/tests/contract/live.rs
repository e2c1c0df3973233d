//! From the sandbox to real money, rehearsed against a second world: two people open it, the first orders
//! are small, alone and watched, and the last signature ends that.

use crate::buyer::{Buyer, GOOD_CARD};
use crate::kit::{Answer, App, good_session, with_token};
use crate::on_both_engines;
use crate::people::Person;
use http::Method;
use proof_core::{Asset, Network, member::Role, partner::Environment};
use serde_json::{Value, json};

on_both_engines!(
    nobody_opens_live_where_there_is_nothing_live,
    two_people_open_live_and_the_first_orders_are_watched,
    an_operator_opens_nothing_that_is_not_green,
    real_money_and_the_sandboxs_are_kept_apart,
    a_line_that_turns_red_is_told_and_takes_nothing_away,
);

pub const PAGE: &str = "https://shop.example";
const THREE_DS_CARD: &str = "4000000000003220";
const REASON: &str = "they sell tomorrow, and all that is open is a phone";

async fn wish(app: &App, reason: Option<&str>) -> Value {
    let engine = &app.app.engine;
    let mut wallets = Vec::new();
    for (ticker, network) in [("USDT", Network::Trc20), ("BTC", Network::Bitcoin)] {
        // An address with a good checksum: whose it is does not matter here.
        let address = engine.hot_wallet(Environment::Test, network).await.unwrap();
        let pair = Asset::find(ticker, network).unwrap().to_string();
        wallets.push(json!({ "pair": pair, "address": address.as_str() }));
    }
    json!({ "origins": [PAGE], "wallets": wallets, "override_reason": reason })
}

fn path(app: &App) -> String {
    format!("partners/{}/live", app.shop.partner.id)
}

async fn nobody_opens_live_where_there_is_nothing_live(app: &App) {
    let alice = Person::join(app, "alice", Role::Owner).await;
    let refused = alice.act(&path(app), wish(app, Some(REASON)).await).await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    assert!(refused.text.contains("no live rails"), "{}", refused.text);
    assert_eq!(alice.get(&path(app)).await.json["possible"], false);
}

async fn an_operator_opens_nothing_that_is_not_green(app: &App) {
    let app = &app.rehearsing().await;
    let bob = Person::join(app, "bob", Role::Operator).await;
    let carol = Person::join(app, "carol", Role::PartnerAdmin).await;
    let refused = bob.act(&path(app), wish(app, None).await).await;
    assert_eq!(refused.json["code"], "wrong_state", "{}", refused.text);
    for person in [&bob, &carol] {
        let refused = person.act(&path(app), wish(app, Some(REASON)).await).await;
        assert_eq!(refused.status, 403, "{}: {}", person.name, refused.text);
    }
    let alice = Person::join(app, "alice", Role::Owner).await;
    let mut plain = wish(app, Some(REASON)).await;
    plain["origins"] = json!(["http://shop.example"]);
    let mut bare = wish(app, Some(REASON)).await;
    bare["wallets"] = json!([]);
    let mut inner = wish(app, Some(REASON)).await;
    inner["webhook_url"] = json!("http://127.0.0.1/hook");
    for (field, body) in [
        ("origins", plain),
        ("wallets", bare),
        ("webhook_url", inner),
    ] {
        let refused = alice.act(&path(app), body).await;
        assert_eq!(refused.json["field"], field, "{}", refused.text);
    }
    // A token of the other world is not to be had on the way around.
    let tokens = format!("partners/{}/tokens", app.shop.partner.id);
    let refused = carol.act(&tokens, json!({ "environment": "live" })).await;
    assert_eq!(refused.json["code"], "wrong_state", "{}", refused.text);
    app.halt().await;
}

/// Live is open, by an owner's word and an operator's.
pub async fn opened(app: &App, alice: &Person<'_>, bob: &Person<'_>) -> String {
    let wish = wish(app, Some(REASON)).await;
    let first = alice.act(&path(app), wish.clone()).await;
    assert_eq!(
        (&first.json["ruled"], &first.json["client_token"]),
        (&json!("proposed"), &Value::Null),
        "{}",
        first.text
    );
    let seen = bob.get(&path(app)).await.json;
    assert_eq!(seen["proposed"]["by"], "alice");
    assert_eq!(seen["proposed"]["override_reason"], REASON);
    // Her word does not carry another wish: it would be two operators' then, and no owner's.
    let mut other = wish.clone();
    other["origins"] = json!(["https://else.example"]);
    let refused = bob.act(&path(app), other).await;
    assert_eq!(refused.status, 403, "{}", refused.text);
    let alone = alice.act(&path(app), wish.clone()).await;
    assert_eq!(alone.status, 409, "{}", alone.text);
    let second = bob.act(&path(app), wish.clone()).await;
    assert_eq!(second.json["ruled"], "done", "{}", second.text);
    let token = second.json["client_token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("sk_live_"), "{token}");
    let again = bob.act(&path(app), wish).await;
    assert_eq!(again.status, 409, "{}", again.text);
    let stage = bob.get(&format!("partners/{}", app.shop.partner.id)).await;
    assert_eq!(stage.json["stage"], "live_watched");
    let stands = bob.get(&path(app)).await.json;
    assert_eq!(stands["opened_by"], "alice and bob");
    assert_eq!(stands["proposed"], Value::Null);
    token
}

pub async fn live_session(app: &App, token: &str, user: &str, amount: &str) -> Value {
    let mut body = good_session();
    body["partner_user_id"] = json!(user);
    body["amount"] = json!(amount);
    let call = with_token(token, Method::POST, "/widget/session", &body.to_string());
    let made = app.call(call).await;
    assert_eq!(made.status, 200, "{}", made.text);
    made.json
}

pub async fn live_session_refused(app: &App, token: &str, user: &str) -> Answer {
    let mut body = good_session();
    body["partner_user_id"] = json!(user);
    let call = with_token(token, Method::POST, "/widget/session", &body.to_string());
    app.call(call).await
}

/// A user of the live page, with an identity and a price.
async fn live_buyer<'a>(app: &'a App, token: &str, user: &str, amount: &str) -> Buyer<'a> {
    let session = live_session(app, token, user, amount).await;
    let buyer = Buyer::reopen_from(app, session, PAGE).await;
    if buyer.view().await["step"] == "identity" {
        buyer.identify().await;
    }
    buyer.until_step("quote").await;
    buyer
}

fn code(answer: &Answer) -> &str {
    answer.json["code"].as_str().unwrap_or_default()
}

/// Bob has the order's page open when its user pays.
async fn pay_watched(buyer: &Buyer<'_>, bob: &Person<'_>, card: &str) -> Answer {
    for _ in 0..20 {
        let watch = format!("orders/{}/watch", buyer.id);
        assert_eq!(bob.post(&watch, json!({})).await.status, 204);
        let answer = buyer.pay(card).await;
        // On a busy machine the fast clock may be a minute further.
        if code(&answer) != "wrong_state" {
            return answer;
        }
    }
    panic!("nobody is believed to watch {}", buyer.id);
}

/// The page stays open until the order has ended.
async fn watched_to_its_end(buyer: &Buyer<'_>, bob: &Person<'_>) {
    let look = || async {
        let watch = format!("orders/{}/watch", buyer.id);
        assert_eq!(bob.post(&watch, json!({})).await.status, 204);
        (buyer.view().await["status"] == "completed").then_some(())
    };
    let what = format!("{} is completed", buyer.id);
    buyer.app.until(&what, look).await;
}

async fn two_people_open_live_and_the_first_orders_are_watched(app: &App) {
    let app = &app.rehearsing().await;
    let alice = Person::join(app, "alice", Role::Owner).await;
    let bob = Person::join(app, "bob", Role::Operator).await;
    let token = &opened(app, &alice, &bob).await;
    let buyer = live_buyer(app, token, "user-1", "20").await;
    let other = live_buyer(app, token, "user-2", "20").await;
    let rich = live_buyer(app, token, "user-3", "200").await;
    // Nobody watches; and it is too much.
    let refused = buyer.pay(GOOD_CARD).await;
    assert_eq!(code(&refused), "wrong_state", "{}", refused.text);
    assert!(refused.text.contains("watched"), "{}", refused.text);
    let refused = pay_watched(&rich, &bob, GOOD_CARD).await;
    assert_eq!(code(&refused), "limit_exceeded", "{}", refused.text);
    assert!(refused.text.contains("100.00 EUR"), "{}", refused.text);
    // Small and watched; while it is at the bank there is no other one.
    let paid = pay_watched(&buyer, &bob, THREE_DS_CARD).await;
    assert_eq!(paid.status, 200, "{}", paid.text);
    let at_bank = buyer.until_step("three_ds").await;
    let refused = pay_watched(&other, &bob, GOOD_CARD).await;
    assert_eq!(code(&refused), "limit_exceeded", "{}", refused.text);
    assert!(refused.text.contains("one at a time"), "{}", refused.text);
    let page = &at_bank["payment"]["three_ds_url"];
    buyer.bank(page, true).await;
    watched_to_its_end(&buyer, &bob).await;
    let shown = bob.get(&format!("orders/{}", buyer.id)).await.json;
    assert_eq!(shown["order"]["environment"], "live");
    let listed = bob.get("orders?environment=live&limit=10").await.json;
    let ids: Vec<&Value> = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| &order["id"])
        .collect();
    assert!(ids.contains(&&json!(buyer.id)), "{ids:?}");
    last_line(app, &alice, &bob).await;
    // Nobody has to watch any more, and more than a little may move.
    let late = live_buyer(app, token, "user-4", "20").await;
    assert_eq!(rich.pay(GOOD_CARD).await.status, 200);
    stopped_and_resumed(app, token, [&alice, &bob], &late).await;
    app.halt().await;
}

/// One stops a partner at once, whoever looks at it, and two let it go on as on its first day.
async fn stopped_and_resumed(app: &App, token: &str, by: [&Person<'_>; 2], late: &Buyer<'_>) {
    let [alice, bob] = by;
    let at = |what: &str| format!("partners/{}/{what}", app.shop.partner.id);
    let why = json!({ "reason": "their site was taken over" });
    let silent = bob.act(&at("suspend"), json!({ "reason": " " })).await;
    assert_eq!(silent.json["field"], "reason", "{}", silent.text);
    assert_eq!(bob.act(&at("resume"), why.clone()).await.status, 409);
    assert_eq!(bob.act(&at("suspend"), why.clone()).await.status, 204);
    // She had the page open all the while, and does the same.
    let again = alice.act(&at("suspend"), why.clone()).await;
    assert_eq!(code(&again), "wrong_state", "{}", again.text);
    let refused = live_session_refused(app, token, "user-5").await;
    assert_eq!(code(&refused), "invalid_token", "{}", refused.text);
    assert!(refused.text.contains("suspended"), "{}", refused.text);
    // What was begun goes on; for how many the wallet of this world has gas is another matter.
    assert_eq!(late.pay(GOOD_CARD).await.status, 200);
    let taken = || async {
        let status = late.view().await["status"].clone();
        ["processing", "completed"]
            .iter()
            .any(|good| status == *good)
            .then_some(())
    };
    app.until("its money is taken", taken).await;

    let fixed = json!({ "reason": "they have it back" });
    let first = alice.act(&at("resume"), fixed.clone()).await;
    assert_eq!(first.json["ruled"], "proposed", "{}", first.text);
    let shown = bob.get(&at("live")).await.json;
    assert_eq!(
        shown["resume_proposed"],
        "resume by alice: they have it back"
    );
    assert_eq!(alice.act(&at("resume"), fixed.clone()).await.status, 409);
    let second = bob.act(&at("resume"), fixed).await;
    assert_eq!(second.json["ruled"], "done", "{}", second.text);
    let path = format!("partners/{}", app.shop.partner.id);
    assert_eq!(alice.get(&path).await.json["stage"], "live_watched");
    // Its orders are small, alone and watched once more.
    let buyer = live_buyer(app, token, "user-6", "20").await;
    let refused = buyer.pay(GOOD_CARD).await;
    assert!(refused.text.contains("first payments"), "{}", refused.text);
}

/// LIVE-2 waits for a person once the order was watched to its end; the signature makes the partner live.
async fn last_line(app: &App, alice: &Person<'_>, bob: &Person<'_>) {
    let list = format!("partners/{}/checklist", app.shop.partner.id);
    let line = |list: &Value| {
        let mut lines = list["lines"].as_array().unwrap().iter();
        lines.find(|line| line["id"] == "LIVE-2").unwrap().clone()
    };
    let seen = line(&bob.get(&list).await.json);
    assert!(
        seen["evidence"][0]["text"]
            .as_str()
            .unwrap()
            .contains("bob"),
        "{seen}"
    );
    let sign = format!("{list}/LIVE-2/sign");
    let signed = bob.post(&sign, json!({ "note": "it arrived" })).await;
    assert_eq!(line(&signed.json)["state"], "signed_off", "{}", signed.text);
    let partner = alice
        .get(&format!("partners/{}", app.shop.partner.id))
        .await;
    assert_eq!(partner.json["stage"], "live");
    let audit = alice.get("audit?limit=100").await.json;
    let acts: Vec<&str> = audit["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry["act"].as_str())
        .collect();
    for act in ["live.propose", "live.open", "order.watch", "live.full"] {
        assert!(acts.contains(&act), "{act}: {acts:?}");
    }
}

async fn real_money_and_the_sandboxs_are_kept_apart(app: &App) {
    let app = &app.rehearsing().await;
    let alice = Person::join(app, "alice", Role::Owner).await;
    let bob = Person::join(app, "bob", Role::Operator).await;
    let token = &opened(app, &alice, &bob).await;
    let played = Buyer::verified(app, "user-1").await;
    assert_eq!(played.pay(GOOD_CARD).await.status, 200);
    played.until_status("completed").await;
    let real = live_buyer(app, token, "user-1", "20").await;
    assert_eq!(pay_watched(&real, &bob, GOOD_CARD).await.status, 200);
    watched_to_its_end(&real, &bob).await;
    // Each world agrees with its own books.
    for environment in [Environment::Test, Environment::Live] {
        let done = app.app.engine.reconcile(environment).await.unwrap();
        assert!(done.open.is_empty(), "{environment:?}: {done:?}");
    }
    let books = app.app.engine.ledger_balances().await.unwrap();
    let of = |key: &str| books.iter().find(|b| b.key == key).map(|b| b.amount);
    assert_eq!(of("live/wallet:USDT/TRC20"), Some(980_000_000), "{books:?}");
    assert_eq!(of("wallet:USDT/TRC20"), Some(900_000_000), "{books:?}");
    // The sandbox's token shows nothing real, and the other way round.
    let path = format!("/widget/transactions/{}", real.id);
    assert_eq!(app.get(&path).await.status, 404);
    app.halt().await;
}

async fn a_line_that_turns_red_is_told_and_takes_nothing_away(app: &App) {
    let app = &app.rehearsing().await;
    let (engine, partner) = (&app.app.engine, app.shop.partner.id);
    let alice = Person::join(app, "alice", Role::Owner).await;
    let bob = Person::join(app, "bob", Role::Operator).await;
    let token = &opened(app, &alice, &bob).await;
    let red = || async {
        engine.health_look().await.unwrap();
        let health = json!(engine.health_page().await.unwrap());
        let alerts = health["alerts"].as_array().unwrap().clone();
        let subject = format!("{partner} ACC-1");
        alerts
            .into_iter()
            .find(|alert| alert["kind"] == "checklist_red" && alert["subject"] == subject)
    };
    assert_eq!(red().await, None);
    let ended = app.ended_token().await;
    let old = with_token(&ended, Method::GET, "/widget/transactions", "");
    assert_eq!(app.call(old).await.status, 401);
    // What is noted is written once a second, and live partners are looked at every five minutes.
    let list = bob.get(&format!("partners/{partner}/checklist")).await;
    app.clock.skip(301);
    let told = red().await;
    let told = told.unwrap_or_else(|| panic!("{}", list.text));
    assert_eq!(told["partner"], json!(partner.to_string()));
    live_session(app, token, "user-1", "20").await;
    app.clock.skip(24 * 3_600);
    assert_eq!(red().await, None, "it is forgiven");
    app.halt().await;
}

//! Both worlds of a partner, side by side in the console: its webhook, deliveries, log, days and books.

use crate::buyer::{Buyer, GOOD_CARD};
use crate::kit::{App, good_session, with_token};
use crate::live::opened;
use crate::on_both_engines;
use crate::people::Person;
use http::Method;
use proof_core::{Clock, member::Role, partner::Environment, statement::Day};
use serde_json::{Value, json};

on_both_engines!(
    each_world_has_its_own_webhook_and_deliveries,
    each_world_has_its_own_log,
    each_world_has_its_own_books,
    what_was_looked_at_is_folded_until_it_comes_again,
    a_look_turns_no_line_green,
    a_partners_admin_reads_their_own_days,
);

fn path(app: &App, rest: &str) -> String {
    format!("partners/{}/{rest}", app.shop.partner.id)
}

fn data(answer: &Value) -> &Vec<Value> {
    answer["data"].as_array().unwrap()
}

async fn each_world_has_its_own_webhook_and_deliveries(app: &App) {
    let app = &app.rehearsing().await;
    let alice = Person::join(app, "alice", Role::Owner).await;
    let bob = Person::join(app, "bob", Role::Operator).await;
    let dora = Person::join(app, "dora", Role::PartnerDeveloper).await;
    opened(app, &alice, &bob).await;
    let live = |rest: &str| path(app, &format!("{rest}?environment=live"));
    // Nothing was set: no deliveries, and nothing to test.
    let none = dora.get(&live("deliveries")).await;
    assert_eq!((none.status, &none.json["data"]), (200, &json!([])));
    assert_eq!(dora.act(&live("webhook/test"), json!({})).await.status, 404);
    let url = json!({ "url": "https://shop.test/live" });
    for person in [&dora, &bob] {
        let said = person.act(&live("webhook"), url.clone()).await;
        assert_eq!(said.status, 200, "{}", said.text);
    }
    let sent = dora.act(&live("webhook/test"), json!({})).await;
    assert_eq!(sent.status, 202, "{}", sent.text);
    let id = sent.json["id"].as_str().unwrap();
    let one = format!("deliveries/{id}");
    let arrived = || async {
        let detail = bob.get(&live(&one)).await.json;
        (detail["state"] == "delivered").then_some(detail)
    };
    let detail = app.until("the test event arrives", arrived).await;
    assert_eq!(detail["log"][0]["url"], "https://shop.test/live");
    // The sandbox knows nothing of it, by its list or by its id.
    let listed = dora.get(&path(app, "deliveries")).await.json;
    assert!(data(&listed).iter().all(|row| row["id"] != id), "{listed}");
    assert_eq!(dora.get(&path(app, &one)).await.status, 404);
    let again = format!("{one}/redeliver");
    assert_eq!(dora.act(&path(app, &again), json!({})).await.status, 404);
    let listed = dora.get(&live("deliveries")).await.json;
    assert_eq!(
        (data(&listed).len(), &data(&listed)[0]["id"]),
        (1, &json!(id))
    );
    assert_eq!(dora.act(&live(&again), json!({})).await.status, 202);
    let twice = || async {
        let detail = bob.get(&live(&one)).await.json;
        (data_len(&detail["log"]) == 2).then_some(())
    };
    app.until("it arrives again", twice).await;
    let audit = alice.get("audit?limit=100").await.json;
    let deed = data(&audit)
        .iter()
        .find(|one| one["act"] == "webhook.redeliver");
    assert_eq!(deed.unwrap()["after"]["environment"], "live");
    // Off and on again, in this world alone.
    crate::console::sql(
        app,
        "UPDATE endpoints SET state = 'disabled' WHERE environment = 'live'",
    )
    .await;
    let refused = dora.act(&live("webhook/test"), json!({})).await;
    assert_eq!(refused.json["code"], "wrong_state");
    let on = dora.act(&live("webhook/enable"), json!({})).await;
    assert_eq!((on.status, &on.json["state"]), (200, &json!("enabled")));
    app.halt().await;
}

fn data_len(list: &Value) -> usize {
    list.as_array().map_or(0, Vec::len)
}

/// A call that is refused, in the world of this token.
async fn refused(app: &App, token: &str, currency: &str) {
    let mut body = good_session();
    body["currency"] = json!(currency);
    let call = with_token(token, Method::POST, "/widget/session", &body.to_string());
    assert_eq!(app.call(call).await.refusal().2, "currency_not_allowed");
}

async fn each_world_has_its_own_log(app: &App) {
    let app = &app.rehearsing().await;
    let alice = Person::join(app, "alice", Role::Owner).await;
    let bob = Person::join(app, "bob", Role::Operator).await;
    let token = opened(app, &alice, &bob).await;
    refused(app, &token, "DOGE").await;
    let live = path(app, "refusals?environment=live");
    let log = bob.get(&live).await.json;
    assert_eq!((data(&log).len(), &data(&log)[0]["count"]), (1, &json!(1)));
    assert_eq!(
        bob.get(&path(app, "refusals")).await.json["data"],
        json!([])
    );
    // A look at one of them is none at the other.
    refused(app, app.shop.client_token.expose_secret(), "DOGE").await;
    let said = json!({ "code": "currency_not_allowed" });
    let seen = bob
        .act(&path(app, "refusals/acknowledge?environment=live"), said)
        .await;
    assert_eq!(seen.json, json!({ "acknowledged": 1 }), "{}", seen.text);
    let is_new = async |path: &str| data(&bob.get(path).await.json)[0]["is_new"].clone();
    assert_eq!(is_new(&live).await, false);
    assert_eq!(is_new(&path(app, "refusals")).await, true);
    app.halt().await;
}

async fn each_world_has_its_own_books(app: &App) {
    let app = &app.rehearsing().await;
    let alice = Person::join(app, "alice", Role::Owner).await;
    let bob = Person::join(app, "bob", Role::Operator).await;
    opened(app, &alice, &bob).await;
    let accounts = async |world: &str| -> Vec<bool> {
        let page = bob.get(&format!("ledger?environment={world}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let balances = page.json["balances"].as_array().unwrap().clone();
        let name = |line: &Value| line["account"].as_str().unwrap().starts_with("live/");
        balances.iter().map(name).collect()
    };
    let (test, live) = (accounts("test").await, accounts("live").await);
    assert!(!test.is_empty() && test.iter().all(|is_live| !is_live));
    assert!(!live.is_empty() && live.iter().all(|is_live| *is_live));
    let unknown = bob.get("ledger?environment=prod").await;
    assert_eq!(
        (unknown.status, &unknown.json["field"]),
        (400, &json!("environment"))
    );
    let done = bob
        .act("ledger/reconcile?environment=live", json!({}))
        .await;
    assert_eq!(
        (done.status, &done.json["open"]),
        (200, &json!([])),
        "{}",
        done.text
    );
    let day = Day::of(app.clock.now());
    app.clock.skip(2 * 24 * 3_600);
    // Two days later everybody signs in again.
    let ben = Person::join(app, "ben", Role::Operator).await;
    let made = ben
        .get(&path(
            app,
            &format!("statements/{}?environment=live", day.name()),
        ))
        .await;
    assert_eq!(made.status, 200, "{}", made.text);
    let read: Value = serde_json::from_str(made.json["json"].as_str().unwrap()).unwrap();
    assert_eq!(read["environment"], "live", "{read}");
    app.halt().await;
}

async fn what_was_looked_at_is_folded_until_it_comes_again(app: &App) {
    app.clock.stop();
    let bob = Person::join(app, "bob", Role::Operator).await;
    let dora = Person::join(app, "dora", Role::PartnerDeveloper).await;
    let sam = Person::join(app, "sam", Role::Support).await;
    let token = app.shop.client_token.expose_secret();
    refused(app, token, "DOGE").await;
    let mut body = good_session();
    body["amount"] = json!("1e9");
    app.session(&body).await;
    body["amount"] = json!("0.000001");
    body["network"] = json!("ERC20");
    app.session(&body).await;
    let log = async || dora.get(&path(app, "refusals")).await.json;
    let of = |log: &Value, code: &str| {
        let mut rows = data(log).iter();
        rows.find(|row| row["code"] == code).unwrap().clone()
    };
    let before = log().await;
    assert!(
        data(&before).iter().all(|row| row["is_new"] == true),
        "{before}"
    );
    let row = of(&before, "validation_error");
    let kind = json!({ "route": row["route"], "field": row["field"], "origin": row["origin"] });
    let acknowledge = path(app, "refusals/acknowledge");
    let note = "<img src=x onerror=alert(1)>, =HYPERLINK(\"x\")";
    let said = json!({ "code": "validation_error", "kind": kind, "note": note });
    wrong_words(&dora, &sam, &acknowledge).await;
    let mut elsewhere = said.clone();
    elsewhere["kind"]["route"] = json!("GET /nothing");
    for (body, seen) in [(elsewhere, 0), (said.clone(), 1), (said, 0)] {
        let answer = dora.act(&acknowledge, body).await;
        assert_eq!(
            answer.json,
            json!({ "acknowledged": seen }),
            "{}",
            answer.text
        );
    }
    let after = log().await;
    let row = of(&after, "validation_error");
    // As it was written: what shows it makes text of it.
    assert_eq!(row["acknowledged"]["note"], note);
    assert_eq!(
        (&row["acknowledged"]["by"], &row["is_new"]),
        (&json!("dora"), &json!(false))
    );
    assert_eq!(of(&after, "currency_not_allowed")["is_new"], true);
    // The rest of them at once, and then the same call comes again, at the same moment even.
    let all = json!({ "code": "currency_not_allowed", "note": "told the shop" });
    assert_eq!(bob.act(&acknowledge, all).await.json["acknowledged"], 1);
    assert_eq!(of(&log().await, "currency_not_allowed")["is_new"], false);
    refused(app, token, "DOGE").await;
    let again = of(&log().await, "currency_not_allowed");
    assert_eq!(
        (&again["is_new"], &again["count"]),
        (&json!(true), &json!(2))
    );
    assert_eq!(again["acknowledged"]["note"], "told the shop");
    // It is a deed; and what partners read by their token is as it was.
    let audit = bob.get("audit?limit=100").await.json;
    let deeds = data(&audit)
        .iter()
        .filter(|one| one["act"] == "refusal.acknowledge");
    assert_eq!(deeds.count(), 2);
    let partners = app.get("/widget/integration-log").await.json;
    assert!(
        data(&partners)
            .iter()
            .all(|row| row.get("acknowledged").is_none())
    );
}

async fn wrong_words(dora: &Person<'_>, sam: &Person<'_>, acknowledge: &str) {
    let long = json!({ "code": "validation_error", "note": "x".repeat(501) });
    assert_eq!(dora.act(acknowledge, long).await.json["field"], "note");
    let nul = json!({ "code": "validation_error", "note": "a\u{0}b" });
    assert_eq!(dora.act(acknowledge, nul).await.status, 400);
    assert_eq!(
        sam.act(acknowledge, json!({ "code": "validation_error" }))
            .await
            .json["code"],
        "not_allowed"
    );
}

async fn a_look_turns_no_line_green(app: &App) {
    app.clock.stop();
    let bob = Person::join(app, "bob", Role::Operator).await;
    let ended = app.ended_token().await;
    let old = with_token(&ended, Method::GET, "/widget/transactions", "");
    assert_eq!(app.call(old).await.status, 401);
    assert_eq!(data(&bob.get(&path(app, "refusals")).await.json).len(), 1);
    let line = async || {
        let list = bob.get(&path(app, "checklist")).await.json;
        let mut lines = list["lines"].as_array().unwrap().iter();
        lines.find(|line| line["id"] == "ACC-1").unwrap()["state"].clone()
    };
    assert_eq!(line().await, "failing");
    let said = json!({ "code": "invalid_token", "note": "an old server" });
    let seen = bob.act(&path(app, "refusals/acknowledge"), said).await;
    assert_eq!(seen.json["acknowledged"], 1, "{}", seen.text);
    assert_eq!(line().await, "failing");
}

async fn a_partners_admin_reads_their_own_days(app: &App) {
    let day = Day::of(app.clock.now());
    let buyer = Buyer::verified(app, "user-1").await;
    buyer.pay(GOOD_CARD).await;
    buyer.until_status("completed").await;
    app.clock.skip(2 * 24 * 3_600);
    let carol = Person::join(app, "carol", Role::PartnerAdmin).await;
    let dora = Person::join(app, "dora", Role::PartnerDeveloper).await;
    let own = path(app, &format!("statements/{}", day.name()));
    let made = carol.get(&own).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let engine = &app.app.engine;
    let shop = app.shop.partner.id;
    let theirs = engine
        .statement(shop, Environment::Test, day)
        .await
        .unwrap();
    assert_eq!(made.json, json!(theirs));
    assert!(theirs.json.contains(&buyer.id));
    // No account of ours is named in it, and no other page of the books opens.
    for account in ["wallet:", "psp:", "suspense", "capital"] {
        assert!(!theirs.json.contains(account), "{account}");
        assert!(!theirs.csv.contains(account), "{account}");
    }
    for hidden in ["ledger", "audit", "listings"] {
        assert_eq!(
            carol.get(hidden).await.json["code"],
            "not_allowed",
            "{hidden}"
        );
    }
    assert_eq!(dora.get(&own).await.json["code"], "not_allowed");
    let other = app.wallet_partner.partner.id;
    let foreign = carol
        .get(&format!("partners/{other}/statements/{}", day.name()))
        .await;
    assert_eq!(foreign.status, 404, "{}", foreign.text);
    let bad = carol.get(&path(app, "statements/yesterday")).await;
    assert_eq!((bad.status, &bad.json["field"]), (400, &json!("day")));
}

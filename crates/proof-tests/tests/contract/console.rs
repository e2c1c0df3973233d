//! The console: who is let in, who may do what, and what is kept of it.

use crate::buyer::{Buyer, GOOD_CARD};
use crate::kit::App;
use crate::on_both_engines;
use crate::people::{PASSWORD, Person, code, cookie_of, invitation, page_call};
use axum::body::Body;
use http::{Method, Request};
use proof_api::{Caller, Route, routes};
use proof_core::{
    Clock,
    audit::Broken,
    member::{FRESH_SECONDS, IDLE_SECONDS, Role, WAIT_SECONDS},
    statement::Day,
};
use proof_server::audit::keep::AuditConfig;
use proof_store::Engine as Database;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor};
use std::{collections::BTreeMap, fs, io::Write, process::Command, sync::Arc};
use tokio::sync::watch;

on_both_engines!(
    people_are_invited_sign_in_and_leave,
    no_code_is_good_twice_and_guessers_wait,
    who_may_do_what_is_kept_to,
    other_pages_cannot_act_for_somebody,
    money_needs_a_fresh_sign_in,
    two_give_money_back_and_the_chain_says_so,
    a_changed_record_is_named,
    the_end_of_the_log_is_kept_elsewhere,
    a_place_that_does_not_answer_stops_nobody,
    a_policy_takes_two,
    orders_are_found,
    partners_people_see_their_partner_only,
    a_partner_is_made_from_the_console,
);

async fn people_are_invited_sign_in_and_leave(app: &App) {
    app.clock.stop();
    let ann = Person::join(app, "ann", Role::Owner).await;
    let me = ann.get("me").await;
    assert_eq!(me.json["member"]["name"], "ann");
    assert_eq!(me.json["member"]["role"], "owner");
    // The link is used up, and a name is one person's.
    let token = invitation(app, Role::Operator, None).await;
    let path = format!("invitations/{token}");
    let shown = app
        .call(page_call(Method::GET, &path, "", &json!({})))
        .await;
    let secret = shown.json["secret"].as_str().unwrap();
    let take = |name: &str, password: &str, code: &str| {
        let body = json!({ "name": name, "password": password, "code": code });
        app.call(page_call(Method::POST, &path, "", &body))
    };
    let good = code(app, secret, 0);
    for (name, password, code, field) in [
        ("ann", PASSWORD, good.as_str(), "name"),
        ("Ben!", PASSWORD, good.as_str(), "name"),
        ("machine", PASSWORD, good.as_str(), "name"),
        ("ben", "short", good.as_str(), "password"),
        ("ben", PASSWORD, "000000", "code"),
    ] {
        let refused = take(name, password, code).await;
        assert_eq!(
            (refused.status, &refused.json["field"]),
            (400, &json!(field)),
            "{name} {password}"
        );
    }
    assert_eq!(take("ben", PASSWORD, &good).await.status, 200);
    assert_eq!(take("bob", PASSWORD, &good).await.status, 404);
    // Out, and in again.
    assert_eq!(ann.post("sign-out", json!({})).await.status, 204);
    assert_eq!(
        ann.get("me").await.refusal(),
        (401, "unauthorised", "signed_out")
    );
    app.clock.skip(60);
    let back = ann.sign_in(PASSWORD, 0).await;
    assert_eq!(back.status, 200, "{}", back.text);
    *ann.cookie.lock().unwrap() = cookie_of(&back);
    assert_eq!(ann.get("me").await.status, 200);
    // Whoever is disabled is out at once, and comes in no more.
    let ben = ann.get("members").await;
    let ben = ben.json["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["name"] == "ben");
    let ben = ben.unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        ann.act(&format!("members/{ben}/disable"), json!({}))
            .await
            .status,
        204
    );
    assert_eq!(
        ann.act(&format!("members/{ben}/disable"), json!({}))
            .await
            .status,
        409
    );
    // Idle people are out.
    app.clock.skip(IDLE_SECONDS);
    assert_eq!(ann.get("me").await.refusal().2, "signed_out");
}

async fn no_code_is_good_twice_and_guessers_wait(app: &App) {
    app.clock.stop();
    let ann = Person::join(app, "ann", Role::Owner).await;
    // The code that let her join is used up, and so is each that lets her in.
    let wrong = (401, "unauthorised", "sign_in_refused");
    assert_eq!(ann.sign_in(PASSWORD, 0).await.refusal(), wrong);
    assert_eq!(ann.sign_in(PASSWORD, 1).await.status, 200);
    assert_eq!(ann.sign_in(PASSWORD, 1).await.refusal(), wrong);
    assert_eq!(ann.sign_in(PASSWORD, 3).await.refusal(), wrong);
    // Somebody whom nobody knows hears the same.
    let nobody = json!({ "name": "nobody", "password": PASSWORD, "code": "123456" });
    let stranger = app
        .call(page_call(Method::POST, "sign-in", "", &nobody))
        .await;
    assert_eq!(stranger.refusal(), wrong);
    // Who does not have the password locks nobody out.
    app.clock.skip(60);
    for _ in 0..6 {
        assert_eq!(ann.sign_in("wrong horse battery", 0).await.refusal(), wrong);
    }
    assert_eq!(ann.sign_in(PASSWORD, 0).await.status, 200);
    // Who has it guesses five codes, and then waits, and is not told.
    for steps in 3..8 {
        assert_eq!(ann.sign_in(PASSWORD, steps).await.refusal(), wrong);
    }
    assert_eq!(ann.sign_in(PASSWORD, 1).await.refusal(), wrong);
    app.clock.skip(WAIT_SECONDS + 1);
    assert_eq!(ann.sign_in(PASSWORD, 0).await.status, 200);
}

/// Bodies do not matter: who may not is refused before they are read.
async fn who_may_do_what_is_kept_to(app: &App) {
    app.clock.stop();
    let shop = app.shop.partner.id.to_string();
    let stranger = app.partner("stranger", None).await.partner.id.to_string();
    let mut tried = 0;
    for (n, role) in Role::ALL.into_iter().enumerate() {
        // So many calls at one moment are more than one address may make.
        app.clock.skip(60);
        let person = Person::join(app, &format!("person{n}"), role).await;
        for route in routes() {
            let Caller::Member(act) = route.caller else {
                continue;
            };
            if route.path.ends_with("/sign-out") {
                continue;
            }
            let path = |partner: &str| {
                let path = route.path.strip_prefix("/console/api/").unwrap();
                let id = if path.starts_with("partners/") {
                    partner
                } else {
                    "none"
                };
                path.replace("{id}", id)
                    .replace("{line}", "ONB-3")
                    .replace("{day}", "2020-01-01")
                    .replace("{key}", "none")
                    .replace("{matter}", "webhook")
                    .replace("{delivery}", "none")
            };
            let name = format!("{} {} as {}", route.method, route.path, role.name());
            let call = |partner: &str| {
                let cookie = person.cookie.lock().unwrap().clone();
                app.call(page_call(
                    route.method.clone(),
                    &path(partner),
                    &cookie,
                    &json!({}),
                ))
            };
            let answer = call(&shop).await;
            let allowed = act.is_none_or(|act| role.may(act));
            let refused = answer.json["code"] == "not_allowed";
            // Who reads the list may not therefore sign it: the line says whose people do.
            let allowed = allowed && may_speak(&route, role);
            assert_eq!(refused, !allowed, "{name}: {}", answer.text);
            assert_ne!(answer.status, 401, "{name}");
            if allowed && role.is_partners() && route.path.contains("/partners/{id}") {
                let foreign = call(&stranger).await;
                assert_eq!(foreign.status, 404, "{name}, of another partner");
                let nobodys = call("prt_01a205d764457da8b9dd58caedbfa33b").await;
                assert_eq!(foreign.without_name(), nobodys.without_name(), "{name}");
            }
            tried += 1;
        }
    }
    assert!(tried > 200, "only {tried} were tried");
    app.clock.skip(60);
    nobody_may_do_anything(app).await;
}

/// ONB-3 is the partner's line; what it has, either side may declare.
fn may_speak(route: &Route, role: Role) -> bool {
    let end = route.path.rsplit('/').next().unwrap();
    match end {
        "sign" | "unsign" => role == Role::PartnerAdmin,
        "profile" => matches!(role, Role::Owner | Role::Operator | Role::PartnerAdmin),
        _ => true,
    }
}

async fn nobody_may_do_anything(app: &App) {
    for route in routes() {
        if matches!(route.caller, Caller::Member(_)) {
            // Somebody with patience: the limit of a visitor's calls is another test's.
            app.clock.skip(1);
            let path = route.path.strip_prefix("/console/api/").unwrap();
            let answer = app
                .call(page_call(route.method, path, "cs_0123", &json!({})))
                .await;
            assert_eq!(
                answer.refusal(),
                (401, "unauthorised", "signed_out"),
                "{path}"
            );
        }
    }
}

async fn other_pages_cannot_act_for_somebody(app: &App) {
    app.clock.stop();
    let ann = Person::join(app, "ann", Role::Owner).await;
    let cookie = ann.cookie.lock().unwrap().clone();
    let with = |origin: Option<&str>, own: bool| {
        let mut request = Request::post("/console/api/ledger/check")
            .header("cookie", format!("proof_session={cookie}"));
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        if own {
            request = request.header("x-proof-console", "1");
        }
        app.call(request.body(Body::empty()).unwrap())
    };
    for (origin, own) in [
        (None, false),
        (Some("http://evil.test"), true),
        (Some("null"), true),
    ] {
        let refused = with(origin, own).await;
        assert_eq!(
            refused.refusal(),
            (403, "forbidden", "not_allowed"),
            "{origin:?} {own}"
        );
    }
    assert_eq!(with(Some(crate::kit::ORIGIN), true).await.status, 200);
    // The page itself is in nobody's frame.
    let page = app
        .call(Request::get("/console/orders").body(Body::empty()).unwrap())
        .await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let missing = app
        .call(
            Request::get("/console/api/nothing")
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert_eq!(missing.status, 404);
}

async fn money_needs_a_fresh_sign_in(app: &App) {
    app.clock.stop();
    let ann = Person::join(app, "ann", Role::Owner).await;
    app.clock.skip(FRESH_SECONDS);
    let path = format!("partners/{}/tokens", app.shop.partner.id);
    let stale = ann.post(&path, json!({})).await;
    assert_eq!(stale.refusal(), (403, "forbidden", "sign_in_again"));
    // Reading goes on.
    assert_eq!(ann.get("orders").await.status, 200);
    let wrong = json!({ "password": "wrong horse battery", "code": code(app, &ann.secret, 0) });
    assert_eq!(ann.post("sign-in/again", wrong).await.status, 401);
    ann.again().await;
    assert_eq!(ann.post(&path, json!({})).await.status, 201);
}

pub async fn completed<'a>(app: &'a App, user: &str) -> Buyer<'a> {
    let buyer = Buyer::verified(app, user).await;
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    buyer.until_status("completed").await;
    buyer
}

async fn two_give_money_back_and_the_chain_says_so(app: &App) {
    let buyer = completed(app, "user-1").await;
    let (ann, ben) = (
        Person::join(app, "ann", Role::Operator).await,
        Person::join(app, "ben", Role::Operator).await,
    );
    let path = format!("orders/{}/refund", buyer.id);
    let body = json!({ "amount": "10.00", "reason": "they asked" });
    let first = ann.act(&path, body.clone()).await;
    assert_eq!(
        (first.status, &first.json["ruled"]),
        (200, &json!("proposed")),
        "{}",
        first.text
    );
    let alone = ann.act(&path, body.clone()).await;
    assert_eq!(alone.status, 409, "{}", alone.text);
    let second = ben.act(&path, body).await;
    assert_eq!(second.json["ruled"], "done", "{}", second.text);
    let page = ann.get(&format!("orders/{}", buyer.id)).await;
    assert_eq!(page.json["cases"][0]["kind"], "refund", "{}", page.text);
    assert_eq!(page.json["order"]["partner_user_id"], "user-1");
    // What a user reads out, support sees.
    let (shown, view) = (&page.json["addresses"][0], buyer.view().await);
    assert_eq!(
        (&shown["address"], &shown["fingerprint"]),
        (&view["address"], &view["address_fingerprint"])
    );
    assert!(
        !page.json["transfers"][0]["explorer_url"]
            .as_str()
            .unwrap()
            .is_empty()
    );
    let audit = ann.get("audit?limit=100").await;
    let deeds: Vec<(&str, &str)> = audit.json["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["act"] == "order.refund")
        .map(|entry| {
            (
                entry["by"].as_str().unwrap(),
                entry["after"]["amount"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(deeds, [("ben", "10.00 EUR"), ("ann", "10.00 EUR")]);
    let walked = app.app.engine.audit_verify().await.unwrap();
    let end = app.call(
        Request::get("/.well-known/proof-audit")
            .body(Body::empty())
            .unwrap(),
    );
    let end = end.await.json;
    assert_eq!(walked.unwrap().hash, end["hash"].as_str().unwrap());
}

pub async fn sql(app: &App, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    match app.db.engine() {
        Database::Sqlite { writer, .. } => drop(writer.execute(sql).await.unwrap()),
        Database::Postgres(pool) => drop(pool.execute(sql).await.unwrap()),
    }
}

async fn a_changed_record_is_named(app: &App) {
    app.clock.stop();
    for name in ["ann", "ben", "cem"] {
        Person::join(app, name, Role::Support).await;
    }
    let engine = &app.app.engine;
    let whole = engine.audit_verify().await.unwrap().unwrap();
    assert!(whole.number >= 6, "{whole:?}");
    let kept = BTreeMap::from([(0, "0".repeat(64)), (whole.number, whole.hash.clone())]);
    let none = BTreeMap::new;
    let verify = |kept| proof_engine::audit_verify(&app.db, kept);
    assert_eq!(verify(kept.clone()).await.unwrap(), Ok(whole.clone()));
    sql(app, "UPDATE audit SET by_name = 'eve' WHERE number = 4").await;
    assert_eq!(verify(none()).await.unwrap(), Err(Broken::Column(4)));
    sql(
        app,
        "UPDATE audit SET record = REPLACE(record, 'example', 'evil') WHERE number = 3",
    )
    .await;
    assert_eq!(verify(none()).await.unwrap(), Err(Broken::Changed(3)));
    sql(app, "DELETE FROM audit WHERE number = 2").await;
    assert_eq!(verify(none()).await.unwrap(), Err(Broken::Missing(2)));
    // Cut short: only whoever kept the end notices, or the head that was forgotten.
    sql(app, "DELETE FROM audit WHERE number >= 2").await;
    let wanted = whole.number;
    let cut = Err(Broken::Checkpoint { end: 1, wanted });
    assert_eq!(verify(none()).await.unwrap(), cut);
    assert_eq!(verify(kept).await.unwrap(), cut);
}

async fn the_end_of_the_log_is_kept_elsewhere(app: &App) {
    app.clock.stop();
    let dir = tempfile::tempdir().unwrap();
    let engine = &app.app.engine;
    let place = dir.path().join("mounted");
    let file = place.join("audit.jsonl");
    let keeper = AuditConfig {
        checkpoints: file.clone(),
    };
    let alert = |kind| crate::health::alert(app, kind, "audit log");
    let lines = || -> Vec<Value> {
        let text = fs::read_to_string(&file).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    keeper.look(engine).await;
    let told = alert("audit_unkept").await.unwrap();
    assert!(
        told["headline"]
            .to_string()
            .contains("audit.jsonl: No such")
    );

    fs::create_dir(&place).unwrap();
    keeper.look(engine).await;
    assert_eq!(alert("audit_unkept").await, None);
    keeper.look(engine).await;
    assert_eq!(lines().len(), 1, "nobody did anything in between");
    for name in ["ann", "ben"] {
        Person::join(app, name, Role::Support).await;
    }
    // A crash left half a line.
    let mut half = fs::OpenOptions::new().append(true).open(&file).unwrap();
    half.write_all(b"{\"number\":7").unwrap();
    keeper.look(engine).await;
    let end = engine.audit_checkpoint().await.unwrap();
    assert_eq!(lines().len(), 2);
    assert_eq!(lines()[1]["hash"], end.hash);

    // The whole chain anew, as whoever owns the database can: everything in it fits together.
    sql(app, "DELETE FROM audit").await;
    let anew = format!(
        "UPDATE audit_head SET number = 0, hash = '{}'",
        "0".repeat(64)
    );
    sql(app, &anew).await;
    for name in ["eve", "fay", "gil"] {
        Person::join(app, name, Role::Support).await;
    }
    assert!(engine.audit_verify().await.unwrap().is_ok());
    keeper.look(engine).await;
    let told = alert("audit_broken").await.unwrap();
    let headline = told["headline"].to_string();
    assert!(
        headline.contains("published with another hash"),
        "{headline}"
    );
    assert_eq!(lines().len(), 2, "what was kept is proof, and stays");
    assert_eq!(alert("audit_unkept").await, None);
}

async fn a_place_that_does_not_answer_stops_nobody(app: &App) {
    app.clock.stop();
    let dir = tempfile::tempdir().unwrap();
    // Whoever opens it waits for somebody at its other end, as at a mount that died.
    let file = dir.path().join("audit.jsonl");
    assert!(
        Command::new("mkfifo")
            .arg(&file)
            .status()
            .unwrap()
            .success()
    );
    let keeper = AuditConfig {
        checkpoints: file.clone(),
    };
    let (stop, stopping) = watch::channel(false);
    let engine = Arc::clone(&app.app.engine);
    let kept = tokio::spawn(async move { keeper.run(&engine, stopping).await });
    let told = async || {
        app.clock.skip(20);
        crate::health::alert(app, "audit_unkept", "audit log").await
    };
    let told = app.until("it is told", told).await;
    assert!(told["headline"].to_string().contains("does not answer"));
    stop.send_replace(true);
    kept.await.unwrap();
    drop(fs::OpenOptions::new().write(true).open(&file).unwrap());
}

async fn a_policy_takes_two(app: &App) {
    app.clock.stop();
    let (ann, ben) = (
        Person::join(app, "ann", Role::Operator).await,
        Person::join(app, "ben", Role::Owner).await,
    );
    let path = format!("partners/{}", app.shop.partner.id);
    let mut policy = ann.get(&path).await.json["policy"].clone();
    policy["fees"]["spread"] = json!(150);
    let path = format!("{path}/policy");
    let first = ann.act(&path, policy.clone()).await;
    assert_eq!(first.json, json!({ "ruled": "proposed", "policy": null }));
    assert_eq!(ann.act(&path, policy.clone()).await.status, 409);
    let page = format!("partners/{}", app.shop.partner.id);
    let wanted = ben.get(&page).await.json["policy_proposed"].clone();
    assert_eq!((&wanted["by"], &wanted["policy"]), (&json!("ann"), &policy));
    // Another wish starts again.
    let mut other = policy.clone();
    other["fees"]["spread"] = json!(250);
    assert_eq!(ben.act(&path, other).await.json["ruled"], "proposed");
    assert_eq!(
        ann.act(&path, policy.clone()).await.json["ruled"],
        "proposed"
    );
    let done = ben.act(&path, policy.clone()).await;
    assert_eq!(done.json["ruled"], "done", "{}", done.text);
    assert_eq!(done.json["policy"]["version"], 2);
    assert_eq!(
        ben.act(&path, policy.clone()).await.status,
        409,
        "it was changed meanwhile"
    );
    policy["typo"] = json!(1);
    assert_eq!(ben.act(&path, policy).await.json["field"], "policy");
}

async fn orders_are_found(app: &App) {
    let ann = Person::join(app, "ann", Role::Support).await;
    let buyer = completed(app, "user-1").await;
    let other = Buyer::open(app, "user-2", "two@example.com").await;
    let ids = async |query: &str| -> Vec<String> {
        let page = ann.get(&format!("orders?{query}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let data = page.json["data"].as_array().unwrap().clone();
        data.iter()
            .map(|o| o["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let (one, two) = (buyer.id.clone(), other.id.clone());
    assert_eq!(ids("").await, [two.clone(), one.clone()]);
    assert_eq!(ids("status=completed").await, std::slice::from_ref(&one));
    assert_eq!(ids("query=user-2").await, std::slice::from_ref(&two));
    assert_eq!(
        ids(&format!("query={one}")).await,
        std::slice::from_ref(&one)
    );
    assert!(ids(&format!("query={}", &two[..13])).await.contains(&two));
    // What somebody who asks for help has in hand.
    assert_eq!(
        ids("query=User-1@example.com").await,
        std::slice::from_ref(&one)
    );
    let story = ann.get(&format!("orders/{one}")).await.json;
    let hash = story["transfers"][0]["hash"].as_str().unwrap().to_owned();
    assert_eq!(
        ids(&format!("query={hash}")).await,
        std::slice::from_ref(&one)
    );
    assert_eq!(ids(&format!("query={hash}&status=failed")).await, [""; 0]);
    let delivered_to = story["addresses"][0]["address"].as_str().unwrap();
    let there = ids(&format!("query={delivered_to}")).await;
    assert_eq!(there, std::slice::from_ref(&one));
    let today = Day::of(app.clock.now()).name();
    let both = ids(&format!("from={today}&to={today}")).await;
    assert_eq!(both, [two.clone(), one.clone()]);
    assert_eq!(ids("from=2020-01-01&to=2020-12-31").await, [""; 0]);
    let bad = ann.get("orders?from=yesterday").await;
    assert_eq!(bad.json["field"], "from", "{}", bad.text);
    assert_eq!(ids("side=sell").await, [""; 0]);
    let first = ann.get("orders?limit=1").await;
    let cursor = first.json["next_cursor"].as_str().unwrap();
    assert_eq!(ids(&format!("limit=1&after={cursor}")).await, [one]);
    assert_eq!(
        ids(&format!("partner={}", app.wallet_partner.partner.id)).await,
        [""; 0]
    );
    let overview = ann.get("overview").await;
    let counts: Vec<&Value> = overview.json["funnel"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["count"])
        .collect();
    assert_eq!(counts, [2, 1, 1, 1, 1], "{}", overview.text);
}

async fn partners_people_see_their_partner_only(app: &App) {
    let buyer = Buyer::open(app, "user-1", "one@example.com").await;
    let carol = Person::join(app, "carol", Role::PartnerDeveloper).await;
    let token = invitation(app, Role::PartnerAdmin, Some(app.wallet_partner.partner.id)).await;
    let path = format!("invitations/{token}");
    let shown = app
        .call(page_call(Method::GET, &path, "", &json!({})))
        .await;
    assert_eq!(
        shown.json["partner"]["name"],
        app.wallet_partner.partner.name
    );
    let page = carol.get(&format!("orders/{}", buyer.id)).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert_eq!(
        (&page.json["facts"], &page.json["postings"]),
        (&Value::Null, &json!([]))
    );
    assert_eq!(
        carol.get("partners").await.json["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // Of another partner there is no order, whatever its id.
    let theirs = app.app.engine.partner_list().await.unwrap();
    assert!(theirs.len() > 1);
    let foreign = carol
        .get(&format!("orders?partner={}", app.wallet_partner.partner.id))
        .await;
    assert_eq!(
        foreign.json["data"][0]["id"],
        json!(buyer.id),
        "the scope is the seat's"
    );
}

async fn a_partner_is_made_from_the_console(app: &App) {
    app.clock.stop();
    let ann = Person::join(app, "ann", Role::Owner).await;
    let page = ann.get(&format!("partners/{}", app.shop.partner.id)).await;
    let wallet = page.json["wallets"][0].clone();
    let good = json!({
        "name": "Made here", "kind": "treasury", "contact_email": "dev@shop.example",
        "origins": ["https://shop.example"], "pairs": [wallet["pair"]], "sells": true,
        "fiats": ["EUR"], "wallets": [{ "pair": wallet["pair"], "address": wallet["address"] }],
        "webhook_url": null,
    });
    for (field, value) in [
        ("kind", json!("bank")),
        ("origins", json!(["shop"])),
        ("pairs", json!(["USDT"])),
        ("fiats", json!(["XXX"])),
        (
            "wallets",
            json!([{ "pair": wallet["pair"], "address": "nowhere" }]),
        ),
        ("wallets", json!([])),
        ("contact_email", json!("nobody")),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        let refused = ann.act("partners", bad).await;
        assert_eq!(
            (refused.status, &refused.json["field"]),
            (400, &json!(field)),
            "{}",
            refused.text
        );
    }
    let made = ann.act("partners", good).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let token = made.json["client_token"].as_str().unwrap();
    let call = crate::kit::with_token(token, Method::GET, "/widget/transactions", "");
    assert_eq!(app.call(call).await.status, 200);
    let id = made.json["id"].as_str().unwrap();
    let list = ann.get(&format!("partners/{id}/checklist")).await;
    let line = |name: &str| {
        let lines = list.json["lines"].as_array().unwrap();
        lines.iter().find(|line| line["id"] == name).unwrap()["state"].clone()
    };
    assert_eq!(
        (line("ONB-1"), line("ONB-2")),
        (json!("passing"), json!("passing"))
    );
    assert_eq!(
        (line("PAY-1"), line("MOB-1")),
        (json!("unseen"), json!("unseen"))
    );
}

//! What users are written, the way back into their order, and what they decide there.

use crate::buyer::{Buyer, GOOD_CARD, frame};
use crate::kit::{Answer, App, as_partner, good_session};
use crate::on_both_engines;
use crate::sell::{
    REFUND, WINDOW_SECONDS, awaiting, case_events, case_of, customer_is_owed, deposit, late,
    late_bitcoin, start,
};
use axum::body::Body;
use http::{Method, Request};
use proof_core::partner::{AccidentPolicy, Environment, LatePolicy, SellPolicy};
use proof_port::{Class, Message};
use proof_store::{Failure, JobKind, Tx};
use serde_json::{Value, json};
use std::collections::BTreeSet;

on_both_engines!(
    a_part_asks_for_the_rest_at_once_at_half_time_and_at_the_end,
    what_has_ended_is_no_longer_asked_for,
    a_rest_that_never_comes_is_told,
    a_moved_price_is_told_and_so_is_the_end_of_waiting,
    a_choice_that_was_made_is_told,
    a_mail_server_that_fails_delays_letters_and_nothing_else,
    a_letter_that_nobody_takes_is_given_up,
    a_link_opens_the_order_once_with_the_code,
    a_link_shows_nothing_personal_and_looking_uses_nothing_up,
    codes_are_counted_and_bounded,
    a_link_grows_old,
    what_came_late_is_sold_at_todays_price_as_a_new_order,
    a_late_sale_needs_the_price_that_was_seen,
    what_came_late_goes_back_when_the_user_says_so,
    a_refused_payout_of_a_late_sale_goes_back_whole,
    a_case_is_nobody_elses,
    a_partner_may_have_late_deposits_returned,
);

const DAY_SECONDS: i64 = 24 * 3_600;

/// The first letter whose subject says so.
pub async fn letter(app: &App, subject: &str) -> Message {
    let look = || async {
        let sent = app.letters.sent.lock().unwrap();
        sent.iter()
            .find(|m| m.subject.starts_with(subject))
            .cloned()
    };
    app.until(&format!("a letter: {subject}"), look).await
}

fn subjects(app: &App) -> Vec<String> {
    let sent = app.letters.sent.lock().unwrap();
    let told = sent.iter().map(|m| m.subject.clone());
    // What was carried out is told of every order.
    told.filter(|subject| !subject.ends_with(" sent to your card"))
        .collect()
}

/// Waits until nothing is left to be sent.
pub async fn all_sent(app: &App) {
    let look = || async {
        let jobs = app
            .db
            .read("job_list", |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<()>>(tx.job_list(100).await?) })
            })
            .await
            .unwrap();
        let left = jobs.iter().any(|job| job.kind == JobKind::Mail);
        (!left).then_some(())
    };
    app.until("all letters are sent", look).await;
}

/// The token of a letter's link.
pub fn token(letter: &Message) -> String {
    let rest = letter
        .text
        .split_once("http://proof.test/resume/")
        .unwrap()
        .1;
    let link = rest.split_whitespace().next().unwrap();
    link.split('?').next().unwrap().to_owned()
}

pub async fn ask(app: &App, token: &str) -> Answer {
    let body = json!({ "token": token }).to_string();
    app.call(frame(Method::POST, "resume/codes", "", body))
        .await
}

pub async fn guess(app: &App, token: &str, code: &str) -> Answer {
    let body = json!({ "token": token, "code": code }).to_string();
    app.call(frame(Method::POST, "resume/visits", "", body))
        .await
}

/// The latest code that was emailed, once there are so many.
pub async fn code(app: &App, count: usize) -> String {
    let look = || async {
        let sent = app.letters.sent.lock().unwrap();
        let codes: Vec<&Message> = sent
            .iter()
            .filter(|m| m.subject.starts_with("Your code"))
            .collect();
        (codes.len() == count).then(|| codes[count - 1].text.clone())
    };
    let text = app.until("a code", look).await;
    let digits = |line: &&str| line.len() == 6 && line.chars().all(|c| c.is_ascii_digit());
    text.lines().find(digits).unwrap().to_owned()
}

/// Another six digits.
fn other(code: &str) -> String {
    if code == "000000" { "000001" } else { "000000" }.to_owned()
}

async fn part_received<'a>(app: &'a App) -> (Buyer<'a>, String) {
    let (seller, address) = awaiting(app, GOOD_CARD).await;
    deposit(app, &address, "60").await;
    (seller, address)
}

async fn a_part_asks_for_the_rest_at_once_at_half_time_and_at_the_end(app: &App) {
    let (seller, address) = part_received(app).await;
    let opened = letter(app, "40.00 USDT are missing").await;
    assert_eq!(opened.to, "ann@example.com");
    for said in [
        "60.00 USDT have arrived",
        "Send the missing 40.00 USDT",
        "until 1",
        "UTC",
        "back to the refund address",
    ] {
        assert!(opened.text.contains(said), "{said}: {}", opened.text);
    }
    assert!(!opened.text.contains("ann@"), "{}", opened.text);
    app.clock.skip(WINDOW_SECONDS / 2);
    let reminder = letter(app, "Reminder: 40.00 USDT are missing").await;
    assert_ne!(
        token(&opened),
        token(&reminder),
        "each letter has its own link"
    );
    deposit(app, &address, "40").await;
    seller.until_step("completed").await;
    let ended = letter(app, "All 100.00 USDT have arrived").await;
    all_sent(app).await;
    assert_eq!(subjects(app).len(), 3);
    let ids: BTreeSet<String> = [&opened, &reminder, &ended].map(|m| m.id.clone()).into();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| id.ends_with("@proof.test")), "{ids:?}");
}

async fn what_has_ended_is_no_longer_asked_for(app: &App) {
    let (seller, address) = part_received(app).await;
    letter(app, "40.00 USDT are missing").await;
    deposit(app, &address, "40").await;
    seller.until_step("completed").await;
    app.clock.skip(WINDOW_SECONDS);
    all_sent(app).await;
    let expected = ["40.00 USDT are missing", "All 100.00 USDT have arrived"];
    assert_eq!(subjects(app), expected);
}

async fn a_rest_that_never_comes_is_told(app: &App) {
    let (seller, _) = part_received(app).await;
    letter(app, "40.00 USDT are missing").await;
    app.clock.skip(WINDOW_SECONDS);
    seller.until_step("failed").await;
    let ended = letter(app, "60.00 USDT are on their way back to you").await;
    assert!(ended.text.contains("The rest did not arrive in time."));
}

async fn a_moved_price_is_told_and_so_is_the_end_of_waiting(app: &App) {
    let seller = late_bitcoin(app).await;
    let opened = letter(app, "The price of your 0.01 BTC has moved").await;
    assert!(
        opened.text.contains("receive today's price"),
        "{}",
        opened.text
    );
    app.clock.skip(DAY_SECONDS / 2);
    letter(app, "Reminder: The price of your 0.01 BTC has moved").await;
    app.clock.skip(DAY_SECONDS / 2);
    seller.until_step("failed").await;
    let ended = letter(app, "0.01 BTC are on their way back to you").await;
    assert!(
        ended.text.contains("we did not hear from you"),
        "{}",
        ended.text
    );
}

async fn a_choice_that_was_made_is_told(app: &App) {
    let seller = late_bitcoin(app).await;
    let quoted = seller.post("quote", json!({})).await.json;
    let (quote, total) = (
        &quoted["quote"]["id"],
        quoted["quote"]["total"].as_str().unwrap(),
    );
    let choice = json!({ "choice": "payout", "quote_id": quote });
    assert_eq!(seller.post("sale/choice", choice).await.status, 200);
    let ended = letter(app, &format!("{total} EUR are on their way to you")).await;
    assert!(ended.text.contains("at today's price"), "{}", ended.text);
    seller.until_step("completed").await;
}

async fn a_mail_server_that_fails_delays_letters_and_nothing_else(app: &App) {
    let classes = [Class::Retry, Class::InDoubt, Class::Retry];
    app.letters.faults.lock().unwrap().extend(classes);
    let (seller, address) = part_received(app).await;
    let look = || async {
        let tried = app.letters.tried.lock().unwrap().clone();
        (tried.len() >= 4).then_some(tried)
    };
    let tried = app.until("it was tried again", look).await;
    let ids: BTreeSet<&String> = tried.iter().take(4).collect();
    assert_eq!(ids.len(), 1, "the same letter has the same id: {tried:?}");
    let twice = app.letters.sent.lock().unwrap().clone();
    assert_eq!(twice[0].text, twice[1].text, "with the same link");
    deposit(app, &address, "40").await;
    seller.until_step("completed").await;
}

async fn a_letter_that_nobody_takes_is_given_up(app: &App) {
    app.letters.faults.lock().unwrap().push_back(Class::GiveUp);
    let (seller, address) = part_received(app).await;
    let look = || async {
        let tried = app.letters.tried.lock().unwrap().len();
        (tried == 1).then_some(())
    };
    app.until("it was tried", look).await;
    deposit(app, &address, "40").await;
    seller.until_step("completed").await;
    app.clock.skip(WINDOW_SECONDS);
    all_sent(app).await;
    assert_eq!(subjects(app), ["All 100.00 USDT have arrived"]);
    let told = ["the rest, in vain", "its coming", "the payout"];
    // A lease that ran out on a busy machine is another try of the same letter.
    let ids: BTreeSet<String> = app.letters.tried.lock().unwrap().iter().cloned().collect();
    assert_eq!(ids.len(), told.len());
}

async fn a_link_opens_the_order_once_with_the_code(app: &App) {
    let (seller, _) = part_received(app).await;
    let link = token(&letter(app, "40.00 USDT are missing").await);
    let asked = ask(app, &link).await;
    assert_eq!(
        (asked.status, &asked.json),
        (202, &json!({ "again_after_s": 60 }))
    );
    let code = code(app, 1).await;
    let opened = guess(app, &link, &format!(" {} {}", &code[..3], &code[3..])).await;
    assert_eq!(opened.status, 201, "{}", opened.text);
    let view = &opened.json["view"];
    assert_eq!(view["merchant_transaction_id"], seller.id.as_str());
    assert_eq!(view["sale"]["missing"], "40.00");
    let visit = opened.json["visit_token"].as_str().unwrap();
    let look = app.call(frame(Method::GET, "order", visit, "")).await;
    assert_eq!(look.status, 200);
    for answer in [guess(app, &link, &code).await, ask(app, &link).await] {
        assert_eq!(answer.refusal(), (401, "unauthorised", "invalid_token"));
    }
}

pub async fn page(app: &App, token: &str) -> Answer {
    let request = Request::get(format!("/resume/{token}"));
    app.call(request.body(Body::empty()).unwrap()).await
}

/// What the page is told of the link.
fn boot(page: &Answer) -> Value {
    let rest = page.text.split_once("id=\"proof-boot\">").unwrap().1;
    let json = rest.split_once("</script>").unwrap().0;
    serde_json::from_str::<Value>(json).unwrap()["resume"].clone()
}

async fn a_link_shows_nothing_personal_and_looking_uses_nothing_up(app: &App) {
    let (seller, _) = part_received(app).await;
    let link = token(&letter(app, "40.00 USDT are missing").await);
    for _ in 0..3 {
        let page = page(app, &link).await;
        assert_eq!(page.status, 200);
        assert_eq!(
            boot(&page),
            json!({ "state": "open", "partner": "treasury" })
        );
        for secret in ["ann@", "60.00", "40.00", &seller.id, REFUND] {
            assert!(!page.text.contains(secret), "{secret}");
        }
        let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("cache-control"), "no-store");
        let policy = header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        let told = format!(
            "report-uri /embed/violations/{}",
            app.shop.partner.widget_id
        );
        assert!(policy.ends_with(&told), "{policy}");
    }
    let nobodys = page(app, "rl_00").await;
    assert_eq!(boot(&nobodys), json!({ "state": "over", "partner": null }));
    ask(app, &link).await;
    let code = code(app, 1).await;
    assert_eq!(guess(app, &link, &code).await.status, 201);
    let used = page(app, &link).await;
    assert_eq!(
        boot(&used),
        json!({ "state": "used", "partner": "treasury" })
    );
}

async fn codes_are_counted_and_bounded(app: &App) {
    part_received(app).await;
    let link = token(&letter(app, "40.00 USDT are missing").await);
    app.clock.stop();
    let early = guess(app, &link, "123456").await;
    assert_eq!(
        early.refusal().2,
        "attempts_exhausted",
        "none was asked for"
    );
    assert_eq!(ask(app, &link).await.status, 202);
    let soon = ask(app, &link).await;
    assert_eq!(soon.refusal().2, "rate_limit_exceeded");
    assert_eq!(soon.headers["retry-after"], "61");
    let first = code(app, 1).await;
    for text in ["", "12345", "1234567", "12345x"] {
        let refused = guess(app, &link, text).await;
        assert_eq!(refused.refusal().2, "validation_error", "{text:?}");
    }
    for _ in 0..5 {
        let wrong = guess(app, &link, &other(&first)).await;
        assert_eq!(wrong.refusal().2, "validation_error");
        assert_eq!(wrong.json["field"], "code");
    }
    assert_eq!(
        guess(app, &link, &first).await.refusal().2,
        "attempts_exhausted"
    );
    app.clock.skip(61);
    assert_eq!(ask(app, &link).await.status, 202);
    let second = code(app, 2).await;
    app.clock.skip(600);
    let old = guess(app, &link, &second).await;
    assert_eq!(
        old.refusal().2,
        "attempts_exhausted",
        "it is ten minutes old"
    );
    for n in 3..=5 {
        assert_eq!(ask(app, &link).await.status, 202);
        code(app, n).await;
        app.clock.skip(61);
    }
    assert_eq!(ask(app, &link).await.refusal().2, "attempts_exhausted");
}

async fn a_link_grows_old(app: &App) {
    let (seller, _) = part_received(app).await;
    let link = token(&letter(app, "40.00 USDT are missing").await);
    // Its end first: the blocks of a month take long to read.
    app.clock.skip(WINDOW_SECONDS);
    seller.until_step("failed").await;
    app.clock.skip(29 * DAY_SECONDS);
    assert_eq!(
        ask(app, &link).await.status,
        202,
        "it may still be looked at"
    );
    let first = code(app, 1).await;
    app.clock.skip(DAY_SECONDS);
    assert_eq!(boot(&page(app, &link).await)["state"], "over");
    assert_eq!(guess(app, &link, &first).await.refusal().2, "invalid_token");
    assert_eq!(ask(app, &link).await.refusal().2, "invalid_token");
}

/// The user comes by the letter's link and sees the case and its price.
async fn resumed(app: &App) -> (Buyer<'_>, Buyer<'_>, String, Value) {
    let (seller, case) = late(app).await;
    let link = token(&letter(app, "Your 100.00 USDT arrived late").await);
    ask(app, &link).await;
    let code = code(app, 1).await;
    let opened = guess(app, &link, &code).await.json;
    let visit = opened["visit_token"].as_str().unwrap().to_owned();
    let (id, session) = (seller.id.clone(), Value::Null);
    let user = Buyer {
        app,
        id,
        visit,
        session,
    };
    let path = format!("cases/{}", case["id"].as_str().unwrap());
    let quoted = user.post(&format!("{path}/quote"), json!({})).await;
    assert_eq!(quoted.status, 200, "{}", quoted.text);
    let quote = quoted.json["sale"]["cases"][0]["quote"].clone();
    assert!(quote["total"].is_string(), "{}", quoted.text);
    (seller, user, path, quote)
}

async fn what_came_late_is_sold_at_todays_price_as_a_new_order(app: &App) {
    let (seller, user, path, quote) = resumed(app).await;
    let choice = json!({ "choice": "sell", "quote_id": quote["id"] });
    let sold = user.post(&format!("{path}/choice"), choice.clone()).await;
    assert_eq!(sold.status, 201, "{}", sold.text);
    let visit = sold.json["visit_token"].as_str().unwrap().to_owned();
    let id = sold.json["view"]["merchant_transaction_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_ne!(id, seller.id);
    let session = Value::Null;
    let new = Buyer {
        app,
        id,
        visit,
        session,
    };
    let view = new.until_step("completed").await;
    assert_eq!(view["quote"]["total"], quote["total"]);
    assert_eq!(view["sale"]["payout_card"]["last4"], "4242");
    let again = user.post(&format!("{path}/choice"), choice).await;
    assert_eq!(again.refusal().2, "wrong_state");
    let follow = user.post(&format!("{path}/visit"), json!({})).await;
    assert_eq!(
        (follow.status, &follow.json["view"]["status"]),
        (201, &json!("completed"))
    );
    let case = case_of(app, &seller, "late").await;
    assert_eq!(
        (&case["state"], &case["sold"]["total"]),
        (&json!("sold"), &quote["total"])
    );
    assert_eq!(
        seller.status().await,
        "failed",
        "the old order stays as it ended"
    );
    assert_eq!(new.status().await, "completed");
    for order in [&seller, &new] {
        assert_eq!(customer_is_owed(app, order).await, 0);
    }
    let held = |order: proof_core::id::OrderId| format!("deposit:{order}:USDT/TRC20");
    assert_eq!(app.balance(&held(seller.order())).await, 0);
    assert_eq!(app.balance(&held(new.order())).await, 100_000_000);
    let total = quote["total"].as_str().unwrap();
    let paid: i128 = total.replace('.', "").parse().unwrap();
    assert_eq!(app.balance("payout:sandbox:EUR").await, -paid);
    let ended = letter(app, &format!("{total} EUR are on their way to you")).await;
    assert!(ended.text.contains(&new.id), "{}", ended.text);
    told(app, &seller, &new).await;
    // Each order's own entries say what its address holds.
    app.clock.skip(16 * 60);
    let done = app.app.engine.reconcile(Environment::Test).await.unwrap();
    assert!(done.open.is_empty(), "{:?}", done.open);
}

/// The feed tells both orders' stories.
async fn told(app: &App, seller: &Buyer<'_>, new: &Buyer<'_>) {
    let look = || async {
        let page = app.get("/widget/events?limit=100").await.json;
        let events = page["data"].as_array().unwrap().clone();
        let own: Vec<Value> = events
            .into_iter()
            .filter(|event| event["merchant_transaction_id"] == new.id.as_str())
            .collect();
        own.iter()
            .any(|e| e["type"] == "order.completed")
            .then_some(own)
    };
    let own = app.until("the feed has the new order", look).await;
    let types: Vec<&str> = own.iter().map(|e| e["type"].as_str().unwrap()).collect();
    let expected = [
        "order.created",
        "quote.locked",
        "deposit.confirmed",
        "order.status_changed",
    ];
    assert_eq!(types[..4], expected);
    let origin = &own[0]["data"]["origin_merchant_transaction_id"];
    assert_eq!(origin, seller.id.as_str());
    let sequences: Vec<i64> = own
        .iter()
        .map(|e| e["sequence"].as_i64().unwrap())
        .collect();
    assert!(
        sequences.iter().zip(1..).all(|(is, n)| *is == n),
        "{sequences:?}"
    );
    assert_eq!(
        case_events(app, seller).await,
        ["case.opened", "case.settled"]
    );
    let list = app.get("/widget/transactions").await.json;
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    assert_eq!(list["data"][0]["partner_user_id"], "user-1");
}

async fn a_late_sale_needs_the_price_that_was_seen(app: &App) {
    let (_, user, path, quote) = resumed(app).await;
    let (user, path) = (&user, &format!("{path}/choice"));
    let sell = |quote: &Value| {
        let choice = json!({ "choice": "sell", "quote_id": quote });
        user.post(path, choice)
    };
    let nobodys = json!("quo_01a205d764457da8b9dd58caedbfa33b");
    assert_eq!(sell(&nobodys).await.refusal().2, "quote_expired");
    app.clock.skip(61);
    assert_eq!(sell(&quote["id"]).await.refusal().2, "quote_expired");
    let list = app.get("/widget/transactions").await.json;
    assert_eq!(
        list["data"].as_array().unwrap().len(),
        1,
        "nothing was half done"
    );
}

async fn what_came_late_goes_back_when_the_user_says_so(app: &App) {
    let (seller, user, path, _) = resumed(app).await;
    let chosen = user
        .post(&format!("{path}/choice"), json!({ "choice": "return" }))
        .await;
    assert_eq!(chosen.status, 200, "{}", chosen.text);
    let case = case_of(app, &seller, "late").await;
    assert_eq!(
        (&case["state"], &case["refund_address"]),
        (&json!("returned"), &json!(REFUND))
    );
    assert_eq!(customer_is_owed(app, &seller).await, 0);
    let ended = letter(app, "100.00 USDT are on their way back to you").await;
    assert!(ended.text.contains("You asked for your crypto back."));
    let visit = user.post(&format!("{path}/visit"), json!({})).await;
    assert_eq!(visit.status, 404);
}

async fn a_refused_payout_of_a_late_sale_goes_back_whole(app: &App) {
    let (seller, address) = awaiting(app, "4000000000009995").await;
    app.clock.skip(WINDOW_SECONDS);
    seller.until_step("failed").await;
    deposit(app, &address, "100").await;
    let look = || async {
        let case = seller.view().await["sale"]["cases"][0].clone();
        (case["state"] == "choose").then_some(case)
    };
    let case = app.until("the late deposit is final", look).await;
    let path = format!("cases/{}", case["id"].as_str().unwrap());
    let quoted = seller.post(&format!("{path}/quote"), json!({})).await.json;
    let quote = &quoted["sale"]["cases"][0]["quote"]["id"];
    let choice = json!({ "choice": "sell", "quote_id": quote });
    let sold = seller.post(&format!("{path}/choice"), choice).await.json;
    let visit = sold["visit_token"].as_str().unwrap().to_owned();
    let id = sold["view"]["merchant_transaction_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let session = Value::Null;
    let new = Buyer {
        app,
        id,
        visit,
        session,
    };
    let view = new.until_step("failed").await;
    assert_eq!(view["sale"]["returned"]["amount"], "100.00");
    for order in [&seller, &new] {
        assert_eq!(customer_is_owed(app, order).await, 0);
    }
    assert_eq!(app.balance("wallet:USDT/TRC20").await, 900_000_000);
    assert_eq!(app.balance("payout:sandbox:EUR").await, 0);
}

async fn a_case_is_nobody_elses(app: &App) {
    let (_, case) = late(app).await;
    let stranger = Buyer::open(app, "user-2", "bob@example.com").await;
    let path = format!("cases/{}", case["id"].as_str().unwrap());
    let return_it = json!({ "choice": "return" });
    for (call, body) in [
        ("quote", json!({})),
        ("choice", return_it),
        ("visit", json!({})),
    ] {
        let answer = stranger.post(&format!("{path}/{call}"), body).await;
        assert_eq!(answer.status, 404, "{call}");
    }
}

async fn a_partner_may_have_late_deposits_returned(app: &App) {
    let accidents = AccidentPolicy {
        late: LatePolicy::Return,
        ..AccidentPolicy::default()
    };
    let policy = SellPolicy {
        accidents,
        ..SellPolicy::default()
    };
    let pairs = ["USDT/TRC20".parse().unwrap()];
    let partner = app.seller_with("strict", &pairs, policy).await;
    let mut body = good_session();
    body["type"] = json!("sell");
    let body: Body = body.to_string().into();
    let session = app
        .call(as_partner(&partner, Method::POST, "/widget/session", body))
        .await;
    let seller = Buyer::reopen(app, session.json).await;
    seller.identify().await;
    seller.until_step("terms").await;
    let answer = start(&seller, GOOD_CARD, REFUND).await;
    let address = answer.json["sale"]["deposit_address"]
        .as_str()
        .unwrap()
        .to_owned();
    app.clock.skip(WINDOW_SECONDS);
    seller.until_step("failed").await;
    deposit(app, &address, "100").await;
    assert_eq!(case_of(app, &seller, "late").await["state"], "returned");
    all_sent(app).await;
    assert_eq!(subjects(app), Vec::<String>::new());
}

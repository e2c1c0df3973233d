//! What goes on elsewhere: the letter at the end, the receipt by its own link, another device, and the page for apps.

use crate::buyer::{Buyer, GOOD_CARD, frame, opening};
use crate::change::{self, ruled};
use crate::kit::{Answer, App, good_session, has_word};
use crate::live::{live_session, opened};
use crate::mail::{all_sent, ask, code, guess, letter, page, token};
use crate::on_both_engines;
use crate::people::Person;
use crate::sell::{awaiting, deposit};
use axum::body::Body;
use http::{Method, Request};
use proof_client::{PublishedKey, SignedReceipt, verify_receipt};
use proof_core::{audit::Author, link::WISHES_MAX, member::Role, partner::ReturnLink};
use proof_port::Message;
use serde_json::{Value, json};

on_both_engines!(
    a_buy_that_was_carried_out_is_emailed_with_its_receipt,
    a_sell_that_was_carried_out_is_emailed_with_its_receipt,
    letters_speak_as_the_widget_did,
    a_receipt_names_nobody_and_grows_old,
    nobody_makes_up_the_link_of_a_receipt,
    an_order_goes_on_at_another_device,
    a_widget_gives_few_links_and_one_a_minute,
    an_order_whose_time_is_over_says_so_and_leads_back,
    the_hosted_page_leads_back_to_registered_links_only,
    the_hosted_page_is_the_app_alone,
    return_links_of_live_take_two,
);

const ORIGIN: &str = "http://proof.test";
const DAY_SECONDS: i64 = 24 * 3_600;
const OVER: (u16, &str, &str) = (401, "unauthorised", "invalid_token");

async fn bought(app: &App) -> (Buyer<'_>, Value) {
    let buyer = Buyer::verified(app, "ann").await;
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    let view = buyer.until_step("completed").await;
    (buyer, view)
}

/// The token of a receipt, from its address.
fn receipt_token(text: &str) -> String {
    let rest = text.split_once("/receipt").unwrap().1;
    let token = rest.split_once('#').unwrap().1;
    token.split_whitespace().next().unwrap().to_owned()
}

async fn receipt(app: &App, token: &str) -> Answer {
    let body = json!({ "token": token }).to_string();
    app.call(frame(Method::POST, "receipts", "", body)).await
}

fn says(letter: &Message, all: &[&str]) {
    for said in all {
        assert!(letter.text.contains(said), "{said}: {}", letter.text);
    }
}

async fn a_buy_that_was_carried_out_is_emailed_with_its_receipt(app: &App) {
    let (buyer, view) = bought(app).await;
    let told = letter(app, "100.00 USDT delivered").await;
    assert_eq!(told.to, "ann@example.com");
    let total = format!("{} EUR", view["quote"]["total"].as_str().unwrap());
    let explorer = view["transfer"]["explorer_url"].as_str().unwrap();
    says(
        &told,
        &[&buyer.id, &total, explorer, "http://proof.test/receipt#rc_"],
    );
    for personal in ["ann@", "/resume/"] {
        assert!(!told.text.contains(personal), "{}", told.text);
    }
    assert!(!has_word(&told.text, "4242"), "{}", told.text);
    assert_eq!(view["tells_by_email"], true);
    let path = view["receipt_path"].as_str().unwrap();
    assert_eq!(receipt_token(&told.text), receipt_token(path));
    all_sent(app).await;
    let sent = app.letters.sent.lock().unwrap().len();
    assert_eq!(sent, 1, "it is told once");
}

async fn a_sell_that_was_carried_out_is_emailed_with_its_receipt(app: &App) {
    let (seller, address) = awaiting(app, GOOD_CARD).await;
    assert_eq!(seller.view().await["receipt_path"], Value::Null);
    let hash = deposit(app, &address, "100").await;
    let view = seller.until_step("completed").await;
    let total = view["quote"]["total"].as_str().unwrap();
    let told = letter(app, &format!("{total} EUR sent to your card")).await;
    says(&told, &[&seller.id, "100.00 USDT", &hash]);
    let shown = receipt(app, &receipt_token(&told.text)).await.json;
    assert_eq!(
        (&shown["type"], &shown["price"]["total"]),
        (&json!("sell"), &json!(total))
    );
    assert_eq!(shown["transactions"][0]["hash"], hash.as_str());
    let places: Vec<&Value> = shown["addresses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| &a["what"])
        .collect();
    assert_eq!(
        places,
        [&json!("deposit")],
        "nothing went to the refund address"
    );
}

async fn letters_speak_as_the_widget_did(app: &App) {
    let buyer = Buyer::verified(app, "ann").await;
    let again = |lang: &'static str| {
        let mut body = opening(&buyer.session, buyer.session.clone());
        body["lang"] = json!(lang);
        app.call(frame(Method::POST, "visits", "", body.to_string()))
    };
    for lang in ["fr", "tlh", "de-AT"] {
        assert_eq!(again(lang).await.status, 201);
    }
    let wished = buyer.post("resume/links", json!({ "way": "email" })).await;
    assert_eq!(wished.status, 201, "{}", wished.text);
    let way = letter(app, "Setzen Sie Ihre Bestellung").await;
    says(&way, &["Guten Tag", "?lang=de"]);
    let link = token(&way);
    assert_eq!(ask(app, &link).await.status, 202);
    letter(app, "Ihr Code für treasury").await;
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    buyer.until_step("completed").await;
    let told = letter(app, "100.00 USDT geliefert").await;
    says(&told, &["/receipt?lang=de#rc_", "UTC"]);
}

async fn a_receipt_names_nobody_and_grows_old(app: &App) {
    let (buyer, view) = bought(app).await;
    let token = receipt_token(view["receipt_path"].as_str().unwrap());
    let first = receipt(app, &token).await;
    assert_eq!(first.status, 200, "{}", first.text);
    for personal in ["@", "visa", &buyer.visit] {
        assert!(!first.text.contains(personal), "{personal}: {}", first.text);
    }
    assert!(!has_word(&first.text, "4242"), "{}", first.text);
    let shown = first.json;
    for name in [
        "merchant_transaction_id",
        "crypto_amount",
        "currency",
        "network",
        "receipt",
    ] {
        assert_eq!(shown[name], view[name], "{name}");
    }
    assert_eq!(shown["price"]["lines"], view["quote"]["lines"]);
    assert_eq!(shown["addresses"][0]["address"], view["address"]);
    assert_eq!(
        shown["addresses"][0]["fingerprint"],
        view["address_fingerprint"]
    );
    assert_eq!(
        shown["transactions"][0]["explorer_url"],
        view["transfer"]["explorer_url"]
    );
    assert_eq!(
        (&shown["environment"], &shown["method"]),
        (&json!("test"), &json!("card"))
    );
    // What is on it is good with the published keys alone.
    let keys = app.get("/.well-known/proof-webhook-keys.json").await.json;
    let keys: Vec<PublishedKey> = serde_json::from_value(keys["keys"].clone()).unwrap();
    let signed: SignedReceipt = serde_json::from_value(shown["receipt"].clone()).unwrap();
    let address = view["address"].as_str().unwrap();
    verify_receipt(&signed, &keys, "test", &[("address", address)]).unwrap();
    // It opens nothing, and is no visit.
    let order = app.call(frame(Method::GET, "order", &token, "")).await;
    assert_eq!(order.refusal(), OVER);
    app.clock.stop();
    app.clock.skip(29 * DAY_SECONDS);
    assert_eq!(receipt(app, &token).await.status, 200);
    app.clock.skip(DAY_SECONDS + 60);
    assert_eq!(receipt(app, &token).await.refusal(), OVER);
    assert_eq!(buyer.view().await["receipt_path"], Value::Null);
}

async fn nobody_makes_up_the_link_of_a_receipt(app: &App) {
    let (buyer, view) = bought(app).await;
    let open = Buyer::verified(app, "ben").await;
    let token = receipt_token(view["receipt_path"].as_str().unwrap());
    let (head, last) = token.split_at(token.len() - 1);
    let other = if last == "0" { "1" } else { "0" };
    let plain = |id: &str| id.replace('-', "");
    // The mark of one order is none for another.
    let moved = token.replace(&plain(&buyer.id), &plain(&open.id));
    assert_ne!(moved, token);
    let id = plain(&buyer.id);
    for wrong in [
        String::new(),
        "rc_".to_owned(),
        format!("rc_{id}"),
        format!("rc_{id}{}", "0".repeat(64)),
        format!("{head}{other}"),
        format!("{token}00"),
        head.to_owned(),
        token.replace("rc_", "rl_"),
        format!("rc_{}", "é".repeat(64)),
        moved,
        buyer.visit.clone(),
    ] {
        assert_eq!(receipt(app, &wrong).await.refusal(), OVER, "{wrong}");
    }
    let page = app
        .call(Request::get("/receipt").body(Body::empty()).unwrap())
        .await;
    let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
    assert_eq!(
        (page.status, header("referrer-policy").as_str()),
        (200, "no-referrer")
    );
    assert_eq!(header("cache-control"), "no-store");
    let policy = header("content-security-policy");
    assert!(
        policy.contains("frame-ancestors 'none'") && policy.contains("frame-src 'none'"),
        "{policy}"
    );
}

async fn wish(buyer: &Buyer<'_>, way: &str) -> Answer {
    buyer.post("resume/links", json!({ "way": way })).await
}

/// Whoever presses "Pay" at two devices pays once.
async fn pay_at_once(one: &Buyer<'_>, other: &Buyer<'_>) {
    let cards = (
        one.card_token(GOOD_CARD).await,
        other.card_token(GOOD_CARD).await,
    );
    loop {
        let quote = one.quote().await;
        let answers = tokio::join!(
            one.pay_with(&cards.0, &quote),
            other.pay_with(&cards.1, &quote)
        );
        let paid = [&answers.0, &answers.1].map(|answer| answer.status);
        // On a busy machine the quote of the fast clock may have run out.
        if paid.contains(&200) {
            return assert_eq!(
                paid.iter().filter(|status| **status == 200).count(),
                1,
                "{paid:?}"
            );
        }
    }
}

async fn an_order_goes_on_at_another_device(app: &App) {
    let desktop = Buyer::verified(app, "ann").await;
    let wished = wish(&desktop, "screen").await;
    assert_eq!(
        (wished.status, &wished.json["again_after_s"]),
        (201, &json!(60))
    );
    let link = wished.json["token"].as_str().unwrap().to_owned();
    // Whoever has it still needs the code, and the code goes to the order's own address.
    assert_eq!(
        guess(app, &link, "123456").await.refusal().2,
        "attempts_exhausted"
    );
    assert_eq!(page(app, &link).await.status, 200);
    assert_eq!(ask(app, &link).await.status, 202);
    let opened = guess(app, &link, &code(app, 1).await).await;
    assert_eq!(opened.status, 201, "{}", opened.text);
    let phone = Buyer {
        app,
        id: desktop.id.clone(),
        visit: opened.json["visit_token"].as_str().unwrap().to_owned(),
        session: Value::Null,
    };
    pay_at_once(&desktop, &phone).await;
    // Both follow the same order to its end.
    let view = phone.until_step("completed").await;
    assert_eq!(view["payment"]["attempt"], 1);
    assert_eq!(desktop.view().await["step"], "completed");
    assert_eq!(guess(app, &link, "123456").await.refusal(), OVER);
}

async fn a_widget_gives_few_links_and_one_a_minute(app: &App) {
    let buyer = Buyer::open(app, "ann", "ann@example.com").await;
    app.clock.stop();
    let first = wish(&buyer, "email").await;
    assert_eq!((first.status, &first.json["token"]), (201, &Value::Null));
    let sent = letter(app, "Continue your order with treasury").await;
    assert_eq!(sent.to, "ann@example.com");
    let soon = wish(&buyer, "screen").await;
    assert_eq!(soon.refusal().2, "rate_limit_exceeded");
    assert_eq!(soon.headers["retry-after"], "61");
    for n in 1..WISHES_MAX {
        app.clock.skip(60);
        let way = if n % 2 == 0 { "email" } else { "screen" };
        assert_eq!(wish(&buyer, way).await.status, 201);
    }
    app.clock.skip(60);
    assert_eq!(
        wish(&buyer, "email").await.refusal(),
        (409, "conflict", "attempts_exhausted")
    );
    let strange = wish(&buyer, "pigeon").await;
    assert_eq!(strange.status, 400, "{}", strange.text);
    // Each stands by itself: the first one still opens the order.
    let link = token(&sent);
    assert_eq!(ask(app, &link).await.status, 202);
    assert_eq!(guess(app, &link, &code(app, 1).await).await.status, 201);
}

async fn an_order_whose_time_is_over_says_so_and_leads_back(app: &App) {
    let mut body = good_session();
    body["redirect_url"] = json!("https://shop.example/orders/7");
    let buyer = Buyer::open_with(app, body).await;
    buyer.identify().await;
    buyer.until_step("quote").await;
    assert_eq!(wish(&buyer, "email").await.status, 201);
    let link = token(&letter(app, "Continue your order").await);
    // A whole day later, long after the payment hour.
    app.clock.skip(DAY_SECONDS);
    assert_eq!(ask(app, &link).await.status, 202);
    let opened = guess(app, &link, &code(app, 1).await).await;
    assert_eq!(opened.status, 201, "{}", opened.text);
    let later = Buyer {
        app,
        id: buyer.id.clone(),
        visit: opened.json["visit_token"].as_str().unwrap().to_owned(),
        session: Value::Null,
    };
    let view = later.until_step("expired").await;
    assert_eq!(view["redirect_url"], "https://shop.example/orders/7");
    assert_eq!(view["failure"]["money_moved"], false);
    let late = later.post("quote", json!({})).await;
    assert_eq!(late.refusal().2, "wrong_state", "nothing is paid any more");
    // The session itself opens nothing any more.
    let again = opening(&buyer.session, buyer.session.clone());
    let again = app
        .call(frame(Method::POST, "visits", "", again.to_string()))
        .await;
    assert_eq!(again.refusal(), OVER);
}

/// An app's page knows the init token alone.
async fn host(app: &App, redirect_url: Option<&str>) -> Answer {
    host_from(app, redirect_url, false).await
}

async fn host_from(app: &App, redirect_url: Option<&str>, from_app: bool) -> Answer {
    let mut body = good_session();
    if let Some(url) = redirect_url {
        body["redirect_url"] = json!(url);
    }
    let session = app.session(&body).await;
    assert_eq!(session.status, 200, "{}", session.text);
    let mut body = opening(
        &session.json,
        json!({ "init_token": session.json["init_token"] }),
    );
    body["page_origin"] = json!(ORIGIN);
    body["from_app"] = json!(from_app);
    app.call(frame(Method::POST, "visits", "", body.to_string()))
        .await
}

async fn register(app: &App) {
    for link in ["shopapp://return", "https://shop.example/app"] {
        let link = ReturnLink::parse(link).unwrap();
        let id = app.shop.partner.id;
        let added = app.app.engine.return_add(Author::machine(), id, link);
        added.await.unwrap();
    }
}

/// A user on the hosted page, in a tab that an app has opened.
pub async fn of_an_app(app: &App) -> Buyer<'_> {
    register(app).await;
    let session = app.session(&good_session()).await.json;
    let mut body = opening(&session, json!({ "init_token": session["init_token"] }));
    body["page_origin"] = json!(ORIGIN);
    body["from_app"] = json!(true);
    let opened = app
        .call(frame(Method::POST, "visits", "", body.to_string()))
        .await;
    assert_eq!(opened.status, 201, "{}", opened.text);
    Buyer {
        app,
        id: session["merchant_transaction_id"]
            .as_str()
            .unwrap()
            .to_owned(),
        visit: opened.json["visit_token"].as_str().unwrap().to_owned(),
        session,
    }
}

/// As Chrome says it of a tab that an app has opened.
pub async fn opened_by_an_app(app: &App) {
    register(app).await;
    let opened = host_from(app, None, true).await;
    assert_eq!(opened.status, 201, "{}", opened.text);
}

async fn the_hosted_page_leads_back_to_registered_links_only(app: &App) {
    let refused = (403, "forbidden", "forbidden_origin");
    let closed = host(app, None).await;
    assert_eq!(closed.refusal(), refused, "nobody has switched it on");
    register(app).await;
    for good in [
        None,
        Some("shopapp://return/orders/7"),
        Some("https://shop.example/app/orders/7?ok=1"),
    ] {
        let opened = host(app, good).await;
        assert_eq!(opened.status, 201, "{good:?} {}", opened.text);
        assert_eq!(opened.json["view"]["redirect_url"], json!(good));
        assert_eq!(opened.json["findings"], Value::Null);
    }
    for bad in [
        "otherapp://return",
        "shopapp://returned",
        "https://shop.example/apple",
        "https://shop.example.evil.example/app",
        "https://evil.example/?u=https://shop.example/app",
        "https://shop.example/app/../admin",
        "intent://return",
    ] {
        let answer = host(app, Some(bad)).await;
        assert_eq!(answer.refusal(), refused, "{bad}");
        assert_eq!(answer.json["field"], "redirect_url");
    }
}

async fn the_hosted_page_is_the_app_alone(app: &App) {
    let path = format!("/w/{}", app.shop.partner.widget_id);
    let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    let page = app.call(get(&path)).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains(r#""hosted":true"#), "{}", page.text);
    let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("referrer-policy"), "no-referrer");
    let policy = header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(policy.contains("frame-src http"), "card fields: {policy}");
    // The page that loads has the theme that was asked for, and nothing else of what is asked.
    let themed = app.call(get(&format!("{path}?theme=dark"))).await.text;
    assert!(themed.contains(r#"<html data-theme="dark" "#), "{themed}");
    for other in ["?theme=%22%3E%3Cscript%3E", "?theme=", ""] {
        let plain = app.call(get(&format!("{path}{other}"))).await.text;
        assert!(!plain.contains("<html data-theme"), "{other}: {plain}");
    }
    for nobody in ["/w/01a205d7-6445-7da8-b9dd-58caedbfa33b", "/w/x"] {
        let answer = app.call(get(nobody)).await;
        assert_eq!(answer.status, 404);
        assert!(
            answer.text.contains(r#""hosted":true"#),
            "a page for people"
        );
    }
}

async fn return_links_of_live_take_two(app: &App) {
    let app = &app.rehearsing().await;
    let alice = Person::join(app, "alice", Role::Owner).await;
    let bob = Person::join(app, "bob", Role::Operator).await;
    let carol = Person::join(app, "carol", Role::PartnerAdmin).await;
    let token = opened(app, &alice, &bob).await;
    let session = live_session(app, &token, "user-1", "20").await;
    let mut open = opening(&session, session.clone());
    open["page_origin"] = json!(ORIGIN);
    let host = || app.call(frame(Method::POST, "visits", "", open.to_string()));
    let of = |link: &str| json!({ "link": link });
    let app_link = of("shopapp://return");
    // What one person says of the sandbox opens nothing that is real.
    let sandbox = (
        change::path(app, "returns"),
        change::path(app, "returns/remove"),
    );
    assert_eq!(ruled(&bob.act(&sandbox.0, app_link.clone()).await), "done");
    assert_eq!(
        change::page(&bob, "test").await["returns"],
        json!(["shopapp://return"])
    );
    assert_eq!(host().await.status, 403);
    let (add, remove) = (
        change::path(app, "returns?environment=live"),
        change::path(app, "returns/remove?environment=live"),
    );
    for wrong in [
        "javascript://return",
        "http://127.0.0.1:1/a",
        "shopapp:",
        "intent://x",
    ] {
        let refused = alice.act(&add, of(wrong)).await;
        let told = (refused.status, &refused.json["field"]);
        assert_eq!(told, (400, &json!("link")), "{wrong}");
    }
    let partners = carol.act(&add, app_link.clone()).await;
    assert_eq!(change::code(&partners), (403, "not_allowed"));
    assert_eq!(alice.act(&remove, app_link.clone()).await.status, 404);
    assert_eq!(ruled(&alice.act(&add, app_link.clone()).await), "proposed");
    assert_eq!(host().await.status, 403, "one person is not enough");
    let shown = change::page(&bob, "live").await;
    assert_eq!(
        ruled(&change::agree(&bob, change::wish(&shown, "return_add")).await),
        "done"
    );
    let opened = host().await;
    assert_eq!(opened.status, 201, "{}", opened.text);
    // What is taken away needs two as well, and ends the page at once.
    assert_eq!(
        ruled(&alice.act(&remove, app_link.clone()).await),
        "proposed"
    );
    assert_eq!(host().await.status, 201);
    assert_eq!(ruled(&bob.act(&remove, app_link.clone()).await), "done");
    assert_eq!(host().await.status, 403);
    assert_eq!(ruled(&bob.act(&sandbox.1, app_link).await), "done");
    assert_eq!(change::page(&bob, "test").await["returns"], json!([]));
}

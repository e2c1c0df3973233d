//! Another address for somebody who is known: both mailboxes say so, and new cards wait a day.

use crate::buyer::{Buyer, GOOD_CARD};
use crate::kit::App;
use crate::on_both_engines;
use crate::operator::Office;
use crate::persons::code;
use crate::sell::{REFUND, deposit, sell_session, start};
use serde_json::{Value, json};

on_both_engines!(
    another_address_is_confirmed_by_both_mailboxes,
    without_the_former_mailbox_everything_is_shown_again,
    a_new_card_waits_a_day_after_the_change,
    codes_are_counted_for_the_customer,
    what_another_order_left_behind_hides_no_codes,
);

const FORMER: &str = "ann@example.com";
/// Of the same person, for the scripted check.
const NEW: &str = "bea+kyc-same-as-ann@example.com";
const DAY: i64 = 24 * 3_600;

/// The user's next sell, with this address.
async fn sells<'a>(app: &'a App, email: &str) -> Buyer<'a> {
    let mut body = sell_session();
    body["partner_user_id"] = json!("ann");
    body["user_email"] = json!(email);
    Buyer::open_with(app, body).await
}

async fn known(app: &App) {
    let buyer = sells(app, FORMER).await;
    buyer.identify().await;
    buyer.until_step("terms").await;
}

async fn enter(buyer: &Buyer<'_>, former: &str, new: &str) -> crate::kit::Answer {
    let codes = json!({ "former_code": former, "new_code": new });
    buyer.post("identity/email/codes", codes).await
}

fn wrong(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

/// Both mailboxes say that the new address is theirs.
pub async fn confirm(app: &App, buyer: &Buyer<'_>, [former, new]: [&str; 2]) -> Value {
    let asked = buyer.post("identity/email", json!({})).await;
    assert_eq!(asked.status, 200, "{}", asked.text);
    let (former, new) = (code(app, former).await, code(app, new).await);
    let answer = enter(buyer, &former, &new).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json
}

async fn another_address_is_confirmed_by_both_mailboxes(app: &App) {
    known(app).await;
    let buyer = sells(app, "Ann@Example.com").await;
    assert_eq!(buyer.view().await["step"], "terms", "the same address");
    let early = buyer.post("identity/email", json!({})).await;
    assert_eq!(early.refusal().2, "wrong_state");

    let buyer = sells(app, NEW).await;
    let view = buyer.view().await;
    assert_eq!(
        (&view["step"], &view["identity"]["asks"]),
        (&json!("identity"), &json!("email"))
    );
    assert_eq!(view["identity"]["former_email"], "a…n@example.com");
    assert_eq!(view["email"], "b…n@example.com");
    let selfie = json!({ "consent": proof_core::identity::CONSENT_TEXT });
    let selfie = buyer.post("identity/selfie", selfie).await;
    assert_eq!(
        selfie.refusal().2,
        "wrong_state",
        "a face is not an address"
    );
    assert_eq!(
        enter(&buyer, "123456", "123456").await.refusal().2,
        "attempts_exhausted"
    );

    let asked = buyer.post("identity/email", json!({})).await;
    assert_eq!(
        (asked.status, asked.json),
        (200, json!({ "again_after_s": 60 }))
    );
    let (former, new) = (code(app, FORMER).await, code(app, NEW).await);
    assert_ne!(former, new);
    let answer = enter(&buyer, &former, wrong(&new)).await;
    assert_eq!(answer.json["field"], "new_code", "{}", answer.text);
    let answer = enter(&buyer, "12", &new).await;
    assert_eq!(answer.json["field"], "former_code", "{}", answer.text);
    assert_eq!(buyer.view().await["identity"]["asks"], "email");
    // The code of the former mailbox was right, and stays so.
    let answer = enter(&buyer, wrong(&former), &new).await;
    assert_eq!(answer.json["step"], "terms", "{}", answer.text);
    assert_eq!(sells(app, NEW).await.view().await["step"], "terms");
    let back = sells(app, FORMER).await.view().await;
    assert_eq!(back["identity"]["former_email"], "b…n@example.com");
}

async fn without_the_former_mailbox_everything_is_shown_again(app: &App) {
    known(app).await;
    let buyer = sells(app, NEW).await;
    buyer.identify().await;
    buyer.until_step("terms").await;
    assert_eq!(crate::persons::persons(app).await, 1);
    assert_eq!(sells(app, NEW).await.view().await["step"], "terms");
}

/// When the money of a sell to this card goes out, if it waits.
async fn terms(buyer: &Buyer<'_>, card: &str) -> (Value, String) {
    let answer = start(buyer, card, REFUND).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let sale = &answer.json["sale"];
    let address = sale["deposit_address"].as_str().unwrap();
    (sale["payout_from"].clone(), address.to_owned())
}

async fn a_new_card_waits_a_day_after_the_change(app: &App) {
    known(app).await;
    let paid = sells(app, FORMER).await;
    let (from, address) = terms(&paid, GOOD_CARD).await;
    assert_eq!(from, Value::Null);
    deposit(app, &address, "100").await;
    paid.until_step("completed").await;

    let changing = sells(app, NEW).await;
    confirm(app, &changing, [FORMER, NEW]).await;
    let (from, _) = terms(&changing, GOOD_CARD).await;
    assert_eq!(from, Value::Null, "it was paid before");
    let held = sells(app, NEW).await;
    let (from, address) = terms(&held, "5555555555554444").await;
    assert!(from.is_string(), "{from}");
    deposit(app, &address, "100").await;
    let office = Office::open(app);
    let paying = || async {
        let story = office.story(held.order()).await;
        (story.state == "paying_out").then_some(())
    };
    app.until("it is priced", paying).await;
    let view = held.view().await;
    assert_eq!(view["sale"]["payout_from"], from);
    assert_eq!(view["sale"]["paying"], false);
    let paid = app.outside.calls_of("POST http://cards.test/v1/payouts");
    app.clock.skip(DAY - 3_600);
    held.view().await;
    assert_eq!(
        app.outside.calls_of("POST http://cards.test/v1/payouts"),
        paid
    );
    app.clock.skip(3_700);
    held.until_step("completed").await;
    office.close().await;
}

/// An order more is no way to more guesses.
async fn codes_are_counted_for_the_customer(app: &App) {
    known(app).await;
    for _ in 0..5 {
        let asked = sells(app, NEW)
            .await
            .post("identity/email", json!({}))
            .await;
        assert_eq!(asked.status, 200, "{}", asked.text);
        app.clock.skip(61);
    }
    let sixth = sells(app, NEW).await;
    let asked = sixth.post("identity/email", json!({})).await;
    assert_eq!(asked.refusal().2, "attempts_exhausted");
    app.clock.skip(DAY);
    let tomorrow = sells(app, NEW)
        .await
        .post("identity/email", json!({}))
        .await;
    assert_eq!(tomorrow.status, 200, "{}", tomorrow.text);
}

async fn what_another_order_left_behind_hides_no_codes(app: &App) {
    known(app).await;
    let left = sells(app, NEW).await;
    left.start("passport", false).await;
    assert_eq!(left.view().await["identity"]["asks"], "document");
    let next = sells(app, NEW).await.view().await;
    assert_eq!(next["identity"]["asks"], "email");
}

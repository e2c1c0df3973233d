//! Providers that answer with nonsense: a page, somebody else's order, another amount. The order waits
//! or goes on, each effect happens once, the books stay whole, and an operator can see why.

use crate::buyer::{Buyer, GOOD_CARD};
use crate::kit::App;
use crate::on_both_engines;
use crate::world::Fault;
use serde_json::json;

on_both_engines!(
    a_page_instead_of_an_answer_is_asked_about,
    an_answer_about_another_payment_is_not_believed,
    a_capture_of_another_amount_waits_for_people,
    a_payout_answered_with_nonsense_is_made_once,
    amounts_that_are_none_are_refused_by_name,
);

const AUTHORISE: &str = "POST http://cards.test/v1/authorisations ";

fn fault(app: &App, part: &'static str, fault: Fault) {
    app.outside.faults.lock().unwrap().push_back((part, fault));
}

fn replaced(from: &str, to: &str) -> Fault {
    Fault::Replace(from.to_owned(), to.to_owned())
}

fn every_fault_had_its_turn(app: &App) {
    assert!(app.outside.faults.lock().unwrap().is_empty());
}

/// Bought once, whatever was said.
async fn bought_once(app: &App, buyer: &Buyer<'_>) {
    let view = buyer.until_step("completed").await;
    let total = view["quote"]["total"].as_str().unwrap().replace('.', "");
    assert_eq!(app.balance("psp:sandbox:EUR").await.to_string(), total);
    assert_eq!(app.balance("wallet:USDT/TRC20").await, 900_000_000);
}

async fn a_page_instead_of_an_answer_is_asked_about(app: &App) {
    for part in [AUTHORISE.trim_end(), "/capture", "/transfers"] {
        fault(app, part, Fault::Html);
    }
    let buyer = Buyer::verified(app, "u1").await;
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    bought_once(app, &buyer).await;
    every_fault_had_its_turn(app);
}

async fn an_answer_about_another_payment_is_not_believed(app: &App) {
    let buyer = Buyer::verified(app, "u1").await;
    let own = format!("{}-pay-1", buyer.order().uuid().simple());
    let other = "00000000000070008000000000000000-pay-1";
    fault(app, AUTHORISE.trim_end(), replaced(&own, other));
    fault(app, "/capture", replaced(&own, other));
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    bought_once(app, &buyer).await;
    every_fault_had_its_turn(app);
}

/// First one amount, then another: the money is somewhere, and nobody guesses how much of it.
async fn a_capture_of_another_amount_waits_for_people(app: &App) {
    let buyer = Buyer::verified(app, "u1").await;
    let quote = buyer.post("quote", json!({})).await.json["quote"].clone();
    let total = quote["total"].as_str().unwrap().replace('.', "");
    let token = buyer.card_token(GOOD_CARD).await;
    let (captured, less) = (format!("\"captured\":\"{total}\""), "\"captured\":\"1\"");
    fault(app, "/capture", replaced(&captured, less));
    // Whoever is asked says the same for as long as the order waits for a fact.
    for _ in 0..400 {
        fault(
            app,
            "GET http://cards.test/v1/authorisations/",
            replaced(&captured, less),
        );
    }
    assert_eq!(buyer.pay_with(&token, &quote["id"]).await.status, 200);
    let tried = || async { (app.outside.calls_of("/capture") > 0).then_some(()) };
    app.until("the capture was called", tried).await;
    app.clock.skip(3_700);
    let engine = &app.app.engine;
    let waits = || async { engine.order_reviewed().await.unwrap().into_iter().next() };
    let waits = app.until("the order waits for people", waits).await;
    assert_eq!(
        (waits.order, waits.stopped_in.as_str()),
        (buyer.order(), "capturing")
    );
    assert_eq!(buyer.status().await, "pending");
    assert_eq!(
        app.balance("psp:sandbox:EUR").await,
        0,
        "nothing is booked on a doubt"
    );
    assert_eq!(
        app.outside.calls_of("/transfers"),
        0,
        "nothing is delivered on a doubt"
    );
    // The provider comes to its senses, and the fact ends the review.
    app.outside.faults.lock().unwrap().clear();
    app.clock.skip(120);
    bought_once(app, &buyer).await;
}

async fn a_payout_answered_with_nonsense_is_made_once(app: &App) {
    let (seller, address) = crate::sell::awaiting(app, GOOD_CARD).await;
    fault(app, "POST http://cards.test/v1/payouts", Fault::Html);
    let own = format!("{}-payout-1", seller.order().uuid().simple());
    let other = "00000000000070008000000000000000-payout-1";
    fault(
        app,
        "GET http://cards.test/v1/payouts/",
        replaced(&own, other),
    );
    crate::sell::deposit(app, &address, "100").await;
    let view = seller.until_step("completed").await;
    let total = view["quote"]["total"].as_str().unwrap().replace('.', "");
    let paid = -app.balance("payout:sandbox:EUR").await;
    assert_eq!(paid.to_string(), total, "paid once");
    every_fault_had_its_turn(app);
}

async fn amounts_that_are_none_are_refused_by_name(app: &App) {
    let thirty = format!("1.{}", "0".repeat(29) + "1");
    for amount in [
        thirty.as_str(),
        "0",
        "-5",
        "1e9",
        "0.0000001",
        "1000000",
        "9.99",
        "",
        " 1",
        "1,5",
    ] {
        let mut body = crate::kit::good_session();
        body["amount"] = json!(amount);
        let answer = app.session(&body).await;
        assert_eq!(
            answer.refusal(),
            (400, "invalid_request", "validation_error"),
            "{amount}"
        );
        assert_eq!(answer.json["field"], "amount", "{amount}: {}", answer.text);
    }
}

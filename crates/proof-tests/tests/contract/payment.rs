//! The buyer's money: every card, every change of mind, every lost message.

use crate::buyer::{Buyer, GOOD_CARD};
use crate::kit::App;
use crate::on_both_engines;
use crate::world::Fault;
use serde_json::json;

on_both_engines!(
    a_first_time_buy_completes_and_the_returning_user_skips_identity,
    bitcoin_is_bought_with_coins_and_change,
    a_declined_card_can_be_followed_by_a_good_one,
    five_declines_end_the_order,
    three_ds_passed_failed_and_left_open,
    cancelling_gives_everything_back,
    a_processor_that_is_down_charges_nothing,
    a_refused_capture_is_voided,
    an_old_quote_and_a_foreign_one_are_refused,
    the_price_is_told_before_anybody_shows_who_they_are,
    what_is_not_in_stock_is_not_sold,
    card_numbers_are_refused,
    the_payment_hour_ends_the_order,
    lost_messages_change_nothing,
    twenty_presses_on_pay_are_one_payment,
);

const RESERVED: &str = "reserved:USDT/TRC20";
const PSP: &str = "psp:sandbox:EUR";

async fn a_first_time_buy_completes_and_the_returning_user_skips_identity(app: &App) {
    let first = Buyer::verified(app, "u1").await;
    assert_eq!(first.pay(GOOD_CARD).await.status, 200);
    let view = first.until_step("completed").await;
    assert_eq!(view["transfer"]["confirmations"], 3);
    let codes: Vec<&str> = view["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["code"].as_str().unwrap())
        .collect();
    assert_eq!(
        codes,
        [
            "order.created",
            "identity.started",
            "identity.verified",
            "quote.locked",
            "payment.started",
            "payment.captured",
            "transfer.signed",
            "transfer.broadcast",
            "transfer.confirmed",
            "order.completed",
        ]
    );
    assert_eq!(first.status().await, "completed");
    assert_eq!(app.outside.calls_of("/capture"), 1);
    assert_eq!(app.balance("wallet:USDT/TRC20").await, 900_000_000);
    assert_eq!(app.balance(RESERVED).await, 0);
    let second = Buyer::open(app, "u1", "u1@example.com").await;
    assert_eq!(second.view().await["step"], "quote");
    let stranger = Buyer::open(app, "u2", "u1@example.com").await;
    assert_eq!(
        stranger.view().await["step"],
        "identity",
        "an email alone links nobody"
    );
}

async fn bitcoin_is_bought_with_coins_and_change(app: &App) {
    Buyer::verified(app, "u1").await;
    for _ in 0..2 {
        let mut body = crate::kit::good_session();
        body["partner_user_id"] = json!("u1");
        body["user_email"] = json!("u1@example.com");
        body["network"] = json!("BITCOIN");
        body["currency"] = json!("BTC");
        body["amount"] = json!("0.01");
        let buyer = Buyer::open_with(app, body).await;
        assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
        buyer.until_step("completed").await;
    }
    assert_eq!(app.balance("in_transit:BTC/BITCOIN").await, 0);
    let spent = app.balance("gas:BTC/BITCOIN").await;
    // Both fundings of the kit were of BTC, the second as the network's own coin.
    assert_eq!(
        app.balance("wallet:BTC/BITCOIN").await,
        10_000_000_000 - 2_000_000 - spent
    );
}

async fn a_declined_card_can_be_followed_by_a_good_one(app: &App) {
    let buyer = Buyer::verified(app, "u1").await;
    for (card, code) in [
        ("4000000000000002", "declined"),
        ("4000000000009995", "insufficient_funds"),
    ] {
        assert_eq!(buyer.pay(card).await.status, 200);
        let view = buyer.until_step("quote").await;
        assert_eq!(view["payment"]["declined"], code);
        assert_eq!(buyer.status().await, "pending");
        assert_eq!(app.balance(RESERVED).await, 0);
    }
    buyer.pay(GOOD_CARD).await;
    buyer.until_step("completed").await;
}

async fn five_declines_end_the_order(app: &App) {
    let buyer = Buyer::verified(app, "u1").await;
    for left in [4, 3, 2, 1] {
        buyer.pay("4000000000000002").await;
        assert_eq!(
            buyer.until_step("quote").await["payment"]["attempts_left"],
            left
        );
    }
    buyer.pay("4000000000000002").await;
    let view = buyer.until_step("failed").await;
    assert_eq!(
        view["failure"],
        json!({ "code": "payment_refused", "money_moved": false })
    );
    assert_eq!(buyer.status().await, "failed");
}

async fn three_ds_passed_failed_and_left_open(app: &App) {
    const CHALLENGE: &str = "4000000000003220";
    let buyer = Buyer::verified(app, "u1").await;
    buyer.pay(CHALLENGE).await;
    let url = buyer.until_step("three_ds").await["payment"]["three_ds_url"].clone();
    buyer.bank(&url, false).await;
    assert_eq!(buyer.post("payments/check", json!({})).await.status, 200);
    assert_eq!(
        buyer.until_step("quote").await["payment"]["declined"],
        "three_ds_failed"
    );
    buyer.pay(CHALLENGE).await;
    buyer.until_step("three_ds").await;
    app.clock.skip(16 * 60);
    assert_eq!(
        buyer.until_step("quote").await["payment"]["declined"],
        "abandoned"
    );
    assert_eq!(app.balance(RESERVED).await, 0);
    buyer.pay(CHALLENGE).await;
    let url = buyer.until_step("three_ds").await["payment"]["three_ds_url"].clone();
    buyer.bank(&url, true).await;
    buyer.until_step("completed").await;
    assert_eq!(app.outside.calls_of("/capture"), 1);
}

async fn cancelling_gives_everything_back(app: &App) {
    let fresh = Buyer::open(app, "u0", "u0@example.com").await;
    assert_eq!(
        fresh.post("cancel", json!({})).await.json["step"],
        "cancelled"
    );
    let buyer = Buyer::verified(app, "u1").await;
    buyer.pay("4000000000003220").await;
    let url = buyer.until_step("three_ds").await["payment"]["three_ds_url"].clone();
    assert_eq!(buyer.post("cancel", json!({})).await.status, 200);
    buyer.until_step("cancelled").await;
    assert_eq!(
        (buyer.status().await.as_str(), app.balance(RESERVED).await),
        ("cancelled", 0)
    );
    assert_eq!(app.balance(PSP).await, 0);
    let again = buyer.post("cancel", json!({})).await;
    assert_eq!(again.refusal(), (409, "conflict", "wrong_state"));
    let late = buyer
        .post(
            "payments",
            json!({ "card_token": "tok_x", "quote_id": "quo_00000000000000000000000000000000" }),
        )
        .await;
    assert_eq!(
        late.refusal().0,
        409,
        "nothing can be paid after the end: {url}"
    );
}

async fn a_processor_that_is_down_charges_nothing(app: &App) {
    let buyer = Buyer::verified(app, "u1").await;
    buyer.pay("4000000000000119").await;
    let view = buyer.until_step("quote").await;
    assert_eq!(view["payment"]["declined"], "processor_unavailable");
    assert_eq!(
        (app.balance(PSP).await, app.balance(RESERVED).await),
        (0, 0)
    );
    buyer.pay(GOOD_CARD).await;
    buyer.until_step("completed").await;
}

async fn a_refused_capture_is_voided(app: &App) {
    let buyer = Buyer::verified(app, "u1").await;
    buyer.pay("4000000000000341").await;
    let view = buyer.until_step("failed").await;
    assert_eq!(
        view["failure"],
        json!({ "code": "payment_refused", "money_moved": false })
    );
    assert_eq!(app.outside.calls_of("/void"), 1);
    assert_eq!(
        (app.balance(PSP).await, app.balance(RESERVED).await),
        (0, 0)
    );
}

async fn an_old_quote_and_a_foreign_one_are_refused(app: &App) {
    let buyer = Buyer::verified(app, "u1").await;
    let (token, quote) = (buyer.card_token(GOOD_CARD).await, buyer.quote().await);
    app.clock.skip(61);
    let pay = |quote| json!({ "card_token": token, "quote_id": quote });
    let answer = buyer.post("payments", pay(quote.clone())).await;
    assert_eq!(answer.refusal(), (409, "conflict", "quote_expired"));
    let other = Buyer::open(app, "u1", "u1@example.com").await;
    let foreign = other.quote().await;
    buyer.quote().await;
    let answer = buyer.post("payments", pay(foreign)).await;
    assert_eq!(answer.refusal(), (409, "conflict", "quote_expired"));
    let answer = buyer.post("payments", pay(json!("nonsense"))).await;
    assert_eq!(
        answer.refusal(),
        (400, "invalid_request", "validation_error")
    );
    let answer = buyer.post("quote", json!({ "fiat_currency": "JPY" })).await;
    assert_eq!(
        answer.refusal(),
        (400, "invalid_request", "validation_error"),
        "not offered"
    );
}

async fn the_price_is_told_before_anybody_shows_who_they_are(app: &App) {
    let known = Buyer::verified(app, "u1").await;
    let buyer = Buyer::open(app, "u2", "u2@example.com").await;
    // The market moves with the clock.
    app.clock.stop();
    let answer = buyer.post("estimate", json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let estimate = answer.json;
    assert_eq!(estimate["fiat_currency"], "EUR");
    assert_eq!(estimate.get("id"), None, "nothing that could be paid");
    let dollars = buyer
        .post("estimate", json!({ "fiat_currency": "USD" }))
        .await;
    assert_eq!(dollars.json["fiat_currency"], "USD");
    let view = buyer.view().await;
    assert_eq!(
        (&view["step"], &view["quote"], &view["fiat_currency"]),
        (&json!("identity"), &json!(null), &json!("EUR")),
        "nothing was saved"
    );
    let answer = buyer
        .post("estimate", json!({ "fiat_currency": "JPY" }))
        .await;
    assert_eq!(
        answer.refusal(),
        (400, "invalid_request", "validation_error"),
        "not offered"
    );
    known.quote().await;
    let quote = known.view().await["quote"].clone();
    assert_eq!(
        (&quote["total"], &quote["lines"], &quote["unit_price"]),
        (
            &estimate["total"],
            &estimate["lines"],
            &estimate["unit_price"]
        ),
        "what was told is what is asked for"
    );
    let answer = known.post("estimate", json!({})).await;
    assert_eq!(answer.refusal(), (409, "conflict", "wrong_state"));
}

async fn what_is_not_in_stock_is_not_sold(app: &App) {
    Buyer::verified(app, "u1").await;
    let mut body = crate::kit::good_session();
    body["partner_user_id"] = json!("u1");
    body["user_email"] = json!("u1@example.com");
    body["amount"] = json!("1001");
    let buyer = Buyer::open_with(app, body).await;
    let answer = buyer.pay(GOOD_CARD).await;
    assert_eq!(answer.refusal(), (409, "conflict", "out_of_stock"));
    assert_eq!(
        app.outside.calls_of("/v1/authorisations"),
        0,
        "the card was never asked"
    );
    assert_eq!(buyer.view().await["step"], "pay");
}

async fn card_numbers_are_refused(app: &App) {
    let buyer = Buyer::verified(app, "u1").await;
    let quote = buyer.quote().await;
    for number in ["4242424242424242", "4242 4242 4242 4242", "378282246310005"] {
        let body = json!({ "card_token": number, "quote_id": quote });
        let answer = buyer.post("payments", body).await;
        assert_eq!(
            answer.refusal(),
            (400, "invalid_request", "card_data_refused")
        );
    }
    let body = json!({ "card_token": "tok_1", "quote_id": quote, "pan": ["4242424242424242"] });
    let answer = buyer.post("payments", body).await;
    assert_eq!(
        answer.refusal(),
        (400, "invalid_request", "card_data_refused")
    );
    assert_eq!(app.outside.calls_of("/v1/authorisations"), 0);
}

async fn the_payment_hour_ends_the_order(app: &App) {
    let buyer = Buyer::open(app, "u1", "u1@example.com").await;
    app.clock.skip(3_601);
    let view = buyer.until_step("expired").await;
    assert_eq!(
        view["failure"],
        json!({ "code": "payment_deadline", "money_moved": false })
    );
    assert_eq!(buyer.status().await, "failed");
}

async fn lost_messages_change_nothing(app: &App) {
    for part in [
        "POST http://cards.test/v1/authorisations ",
        "/capture",
        "/transfers",
        "/fee",
    ] {
        for fault in [Fault::LoseRequest, Fault::LoseAnswer] {
            let part: &'static str = part.trim_end();
            app.outside.faults.lock().unwrap().push_back((part, fault));
        }
    }
    let buyer = Buyer::verified(app, "u1").await;
    let quote = app.until("a quote in spite of it all", || async {
        let answer = buyer.post("quote", json!({})).await;
        (answer.status == 200).then_some(answer.json["quote"]["id"].clone())
    });
    let (token, quote) = (buyer.card_token(GOOD_CARD).await, quote.await);
    buyer
        .post(
            "payments",
            json!({ "card_token": token, "quote_id": quote }),
        )
        .await;
    buyer.until_step("completed").await;
    assert!(
        app.outside.faults.lock().unwrap().is_empty(),
        "every fault had its turn"
    );
    assert_eq!(
        app.balance("wallet:USDT/TRC20").await,
        900_000_000,
        "delivered once"
    );
    let price = buyer.view().await["quote"]["total"]
        .as_str()
        .unwrap()
        .replace('.', "");
    assert_eq!(app.balance(PSP).await.to_string(), price, "captured once");
}

async fn twenty_presses_on_pay_are_one_payment(app: &App) {
    let buyer = Buyer::verified(app, "u1").await;
    let (token, quote) = (buyer.card_token(GOOD_CARD).await, buyer.quote().await);
    let presses = (0..20).map(|_| {
        buyer.post(
            "payments",
            json!({ "card_token": token, "quote_id": quote }),
        )
    });
    let answers = futures::future::join_all(presses).await;
    assert_eq!(answers.iter().filter(|a| a.status == 200).count(), 1);
    for answer in answers.iter().filter(|a| a.status != 200) {
        assert_eq!(answer.refusal(), (409, "conflict", "wrong_state"));
    }
    let view = buyer.until_step("completed").await;
    assert_eq!(view["payment"]["attempt"], 1);
    assert_eq!(app.balance("wallet:USDT/TRC20").await, 900_000_000);
}

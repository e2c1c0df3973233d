//! Selling: the deposit in every way it may come, the payout, and the way back (contract §7, domain
//! "Sell").

use crate::buyer::{Buyer, GOOD_CARD};
use crate::kit::{App, as_partner, good_session};
use crate::on_both_engines;
use crate::world::Fault;
use axum::body::Body;
use http::Method;
use proof_core::Network;
use proof_core::partner::Environment;
use serde_json::{Value, json};

on_both_engines!(
    a_sell_pays_out_and_every_channel_says_so,
    bitcoin_is_sold,
    parts_add_up,
    without_a_deposit_the_sell_fails_by_itself,
    what_came_in_part_goes_back,
    a_deposit_that_was_seen_in_time_counts_when_the_server_was_away,
    a_deposit_that_vanishes_is_awaited_again,
    what_a_chain_took_back_and_mined_again_counts,
    what_replaces_a_lost_deposit_is_no_late_one,
    a_declined_payout_card_brings_the_crypto_back,
    a_slow_payout_is_waited_for,
    a_market_that_ran_away_asks_the_user,
    silence_about_a_moved_price_brings_the_crypto_back,
    lost_messages_pay_out_once,
    wrong_terms_are_refused_with_their_field,
    a_sell_can_be_cancelled_until_something_comes,
    the_address_of_a_session_is_never_empty,
    what_comes_beyond_the_amount_goes_back,
    a_case_that_does_not_get_on_says_why,
    what_comes_too_late_goes_back_if_nobody_says_otherwise,
    another_deposit_after_the_end_goes_back,
    another_token_goes_back_and_the_order_goes_on_waiting,
    the_wrong_network_goes_back_on_that_network,
    what_is_not_worth_sending_is_kept_and_shown,
);

pub const REFUND: &str = "TQsYLehPnKVhjqx58tntQep1WMLG6YDyuY";
/// A card whose bank takes ten seconds.
const SLOW_CARD: &str = "4000000000000341";
pub const WINDOW_SECONDS: i64 = 6 * 3_600;

pub fn sell_session() -> Value {
    let mut body = good_session();
    body["type"] = json!("sell");
    body
}

pub async fn verified(app: &App) -> Buyer<'_> {
    let seller = Buyer::open_with(app, sell_session()).await;
    if seller.view().await["step"] == "identity" {
        seller.identify().await;
    }
    seller.until_step("terms").await;
    seller
}

pub async fn start(seller: &Buyer<'_>, card: &str, refund: &str) -> crate::kit::Answer {
    let token = seller.card_token(card).await;
    let quote = seller.quote().await;
    let body = json!({ "quote_id": quote, "card_token": token, "refund_address": refund });
    seller.post("sale", body).await
}

/// A verified user who has the deposit address on screen.
pub async fn awaiting<'a>(app: &'a App, card: &str) -> (Buyer<'a>, String) {
    let seller = verified(app).await;
    let answer = start(&seller, card, REFUND).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json["step"], "deposit");
    let address = answer.json["sale"]["deposit_address"].as_str().unwrap();
    (seller, address.to_owned())
}

/// Somebody's wallet sends; the hash of the transfer.
pub async fn deposit(app: &App, address: &str, amount: &str) -> String {
    let body = json!({ "address": address, "currency": "USDT", "amount": amount });
    let sent = app.world("wallet/v1/TRC20/transfers", body).await;
    assert_eq!(sent.status, 200, "{}", sent.text);
    sent.json["hash"].as_str().unwrap().to_owned()
}

pub async fn customer_is_owed(app: &App, seller: &Buyer<'_>) -> i128 {
    let key = format!("customer:{}:USDT/TRC20", seller.order());
    -app.balance(&key).await
}

fn codes(view: &Value) -> Vec<&str> {
    let timeline = view["timeline"].as_array().unwrap();
    timeline
        .iter()
        .map(|e| e["code"].as_str().unwrap())
        .collect()
}

async fn a_sell_pays_out_and_every_channel_says_so(app: &App) {
    let (seller, address) = awaiting(app, GOOD_CARD).await;
    let before = seller.view().await;
    assert_eq!(before["sale"]["missing"], "100.00");
    assert_eq!(before["sale"]["payout_card"]["last4"], "4242");
    assert_eq!(seller.status().await, "pending");
    let hash = deposit(app, &address, "100").await;
    let view = seller.until_step("completed").await;
    assert_eq!(view["sale"]["deposits"][0]["hash"], hash.as_str());
    assert_eq!(view["sale"]["deposits"][0]["final"], true);
    assert_eq!(
        codes(&view),
        [
            "order.created",
            "identity.started",
            "identity.verified",
            "quote.locked",
            "deposit.awaited",
            "deposit.seen",
            "deposit.confirmed",
            "payout.sent",
            "order.completed",
        ]
    );
    let path = format!("/widget/transactions/{}", seller.id);
    let read = app.get(&path).await.json;
    assert_eq!(
        (&read["status"], &read["type"]),
        (&json!("completed"), &json!("sell"))
    );
    assert_eq!(read["fiat_amount"], view["quote"]["total"]);
    let got = || async {
        let got = app.outside.receiver.got.lock().unwrap();
        (got.len() == 2).then(|| got.clone())
    };
    let webhooks = app.until("both webhooks", got).await;
    let statuses: Vec<Value> = webhooks
        .iter()
        .map(|w| serde_json::from_str::<Value>(&w.body).unwrap()["status"].clone())
        .collect();
    assert_eq!(statuses, ["processing", "completed"]);
    assert_eq!(app.outside.calls_of("POST http://cards.test/v1/payouts"), 1);
    assert_eq!(customer_is_owed(app, &seller).await, 0);
    let held = format!("deposit:{}:USDT/TRC20", seller.order());
    assert_eq!(app.balance(&held).await, 100_000_000);
    let paid = read["fiat_amount"].as_str().unwrap().replace('.', "");
    assert_eq!(
        app.balance("payout:sandbox:EUR").await,
        -paid.parse::<i128>().unwrap()
    );
    assert_eq!(app.balance("trading:USDT/TRC20").await, -100_000_000);
}

async fn bitcoin_is_sold(app: &App) {
    verified(app).await;
    let mut body = sell_session();
    body["network"] = json!("BITCOIN");
    body["currency"] = json!("BTC");
    body["amount"] = json!("0.01");
    let seller = Buyer::open_with(app, body).await;
    seller.until_step("terms").await;
    let refund = app
        .app
        .engine
        .hot_wallet(Environment::Test, Network::Bitcoin)
        .await
        .unwrap();
    let ours = start(&seller, GOOD_CARD, refund.as_str()).await;
    assert_eq!(ours.json["field"], "refund_address", "our own wallet");
    let refund = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
    let answer = start(&seller, GOOD_CARD, refund).await;
    let address = answer.json["sale"]["deposit_address"].as_str().unwrap();
    let body = json!({ "address": address, "currency": "BTC", "amount": "0.01" });
    let sent = app.world("wallet/v1/BITCOIN/transfers", body).await;
    assert_eq!(sent.status, 200, "{}", sent.text);
    seller.until_step("completed").await;
}

async fn parts_add_up(app: &App) {
    let (seller, address) = awaiting(app, GOOD_CARD).await;
    deposit(app, &address, "60").await;
    let look = || async {
        let view = seller.view().await;
        (view["step"] == "deposit" && view["sale"]["received"] == "60.00").then_some(view)
    };
    let view = app.until("the first part is final", look).await;
    assert_eq!(view["sale"]["missing"], "40.00");
    assert_eq!(
        seller.post("cancel", json!({})).await.refusal().2,
        "wrong_state",
        "part of it is there"
    );
    deposit(app, &address, "40").await;
    seller.until_step("completed").await;
}

async fn without_a_deposit_the_sell_fails_by_itself(app: &App) {
    let (seller, _) = awaiting(app, GOOD_CARD).await;
    app.clock.skip(WINDOW_SECONDS);
    let view = seller.until_step("failed").await;
    assert_eq!(view["failure"]["code"], "deposit_timeout");
    assert_eq!(view["failure"]["money_moved"], false);
    assert_eq!(seller.status().await, "failed");
}

async fn what_came_in_part_goes_back(app: &App) {
    let (seller, address) = awaiting(app, GOOD_CARD).await;
    deposit(app, &address, "60").await;
    let look = || async { (seller.view().await["sale"]["received"] == "60.00").then_some(()) };
    app.until("the part is final", look).await;
    app.clock.skip(WINDOW_SECONDS);
    let view = seller.until_step("failed").await;
    assert_eq!(view["failure"]["code"], "returned");
    let returned = &view["sale"]["returned"];
    assert_eq!(returned["amount"], "60.00");
    assert_eq!(customer_is_owed(app, &seller).await, 0);
    assert_eq!(app.balance("wallet:USDT/TRC20").await, 940_000_000);
    assert_eq!(app.balance("reserved:USDT/TRC20").await, 0);
    assert_eq!(app.balance("in_transit:USDT/TRC20").await, 0);
}

async fn a_deposit_that_was_seen_in_time_counts_when_the_server_was_away(app: &App) {
    let (seller, address) = awaiting(app, GOOD_CARD).await;
    // The node is not to be reached while the deposit comes and the window ends.
    for _ in 0..3 {
        let lost = ("/transfers?after", Fault::LoseRequest);
        app.outside.faults.lock().unwrap().push_back(lost);
    }
    deposit(app, &address, "100").await;
    app.clock.skip(WINDOW_SECONDS);
    // In time, but final only after the price's own time was over.
    let view = seller.until_step("choice").await;
    assert_eq!(view["sale"]["received"], "100.00");
    assert_eq!(seller.status().await, "processing");
}

async fn a_deposit_that_vanishes_is_awaited_again(app: &App) {
    let (seller, address) = awaiting(app, GOOD_CARD).await;
    crate::operator::down(app, ONE_TRANSFER);
    let hash = deposit(app, &address, "100").await;
    seller.until_step("confirming").await;
    drop_out(app, &hash).await;
    crate::operator::up(app, ONE_TRANSFER);
    let view = seller.until_step("deposit").await;
    assert_eq!(view["sale"]["deposits"], json!([]));
    assert_eq!(customer_is_owed(app, &seller).await, 0);
    deposit(app, &address, "100").await;
    let view = seller.until_step("completed").await;
    assert!(codes(&view).contains(&"deposit.lost"));
}

/// While the node does not answer about it, no deposit becomes final, however fast the clock is.
const ONE_TRANSFER: &str = "/chains/v1/TRC20/transfers/";

async fn drop_out(app: &App, hash: &str) {
    let reorg = json!({ "hash": hash });
    let dropped = app.world("chains/v1/TRC20/reorgs", reorg).await;
    assert_eq!(dropped.status, 204, "{}", dropped.text);
}

async fn mine_again(app: &App, hash: &str) {
    let path = format!("chains/v1/TRC20/transfers/{hash}/mine");
    let mined = app.world(&path, json!({})).await;
    assert_eq!(mined.status, 204, "{}", mined.text);
}

/// The ordinary end of a re-org: the same transfer, in a later block.
async fn what_a_chain_took_back_and_mined_again_counts(app: &App) {
    let (seller, address) = awaiting(app, GOOD_CARD).await;
    crate::operator::down(app, ONE_TRANSFER);
    let hash = deposit(app, &address, "100").await;
    seller.until_step("confirming").await;
    drop_out(app, &hash).await;
    crate::operator::up(app, ONE_TRANSFER);
    seller.until_step("deposit").await;
    mine_again(app, &hash).await;
    let view = seller.until_step("completed").await;
    assert_eq!(view["sale"]["deposits"][0]["hash"], hash.as_str());
    // A second deposit is taken back before it is final: its case ends, and another one begins.
    crate::operator::down(app, ONE_TRANSFER);
    let second = deposit(app, &address, "100").await;
    let cases = || async { seller.view().await["sale"]["cases"].as_array().cloned() };
    let states = |cases: Vec<Value>| cases.into_iter().map(|case| case["state"].clone());
    let opened = || async { (cases().await?.len() == 1).then_some(()) };
    app.until("the second one is a case", opened).await;
    drop_out(app, &second).await;
    crate::operator::up(app, ONE_TRANSFER);
    let vanished = || async {
        states(cases().await?)
            .next()
            .filter(|state| state == "vanished")
    };
    app.until("it has vanished", vanished).await;
    mine_again(app, &second).await;
    let back = || async {
        states(cases().await?)
            .nth(1)
            .filter(|state| state == "returned")
    };
    app.until("it came again, and is back", back).await;
    assert_eq!(customer_is_owed(app, &seller).await, 0);
    assert_eq!(app.outside.calls_of("POST http://cards.test/v1/payouts"), 1);
}

async fn what_replaces_a_lost_deposit_is_no_late_one(app: &App) {
    let (seller, address) = awaiting(app, GOOD_CARD).await;
    crate::operator::down(app, "rates/v1");
    let hash = deposit(app, &address, "100").await;
    let is_final = || async {
        let view = seller.view().await;
        (view["sale"]["deposits"][0]["final"] == true).then_some(view)
    };
    let view = app
        .until("it is final, and waits for a rate", is_final)
        .await;
    assert_eq!(
        (&view["step"], &view["sale"]["paying"]),
        (&json!("progress"), &json!(false))
    );
    drop_out(app, &hash).await;
    crate::operator::up(app, "rates/v1");
    let lost = || async {
        codes(&seller.view().await)
            .contains(&"deposit.lost")
            .then_some(())
    };
    app.until("it is lost", lost).await;
    deposit(app, &address, "100").await;
    let case = case_of(app, &seller, "second_deposit").await;
    assert_eq!(case["state"], "returned");
    mine_again(app, &hash).await;
    seller.until_step("completed").await;
    assert_eq!(customer_is_owed(app, &seller).await, 0);
}

async fn a_declined_payout_card_brings_the_crypto_back(app: &App) {
    let (seller, address) = awaiting(app, "4000000000009995").await;
    deposit(app, &address, "100").await;
    let view = seller.until_step("failed").await;
    assert_eq!(view["failure"]["code"], "returned");
    assert_eq!(view["sale"]["returned"]["amount"], "100.00");
    assert_eq!(customer_is_owed(app, &seller).await, 0);
    assert_eq!(app.balance("payout:sandbox:EUR").await, 0);
    let path = format!("chains/v1/TRC20/accounts/{REFUND}");
    let calls = app.outside.calls_of(&path);
    assert_eq!(calls, 0, "nobody needs to ask for the user's balance");
}

async fn a_slow_payout_is_waited_for(app: &App) {
    let (seller, address) = awaiting(app, SLOW_CARD).await;
    deposit(app, &address, "100").await;
    seller.until_step("completed").await;
    assert_eq!(seller.status().await, "completed");
}

/// The whole window of a coin that is not stable is longer than its price holds.
pub async fn late_bitcoin(app: &App) -> Buyer<'_> {
    verified(app).await;
    let mut body = sell_session();
    body["network"] = json!("BITCOIN");
    body["currency"] = json!("BTC");
    body["amount"] = json!("0.01");
    let seller = Buyer::open_with(app, body).await;
    seller.until_step("terms").await;
    let refund = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
    let answer = start(&seller, GOOD_CARD, refund).await;
    let address = answer.json["sale"]["deposit_address"].as_str().unwrap();
    app.clock.skip(31 * 60);
    let body = json!({ "address": address, "currency": "BTC", "amount": "0.01" });
    app.world("wallet/v1/BITCOIN/transfers", body).await;
    let view = seller.until_step("choice").await;
    assert_eq!(view["status"], "processing");
    assert!(view["sale"]["choose_until"].is_string());
    seller
}

async fn a_market_that_ran_away_asks_the_user(app: &App) {
    let seller = late_bitcoin(app).await;
    let quote = seller.quote().await;
    let old = json!({ "choice": "payout", "quote_id": "quo_01a205d764457da8b9dd58caedbfa33b" });
    let refused = seller.post("sale/choice", old).await;
    assert_eq!(refused.refusal().2, "quote_expired");
    let choice = json!({ "choice": "payout", "quote_id": quote });
    assert_eq!(seller.post("sale/choice", choice).await.status, 200);
    seller.until_step("completed").await;
}

async fn silence_about_a_moved_price_brings_the_crypto_back(app: &App) {
    let seller = late_bitcoin(app).await;
    app.clock.skip(24 * 3_600);
    let view = seller.until_step("failed").await;
    assert_eq!(view["failure"]["code"], "returned");
    assert_eq!(view["sale"]["returned"]["amount"], "0.01");
    assert_eq!(app.balance("reserved:BTC/BITCOIN").await, 0);
}

async fn lost_messages_pay_out_once(app: &App) {
    let (seller, address) = awaiting(app, GOOD_CARD).await;
    for fault in [
        ("/v1/payouts", Fault::LoseRequest),
        ("/v1/payouts", Fault::LoseAnswer),
        ("/v1/payouts", Fault::LoseAnswer),
    ] {
        app.outside.faults.lock().unwrap().push_back(fault);
    }
    deposit(app, &address, "100").await;
    let view = seller.until_step("completed").await;
    let sent = codes(&view).iter().filter(|c| **c == "payout.sent").count();
    assert_eq!(sent, 1);
    let total = view["quote"]["total"].as_str().unwrap().replace('.', "");
    assert_eq!(
        app.balance("payout:sandbox:EUR").await,
        -total.parse::<i128>().unwrap()
    );
}

async fn wrong_terms_are_refused_with_their_field(app: &App) {
    let seller = verified(app).await;
    for refund in [
        "",
        "nonsense",
        "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
        "TQsYLehPnKVhjqx58tntQep1WMLG6YDyuZ",
    ] {
        let answer = start(&seller, GOOD_CARD, refund).await;
        assert_eq!(answer.refusal().2, "validation_error", "{refund}");
        assert_eq!(answer.json["field"], "refund_address", "{refund}");
    }
    let quote = seller.quote().await;
    let body = json!({ "quote_id": quote, "card_token": "tok_nobodys", "refund_address": REFUND });
    let answer = seller.post("sale", body).await;
    assert_eq!(answer.json["field"], "card_token", "{}", answer.text);
    app.clock.skip(61);
    let token = seller.card_token(GOOD_CARD).await;
    let body = json!({ "quote_id": quote, "card_token": token, "refund_address": REFUND });
    let answer = seller.post("sale", body).await;
    assert_eq!(answer.refusal().2, "quote_expired");
    assert_eq!(start(&seller, GOOD_CARD, REFUND).await.status, 200);
    let again = start_again(&seller).await;
    assert_eq!(again.refusal().2, "wrong_state");
}

async fn start_again(seller: &Buyer<'_>) -> crate::kit::Answer {
    let token = seller.card_token(GOOD_CARD).await;
    let quote = "quo_01a205d764457da8b9dd58caedbfa33b";
    let body = json!({ "quote_id": quote, "card_token": token, "refund_address": REFUND });
    seller.post("sale", body).await
}

async fn a_sell_can_be_cancelled_until_something_comes(app: &App) {
    let (seller, _) = awaiting(app, GOOD_CARD).await;
    assert_eq!(seller.post("cancel", json!({})).await.status, 200);
    assert_eq!(seller.status().await, "cancelled");
}

async fn the_address_of_a_session_is_never_empty(app: &App) {
    let treasury = app.session(&sell_session()).await.json;
    assert!(!treasury["address"].as_str().unwrap().is_empty());
    let sell = |address: Option<&str>| {
        let mut body = sell_session();
        if let Some(address) = address {
            body["address"] = json!(address);
        }
        let body: Body = body.to_string().into();
        app.call(as_partner(
            &app.wallet_partner,
            Method::POST,
            "/widget/session",
            body,
        ))
    };
    let given = sell(Some(REFUND)).await.json;
    assert_eq!(given["address"], REFUND, "it prefills the refund address");
    let seller = Buyer::reopen(app, given).await;
    assert_eq!(seller.view().await["sale"]["refund_hint"], REFUND);
    let none = sell(None).await;
    assert_eq!(none.status, 200, "{}", none.text);
    assert!(!none.json["address"].as_str().unwrap().is_empty());
    let wrong = sell(Some("nonsense")).await;
    assert_eq!(wrong.refusal().2, "validation_error");
}

/// Waits until the only case of a sell has ended, and shows it.
pub async fn case_of(app: &App, seller: &Buyer<'_>, kind: &str) -> Value {
    let look = || async {
        let case = seller.view().await["sale"]["cases"][0].clone();
        let ended = case["kind"] == kind && case["state"] != "waiting" && case["state"] != "choose";
        ended.then_some(case)
    };
    app.until(&format!("{kind} has ended"), look).await
}

/// The events of the feed about cases of this sell, in order.
pub async fn case_events(app: &App, seller: &Buyer<'_>) -> Vec<String> {
    let page = app.get("/widget/events?limit=100").await.json;
    let events = page["data"].as_array().unwrap().iter();
    let own = events.filter(|e| e["merchant_transaction_id"] == seller.id.as_str());
    let types = own.map(|e| e["type"].as_str().unwrap().to_owned());
    types.filter(|t| t.starts_with("case.")).collect()
}

async fn what_comes_beyond_the_amount_goes_back(app: &App) {
    let (seller, address) = awaiting(app, GOOD_CARD).await;
    deposit(app, &address, "130").await;
    seller.until_step("completed").await;
    let case = case_of(app, &seller, "overpaid").await;
    assert_eq!(
        (&case["amount"], &case["state"], &case["refund_address"]),
        (&json!("30.00"), &json!("returned"), &json!(REFUND))
    );
    assert!(case["explorer_url"].is_string());
    assert_eq!(customer_is_owed(app, &seller).await, 0);
    assert_eq!(app.balance("wallet:USDT/TRC20").await, 970_000_000);
    assert_eq!(app.balance("reserved:USDT/TRC20").await, 0);
    let look = || async {
        let events = case_events(app, &seller).await;
        (events.len() == 2).then_some(events)
    };
    let events = app.until("the feed tells the case", look).await;
    assert_eq!(events, ["case.opened", "case.settled"]);
    assert_eq!(seller.status().await, "completed");
}

async fn a_case_that_does_not_get_on_says_why(app: &App) {
    let (seller, address) = awaiting(app, GOOD_CARD).await;
    let fee = "chains/v1/TRC20/fee";
    app.outside.down.lock().unwrap().insert(fee);
    deposit(app, &address, "130").await;
    seller.until_step("completed").await;
    let engine = &app.app.engine;
    let look = || async {
        let order = engine.order_story(seller.order()).await.unwrap();
        let case = order.cases.first()?.case.parse().unwrap();
        let trouble = engine.case_story(case).await.unwrap().trouble?;
        (trouble.tries > 1).then_some((case, trouble))
    };
    let (case, trouble) = app.until("it is told why", look).await;
    assert!(!trouble.why.is_empty(), "{trouble:?}");
    app.outside.down.lock().unwrap().remove(fee);
    let ended = case_of(app, &seller, "overpaid").await;
    assert_eq!(ended["state"], "returned");
    let story = engine.case_story(case).await.unwrap();
    assert!(story.trouble.is_none(), "{story:?}");
}

async fn what_comes_too_late_goes_back_if_nobody_says_otherwise(app: &App) {
    let (seller, case) = late(app).await;
    assert_eq!(
        (&case["kind"], &case["amount"]),
        (&json!("late"), &json!("100.00"))
    );
    assert_eq!(seller.view().await["step"], "failed");
    app.clock.skip(24 * 3_600);
    let case = case_of(app, &seller, "late").await;
    assert_eq!(case["state"], "returned");
    assert_eq!(customer_is_owed(app, &seller).await, 0);
    assert_eq!(seller.status().await, "failed", "its status stays");
}

/// A sell that failed for want of a deposit, which came afterwards; and the case, as its user sees it.
pub async fn late(app: &App) -> (Buyer<'_>, Value) {
    let (seller, address) = awaiting(app, GOOD_CARD).await;
    app.clock.skip(WINDOW_SECONDS);
    seller.until_step("failed").await;
    deposit(app, &address, "100").await;
    let look = || async {
        let case = seller.view().await["sale"]["cases"][0].clone();
        (case["state"] == "choose").then_some(case)
    };
    let case = app.until("the late deposit is final", look).await;
    (seller, case)
}

async fn another_deposit_after_the_end_goes_back(app: &App) {
    let (seller, address) = awaiting(app, GOOD_CARD).await;
    deposit(app, &address, "100").await;
    seller.until_step("completed").await;
    deposit(app, &address, "100").await;
    let case = case_of(app, &seller, "second_deposit").await;
    assert_eq!(case["state"], "returned");
    assert_eq!(customer_is_owed(app, &seller).await, 0);
    let held = format!("deposit:{}:USDT/TRC20", seller.order());
    assert_eq!(app.balance(&held).await, 200_000_000);
    assert_eq!(app.outside.calls_of("POST http://cards.test/v1/payouts"), 1);
}

async fn another_token_goes_back_and_the_order_goes_on_waiting(app: &App) {
    let (seller, address) = awaiting(app, GOOD_CARD).await;
    let body = json!({ "address": address, "currency": "TRX", "amount": "20" });
    app.world("wallet/v1/TRC20/transfers", body).await;
    let case = case_of(app, &seller, "wrong_token").await;
    assert_eq!(
        (&case["currency"], &case["state"]),
        (&json!("TRX"), &json!("returned"))
    );
    assert_eq!(seller.view().await["step"], "deposit");
    let owed = format!("customer:{}:TRX/TRC20", seller.order());
    assert_eq!(app.balance(&owed).await, 0);
    deposit(app, &address, "100").await;
    seller.until_step("completed").await;
}

async fn the_wrong_network_goes_back_on_that_network(app: &App) {
    let pairs = ["USDT/ERC20", "USDT/BEP20"].map(|pair| pair.parse().unwrap());
    let partner = app.seller("evm", &pairs).await;
    let refund = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
    let seller = |network: &str, user: &str| {
        let mut body = sell_session();
        body["network"] = json!(network);
        body["partner_user_id"] = json!(user);
        let body: Body = body.to_string().into();
        as_partner(&partner, Method::POST, "/widget/session", body)
    };
    // Nobody has ever sold anything on the other network.
    let session = app.call(seller("ERC20", "u1")).await.json;
    let seller = Buyer::reopen(app, session).await;
    seller.identify().await;
    seller.until_step("terms").await;
    let answer = start(&seller, GOOD_CARD, refund).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let address = answer.json["sale"]["deposit_address"].as_str().unwrap();
    let body = json!({ "address": address, "currency": "USDT", "amount": "40" });
    app.world("wallet/v1/BEP20/transfers", body).await;
    let case = case_of(app, &seller, "wrong_network").await;
    assert_eq!(
        (&case["network"], &case["state"], &case["refund_address"]),
        (&json!("BEP20"), &json!("returned"), &json!(refund))
    );
    assert_eq!(seller.view().await["step"], "deposit");
}

async fn what_is_not_worth_sending_is_kept_and_shown(app: &App) {
    let (seller, address) = awaiting(app, GOOD_CARD).await;
    deposit(app, &address, "100").await;
    seller.until_step("completed").await;
    deposit(app, &address, "0.01").await;
    let case = case_of(app, &seller, "second_deposit").await;
    assert_eq!(case["state"], "kept");
    assert_eq!(app.balance("dust:USDT/TRC20").await, -10_000);
    assert_eq!(customer_is_owed(app, &seller).await, 0);
}

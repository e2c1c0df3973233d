//! The books against the world: what somebody moved past us is found once, with its cause, and is
//! closed when it is put right.

use crate::buyer::{Buyer, GOOD_CARD};
use crate::kit::App;
use crate::on_both_engines;
use crate::operator::Office;
use crate::world::Fault;
use proof_core::{claim::ClaimRuling, partner::Environment, stray::Owned};
use proof_engine::{CaseStory, Reconciled};
use proof_server::operator::{Question, ask};
use serde_json::json;

on_both_engines!(
    an_honest_day_has_no_findings,
    a_refund_past_us_is_found_once_with_its_cause,
    a_report_that_lies_is_found,
    coins_that_came_or_went_past_us_are_found,
    coins_that_no_order_expects_are_held_until_two_people_know_whose_they_are,
    the_night_comes_by_itself,
    a_deposit_that_is_gone_after_its_payout_is_our_loss,
);

/// Longer than books and world may differ.
const SETTLED: i64 = 16 * 60;

async fn reconcile(app: &App) -> Reconciled {
    app.app.engine.reconcile(Environment::Test).await.unwrap()
}

fn told(done: &Reconciled) -> Vec<(&str, &str)> {
    let open = done.open.iter();
    open.map(|one| (one.kind.as_str(), one.subject.as_str()))
        .collect()
}

async fn bought(app: &App) -> Buyer<'_> {
    let buyer = Buyer::verified(app, "u1").await;
    buyer.pay(GOOD_CARD).await;
    buyer.until_step("completed").await;
    buyer
}

async fn an_honest_day_has_no_findings(app: &App) {
    bought(app).await;
    let (seller, address) = crate::sell::awaiting(app, GOOD_CARD).await;
    crate::sell::deposit(app, &address, "100").await;
    seller.until_step("completed").await;
    app.clock.skip(SETTLED);
    let done = reconcile(app).await;
    assert_eq!((done.report_lines, done.orders), (2, 2));
    assert!(done.open.is_empty(), "{:?}", done.open);
    let again = reconcile(app).await;
    assert_eq!((again.report_lines, again.found), (0, 0));
}

async fn a_refund_past_us_is_found_once_with_its_cause(app: &App) {
    let buyer = bought(app).await;
    let calls = app.outside.calls.lock().unwrap().clone();
    let capture = calls.iter().find(|call| call.contains("/capture")).unwrap();
    let path = capture.trim_start_matches("POST http://cards.test/");
    let refunds = path.replace("/capture", "/refunds");
    let body = json!({
        "refund_reference": path.split('/').nth(2).unwrap().replace("-pay-", "-refund-"),
        "amount": { "currency": "EUR", "minor": "500" },
    });
    let given = app.cards(&refunds, body).await;
    assert_eq!(given.status, 200, "{}", given.text);
    let early = reconcile(app).await;
    assert!(
        early.open.is_empty(),
        "it may be on its way: {:?}",
        early.open
    );
    app.clock.skip(SETTLED);
    let done = reconcile(app).await;
    let subject = format!("{} refund EUR", buyer.order());
    assert_eq!(told(&done), [("not_in_books", subject.as_str())]);
    assert_eq!(done.found, 1);
    assert!(
        done.open[0].cause.contains("reports 500"),
        "{}",
        done.open[0].cause
    );
    let again = reconcile(app).await;
    assert_eq!((again.found, again.open.len()), (0, 1), "told once");
}

async fn a_report_that_lies_is_found(app: &App) {
    let buyer = bought(app).await;
    let capture = |text: &str| format!("\"kind\":\"{text}\"");
    let lie = Fault::Replace(capture("capture"), capture("refund"));
    app.outside
        .faults
        .lock()
        .unwrap()
        .push_back(("/v1/report", lie));
    app.clock.skip(SETTLED);
    reconcile(app).await;
    app.clock.skip(SETTLED);
    let done = reconcile(app).await;
    let subjects = ["capture", "refund"].map(|kind| format!("{} {kind} EUR", buyer.order()));
    let expected = [
        ("not_in_books", subjects[1].as_str()),
        ("not_reported", subjects[0].as_str()),
    ];
    assert_eq!(told(&done), expected);
    // A page that is no report concludes nothing.
    app.outside
        .faults
        .lock()
        .unwrap()
        .push_back(("/v1/report", Fault::Html));
    assert!(app.app.engine.reconcile(Environment::Test).await.is_err());
}

async fn coins_that_came_or_went_past_us_are_found(app: &App) {
    let owner = app
        .app
        .engine
        .hot_wallet(Environment::Test, proof_core::Network::Trc20)
        .await
        .unwrap();
    let body = json!({ "address": owner.as_str(), "currency": "USDT", "amount": "7" });
    assert_eq!(
        app.world("wallet/v1/TRC20/transfers", body).await.status,
        200
    );
    let found = || async {
        let done = reconcile(app).await;
        (!done.open.is_empty()).then_some(done)
    };
    let done = app.until("the coins are in a block", found).await;
    assert_eq!(told(&done), [("wallet_differs", "wallet:USDT/TRC20")]);
    assert!(
        done.open[0].cause.contains("1007000000"),
        "{}",
        done.open[0].cause
    );
    // The owner says what they were: books and world agree again.
    let usdt = proof_core::Asset::find("USDT", proof_core::Network::Trc20).unwrap();
    let seven = proof_core::money::Amount::parse(usdt, "7").unwrap();
    app.app
        .engine
        .treasury_fund(Environment::Test, seven)
        .await
        .unwrap();
    assert!(reconcile(app).await.open.is_empty());
}

async fn coins_that_no_order_expects_are_held_until_two_people_know_whose_they_are(app: &App) {
    let office = Office::open(app);
    // Somebody's address is shown, so the blocks are read.
    let (seller, address) = crate::sell::awaiting(app, GOOD_CARD).await;
    crate::sell::deposit(app, &address, "100").await;
    seller.until_step("completed").await;
    let network = proof_core::Network::Trc20;
    let wallet = app
        .app
        .engine
        .hot_wallet(Environment::Test, network)
        .await
        .unwrap();
    let hash = crate::sell::deposit(app, wallet.as_str(), "7").await;
    app.clock.skip(SETTLED);
    let held = || async {
        let done = reconcile(app).await;
        let held = done
            .open
            .first()
            .is_some_and(|one| one.cause.contains("held on suspense"));
        held.then_some(done)
    };
    let done = app.until("the coins are final", held).await;
    assert_eq!(done.open.len(), 1, "the wallet agrees: {:?}", done.open);
    let found = &done.open[0];
    assert_eq!(found.kind, "unmatched");
    assert!(
        found.cause.contains("7.00 USDT") && found.cause.contains(&hash),
        "{}",
        found.cause
    );
    assert_eq!(app.balance("suspense:USDT/TRC20").await, -7_000_000);
    assert_eq!(reconcile(app).await.found, 0, "told once");
    let capital = app.balance("capital:USDT/TRC20").await;
    let own = |by: &str| Question::StrayOwn {
        stray: found.subject.parse().unwrap(),
        by: by.parse().unwrap(),
        said: (Owned::Added, "the owner topped up".into()),
    };
    assert!(!ask::<bool>(&office.socket, &own("alice")).await.unwrap());
    let alone = ask::<bool>(&office.socket, &own("alice"))
        .await
        .unwrap_err();
    assert!(alone.to_string().contains("another operator"), "{alone}");
    assert!(ask::<bool>(&office.socket, &own("bob")).await.unwrap());
    assert!(
        ask::<bool>(&office.socket, &own("bob")).await.is_err(),
        "once"
    );
    assert_eq!(app.balance("suspense:USDT/TRC20").await, 0);
    assert_eq!(app.balance("capital:USDT/TRC20").await, capital - 7_000_000);
    assert!(reconcile(app).await.open.is_empty());
    // The chain takes some back that nobody has explained.
    let hash = crate::sell::deposit(app, wallet.as_str(), "3").await;
    app.clock.skip(SETTLED);
    app.until("more is held", held).await;
    app.world("chains/v1/TRC20/reorgs", json!({ "hash": hash }))
        .await;
    assert!(reconcile(app).await.open.is_empty());
    assert_eq!(app.balance("suspense:USDT/TRC20").await, 0);
    office.close().await;
}

async fn the_night_comes_by_itself(app: &App) {
    bought(app).await;
    assert_eq!(app.outside.calls_of("/v1/report"), 0);
    app.clock.skip(24 * 3_600);
    let asked = || async { (app.outside.calls_of("/v1/report") > 0).then_some(()) };
    app.until("the nightly run", asked).await;
}

async fn a_deposit_that_is_gone_after_its_payout_is_our_loss(app: &App) {
    let office = Office::open(app);
    let (seller, address) = crate::sell::awaiting(app, GOOD_CARD).await;
    let hash = crate::sell::deposit(app, &address, "100").await;
    seller.until_step("completed").await;
    let reorg = json!({ "hash": hash });
    assert_eq!(app.world("chains/v1/TRC20/reorgs", reorg).await.status, 204);
    reconcile(app).await;
    app.clock.skip(SETTLED);
    let first = reconcile(app).await;
    assert_eq!(told(&first)[0].0, "deposit_differs");
    assert_eq!(app.balance("loss:USDT/TRC20").await, 100_000_000);
    app.clock.skip(SETTLED);
    let second = reconcile(app).await;
    assert!(second.open.is_empty(), "it is explained: {:?}", second.open);
    let list: Vec<CaseStory> = ask(&office.socket, &Question::CaseList).await.unwrap();
    assert_eq!(list.len(), 1, "once");
    assert_eq!(
        (list[0].kind.as_str(), &list[0].rulings[..]),
        ("reorged", &["write_off".to_owned()][..])
    );
    assert_eq!(seller.view().await["sale"]["cases"], json!([]));
    crate::operator::both_rule(&office, &list[0], ClaimRuling::WriteOff).await;
    assert_eq!(app.balance("loss:USDT/TRC20").await, 100_000_000);
    assert_eq!(seller.status().await, "completed");
    office.close().await;
}

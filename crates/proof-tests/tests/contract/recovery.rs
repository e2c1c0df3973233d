//! A backup, what went on after it, a restore, and an owner's word: nothing is done twice, and nothing
//! is lost without being named.

use crate::buyer::{Buyer, GOOD_CARD};
use crate::kit::{App, good_session};
use crate::on_both_engines;
use crate::sell;
use proof_core::{Clock, ErrorCode, id::OrderId, partner::Environment, recovery::Life};
use proof_engine::RecoveryShown;
use proof_port::Signer;
use proof_server::{
    backup::{Manifest, backup},
    clock::SystemEntropy,
    operator::{Door, Operator, Question, Role, ask},
    restore::{Target, restore},
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::watch;

on_both_engines!(
    a_buy_paid_and_delivered_after_the_backup_happens_once,
    an_old_server_is_fenced_for_ever,
    an_unknown_order_is_kept_apart_and_work_goes_on,
    a_hold_that_nobody_follows_is_given_back,
    a_sell_paid_out_after_the_backup_is_paid_once,
    a_refused_payout_is_asked_again_and_its_crypto_went_back_once,
    a_sell_whose_terms_are_lost_ends_as_it_did,
    a_deposit_whose_card_is_lost_waits_and_goes_back,
    a_case_that_went_back_does_not_go_back_again,
    a_payment_that_was_disputed_meanwhile_is_not_delivered,
    two_restores_of_one_backup_are_two_lives,
    a_backup_proves_itself_and_never_replaces,
);

/// Longer than books and world may differ.
const SETTLED: i64 = 16 * 60;

pub async fn backed_up(app: &App) -> PathBuf {
    let folder = app.dir.path().join("backup");
    let manifest = backup(&app.url, None, &folder, app.clock.now())
        .await
        .unwrap();
    assert_eq!(manifest.rows["installation"], 1);
    folder
}

pub fn target(url: &str) -> Target {
    Target {
        url: url.to_owned(),
        tools: None,
    }
}

/// The server is gone, and what was backed up is a database again.
pub async fn restored(app: &App, from: &Path) -> App {
    app.halt().await;
    let url = app.fresh_url().await;
    let done = restore(&target(&url), from, app.clock.now(), &SystemEntropy).await;
    let done = done.unwrap();
    let reborn = app.reborn(&url).await;
    assert_eq!(reborn.app.engine.life(), Life::Recovering);
    assert!(done.epoch > done.manifest.epoch);
    reborn
}

async fn show(app: &App) -> RecoveryShown {
    app.app.engine.recovery_show().await.unwrap()
}

/// The owner looks, and takes over exactly that.
pub async fn accepted(app: &App) -> RecoveryShown {
    let shown = show(app).await;
    assert_eq!(shown.life, "recovering");
    let owner = "alice".parse().unwrap();
    let done = app
        .app
        .engine
        .recovery_accept(owner, Some(shown.digest.clone()))
        .await;
    let done = done.unwrap();
    assert_eq!(done.life, "known");
    assert_eq!(done.accepted.unwrap().digest, shown.digest);
    shown
}

/// The same user's page, on the server that was restored.
fn again<'a>(buyer: &Buyer<'_>, app: &'a App) -> Buyer<'a> {
    Buyer {
        app,
        id: buyer.id.clone(),
        visit: buyer.visit.clone(),
        session: buyer.session.clone(),
    }
}

fn outside_of(shown: &RecoveryShown, order: OrderId) -> String {
    let moved = shown.orders.iter().find(|moved| moved.order == order);
    let moved = moved.unwrap_or_else(|| panic!("{order} is not among {:?}", shown.orders));
    format!("{} => {}", moved.outside.join("; "), moved.then)
}

async fn agrees(app: &App) {
    app.clock.skip(SETTLED);
    let done = app.app.engine.reconcile(Environment::Test).await.unwrap();
    assert!(done.open.is_empty(), "{:?}", done.open);
    let audited = app.app.engine.ledger_check().await.unwrap();
    assert_eq!(audited.mismatches_total, 0);
}

async fn a_buy_paid_and_delivered_after_the_backup_happens_once(app: &App) {
    let buyer = Buyer::verified(app, "u1").await;
    let folder = backed_up(app).await;
    buyer.pay(GOOD_CARD).await;
    buyer.until_step("completed").await;
    let reborn = restored(app, &folder).await;
    let buyer = again(&buyer, &reborn);
    // It is read, and nothing begins.
    assert_eq!(buyer.status().await, "pending");
    let mut other = good_session();
    other["partner_user_id"] = "u2".into();
    let refused = reborn.session(&other).await;
    assert_eq!(refused.refusal(), (503, "unavailable", "recovering"));
    assert_eq!(refused.headers["retry-after"], "60");
    let refused = buyer.post("quote", serde_json::json!({})).await;
    assert_eq!(refused.refusal(), (503, "unavailable", "recovering"));
    // The deadline of what was paid does not end it meanwhile.
    reborn.clock.skip(2 * 3_600);
    let shown = accepted(&reborn).await;
    let outside = outside_of(&shown, buyer.order());
    for part in [
        "were taken",
        "100.00 USDT/TRC20 to",
        "final",
        "taken over as paid",
    ] {
        assert!(outside.contains(part), "{part}: {outside}");
    }
    assert!(
        shown.wallets[0].contains("the transfers above are the difference"),
        "{:?}",
        shown.wallets
    );
    let view = buyer.until_step("completed").await;
    assert_eq!(view["status"], "completed");
    assert_eq!(app.outside.calls_of("/capture"), 1);
    assert_eq!(reborn.balance("wallet:USDT/TRC20").await, 900_000_000);
    agrees(&reborn).await;
    reborn.finish().await;
}

async fn an_old_server_is_fenced_for_ever(app: &App) {
    let buyer = Buyer::verified(app, "u1").await;
    let (token, quote) = (buyer.card_token(GOOD_CARD).await, buyer.quote().await);
    let folder = backed_up(app).await;
    let reborn = restored(app, &folder).await;
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("operator.sock");
    let operators =
        [("alice", Role::Owner), ("bob", Role::Operator)].map(|(name, role)| Operator {
            name: name.parse().unwrap(),
            role,
        });
    let door = Door::open(
        &socket,
        &operators,
        proof_core::partner::Origin::parse("http://proof.test").unwrap(),
    )
    .unwrap();
    let (stop, stopping) = watch::channel(false);
    let answers = tokio::spawn(door.answer(Arc::clone(&reborn.app.engine), stopping));
    let accept = |by: &str, digest: Option<&str>| Question::RecoveryAccept {
        by: by.parse().unwrap(),
        digest: digest.map(str::to_owned),
    };
    for (question, why) in [
        (accept("bob", None), "no owner"),
        (accept("mallory", None), "no operator"),
        (
            accept("alice", Some("0123456789abcdef")),
            "not what you saw",
        ),
        (Question::Reconcile, "being recovered"),
    ] {
        let refused = ask::<RecoveryShown>(&socket, &question).await.unwrap_err();
        assert!(refused.to_string().contains(why), "{refused}");
    }
    let done: RecoveryShown = ask(&socket, &accept("alice", None)).await.unwrap();
    assert_eq!(
        (done.life.as_str(), done.accepted.unwrap().by.as_str()),
        ("known", "alice")
    );
    stop.send_replace(true);
    answers.await.unwrap();
    // Whoever was replaced may still believe in itself: the signer does not.
    let refused = buyer.pay_with(&token, &quote).await;
    assert_eq!(refused.status, 502, "{}", refused.text);
    assert_eq!(app.app.engine.life_look().await.unwrap(), Life::Fenced);
    let refused = buyer.pay_with(&token, &quote).await;
    assert_eq!(refused.refusal(), (503, "unavailable", "recovering"));
    let owner = "alice".parse().unwrap();
    let refused = app
        .app
        .engine
        .recovery_accept(owner, None)
        .await
        .unwrap_err();
    assert_eq!(refused.code, ErrorCode::WrongState);
    // The new one goes on with the same user.
    let buyer = again(&buyer, &reborn);
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    buyer.until_step("completed").await;
    reborn.finish().await;
}

async fn an_unknown_order_is_kept_apart_and_work_goes_on(app: &App) {
    let known = Buyer::verified(app, "u1").await;
    let folder = backed_up(app).await;
    let lost = Buyer::verified(app, "u2").await;
    lost.pay(GOOD_CARD).await;
    lost.until_step("completed").await;
    let reborn = restored(app, &folder).await;
    let shown = accepted(&reborn).await;
    assert!(shown.orders.is_empty(), "{:?}", shown.orders);
    assert_eq!(shown.unknown.len(), 1);
    assert_eq!(shown.unknown[0].order, lost.order());
    assert!(
        shown.unknown[0].outside[0].starts_with("capture of"),
        "{:?}",
        shown.unknown
    );
    assert_eq!(
        show(&reborn).await.kept_apart.len(),
        2,
        "the capture and the transfer"
    );
    assert_eq!(reborn.balance("suspense:USDT/TRC20").await, 100_000_000);
    assert!(reborn.balance("suspense:EUR").await < 0);
    agrees(&reborn).await;
    // The lost order has spent the wallet's first number.
    let known = again(&known, &reborn);
    known.pay(GOOD_CARD).await;
    known.until_step("completed").await;
    assert_eq!(reborn.balance("wallet:USDT/TRC20").await, 800_000_000);
    agrees(&reborn).await;
    reborn.finish().await;
}

async fn a_hold_that_nobody_follows_is_given_back(app: &App) {
    let buyer = Buyer::verified(app, "u1").await;
    let folder = backed_up(app).await;
    buyer.pay("4000000000003220").await;
    buyer.until_step("three_ds").await;
    let reborn = restored(app, &folder).await;
    let shown = accepted(&reborn).await;
    let outside = outside_of(&shown, buyer.order());
    assert!(
        outside.contains("open at the processor") && outside.contains("given back"),
        "{outside}"
    );
    assert_eq!(app.outside.calls_of("/void"), 1);
    let buyer = again(&buyer, &reborn);
    // Its number is used up; the next one is good.
    buyer.pay(GOOD_CARD).await;
    let look = || async {
        let view = buyer.view().await;
        (view["step"] == "pay" || view["step"] == "quote").then_some(())
    };
    reborn.until("the lost attempt is over", look).await;
    buyer.pay(GOOD_CARD).await;
    buyer.until_step("completed").await;
    assert_eq!(app.outside.calls_of("/capture"), 1);
    agrees(&reborn).await;
    reborn.finish().await;
}

async fn a_sell_paid_out_after_the_backup_is_paid_once(app: &App) {
    let (seller, address) = sell::awaiting(app, GOOD_CARD).await;
    let folder = backed_up(app).await;
    sell::deposit(app, &address, "100").await;
    seller.until_step("completed").await;
    let reborn = restored(app, &folder).await;
    // The price would not hold any more: what was paid out stands.
    reborn.clock.skip(5 * 3_600);
    let shown = accepted(&reborn).await;
    let outside = outside_of(&shown, seller.order());
    assert!(
        outside.contains("were paid out") && outside.contains("by itself"),
        "{outside}"
    );
    let seller = again(&seller, &reborn);
    seller.until_step("completed").await;
    agrees(&reborn).await;
    reborn.finish().await;
}

async fn a_refused_payout_is_asked_again_and_its_crypto_went_back_once(app: &App) {
    let (seller, address) = sell::awaiting(app, "4000000000009995").await;
    let folder = backed_up(app).await;
    sell::deposit(app, &address, "100").await;
    seller.until_step("failed").await;
    let reborn = restored(app, &folder).await;
    let shown = accepted(&reborn).await;
    let outside = outside_of(&shown, seller.order());
    assert!(outside.contains("100.00 USDT/TRC20 to"), "{outside}");
    let seller = again(&seller, &reborn);
    seller.until_step("failed").await;
    assert_eq!(sell::customer_is_owed(&reborn, &seller).await, 0);
    assert_eq!(
        reborn.balance("wallet:USDT/TRC20").await,
        900_000_000,
        "it went back once"
    );
    agrees(&reborn).await;
    reborn.finish().await;
}

async fn a_sell_whose_terms_are_lost_ends_as_it_did(app: &App) {
    let seller = sell::verified(app).await;
    let folder = backed_up(app).await;
    let started = sell::start(&seller, GOOD_CARD, sell::REFUND).await;
    let address = started.json["sale"]["deposit_address"].as_str().unwrap();
    sell::deposit(app, address, "100").await;
    seller.until_step("completed").await;
    let reborn = restored(app, &folder).await;
    let shown = accepted(&reborn).await;
    let outside = outside_of(&shown, seller.order());
    assert!(
        outside.contains("was shown") && outside.contains("were paid out"),
        "{outside}"
    );
    let seller = again(&seller, &reborn);
    seller.until_step("completed").await;
    assert_eq!(sell::customer_is_owed(&reborn, &seller).await, 0);
    agrees(&reborn).await;
    reborn.finish().await;
}

async fn a_deposit_whose_card_is_lost_waits_and_goes_back(app: &App) {
    let seller = sell::verified(app).await;
    let folder = backed_up(app).await;
    let started = sell::start(&seller, GOOD_CARD, sell::REFUND).await;
    let address = started.json["sale"]["deposit_address"].as_str().unwrap();
    let reborn = restored(app, &folder).await;
    sell::deposit(app, address, "100").await;
    let seller = again(&seller, &reborn);
    accepted(&reborn).await;
    // It came in time, and nobody knows whom to pay: two people give it back.
    let engine = &reborn.app.engine;
    let look = || async { engine.order_reviewed().await.unwrap().into_iter().next() };
    let waiting = reborn.until("it waits for people", look).await;
    assert!(waiting.why.contains("payout card"), "{}", waiting.why);
    for by in ["alice", "bob"] {
        let (by, reason) = (
            by.parse::<proof_core::operator::OperatorName>().unwrap(),
            "looked at it".to_owned(),
        );
        let ruling = proof_core::order::Ruling::Return;
        engine
            .order_rule(waiting.order, ruling, by, reason)
            .await
            .unwrap();
    }
    seller.until_step("failed").await;
    assert_eq!(sell::customer_is_owed(&reborn, &seller).await, 0);
    let path = format!("chains/v1/TRC20/accounts/{}", sell::REFUND);
    let back = app.outside_read("world.test", &path).await;
    let look = || async {
        let back = app.outside_read("world.test", &path).await;
        (back.json["balances"].to_string().contains("100000000")).then_some(())
    };
    reborn
        .until(&format!("it has it: {}", back.text), look)
        .await;
    agrees(&reborn).await;
    reborn.finish().await;
}

async fn a_case_that_went_back_does_not_go_back_again(app: &App) {
    let (seller, address) = sell::awaiting(app, GOOD_CARD).await;
    let folder = backed_up(app).await;
    sell::deposit(app, &address, "130").await;
    seller.until_step("completed").await;
    let case = sell::case_of(app, &seller, "overpaid").await;
    assert_eq!(case["state"], "returned");
    let reborn = restored(app, &folder).await;
    accepted(&reborn).await;
    let seller = again(&seller, &reborn);
    seller.until_step("completed").await;
    let case = sell::case_of(&reborn, &seller, "overpaid").await;
    assert_eq!(case["state"], "returned");
    assert_eq!(sell::customer_is_owed(&reborn, &seller).await, 0);
    assert_eq!(
        reborn.balance("wallet:USDT/TRC20").await,
        970_000_000,
        "30 went back once"
    );
    agrees(&reborn).await;
    reborn.finish().await;
}

/// The backup has it paid; afterwards the cardholder's bank took the money back.
async fn a_payment_that_was_disputed_meanwhile_is_not_delivered(app: &App) {
    let buyer = Buyer::verified(app, "u1").await;
    let (token, quote) = (buyer.card_token(GOOD_CARD).await, buyer.quote().await);
    crate::operator::down(app, "/fee");
    buyer.pay_with(&token, &quote).await;
    buyer.until_status("processing").await;
    let folder = backed_up(app).await;
    let payment = buyer.id.replace('-', "");
    let path = format!("bank/v1/payments/{payment}/disputes");
    let made = app.cards(&path, serde_json::json!({})).await;
    let path = format!("bank/v1/disputes/{}", made.json["id"].as_str().unwrap());
    let lost = app
        .cards(&path, serde_json::json!({ "step": "lose" }))
        .await;
    assert_eq!(lost.status, 200, "{}", lost.text);
    let reborn = restored(app, &folder).await;
    crate::operator::up(app, "/fee");
    accepted(&reborn).await;
    let buyer = again(&buyer, &reborn);
    let view = buyer.until_step("failed").await;
    assert_eq!(view["failure"]["code"], "refunded");
    assert_eq!(reborn.outside.calls_of("/broadcast"), 0, "nothing was sent");
    assert_eq!(reborn.balance("wallet:USDT/TRC20").await, 1_000_000_000);
    agrees(&reborn).await;
    reborn.finish().await;
}

async fn two_restores_of_one_backup_are_two_lives(app: &App) {
    let folder = backed_up(app).await;
    let first = restored(app, &folder).await;
    app.clock.skip(1);
    let second = restored(app, &folder).await;
    let lives = [&first, &second].map(|app| app.app.engine.life());
    assert_eq!(lives, [Life::Recovering, Life::Recovering]);
    accepted(&second).await;
    assert_eq!(first.app.engine.life_look().await.unwrap(), Life::Fenced);
    assert!(app.signer.epoch().await.unwrap().number() > 1);
    // A restart needs nobody's word again.
    second.halt().await;
    let third = app.reborn(&second.url).await;
    assert_eq!(third.app.engine.life(), Life::Known);
    assert_eq!(show(&third).await.accepted.unwrap().by, "alice");
    for app in [first, second, third] {
        app.finish().await;
    }
}

async fn a_backup_proves_itself_and_never_replaces(app: &App) {
    Buyer::verified(app, "u1").await;
    let folder = backed_up(app).await;
    let entropy = SystemEntropy;
    let own = target(&app.url);
    let manifest = Manifest::read(&folder).unwrap();
    own.verify(&folder, &manifest, &entropy).await.unwrap();
    let again = backup(&app.url, None, &folder, app.clock.now()).await;
    assert!(again.unwrap_err().to_string().contains("exists already"));
    let refused = restore(&own, &folder, app.clock.now(), &entropy).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("never replaces"), "{refused}");
    // Somebody changes the manifest.
    let wrong = Manifest {
        rows: [("orders".to_owned(), 7)].into(),
        ..manifest.clone()
    };
    let refused = own.verify(&folder, &wrong, &entropy).await.unwrap_err();
    assert!(
        refused.to_string().contains("7 rows in orders"),
        "{refused}"
    );
    let path = folder.join("manifest.json");
    let later = Manifest {
        schema: manifest.schema + 1,
        ..manifest.clone()
    };
    fs::write(&path, serde_json::to_vec(&later).unwrap()).unwrap();
    let refused = Manifest::read(&folder).unwrap_err().to_string();
    assert!(refused.contains("this program knows"), "{refused}");
    // Somebody changes the dump.
    let dump = folder.join(&manifest.dump);
    let mut bytes = fs::read(&dump).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&dump, bytes).unwrap();
    let refused = own.verify(&folder, &manifest, &entropy).await.unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("not the file that was written"),
        "{refused}"
    );
    fs::remove_file(&path).unwrap();
    assert!(
        Manifest::read(&folder)
            .unwrap_err()
            .to_string()
            .contains("is no backup")
    );
}

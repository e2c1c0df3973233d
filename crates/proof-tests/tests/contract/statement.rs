//! A partner's day: what the world moved, to the last unit, signed, and always the same bytes.

use crate::buyer::{Buyer, GOOD_CARD};
use crate::kit::App;
use crate::on_both_engines;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use proof_core::{Clock, id::PartnerId, partner::Environment, statement::Day};
use proof_engine::{ApiError, SignedStatement};
use serde_json::Value;

on_both_engines!(
    the_day_is_what_the_world_moved,
    a_day_that_is_not_over_has_no_statement,
);

async fn statement(app: &App, partner: PartnerId, day: Day) -> Result<SignedStatement, ApiError> {
    let engine = &app.app.engine;
    engine.statement(partner, Environment::Test, day).await
}

/// The key that partners check webhooks with.
fn check(app: &App, text: &str, signature: &str) {
    let keys = app.app.engine.webhook_public_keys();
    let (_, key) = keys.iter().find(|(e, _)| *e == Environment::Test).unwrap();
    let key = STANDARD.decode(key.trim_start_matches("whpk_")).unwrap();
    let key = VerifyingKey::from_bytes(&key.try_into().unwrap()).unwrap();
    let signature = STANDARD.decode(signature).unwrap();
    let signature = Signature::from_slice(&signature).unwrap();
    key.verify_strict(text.as_bytes(), &signature).unwrap();
    let other = text.replacen('0', "1", 1);
    assert!(key.verify_strict(other.as_bytes(), &signature).is_err());
}

/// Minor units of a decimal with two places.
fn minor(text: &Value) -> i128 {
    text.as_str().unwrap().replace('.', "").parse().unwrap()
}

async fn the_day_is_what_the_world_moved(app: &App) {
    let day = Day::of(app.clock.now());
    let buyer = Buyer::verified(app, "u1").await;
    buyer.pay(GOOD_CARD).await;
    let bought = buyer.until_step("completed").await;
    let (seller, address) = crate::sell::awaiting(app, GOOD_CARD).await;
    let deposit = crate::sell::deposit(app, &address, "100").await;
    let sold = seller.until_step("completed").await;
    let (refused, address) = crate::sell::awaiting(app, "4000000000000002").await;
    crate::sell::deposit(app, &address, "100").await;
    refused.until_step("failed").await;
    app.clock.skip(2 * 24 * 3_600);
    let shop = app.shop.partner.id;
    let made = statement(app, shop, day).await.unwrap();
    check(app, &made.json, &made.json_signature);
    check(app, &made.csv, &made.csv_signature);
    let json: Value = serde_json::from_str(&made.json).unwrap();
    let euros = &json["fiat"]["EUR"];
    assert_eq!(euros["captured"], bought["quote"]["total"]);
    assert_eq!(euros["paid_out"], sold["quote"]["total"]);
    assert_eq!(
        minor(&euros["captured"]),
        app.balance("psp:sandbox:EUR").await
    );
    assert_eq!(
        minor(&euros["paid_out"]),
        -app.balance("payout:sandbox:EUR").await
    );
    assert_eq!(euros["payable"], euros["partner_share"]);
    let coins = &json["crypto"]["USDT/TRC20"];
    assert_eq!(coins["delivered"], "100.00");
    assert_eq!(coins["received"], "200.00");
    assert_eq!(coins["returned"], "100.00");
    let lines = json["lines"].as_array().unwrap();
    let of = |kind: &str| lines.iter().find(|line| line["kind"] == kind).unwrap();
    assert_eq!(of("deposit")["hash"], deposit.as_str());
    assert_eq!(of("deliver")["hash"], bought["transfer"]["hash"]);
    assert_eq!(of("capture")["merchant_transaction_id"], buyer.id.as_str());
    assert_eq!(made.csv.lines().count(), lines.len() + 1);
    assert_eq!(
        statement(app, shop, day).await.unwrap(),
        made,
        "the same bytes"
    );
    let other = statement(app, app.wallet_partner.partner.id, day)
        .await
        .unwrap();
    let other: Value = serde_json::from_str(&other.json).unwrap();
    assert_eq!(other["lines"], serde_json::json!([]), "nobody else's");
}

async fn a_day_that_is_not_over_has_no_statement(app: &App) {
    let today = Day::of(app.clock.now());
    let shop = app.shop.partner.id;
    let refused = statement(app, shop, today).await.unwrap_err();
    assert_eq!(refused.field, Some("day"));
    let nobody = PartnerId::from_uuid(Default::default());
    let yesterday = Day::of(app.clock.now().plus_seconds(-48 * 3_600));
    assert!(statement(app, nobody, yesterday).await.is_err());
}

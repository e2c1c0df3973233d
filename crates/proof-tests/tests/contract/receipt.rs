//! The receipt: there from the first screen on, the same bytes for ever, and good with the published keys alone.

use crate::buyer::{Buyer, GOOD_CARD, frame, opening};
use crate::kit::{App, good_session};
use crate::ledger::plant;
use crate::on_both_engines;
use axum::body::Body;
use http::{Method, Request};
use proof_client::{
    PublishedKey, ReceiptRefusal, SignedReceipt, address_fingerprint, verify_receipt,
};
use proof_store::Engine as Database;
use serde_json::{Value, json};

const ELSEWHERE: &str = "TQn9Y2khEsLJW1ChVWFMSMeRDow5KcbLSE";

on_both_engines!(
    a_buyer_holds_a_receipt_that_anybody_can_check,
    a_sellers_receipt_names_both_addresses,
    an_order_turned_to_another_wallet_is_not_opened,
);

async fn keys(app: &App) -> Vec<PublishedKey> {
    let request = Request::get("/.well-known/proof-webhook-keys.json")
        .header("origin", "https://anybody.example")
        .body(Body::empty());
    let answer = app.call(request.unwrap()).await;
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    assert_eq!(answer.headers["cache-control"], "public, max-age=3600");
    serde_json::from_value(answer.json["keys"].clone()).unwrap()
}

fn receipt(view: &Value) -> SignedReceipt {
    serde_json::from_value(view["receipt"].clone()).unwrap()
}

async fn a_buyer_holds_a_receipt_that_anybody_can_check(app: &App) {
    let keys = keys(app).await;
    let buyer = Buyer::verified(app, "u1").await;
    let view = buyer.view().await;
    let held = receipt(&view);
    let address = view["address"].as_str().unwrap();
    let shop = app.shop.partner.id.to_string();
    let known = [
        (
            "merchant_transaction_id",
            view["merchant_transaction_id"].as_str().unwrap(),
        ),
        ("partner_id", &shop),
        ("network", "TRC20"),
        ("address", address),
    ];
    let read = verify_receipt(&held, &keys, "test", &known).unwrap();
    assert_eq!(
        (read.order_type.as_str(), read.currency.as_str()),
        ("buy", "USDT")
    );
    let live = verify_receipt(&held, &keys, "live", &known);
    assert_eq!(live, Err(ReceiptRefusal::WrongEnvironment));
    let changed = SignedReceipt {
        document: held.document.replace(address, ELSEWHERE),
        ..held.clone()
    };
    let refused = verify_receipt(&changed, &keys, "test", &[]);
    assert_eq!(refused, Err(ReceiptRefusal::BadSignature));
    let four = address_fingerprint("TRC20", address);
    assert_eq!(view["address_fingerprint"], four);
    buyer.pay(GOOD_CARD).await;
    app.clock.skip(60);
    let done = buyer.until_step("completed").await;
    assert_eq!(receipt(&done), held);
}

async fn a_sellers_receipt_names_both_addresses(app: &App) {
    let keys = keys(app).await;
    let before = crate::sell::verified(app).await;
    let early = verify_receipt(&receipt(&before.view().await), &keys, "test", &[]).unwrap();
    assert_eq!((early.deposit_address, early.refund_address), (None, None));
    let (seller, address) = crate::sell::awaiting(app, GOOD_CARD).await;
    let view = seller.view().await;
    let known = [
        ("deposit_address", address.as_str()),
        (
            "refund_address",
            view["sale"]["refund_address"].as_str().unwrap(),
        ),
    ];
    let read = verify_receipt(&receipt(&view), &keys, "test", &known).unwrap();
    assert_eq!((read.address, read.order_type.as_str()), (None, "sell"));
    let four = address_fingerprint("TRC20", &address);
    assert_eq!(view["sale"]["deposit_fingerprint"], four);
}

/// A hand in the database, not in the page.
async fn an_order_turned_to_another_wallet_is_not_opened(app: &App) {
    let session = app.session(&good_session()).await.json;
    let (id, address) = (&session["merchant_transaction_id"], &session["address"]);
    let (id, address) = (id.as_str().unwrap(), address.as_str().unwrap());
    let turned = format!("REPLACE(CAST(body AS TEXT), '{address}', '{ELSEWHERE}')");
    let turned = match app.db.engine() {
        Database::Sqlite { .. } => turned,
        Database::Postgres(_) => format!("CAST({turned} AS jsonb)"),
    };
    let of = format!("CAST(body AS TEXT) LIKE '%{id}%'");
    plant(
        app,
        &format!("UPDATE orders SET body = {turned} WHERE {of}"),
    )
    .await;
    let body = opening(&session, json!({})).to_string();
    let opened = app.call(frame(Method::POST, "visits", "", body)).await;
    assert_eq!(opened.status, 500, "{}", opened.text);
}

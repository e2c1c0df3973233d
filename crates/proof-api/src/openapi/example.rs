//! One story that every example tells: Ann buys 100 USDT for euros.

use serde_json::{Value, json};

pub const ORDER: &str = "01a205d7-6445-7da8-b9dd-58caedbfa33b";
pub const EVENT: &str = "evt_01a205d764457da8b9dd58caedbfa33c";
pub const EVENT_FIRST: &str = "evt_01a205d764457da8b9dd58caedbfa33d";
pub const DELIVERY: &str = "whd_01a205d764457da8b9dd58caedbfa33e";
pub const USER: &str = "user-42";
pub const REQUEST_ID: &str = "req_5cd6466fc720467dc63a1b02";
pub const ETAG: &str = "\"5f2b9c0a77e14d3b8a6c1e90\"";
const CREATED: &str = "2026-04-01T10:00:12Z";
const CHANGED: &str = "2026-04-01T10:03:45Z";

pub fn session_request() -> Value {
    json!({
        "partner_user_id": USER,
        "user_email": "ann@example.com",
        "network": "TRC20",
        "currency": "USDT",
        "amount": "100",
        "type": "buy",
        "redirect_url": "https://shop.example/orders/7",
        "client_ip": "203.0.113.7",
    })
}

pub fn session() -> Value {
    json!({
        "merchant_transaction_id": ORDER,
        "widget_id": "01a205d6-8631-7dbe-9fcf-9d1bddb2fbb9",
        "address": "TQsYLehPnKVhjqx58tntQep1WMLG6YDyuY",
        "init_token": "it_5cd6466fc720467dc63a1b02a7f10c5533e8d4b9",
        "init_token_type": "sdk_partner_authorization",
        "currency": "USDT",
        "currencies": ["USDT", "BTC"],
        "fix_currency": true,
        "network": "TRC20",
        "networks": ["TRC20", "BITCOIN"],
        "fix_network": ["TRC20"],
        "amount": "100",
        "fix_amount": true,
        "fiat_currency": "EUR",
        "fiat_currencies": ["EUR", "USD"],
        "fix_fiat_currency": false,
        "fix_fiat_amount": true,
        "type": "buy",
        "redirect_url": "https://shop.example/orders/7",
        "signature": format!("v2:{}", "4f9c01d2".repeat(16)),
        "lang": "en",
        "theme": "light",
    })
}

pub fn transaction() -> Value {
    let mut transaction = webhook_body();
    transaction["partner_user_id"] = USER.into();
    transaction
}

pub fn update() -> Value {
    json!({
        "event": "tx.update",
        "merchant_transaction_id": ORDER,
        "type": "buy",
        "status": "completed",
        "payment_method": "card",
        "currency": "USDT",
        "fiat_currency": "EUR",
        "fiat_amount": "95.00",
        "crypto_amount": "100.00",
        "occurred_at": CHANGED,
        "event_id": EVENT,
        "sequence": 9,
    })
}

pub fn webhook_body() -> Value {
    json!({
        "merchant_transaction_id": ORDER,
        "type": "buy",
        "status": "completed",
        "currency": "USDT",
        "network": "TRC20",
        "crypto_amount": "100.00",
        "fiat_currency": "EUR",
        "fiat_amount": "95.00",
        "created_at": CREATED,
        "updated_at": CHANGED,
        "event_id": EVENT,
        "sequence": 9,
    })
}

pub fn events() -> Value {
    let created = json!({
        "event_id": EVENT_FIRST,
        "merchant_transaction_id": ORDER,
        "sequence": 1,
        "type": "order.created",
        "status": "pending",
        "occurred_at": CREATED,
        "data": {"amount": "100.00"},
    });
    let completed = json!({
        "event_id": EVENT,
        "merchant_transaction_id": ORDER,
        "sequence": 9,
        "type": "order.status_changed",
        "status": "completed",
        "occurred_at": CHANGED,
        "data": {
            "status": "completed",
            "fiat_amount": "95.00",
            "fiat_currency": "EUR",
            "crypto_amount": "100.00",
            "payment_method": "card",
        },
    });
    json!({"data": [created, completed], "next_cursor": EVENT})
}

pub fn webhook() -> Value {
    json!({
        "url": "https://shop.example/webhooks/proof",
        "state": "enabled",
        "disabled_reason": null,
        "disabled_at": null,
        "failing_since": null,
        "status_url": null,
        "previous_secret_expires_at": null,
    })
}

pub fn delivery() -> Value {
    json!({
        "id": DELIVERY,
        "event_id": EVENT,
        "merchant_transaction_id": ORDER,
        "sequence": 9,
        "state": "pending",
        "attempts": 1,
        "next_attempt_at": "2026-04-01T10:03:48Z",
        "created_at": CHANGED,
    })
}

pub fn delivery_detail() -> Value {
    let mut detail = delivery();
    detail["body"] = webhook_body().to_string().into();
    detail["log"] = json!([{
        "number": 1,
        "url": "https://shop.example/webhooks/proof",
        "started_at": CHANGED,
        "duration_ms": 41,
        "status": 500,
        "headers": {"content-type": "text/plain"},
        "body_start": "Internal Server Error",
        "error": null,
    }]);
    detail
}

pub fn checklist() -> Value {
    json!({
        "partner": {"id": "prt_01a205d764457da8b9dd58caedbfa33b", "name": "Demo Shop"},
        "profile": {"ios": false, "android": false, "wallet_payments": false},
        "declared_by": null,
        "declared_at": null,
        "lines": [{
            "id": "PAY-1",
            "text": "A buy reached completed",
            "who": "auto",
            "state": "unseen",
            "why": "Not seen yet: a buy reached completed.",
            "next": "Buy in the sandbox and pay with 4242 4242 4242 4242.",
            "evidence": [],
            "signed": null,
            "signs": null,
            "matrix": null,
            "basis": "",
        }],
        "green": 0,
        "of": 1,
        "probing": false,
        "ready": false,
    })
}

pub fn integration_log(base: &str) -> Value {
    json!({"data": [{
        "route": "POST /widget/session",
        "error": "invalid_request",
        "code": "missing_param",
        "field": "user_email",
        "origin": null,
        "message": "The field user_email is required.",
        "count": 3,
        "first_seen": CREATED,
        "last_seen": CHANGED,
        "request_id": REQUEST_ID,
        "docs_url": format!("{base}/docs/errors/missing_param"),
    }]})
}

pub fn clock() -> Value {
    json!({"now": CREATED, "ahead_seconds": 2700, "movable": true})
}

pub fn scenario() -> Value {
    json!({
        "name": "identity-final",
        "about": "The document is forged: the user is refused for good.",
        "side": "buy",
        "area": "identity",
        "moves_clock": false,
        "reaches": ["pending", "identity.failed", "failed"],
    })
}

pub fn play() -> Value {
    json!({
        "id": "ply_01a205d764457da8b9dd58caedbfa33b",
        "scenario": "identity-final",
        "state": "playing",
        "by_hand": false,
        "merchant_transaction_id": ORDER,
        "asked_at": CREATED,
        "reaches": ["pending", "identity.failed", "failed"],
        "seen": [{"mark": "pending", "at": CREATED}],
        "problem": null,
    })
}

pub fn sandbox() -> Value {
    json!({
        "partner": "Demo Shop",
        "kind": "treasury",
        "origins": ["https://shop.example"],
        "pairs": [{"currency": "USDT", "network": "TRC20", "buys": true, "sells": true}],
        "clock": clock(),
    })
}

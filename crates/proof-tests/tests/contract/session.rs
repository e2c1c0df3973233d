//! `POST /widget/session` (contract §2): every field wrong in turn, and every good form.

use crate::kit::{App, as_partner, good_session};
use crate::on_both_engines;
use http::Method;
use serde_json::{Value, json};

on_both_engines!(
    every_wrong_field_gets_the_contracts_error_and_leaves_no_row,
    bodies_that_are_no_json_object_are_refused,
    good_forms_of_every_field_are_taken,
    the_response_has_the_contracts_fields,
    partner_types_decide_the_address,
    an_idempotency_key_gives_the_same_bytes,
    twins_under_one_key_make_one_order,
);

const TRON: &str = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
const INVALID: &str = "invalid_request";

/// Values of the right type that break a rule of their field.
fn broken_rules() -> Vec<(&'static str, Value)> {
    vec![
        ("partner_user_id", json!("x".repeat(256))),
        ("partner_user_id", json!("a\u{0}b")),
        ("partner_user_id", json!("a\nb")),
        ("user_email", json!("ann")),
        ("user_email", json!("@example.com")),
        ("user_email", json!("ann@")),
        ("user_email", json!("a b@example.com")),
        ("user_email", json!("a@b@c")),
        (
            "user_email",
            json!(format!("{}@example.com", "x".repeat(255))),
        ),
        ("amount", json!("-1")),
        ("amount", json!("+1")),
        ("amount", json!("0")),
        ("amount", json!("0.00")),
        ("amount", json!("1e3")),
        ("amount", json!("1,000")),
        ("amount", json!(".5")),
        ("amount", json!("5.")),
        ("amount", json!("0x10")),
        ("amount", json!("NaN")),
        ("amount", json!("100.0000001")),
        ("amount", json!("1".repeat(41))),
        ("amount", json!("9".repeat(40))),
        ("amount", json!("9.99")),
        ("amount", json!("10001")),
        ("type", json!("lend")),
        ("type", json!(1)),
        ("redirect_url", json!("javascript:alert(1)")),
        ("redirect_url", json!("JavaScript:alert(1)")),
        ("redirect_url", json!("data:text/html,x")),
        ("redirect_url", json!("file:///etc/passwd")),
        ("redirect_url", json!("vbscript:x")),
        ("redirect_url", json!("/relative")),
        ("redirect_url", json!("https://")),
        ("redirect_url", json!("https://a b")),
        ("redirect_url", json!("https://%00/")),
        ("redirect_url", json!("http://:80/")),
        ("redirect_url", json!("https://?x")),
        ("redirect_url", json!("https://.")),
        ("redirect_url", json!("http://x:99999/")),
        ("redirect_url", json!("filesystem:http://x")),
        ("redirect_url", json!("ws://x")),
        ("redirect_url", json!("mailto:a@b")),
        ("redirect_url", json!(7)),
        ("client_ip", json!("not an ip")),
        ("client_ip", json!("1.2.3.4.5")),
        ("client_ip", json!("1.2.3.4:99999")),
        ("client_ip", json!(",1.2.3.4")),
        ("client_ip", json!(4)),
    ]
}

/// Field, value, `code`, and what the message must name.
fn wrong_fields() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let mut cases = Vec::new();
    for field in [
        "partner_user_id",
        "user_email",
        "network",
        "currency",
        "amount",
    ] {
        cases.push((field, Value::Null, "missing_param", field));
        for value in [
            json!(1),
            json!(true),
            json!(["x"]),
            json!({"a": 1}),
            json!(""),
        ] {
            cases.push((field, value, "validation_error", field));
        }
    }
    for (field, value) in broken_rules() {
        cases.push((field, value, "validation_error", field));
    }
    for currency in ["DOGE", "ETH"] {
        cases.push((
            "currency",
            json!(currency),
            "currency_not_allowed",
            currency,
        ));
    }
    cases
}

async fn every_wrong_field_gets_the_contracts_error_and_leaves_no_row(app: &App) {
    let buys_only = app.partner("buys only", None).await;
    let before = app.rows().await;
    for (field, value, code, named) in wrong_fields() {
        let mut body = good_session();
        body[field] = value.clone();
        let answer = app.session(&body).await;
        assert_eq!(
            answer.refusal(),
            (400, INVALID, code),
            "{field} = {value}: {}",
            answer.text
        );
        let message = answer.json["message"].as_str().unwrap();
        assert!(message.contains(named), "{field} = {value}: {message}");
        assert!(answer.headers.contains_key("x-request-id"));
        if value.is_null() {
            body.as_object_mut().unwrap().remove(field);
            assert_eq!(
                app.session(&body).await.refusal(),
                (400, INVALID, code),
                "{field} absent"
            );
        }
    }
    let mut body = good_session();
    body["amount"] = json!("9".repeat(38));
    let answer = app.session(&body).await;
    let message = answer.json["message"].as_str().unwrap();
    assert!(message.contains("maximum"), "the limit is named: {message}");
    for network in ["FOO", "trc20", "SOLANA", "BITCOIN"] {
        let mut body = good_session();
        body["network"] = json!(network);
        let expected = (400, "wallet_not_supported", "WALLET_NOT_SUPPORTED");
        assert_eq!(app.session(&body).await.refusal(), expected, "{network}");
    }
    let mut body = good_session();
    body["type"] = json!("sell");
    let request = as_partner(
        &buys_only,
        Method::POST,
        "/widget/session",
        body.to_string().into(),
    );
    assert_eq!(
        app.call(request).await.refusal(),
        (403, "forbidden", "offramp_disabled")
    );
    for address in [
        "",
        "x",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb1",
    ] {
        let answer = own_wallet(app, json!(address)).await;
        assert_eq!(
            answer.refusal(),
            (400, INVALID, "validation_error"),
            "{address:?}"
        );
        assert!(answer.text.contains("address"), "{}", answer.text);
    }
    let answer = own_wallet(app, Value::Null).await;
    assert_eq!(answer.refusal(), (400, INVALID, "missing_param"));
    assert_eq!(app.rows().await, before, "a refused call left a row behind");
}

/// A session call of the partner whose users bring their own wallet.
async fn own_wallet(app: &App, address: Value) -> crate::kit::Answer {
    let mut body = good_session();
    body["address"] = address;
    let body = body.to_string().into();
    app.call(as_partner(
        &app.wallet_partner,
        Method::POST,
        "/widget/session",
        body,
    ))
    .await
}

async fn bodies_that_are_no_json_object_are_refused(app: &App) {
    let before = app.rows().await;
    let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for body in [
        "",
        "{",
        "[]",
        "null",
        "\"x\"",
        "1",
        "{} {}",
        "\u{feff}{}",
        &nested,
    ] {
        let answer = app
            .shop(Method::POST, "/widget/session", body.to_owned())
            .await;
        let start: String = body.chars().take(9).collect();
        assert_eq!(
            answer.refusal(),
            (400, INVALID, "decode_error"),
            "{start:?}"
        );
    }
    let invalid_utf8 = b"{\"partner_user_id\":\"\xff\"}".to_vec();
    let answer = app
        .shop(Method::POST, "/widget/session", invalid_utf8)
        .await;
    assert_eq!(answer.refusal(), (400, INVALID, "decode_error"));
    let large = " ".repeat(1024 * 1024 + 1);
    let answer = app.shop(Method::POST, "/widget/session", large).await;
    assert_eq!(answer.refusal(), (413, INVALID, "body_too_large"));
    assert_eq!(app.rows().await, before);
}

async fn good_forms_of_every_field_are_taken(app: &App) {
    for (field, value) in [
        ("partner_user_id", json!("x".repeat(255))),
        ("partner_user_id", json!("käufer/1%2F ü")),
        ("amount", json!("100.000000000000")),
        ("amount", json!("0010")),
        ("amount", json!("10.000001")),
        ("amount", json!("10000")),
        ("type", json!("buy")),
        ("type", Value::Null),
        ("redirect_url", json!("https://shop.example/done?x=1#y")),
        ("redirect_url", json!("myapp://done")),
        ("client_ip", json!("")),
        ("client_ip", json!("203.0.113.7:443")),
        ("client_ip", json!("2001:db8::1")),
        ("client_ip", json!("[2001:db8::1]:443")),
        ("client_ip", json!("::ffff:203.0.113.7")),
        ("client_ip", json!("203.0.113.7, 10.0.0.1")),
        ("unknown_field", json!({"deep": [1, 2]})),
    ] {
        let mut body = good_session();
        body[field] = value.clone();
        let answer = app.session(&body).await;
        assert_eq!(answer.status, 200, "{field} = {value}: {}", answer.text);
    }
    let mut request = as_partner(
        &app.shop,
        Method::POST,
        "/widget/session",
        good_session().to_string().into(),
    );
    request
        .headers_mut()
        .insert("content-type", "text/plain".parse().unwrap());
    assert_eq!(
        app.call(request).await.status,
        200,
        "the Content-Type does not matter"
    );
}

async fn the_response_has_the_contracts_fields(app: &App) {
    let mut body = good_session();
    body["redirect_url"] = json!("https://shop.example/done");
    let answer = app.session(&body).await;
    let session = &answer.json;
    let names: Vec<&str> = session
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut expected = vec![
        "merchant_transaction_id",
        "widget_id",
        "address",
        "signature",
        "init_token",
        "init_token_type",
        "currency",
        "currencies",
        "fix_currency",
        "network",
        "networks",
        "fix_network",
        "amount",
        "fix_amount",
        "fiat_currency",
        "fiat_currencies",
        "fix_fiat_currency",
        "fix_fiat_amount",
        "type",
        "redirect_url",
    ];
    expected.sort_unstable();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    let signature = session["signature"]
        .as_str()
        .unwrap()
        .strip_prefix("v2:")
        .unwrap();
    let hex = signature
        .bytes()
        .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    assert!(hex && signature.len() == 128, "{signature}");
    for (field, value) in [
        ("init_token_type", json!("sdk_partner_authorization")),
        ("currencies", json!(["USDT", "BTC"])),
        ("networks", json!(["TRC20", "BITCOIN"])),
        ("fix_network", json!(["TRC20"])),
        ("fix_currency", json!(true)),
        ("fix_amount", json!(true)),
        ("fix_fiat_currency", json!(false)),
        ("fix_fiat_amount", json!(true)),
        ("fiat_currency", json!("EUR")),
        ("fiat_currencies", json!(["EUR", "USD"])),
        ("amount", json!("100")),
        ("type", json!("buy")),
        ("redirect_url", json!("https://shop.example/done")),
    ] {
        assert_eq!(session[field], value, "{field}");
    }
}

async fn partner_types_decide_the_address(app: &App) {
    let mut body = good_session();
    body["address"] = json!("malformed, and ignored");
    let answer = app.session(&body).await;
    let address = answer.json["address"].as_str().unwrap();
    assert!(
        address.starts_with('T') && address != TRON,
        "the registered wallet: {address}"
    );
    assert_eq!(
        own_wallet(app, json!(TRON)).await.json["address"],
        json!(TRON)
    );
}

async fn an_idempotency_key_gives_the_same_bytes(app: &App) {
    let keyed = |key: &str, body: &Value| {
        let body = body.to_string().into();
        let mut request = as_partner(&app.shop, Method::POST, "/widget/session", body);
        request
            .headers_mut()
            .insert("idempotency-key", key.parse().unwrap());
        request
    };
    let first = app.call(keyed("k1", &good_session())).await;
    let again = app.call(keyed("k1", &good_session())).await;
    assert_eq!((again.status, again.text), (200, first.text.clone()));
    let other = app.call(keyed("k2", &good_session())).await;
    assert_ne!(
        other.json["merchant_transaction_id"],
        first.json["merchant_transaction_id"]
    );
    let mut changed = good_session();
    changed["amount"] = json!("101");
    let answer = app.call(keyed("k1", &changed)).await;
    assert_eq!(answer.refusal(), (409, "conflict", "idempotency_conflict"));
    let long = "k".repeat(256);
    let answer = app.call(keyed(&long, &good_session())).await;
    assert_eq!(answer.refusal(), (400, INVALID, "validation_error"));
    app.clock.skip(25 * 3_600);
    let fresh = app.call(keyed("k1", &changed)).await;
    assert_eq!(fresh.status, 200, "a key is forgotten after a day");
}

async fn twins_under_one_key_make_one_order(app: &App) {
    let orders =
        |rows: Vec<(String, i64)>| rows.into_iter().find(|(t, _)| t == "orders").unwrap().1;
    let before = orders(app.rows().await);
    let calls = (0..8).map(|_| {
        let body = good_session().to_string().into();
        let mut request = as_partner(&app.shop, Method::POST, "/widget/session", body);
        request
            .headers_mut()
            .insert("idempotency-key", "twins".parse().unwrap());
        app.call(request)
    });
    let answers = futures::future::join_all(calls).await;
    for answer in &answers {
        assert_eq!((answer.status, &answer.text), (200, &answers[0].text));
    }
    assert_eq!(orders(app.rows().await), before + 1);
}

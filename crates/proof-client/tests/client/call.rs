//! Single calls: what is sent, what is read, and when a call is made again.

use crate::support::{Act, Fake, FakeHost, Reply, TOKEN, client, json};
use proof_client::{
    Client, Error, KycStatus, OrderType, Retry, Session, SessionRequest, Setup, Status,
    TransactionQuery,
};
use serde_json::{Value, json as value};
use std::sync::Arc;

const ID: &str = "01a205d7-6445-7da8-b9dd-58caedbfa33b";

fn request() -> SessionRequest {
    SessionRequest {
        partner_user_id: "user-42".into(),
        user_email: "ann@example.com".into(),
        network: "TRC20".into(),
        currency: "USDT".into(),
        amount: "100".into(),
        ..SessionRequest::default()
    }
}

fn session() -> Value {
    value!({
        "merchant_transaction_id": ID, "address": "TQsYLehPnKVhjqx58tntQep1WMLG6YDyuY",
        "init_token": "it_secret", "fix_amount": true, "currencies": ["USDT", "USDC"],
        "a_new_parameter": {"kept": null},
    })
}

fn refusal(status: u16, code: &str, headers: &[(&'static str, &str)]) -> Reply {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).into()));
    Reply::Http {
        status,
        headers: headers.collect(),
        body: value!({"error": "x", "code": code, "message": "said so"}).to_string(),
    }
}

async fn create(script: Vec<Reply>, host: &Arc<FakeHost>) -> (Result<Session, Error>, Fake) {
    let fake = Fake::start(script);
    let outcome = client(&fake, host).session_create(&request()).await;
    (outcome, fake)
}

#[tokio::test]
async fn a_session_is_asked_for_and_passed_on_unchanged() {
    let host = Arc::default();
    let (made, fake) = create(vec![json(200, session())], &host).await;
    let made = made.unwrap();
    assert_eq!(made.merchant_transaction_id(), ID);
    assert_eq!(made.address(), Some("TQsYLehPnKVhjqx58tntQep1WMLG6YDyuY"));
    assert_eq!(serde_json::to_value(&made).unwrap(), session());
    assert!(!format!("{made:?}").contains("it_secret"));

    let sent = &fake.finish()[0];
    assert_eq!((&*sent.method, &*sent.target), ("POST", "/widget/session"));
    assert_eq!(sent.header("authorization"), Some("Bearer sk_test_4f1c"));
    assert_eq!(sent.header("origin"), None);
    assert_eq!(sent.header("idempotency-key").unwrap().len(), 32);
    // Optional fields are absent, not null.
    assert_eq!(
        serde_json::from_str::<Value>(&sent.body).unwrap(),
        value!({"partner_user_id": "user-42", "user_email": "ann@example.com",
            "network": "TRC20", "currency": "USDT", "amount": "100"})
    );
}

#[tokio::test]
async fn every_try_carries_the_same_key_and_body() {
    let host = Arc::default();
    let script = vec![
        refusal(503, "overloaded", &[]),
        Reply::Drop,
        refusal(500, "db_error", &[]),
        json(200, session()),
    ];
    let (made, fake) = create(script, &host).await;
    made.unwrap();
    let sent = fake.finish();
    assert_eq!(host.pauses_ms(), [500, 1_000, 2_000]);
    for again in &sent[1..] {
        let key = again.header("idempotency-key");
        assert_eq!(key, sent[0].header("idempotency-key"));
        assert_eq!(again.body, sent[0].body);
    }
}

#[tokio::test]
async fn two_sessions_have_two_keys() {
    let fake = Fake::start(vec![json(200, session()), json(200, session())]);
    let client = Client::new(&fake.url, TOKEN).unwrap();
    client.session_create(&request()).await.unwrap();
    client.session_create(&request()).await.unwrap();
    let sent = fake.finish();
    let key = |index: usize| sent[index].header("idempotency-key").unwrap();
    assert_ne!(key(0), key(1));
}

#[tokio::test]
async fn a_key_of_the_callers_own_is_used_and_checked() {
    let fake = Fake::start(vec![json(200, session())]);
    let client = client(&fake, &Arc::default());
    for wrong in ["", "  ", "a\nb", &"x".repeat(256)] {
        let refused = client.session_create_keyed(&request(), wrong).await;
        assert!(matches!(refused, Err(Error::Request(_))), "{wrong:?}");
    }
    let made = client.session_create_keyed(&request(), "order-7").await;
    made.unwrap();
    let sent = &fake.finish()[0];
    assert_eq!(sent.header("idempotency-key"), Some("order-7"));
}

#[tokio::test]
async fn four_tries_are_enough() {
    let host = Arc::default();
    let script = (0..4)
        .map(|_| refusal(502, "provider_error", &[]))
        .collect();
    let (made, fake) = create(script, &host).await;
    let error = made.unwrap_err();
    assert!(matches!(error, Error::Unavailable(_)), "{error}");
    assert_eq!(error.problem().retry, Retry::Always);
    assert_eq!(fake.finish().len(), 4);
    assert_eq!(host.pauses_ms().len(), 3);
}

#[tokio::test]
async fn the_server_says_how_long_to_wait() {
    let host = Arc::default();
    let script = vec![
        refusal(429, "rate_limit_exceeded", &[("Retry-After", "7")]),
        json(200, session()),
    ];
    let (made, fake) = create(script, &host).await;
    made.unwrap();
    fake.finish();
    assert_eq!(host.pauses_ms(), [7_000]);
}

#[tokio::test]
async fn a_wait_that_is_too_long_is_left_to_the_caller() {
    let host = Arc::default();
    let script = vec![refusal(503, "overloaded", &[("Retry-After", "61")])];
    let (made, fake) = create(script, &host).await;
    assert_eq!(
        made.unwrap_err().problem().retry_after.unwrap().as_secs(),
        61
    );
    fake.finish();
    assert!(host.pauses_ms().is_empty());
}

#[tokio::test]
async fn a_bug_of_configuration_says_what_to_do_and_is_not_tried_again() {
    for (status, code, advice) in [
        (401, "missing_token", "Authorization header"),
        (401, "invalid_token", "sk_test_ or sk_live_"),
        (
            403,
            "forbidden_origin",
            "let the operator register that origin",
        ),
        (403, "offramp_disabled", "ask for a buy"),
        (400, "WALLET_NOT_SUPPORTED", "Let the operator register one"),
        (400, "currency_not_allowed", "Let the operator enable it"),
    ] {
        let host = Arc::default();
        let script = vec![refusal(status, code, &[("X-Request-Id", "req-9")])];
        let (made, fake) = create(script, &host).await;
        let error = made.unwrap_err();
        assert!(matches!(error, Error::Configuration(_)), "{code}");
        let text = error.to_string();
        assert!(text.starts_with("Configuration bug: "), "{text}");
        for part in [advice, "said so", code, "req-9"] {
            assert!(text.contains(part), "{part:?} is not in {text:?}");
        }
        assert_eq!(error.code(), Some(code));
        fake.finish();
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_token() {
    let host = Arc::default();
    let script = vec![Reply::Http {
        status: 308,
        headers: vec![("Location", "/elsewhere".into())],
        body: String::new(),
    }];
    let (made, fake) = create(script, &host).await;
    let text = made.unwrap_err().to_string();
    assert!(
        text.starts_with("Configuration bug: the base URL redirects"),
        "{text}"
    );
    fake.finish();
}

#[tokio::test]
async fn an_answer_that_is_not_the_contract_s_is_not_asked_for_again() {
    for body in ["<html>Welcome to the hotel</html>", "{}", "[]", ""] {
        let host = Arc::default();
        let (made, fake) = create(vec![json(200, body)], &host).await;
        let error = made.unwrap_err();
        assert!(matches!(error, Error::Transport(_)), "{error}");
        assert!(!error.is_retryable());
        fake.finish();
    }
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let fake = Fake::start(vec![json(200, "x".repeat(4 * 1024 * 1024 + 1))]);
    let error = client(&fake, &Arc::default()).transaction(ID).await;
    let text = error.unwrap_err().to_string();
    assert!(text.contains("too long"), "{text}");
    fake.finish();
}

#[tokio::test]
async fn a_transaction_may_have_words_and_fields_of_a_later_version() {
    let body = value!({
        "merchant_transaction_id": ID, "partner_user_id": "user-42", "type": "swap",
        "status": "on_hold", "currency": "USDT", "network": "TRC20", "crypto_amount": "99.50",
        "fiat_currency": "EUR", "fiat_amount": "", "created_at": "2026-04-01T10:00:00Z",
        "updated_at": "2026-04-01T10:03:45Z", "sequence": 3, "mood": [1, null],
    });
    let fake = Fake::start(vec![json(200, body)]);
    let found = client(&fake, &Arc::default())
        .transaction(ID)
        .await
        .unwrap();
    assert_eq!(found.status, Status::Unknown("on_hold".into()));
    assert_eq!(found.order_type, OrderType::Unknown("swap".into()));
    assert_eq!((found.sequence, &*found.crypto_amount), (Some(3), "99.50"));
    let sent = &fake.finish()[0];
    assert_eq!(sent.target, format!("/widget/transactions/{ID}"));
}

#[tokio::test]
async fn a_list_asks_for_what_was_named_and_nothing_else() {
    let page = value!({
        "data": [{"merchant_transaction_id": ID, "status": "failed"}], "next_cursor": "c/2",
    });
    let last = value!({"data": [], "next_cursor": null});
    let fake = Fake::start(vec![json(200, page), json(200, last)]);
    let client = client(&fake, &Arc::default());
    let first = client.transaction_list(&TransactionQuery::default()).await;
    let first = first.unwrap();
    assert_eq!(first.data[0].status, Status::Failed);
    let query = TransactionQuery {
        limit: Some(10),
        after: first.next_cursor,
        status: Some(Status::Failed),
        order_type: Some(OrderType::Sell),
        partner_user_id: Some("a&b".into()),
        ..TransactionQuery::default()
    };
    let second = client.transaction_list(&query).await.unwrap();
    assert_eq!(second.next_cursor, None);
    let sent = fake.finish();
    assert_eq!(sent[0].target, "/widget/transactions");
    assert_eq!(
        sent[1].target,
        "/widget/transactions?limit=10&after=c%2F2&status=failed&type=sell&partner_user_id=a%26b"
    );
}

#[tokio::test]
async fn a_users_id_is_one_segment_of_the_path() {
    let body = value!({"partner_user_id": "a/b", "status": "verified"});
    let fake = Fake::start(vec![json(200, body), refusal(404, "not_found", &[])]);
    let client = client(&fake, &Arc::default());
    assert_eq!(client.kyc_status("a/b").await.unwrap(), KycStatus::Verified);
    let unknown = client.kyc_status("nobody").await;
    assert!(matches!(unknown, Err(Error::NotFound(_))));
    assert_eq!(fake.finish()[0].target, "/widget/users/a%2Fb/kyc-status");
}

#[tokio::test]
async fn proof_may_stand_behind_a_prefix() {
    let body = value!({"merchant_transaction_id": ID, "status": "pending"});
    let fake = Fake::start(vec![json(200, body)]);
    let client = Client::new(&format!("{}/ramp/", fake.url), TOKEN).unwrap();
    client.transaction(ID).await.unwrap();
    let sent = &fake.finish()[0];
    assert_eq!(sent.target, format!("/ramp/widget/transactions/{ID}"));
}

#[test]
fn a_wrong_setting_is_refused_at_once_and_without_its_secret() {
    for (base_url, token) in [
        ("proof.example", TOKEN),
        ("ftp://proof.example", TOKEN),
        ("https://proof.example?x=1", TOKEN),
        ("https://user:hunter2@proof.example", TOKEN),
        ("https://:hunter2@proof.example", TOKEN),
        ("https://proof.example", ""),
        ("https://proof.example", "sk_test_hunter2\n"),
        ("https://proof.example", "Bearer sk_test_hunter2"),
    ] {
        let text = Client::new(base_url, token).unwrap_err().to_string();
        assert!(text.starts_with("Configuration bug: "), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    let client = Client::new("https://proof.example", TOKEN).unwrap();
    assert!(!format!("{client:?}").contains(TOKEN));
}

/// A client that trusts this certificate and no other.
fn trusting(fake: &Fake) -> Client {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(fake.certificate.clone().unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let host: Arc<FakeHost> = Arc::default();
    let setup = Setup {
        tls: Some(tls),
        host,
    };
    Client::with_setup(&fake.url, TOKEN, setup).unwrap()
}

#[tokio::test]
async fn calls_and_sockets_go_through_tls() {
    let update = value!({
        "event": "tx.update", "merchant_transaction_id": ID, "status": "completed", "sequence": 2,
    });
    let fake = Fake::start_tls(vec![
        json(200, session()),
        Reply::Socket(vec![Act::Say(update.to_string()), Act::Listen]),
    ]);
    let client = trusting(&fake);
    client.session_create(&request()).await.unwrap();
    let update = client.watch(ID).next().await.unwrap().unwrap();
    assert_eq!(update.status, Status::Completed);
    let sent = fake.finish();
    assert_eq!(sent[0].header("authorization"), Some("Bearer sk_test_4f1c"));
    assert_eq!(sent[1].header("authorization"), Some("Bearer sk_test_4f1c"));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_gets_no_token() {
    let body = value!({"merchant_transaction_id": ID, "status": "pending"});
    let fake = Fake::start_tls(vec![json(200, body)]);
    let outcome = client(&fake, &Arc::default()).transaction(ID).await;
    assert!(matches!(outcome, Err(Error::Transport(_))), "{outcome:?}");
}

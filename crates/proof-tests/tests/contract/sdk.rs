//! The Rust SDK against the server itself, over a real connection.

use crate::buyer::{Buyer, GOOD_CARD};
use crate::kit::{App, good_session};
use crate::on_both_engines;
use crate::socket::serve;
use proof_client::{
    Client, Error, EventQuery, SessionRequest, TransactionQuery,
    webhook::{Seen, Verifier},
};
use std::time::{Duration, UNIX_EPOCH};

on_both_engines!(
    the_sdk_follows_a_buy_to_its_end,
    the_sdk_tells_bugs_from_bad_luck,
);

fn client(app: &App, address: &str) -> Client {
    let url = address.replacen("ws", "http", 1);
    Client::new(&url, app.shop.client_token.expose_secret()).unwrap()
}

async fn the_sdk_follows_a_buy_to_its_end(app: &App) {
    let served = serve(app).await;
    let proof = client(app, &served.address);
    let request = SessionRequest {
        partner_user_id: "sdk".into(),
        user_email: "sdk@example.com".into(),
        network: "TRC20".into(),
        currency: "USDT".into(),
        amount: "100".into(),
        ..SessionRequest::default()
    };
    let session = proof.session_create_keyed(&request, "sdk-1").await.unwrap();
    let again = proof.session_create_keyed(&request, "sdk-1").await.unwrap();
    let id = session.merchant_transaction_id().to_owned();
    assert_eq!(again.merchant_transaction_id(), id);
    let buyer = Buyer::reopen(app, serde_json::to_value(&session).unwrap()).await;
    buyer.identify().await;
    buyer.until_step("quote").await;
    let mut watch = proof.watch(&id);
    let first = watch.next().await.unwrap().unwrap();
    assert_eq!(first.status.as_str(), "pending");
    buyer.pay(GOOD_CARD).await;
    let mut heard = Vec::new();
    while let Some(update) = watch.next().await.unwrap() {
        heard.push((update.status.as_str().to_owned(), update.sequence));
    }
    let statuses: Vec<&str> = heard.iter().map(|(status, _)| status.as_str()).collect();
    assert_eq!(statuses, ["processing", "completed"]);
    let transaction = proof.transaction(&id).await.unwrap();
    assert_eq!(transaction.status.as_str(), "completed");
    let listed = proof.transaction_list(&TransactionQuery::default()).await;
    assert_eq!(listed.unwrap().data[0].merchant_transaction_id, id);
    assert_eq!(proof.kyc_status("sdk").await.unwrap().as_str(), "verified");
    let mut feed = proof.feed(None);
    loop {
        let event = feed.next().await.unwrap();
        if event.event_type.as_str() == "order.completed" {
            break;
        }
    }
    let page = proof.events(&EventQuery::default()).await.unwrap();
    assert_eq!(page.data[0].sequence, 1);
    webhooks(app).await;
    served.task.abort();
}

async fn webhooks(app: &App) {
    let look = || async {
        let got = app.outside.receiver.got.lock().unwrap().clone();
        (got.len() == 2).then_some(got)
    };
    let got = app.until("both webhooks", look).await;
    let secret = app.shop.webhook_secret.as_ref().unwrap().expose_secret();
    let keys = app.get("/.well-known/proof-webhook-keys.json").await.json;
    let key = keys["keys"][0]["key"].as_str().unwrap();
    let verifiers = [
        Verifier::new().with_secret(secret).unwrap(),
        Verifier::new().with_public_key(key).unwrap(),
    ];
    let mut seen = Seen::new(10);
    for webhook in &got {
        let mut headers = http::HeaderMap::new();
        headers.insert("webhook-id", webhook.id.parse().unwrap());
        headers.insert("webhook-timestamp", webhook.timestamp.parse().unwrap());
        headers.insert("webhook-signature", webhook.signature.parse().unwrap());
        let at = UNIX_EPOCH + Duration::from_secs(webhook.timestamp.parse().unwrap());
        for verifier in &verifiers {
            let event = verifier
                .verify(&headers, webhook.body.as_bytes(), at)
                .unwrap();
            assert_eq!(event.merchant_transaction_id.len(), 36);
            let late = at + Duration::from_secs(3_600);
            assert!(
                verifier
                    .verify(&headers, webhook.body.as_bytes(), late)
                    .is_err()
            );
            let other = webhook.body.replace("100.00", "999.00");
            assert!(verifier.verify(&headers, other.as_bytes(), at).is_err());
        }
        let event = verifiers[0]
            .verify(&headers, webhook.body.as_bytes(), at)
            .unwrap();
        assert!(seen.insert(&event) && !seen.insert(&event));
    }
}

async fn the_sdk_tells_bugs_from_bad_luck(app: &App) {
    let served = serve(app).await;
    let proof = client(app, &served.address);
    let unknown = proof
        .transaction("01a205d7-6445-7da8-b9dd-58caedbfa33b")
        .await;
    assert!(matches!(unknown, Err(Error::NotFound(_))), "{unknown:?}");
    let request = SessionRequest {
        partner_user_id: "sdk".into(),
        user_email: "sdk@example.com".into(),
        network: "TRC20".into(),
        currency: "DOGE".into(),
        amount: good_session()["amount"].as_str().unwrap().into(),
        ..SessionRequest::default()
    };
    let error = proof.session_create(&request).await.unwrap_err();
    assert!(matches!(error, Error::Configuration(_)), "{error:?}");
    assert!(
        error.to_string().starts_with("Configuration bug"),
        "{error}"
    );
    assert_eq!(error.code(), Some("currency_not_allowed"));
    served.task.abort();
}

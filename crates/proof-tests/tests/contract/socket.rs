//! `GET /ws?tx_id=` (contract §5), over a real connection.

use crate::buyer::{Buyer, GOOD_CARD};
use crate::kit::{App, good_session};
use crate::on_both_engines;
use axum::body::Body;
use futures::{SinkExt, StreamExt};
use http::Method;
use serde_json::Value;
use std::time::Duration;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{self, Message, client::IntoClientRequest},
};

on_both_engines!(
    refusals_come_before_the_upgrade,
    a_connection_sees_the_present_state_then_every_change,
);

/// Real time that anything on a socket may take.
const BOUND: Duration = Duration::from_secs(20);

struct Served {
    address: String,
    task: tokio::task::JoinHandle<()>,
}

async fn serve(app: &App) -> Served {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("ws://{}", listener.local_addr().unwrap());
    let router = app.app.router.clone();
    let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    Served { address, task }
}

/// The status with which an upgrade is refused, or none.
async fn refused(served: &Served, query: &str, headers: &[(&'static str, &str)]) -> Option<u16> {
    let mut request = format!("{}/ws{query}", served.address)
        .into_client_request()
        .unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match connect_async(request).await {
        Ok(_) => None,
        Err(tungstenite::Error::Http(answer)) => Some(answer.status().as_u16()),
        Err(other) => panic!("{other}"),
    }
}

async fn refusals_come_before_the_upgrade(app: &App) {
    let served = serve(app).await;
    let session = app.session(&good_session()).await.json;
    let id = session["merchant_transaction_id"].as_str().unwrap();
    let (own, token) = (
        format!("?tx_id={id}"),
        format!("Bearer {}", app.shop.client_token.expose_secret()),
    );
    let foreign = format!("Bearer {}", app.wallet_partner.client_token.expose_secret());
    let auth = ("authorization", token.as_str());
    let unknown = "?tx_id=01a205d7-6445-7da8-b9dd-58caedbfa33b";
    for (query, headers, status) in [
        (own.as_str(), vec![], Some(401)),
        (&own, vec![("authorization", "Bearer x")], Some(401)),
        ("", vec![], Some(401)),
        (&own, vec![auth, ("origin", "http://evil.test")], Some(403)),
        ("", vec![auth], Some(400)),
        ("?tx_id=", vec![auth], Some(400)),
        (unknown, vec![auth], Some(404)),
        ("?tx_id=nonsense", vec![auth], Some(404)),
        (&own, vec![("authorization", foreign.as_str())], Some(404)),
        (&own, vec![auth, ("origin", "http://proof.test")], None),
        (&own, vec![auth], None),
    ] {
        assert_eq!(
            refused(&served, query, &headers).await,
            status,
            "{query} {headers:?}"
        );
    }
    let plain = app
        .shop(Method::GET, &format!("/ws{own}"), Body::empty())
        .await;
    assert_eq!(
        plain.refusal(),
        (426, "invalid_request", "upgrade_required")
    );
    served.task.abort();
}

async fn a_connection_sees_the_present_state_then_every_change(app: &App) {
    let served = serve(app).await;
    let buyer = Buyer::verified(app, "u").await;
    let url = format!("{}/ws?tx_id={}", served.address, buyer.id);
    let mut request = url.into_client_request().unwrap();
    let token = format!("Bearer {}", app.shop.client_token.expose_secret());
    request
        .headers_mut()
        .insert("authorization", token.parse().unwrap());
    let (mut socket, _) = connect_async(request).await.unwrap();
    let mut updates: Vec<Value> = Vec::new();
    let close = loop {
        match tokio::time::timeout(BOUND, socket.next()).await.unwrap() {
            Some(Ok(Message::Text(text))) => {
                updates.push(serde_json::from_str(&text).unwrap());
                if updates.len() == 1 {
                    buyer.pay(GOOD_CARD).await;
                }
            }
            Some(Ok(Message::Close(frame))) => break frame.unwrap(),
            Some(Ok(Message::Ping(_))) => socket.flush().await.unwrap(),
            other => panic!("{other:?}"),
        }
    };
    let statuses: Vec<&str> = updates
        .iter()
        .map(|u| u["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["pending", "processing", "completed"]);
    assert_eq!(u16::from(close.code), 1000);
    assert!(
        updates[0].get("payment_method").is_none(),
        "left out while unknown"
    );
    let last = &updates[2];
    for (field, value) in [
        ("event", "tx.update"),
        ("merchant_transaction_id", buyer.id.as_str()),
        ("type", "buy"),
        ("payment_method", "card"),
        ("currency", "USDT"),
        ("fiat_currency", "EUR"),
        ("crypto_amount", "100.00"),
    ] {
        assert_eq!(last[field], value, "{field}");
    }
    let path = format!("/widget/transactions/{}", buyer.id);
    let transaction = app.shop(Method::GET, &path, Body::empty()).await.json;
    assert_eq!(last["occurred_at"], transaction["updated_at"]);
    assert_eq!(last["fiat_amount"], transaction["fiat_amount"]);
    served.task.abort();
}

//! The server is killed without a word at each stage of a buy, and started again.

use crate::server::{Server, open, post};
use crate::user::{card_token, follow, identify};
use serde_json::{Value, json};
use std::path::Path;

/// What the order is seen to be when the server is killed.
const STAGES: [&str; 6] = [
    "asked",
    "capturing",
    "paid",
    "delivering",
    "confirmation",
    "identity_checking",
];

async fn pay(server: &Server, visit: &str) {
    let api = server.api(visit);
    let view = post(&api, &["frame", "api", "quote"], json!({})).await;
    let token = card_token(server, "4242424242424242").await;
    let body = json!({ "card_token": token, "quote_id": view["quote"]["id"] });
    post(&api, &["frame", "api", "payments"], body).await;
}

#[tokio::test]
async fn an_order_goes_on_wherever_the_server_was_killed() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(data.path(), 0).await;
    let mut orders = Vec::new();
    for killed_at in STAGES {
        let (visit, id) = open(&server, killed_at, "buy").await;
        identify(&server, &visit).await;
        if killed_at != "identity_checking" {
            follow(&server, &visit, "quote").await;
            pay(&server, &visit).await;
        }
        follow(&server, &visit, killed_at).await;
        server.kill().await;
        server = Server::start(data.path(), 0).await;
        if killed_at == "identity_checking" {
            follow(&server, &visit, "quote").await;
            pay(&server, &visit).await;
        }
        orders.push((visit, id));
    }
    for (visit, id) in &orders {
        let view = follow(&server, visit, "completed").await;
        assert_eq!(view["status"], "completed", "{id}");
    }
    once_each(&server, data.path(), orders.len()).await;
    let pages = server.ready["partners"][0]["origins"].as_array().unwrap();
    assert_eq!(
        pages.len(),
        1,
        "shops of earlier starts fill no list: {pages:?}"
    );
    server.kill().await;
}

/// The chain is asked: every order moved its coins, and none moved them twice.
async fn once_each(server: &Server, data: &Path, orders: usize) {
    let (visit, _) = open(server, "observer", "buy").await;
    let view: Value = server
        .api(&visit)
        .get(&["frame", "api", "order"], &[])
        .await
        .unwrap()
        .json()
        .unwrap();
    let received = server
        .balance(data, view["address"].as_str().unwrap())
        .await;
    let expected = u128::try_from(orders).unwrap() * 100_000_000;
    assert_eq!(received, expected, "each order is delivered once");
}

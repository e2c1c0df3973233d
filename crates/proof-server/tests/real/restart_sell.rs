//! The server is killed without a word at each stage of a sell, and started again.

use crate::server::{Server, open, post};
use crate::user::{card_token, follow, identify};
use serde_json::{Value, json};
use std::{collections::HashSet, path::Path};

/// What the order is seen to be when the server is killed, and the card that the money should go to.
const STAGES: [(&str, &str); 6] = [
    ("terms", GOOD_CARD),
    ("deposit", GOOD_CARD),
    ("deposit.seen", GOOD_CARD),
    ("deposit.confirmed", SLOW_CARD),
    ("completed", GOOD_CARD),
    ("return.started", REFUSED_CARD),
];

const GOOD_CARD: &str = "4242424242424242";
/// Its bank takes ten seconds: the payout is on its way when the server dies.
const SLOW_CARD: &str = "4000000000000341";
const REFUSED_CARD: &str = "4000000000009995";
const REFUND: &str = "TQsYLehPnKVhjqx58tntQep1WMLG6YDyuY";
const SOLD: u128 = 100_000_000;

pub async fn accept(server: &Server, visit: &str, card: &str) -> String {
    let api = server.api(visit);
    let quoted = post(&api, &["frame", "api", "quote"], json!({})).await;
    let body = json!({
        "quote_id": quoted["quote"]["id"], "card_token": card_token(server, card).await,
        "refund_address": REFUND,
    });
    let view = post(&api, &["frame", "api", "sale"], body).await;
    let address = view["sale"]["deposit_address"].as_str();
    address.unwrap().to_owned()
}

async fn deposit(server: &Server, address: &str) {
    let body = json!({ "address": address, "currency": "USDT", "amount": "100" });
    let wallet = server.door("world_url", "");
    post(&wallet, &["wallet", "v1", "TRC20", "transfers"], body).await;
}

#[tokio::test]
async fn a_sell_goes_on_wherever_the_server_was_killed() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(data.path(), 0).await;
    let mut sells = Vec::new();
    for (killed_at, card) in STAGES {
        let (visit, id) = open(&server, killed_at, "sell").await;
        identify(&server, &visit).await;
        follow(&server, &visit, "terms").await;
        let mut address = None;
        if killed_at != "terms" {
            address = Some(accept(&server, &visit, card).await);
        }
        if let Some(address) = address.as_ref().filter(|_| killed_at != "deposit") {
            deposit(&server, address).await;
            follow(&server, &visit, killed_at).await;
        }
        server.kill().await;
        server = Server::start(data.path(), 0).await;
        if killed_at == "terms" {
            address = Some(accept(&server, &visit, card).await);
        }
        if matches!(killed_at, "terms" | "deposit") {
            deposit(&server, &address.unwrap()).await;
        }
        sells.push((visit, id, card));
    }
    let mut returned = 0;
    for (visit, id, card) in &sells {
        let view = follow(&server, visit, "completed").await;
        let back = *card == REFUSED_CARD;
        let status = if back { "failed" } else { "completed" };
        assert_eq!(view["status"], status, "{id}");
        returned += u128::from(back);
    }
    assert_eq!(server.balance(data.path(), REFUND).await, returned * SOLD);
    paid_once_each(data.path(), sells.len());
    server.kill().await;
}

/// The processor's own journal is read: one payout for each sell, each to another card.
fn paid_once_each(data: &Path, sells: usize) {
    let journal = data.join("sandbox").join("cards").join("journal.jsonl");
    let journal = std::fs::read_to_string(journal).unwrap();
    let facts = journal
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let cards: Vec<String> = facts
        .filter(|fact| fact["type"] == "paid_out")
        .map(|fact| fact["card_id"].to_string())
        .collect();
    assert_eq!(cards.len(), sells, "{journal}");
    assert_eq!(cards.iter().collect::<HashSet<_>>().len(), sells);
}

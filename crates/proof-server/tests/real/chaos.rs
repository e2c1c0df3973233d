//! A receiver that fails in every way and a server that is killed again and again: every final
//! status arrives on every channel, under the same number, and the feed has no gap.

use crate::receiver::{Got, Receiver};
use crate::server::{Server, open, post};
use futures::StreamExt;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::TcpListener,
    sync::{Arc, Mutex},
};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

const ORDERS_PER_LIFE: usize = 9;
const LIVES: usize = 4;

/// Long polls before a webhook counts as lost; the slowest trick costs a few tries.
const LOOKS_MAX: u32 = 40;

fn free_port() -> u16 {
    let probe = TcpListener::bind("127.0.0.1:0").unwrap();
    probe.local_addr().unwrap().port()
}

fn token(server: &Server) -> String {
    let token = server.ready["partners"][0]["client_token"].as_str();
    token.unwrap().to_owned()
}

/// The whole feed, by order.
async fn feed(server: &Server) -> BTreeMap<String, Vec<Value>> {
    let api = server.api(&token(server));
    let (mut events, mut after) = (BTreeMap::<String, Vec<Value>>::new(), String::new());
    loop {
        let query = [("limit", "7"), ("after", after.as_str())];
        let page = api.get(&["widget", "events"], &query).await.unwrap();
        let page: Value = page.json().unwrap();
        let data = page["data"].as_array().unwrap();
        if data.is_empty() {
            return events;
        }
        for event in data {
            let order = event["merchant_transaction_id"].as_str().unwrap();
            events
                .entry(order.to_owned())
                .or_default()
                .push(event.clone());
        }
        page["next_cursor"].as_str().unwrap().clone_into(&mut after);
    }
}

/// The update with which a late listener's connection begins.
async fn over_socket(server: &Server, order: &str) -> Value {
    let base = server.ready["base_url"].as_str().unwrap();
    let url = format!("{}/ws?tx_id={order}", base.replacen("http", "ws", 1));
    let mut request = url.into_client_request().unwrap();
    let bearer = format!("Bearer {}", token(server)).parse().unwrap();
    request.headers_mut().insert("authorization", bearer);
    let (mut socket, _) = connect_async(request).await.unwrap();
    loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

/// Waits, by the feed's own long poll, until the receiver has taken an event for each order.
async fn all_received(server: &Server, got: &Mutex<Got>, orders: usize) -> BTreeMap<String, Value> {
    let api = server.api(&token(server));
    let cursor: Value = api
        .get(&["widget", "events"], &[("limit", "100")])
        .await
        .unwrap()
        .json()
        .unwrap();
    let mut cursor = cursor["next_cursor"].as_str().unwrap().to_owned();
    for _ in 0..LOOKS_MAX {
        let bodies = got.lock().unwrap().bodies.clone();
        let by_order: BTreeMap<String, Value> = bodies
            .values()
            .map(|body| {
                let body: Value = serde_json::from_str(body).unwrap();
                let order = body["merchant_transaction_id"].as_str().unwrap().to_owned();
                (order, body)
            })
            .collect();
        if by_order.len() == orders {
            return by_order;
        }
        let query = [("after", cursor.as_str()), ("wait", "2")];
        let page: Value = api
            .get(&["widget", "events"], &query)
            .await
            .unwrap()
            .json()
            .unwrap();
        page["next_cursor"]
            .as_str()
            .unwrap()
            .clone_into(&mut cursor);
    }
    let got = got.lock().unwrap().bodies.len();
    panic!("{got} of {orders} webhooks arrived");
}

#[tokio::test]
async fn every_final_status_arrives_on_every_channel() {
    let data = tempfile::tempdir().unwrap();
    let (port, got) = (free_port(), Arc::new(Mutex::new(Got::default())));
    let mut orders = Vec::new();
    for life in 1..=LIVES {
        let server = Server::start(data.path(), port).await;
        let receiver = Receiver::start(port, Arc::clone(&got));
        for n in 0..ORDERS_PER_LIFE {
            let (visit, order) = open(&server, &format!("u{life}-{n}"), "buy").await;
            post(&server.api(&visit), &["frame", "api", "cancel"], json!({})).await;
            orders.push(order);
        }
        if life < LIVES {
            // In the middle of its deliveries, whatever they are at.
            server.kill().await;
            receiver.stop();
            continue;
        }
        let received = all_received(&server, &got, orders.len()).await;
        let feed = feed(&server).await;
        for order in &orders {
            check(&server, order, &received[order], &feed[order]).await;
        }
        assert_eq!(
            got.lock().unwrap().redirected,
            0,
            "redirects are not followed"
        );
        server.kill().await;
        receiver.stop();
    }
}

/// Polling, WebSocket, webhook and feed say the same of an order.
async fn check(server: &Server, order: &str, received: &Value, events: &[Value]) {
    let numbers: Vec<i64> = events
        .iter()
        .map(|e| e["sequence"].as_i64().unwrap())
        .collect();
    let whole: Vec<i64> = (1..).take(events.len()).collect();
    assert_eq!(numbers, whole, "{order} has a gap in the feed");
    let event = events
        .iter()
        .rfind(|e| e["type"] == "order.status_changed")
        .unwrap();
    let path = ["widget", "transactions", order];
    let polled = server.api(&token(server)).get(&path, &[]).await.unwrap();
    let polled: Value = polled.json().unwrap();
    let update = over_socket(server, order).await;
    for (channel, said) in [
        ("webhook", received),
        ("poll", &polled),
        ("socket", &update),
    ] {
        assert_eq!(said["status"], "cancelled", "{order} by {channel}");
        for field in ["event_id", "sequence"] {
            assert_eq!(said[field], event[field], "{field} of {order} by {channel}");
        }
    }
}

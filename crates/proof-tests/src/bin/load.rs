//! The parts of the benchmarks that scripts cannot do: a bare rival, and thousands of sockets.
//!
//! `ci/bench-*` start it; what it prints is one line of JSON.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a load generator runs in real time and ends where it is wrong"
)]

use axum::{Router, http::header, routing::get};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::net::TcpListener;
use tokio_tungstenite::{
    connect_async_with_config,
    tungstenite::{Message, client::IntoClientRequest, protocol::WebSocketConfig},
};

/// What a poll of a fresh transaction answers, byte for byte as long.
const TRANSACTION: &str = r#"{"merchant_transaction_id":"01a205d7-6445-7da8-b9dd-58caedbfa33b","partner_user_id":"bench","type":"buy","status":"pending","currency":"USDT","network":"TRC20","crypto_amount":"100.00","fiat_currency":"EUR","fiat_amount":"","created_at":"2026-04-01T10:00:00Z","updated_at":"2026-04-01T10:00:00Z","event_id":"evt_01a205d764457da8b9dd58caedbfa33b","sequence":1}"#;

/// Connections that are opened, and changes that are on their way, at the same time.
const OPENING: usize = 128;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    // Nothing here speaks TLS, but the client wants to know who would.
    rustls::crypto::ring::default_provider()
        .install_default()
        .unwrap();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["bare"] => bare().await,
        ["sockets", url, token, origin, pid, sockets, changes, rate] => {
            let load = Load {
                url: (*url).to_owned(),
                token: (*token).to_owned(),
                origin: (*origin).to_owned(),
                pid: pid.parse().unwrap(),
            };
            let (sockets, changes) = (sockets.parse().unwrap(), changes.parse().unwrap());
            load.sockets(sockets, changes, rate.parse().unwrap()).await;
        }
        _ => println!("load bare | load sockets URL TOKEN ORIGIN PID SOCKETS CHANGES RATE"),
    }
}

/// axum with nothing in it.
async fn bare() {
    let body = || async { ([(header::CONTENT_TYPE, "application/json")], TRANSACTION) };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!(
        "{}",
        json!({ "port": listener.local_addr().unwrap().port() })
    );
    let router = Router::new().route("/poll", get(body));
    axum::serve(listener, router).await.unwrap();
}

struct Load {
    url: String,
    token: String,
    /// A page that may embed the widget.
    origin: String,
    pid: u32,
}

/// An order and the visit that may cancel it.
struct Open {
    id: String,
    visit: String,
}

type Seen = Arc<Mutex<HashMap<String, Instant>>>;

impl Load {
    fn resident_kb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap();
        let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    async fn post(&self, client: &reqwest::Client, path: &str, token: &str, body: Value) -> Value {
        let request = client
            .post(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {token}"))
            .body(body.to_string());
        let answer = request.send().await.unwrap();
        let text = answer.text().await.unwrap();
        serde_json::from_str(&text).unwrap()
    }

    async fn open(&self, client: &reqwest::Client, n: usize) -> Open {
        let body = json!({
            "partner_user_id": format!("u{n}"), "user_email": "bench@example.com",
            "network": "TRC20", "currency": "USDT", "amount": "100",
        });
        let session = self
            .post(client, "/widget/session", &self.token, body)
            .await;
        let visit = json!({
            "widget_id": session["widget_id"], "init_token": session["init_token"],
            "parameters": {}, "page_origin": self.origin,
        });
        let opened = self.post(client, "/frame/api/visits", "", visit).await;
        Open {
            id: session["merchant_transaction_id"]
                .as_str()
                .unwrap()
                .to_owned(),
            visit: opened["visit_token"].as_str().unwrap().to_owned(),
        }
    }

    /// One connection: waits for its snapshot, then for a change, and notes when that came.
    async fn follow(&self, id: String, seen: Seen) -> tokio::task::JoinHandle<()> {
        let url = format!("{}/ws?tx_id={id}", self.url.replacen("http", "ws", 1));
        let mut request = url.into_client_request().unwrap();
        let token = format!("Bearer {}", self.token).parse().unwrap();
        request.headers_mut().insert("authorization", token);
        let config = WebSocketConfig::default().read_buffer_size(1_024);
        let (mut socket, _) = connect_async_with_config(request, Some(config), true)
            .await
            .unwrap();
        loop {
            if let Message::Text(_) = socket.next().await.unwrap().unwrap() {
                break;
            }
        }
        tokio::spawn(async move {
            while let Some(Ok(message)) = socket.next().await {
                if let Message::Text(text) = message {
                    let update: Value = serde_json::from_str(&text).unwrap();
                    let id = update["merchant_transaction_id"]
                        .as_str()
                        .unwrap()
                        .to_owned();
                    seen.lock().unwrap().insert(id, Instant::now());
                    return;
                }
            }
        })
    }

    async fn sockets(&self, sockets: usize, changes: usize, rate: f64) {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let orders: Vec<Open> = stream::iter(0..changes)
            .map(|n| self.open(&client, n))
            .buffer_unordered(OPENING)
            .collect()
            .await;
        let before = self.resident_kb();
        let seen = Seen::default();
        let started = Instant::now();
        let followers: Vec<_> = stream::iter(0..sockets)
            .map(|n| self.follow(orders[n % changes].id.clone(), Arc::clone(&seen)))
            .buffer_unordered(OPENING)
            .collect()
            .await;
        let opened = started.elapsed();
        tokio::time::sleep(Duration::from_secs(2)).await;
        let per_socket_kb = (self.resident_kb() - before) as f64 / sockets as f64;
        let mut cancelled = HashMap::new();
        let started = Instant::now();
        let mut answers = Vec::new();
        for (n, order) in orders.iter().enumerate() {
            let due = started + Duration::from_secs_f64(n as f64 / rate);
            tokio::time::sleep_until(due.into()).await;
            cancelled.insert(order.id.clone(), Instant::now());
            let (client, url) = (client.clone(), format!("{}/frame/api/cancel", self.url));
            let token = format!("Bearer {}", order.visit);
            answers.push(tokio::spawn(async move {
                let request = client.post(url).header("authorization", token).body("{}");
                assert_eq!(request.send().await.unwrap().status(), 200);
            }));
        }
        for answer in answers {
            answer.await.unwrap();
        }
        let spent = started.elapsed();
        for follower in followers {
            tokio::time::timeout(Duration::from_secs(60), follower)
                .await
                .unwrap()
                .unwrap();
        }
        let seen = seen.lock().unwrap();
        let mut waits: Vec<f64> = cancelled
            .iter()
            .map(|(id, at)| seen[id].duration_since(*at).as_secs_f64() * 1_000.0)
            .collect();
        waits.sort_by(f64::total_cmp);
        let at = |part: f64| waits[((waits.len() - 1) as f64 * part) as usize];
        println!(
            "{}",
            json!({
                "sockets": sockets, "kb_each": per_socket_kb, "opened_per_s": sockets as f64 / opened.as_secs_f64(),
                "changes": changes, "changes_per_s": changes as f64 / spent.as_secs_f64(),
                "request_to_socket_ms": { "p50": at(0.5), "p99": at(0.99) },
            })
        );
    }
}

//! Whole orders through the simulators, for `ci/bench-order`: buys of customers whose identity is
//! proven, each from its session to *completed*, so many of them begun in a second.
//!
//! What it prints is one line of JSON.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a load generator runs in real time and ends where it is wrong"
)]

use proof_core::identity::CONSENT_TEXT;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// The sandbox lets a customer move so much in a day; nobody of ours comes near it.
const ORDERS_PER_USER: usize = 50;

/// A session that has not ended by then never will.
const PATIENCE: Duration = Duration::from_secs(120);

struct Load {
    client: Client,
    url: String,
    cards: String,
    token: String,
    /// A page that may embed the widget.
    origin: String,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    // Nothing here speaks TLS, but the client wants to know who would.
    rustls::crypto::ring::default_provider()
        .install_default()
        .unwrap();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [url, cards, token, origin, orders, rate, pids] = args.as_slice() else {
        println!("orders URL CARDS TOKEN ORIGIN ORDERS RATE PID,PID");
        return;
    };
    let load = Arc::new(Load {
        client: Client::builder().no_proxy().build().unwrap(),
        url: url.clone(),
        cards: cards.trim_end_matches('/').to_owned(),
        token: token.clone(),
        origin: origin.clone(),
    });
    let (orders, rate): (usize, f64) = (orders.parse().unwrap(), rate.parse().unwrap());
    for user in 0..orders.div_ceil(ORDERS_PER_USER) {
        load.prove_identity(user).await;
    }
    let pids: Vec<u32> = pids.split(',').map(|pid| pid.parse().unwrap()).collect();
    let cpu = || pids.iter().map(|pid| cpu_seconds(*pid)).collect::<Vec<_>>();
    let (before, started) = (cpu(), Instant::now());
    let mut begun = Vec::new();
    for n in 0..orders {
        let due = started + Duration::from_secs_f64(n as f64 / rate);
        tokio::time::sleep_until(due.into()).await;
        let load = Arc::clone(&load);
        begun.push(tokio::spawn(
            async move { load.buy(n / ORDERS_PER_USER).await },
        ));
    }
    let begun_in = started.elapsed().as_secs_f64();
    let mut took = Vec::new();
    for order in begun {
        took.push(order.await.unwrap());
    }
    let all = started.elapsed().as_secs_f64();
    took.sort_by(f64::total_cmp);
    let each = |spent: (&f64, f64)| (spent.1 - spent.0) * 1_000.0 / orders as f64;
    let cpu_ms: Vec<f64> = before.iter().zip(cpu()).map(each).collect();
    println!(
        "{}",
        json!({
            "orders": orders, "begun_per_s": orders as f64 / begun_in,
            "completed_per_s": orders as f64 / all, "cpu_ms_each": cpu_ms,
            "took_s": { "p50": took[orders / 2], "p99": took[orders * 99 / 100] },
        })
    );
}

/// Of all threads of a process.
fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks / 100.0
}

impl Load {
    async fn call(&self, method: Method, url: String, token: &str, body: Vec<u8>) -> Value {
        let request = self
            .client
            .request(method, url)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(body);
        let answer = request.send().await.unwrap();
        let (status, bytes) = (answer.status(), answer.bytes().await.unwrap());
        let text = String::from_utf8_lossy(&bytes);
        assert!(status.is_success(), "{status} {text}");
        serde_json::from_slice(&bytes).unwrap_or(Value::Null)
    }

    /// The transaction, once it is no longer what it was when last seen.
    async fn changed(&self, id: &str, seen: &mut String) -> Option<Value> {
        let url = format!("{}/widget/transactions/{id}?wait=30", self.url);
        let request = self
            .client
            .get(url)
            .header("authorization", format!("Bearer {}", self.token))
            .header("if-none-match", seen.as_str());
        let answer = request.send().await.unwrap();
        let tag = answer.headers().get("etag").cloned();
        *seen = tag.unwrap().to_str().unwrap().to_owned();
        let bytes = answer.bytes().await.unwrap();
        serde_json::from_slice(&bytes).ok()
    }

    async fn post(&self, path: &str, token: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.url);
        let bytes = body.to_string().into_bytes();
        self.call(Method::POST, url, token, bytes).await
    }

    /// A session of a user and the visit to it.
    async fn begin(&self, user: usize) -> (String, String) {
        let body = json!({
            "partner_user_id": format!("u{user}"), "user_email": format!("u{user}@example.com"),
            "network": "TRC20", "currency": "USDT", "amount": "20",
        });
        let session = self.post("/widget/session", &self.token, body).await;
        let body = json!({
            "widget_id": session["widget_id"], "init_token": session["init_token"],
            "parameters": {}, "page_origin": self.origin,
        });
        let opened = self.post("/frame/api/visits", "", body).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (
            text(&session["merchant_transaction_id"]),
            text(&opened["visit_token"]),
        )
    }

    async fn prove_identity(&self, user: usize) {
        let (_, visit) = self.begin(user).await;
        let body = json!({ "document": "passport", "consent": CONSENT_TEXT });
        self.post("/frame/api/identity/start", &visit, body).await;
        let front = "/frame/api/identity/documents/front".to_owned();
        self.put(front, &visit, picture(800, 500)).await;
        let steps = ["center", "center", "left", "left", "right", "right"];
        for (index, step) in steps.iter().enumerate() {
            let path = format!("/frame/api/identity/frames/{index}?step={step}");
            self.put(path, &visit, picture(320, 240)).await;
        }
        self.post("/frame/api/identity/submit", &visit, json!({}))
            .await;
        self.step(&visit, &["quote", "pay"]).await;
    }

    async fn put(&self, path: String, token: &str, bytes: Vec<u8>) {
        let url = format!("{}{path}", self.url);
        self.call(Method::PUT, url, token, bytes).await;
    }

    /// Waits until the widget is at one of these steps.
    async fn step(&self, visit: &str, steps: &[&str]) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let url = format!("{}/frame/api/order", self.url);
            let view = self.call(Method::GET, url, visit, Vec::new()).await;
            if steps.contains(&view["step"].as_str().unwrap()) {
                return view;
            }
            assert!(Instant::now() < end, "stuck: {view}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// One whole order; how long it took.
    async fn buy(&self, user: usize) -> f64 {
        let started = Instant::now();
        let (id, visit) = self.begin(user).await;
        let view = self.post("/frame/api/quote", &visit, json!({})).await;
        let card = json!({ "number": "4242424242424242", "expiry": "12/30", "cvc": "123" });
        let url = format!("{}/fields/v1/tokens", self.cards);
        let bytes = card.to_string().into_bytes();
        let token = self.call(Method::POST, url, "", bytes).await;
        let body = json!({ "card_token": token["token"], "quote_id": view["quote"]["id"] });
        self.post("/frame/api/payments", &visit, body).await;
        let mut seen = "\"\"".to_owned();
        loop {
            assert!(started.elapsed() < PATIENCE, "{id} is stuck");
            let Some(transaction) = self.changed(&id, &mut seen).await else {
                continue;
            };
            match transaction["status"].as_str().unwrap() {
                "completed" => return started.elapsed().as_secs_f64(),
                "pending" | "processing" => {}
                other => panic!("{id} became {other}"),
            }
        }
    }
}

/// A real, if dull, picture.
fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(width, height, image::Rgb([90, 120, 150]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

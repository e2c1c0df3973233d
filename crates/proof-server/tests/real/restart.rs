//! The server is killed without a word at each stage of a buy, and started again.

use crate::server::{Server, open, post};
use image::{ImageFormat, RgbImage};
use serde_json::{Value, json};
use std::{io::Cursor, path::Path};

/// What the order is seen to be when the server is killed.
const STAGES: [&str; 6] = [
    "asked",
    "capturing",
    "paid",
    "delivering",
    "confirmation",
    "identity_checking",
];

/// Long polls before a story counts as stuck; a block takes two seconds.
const LOOKS_MAX: u32 = 60;

fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::new(width, height)
        .write_to(&mut bytes, ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

async fn identify(server: &Server, visit: &str) {
    let api = server.api(visit);
    let path = |rest: &'static str| ["frame", "api", "identity", rest];
    post(&api, &path("start"), json!({ "document": "passport" })).await;
    let front = ["frame", "api", "identity", "documents", "front"];
    assert!(
        api.put(&front, &[], picture(800, 500))
            .await
            .unwrap()
            .is_success()
    );
    for (index, step) in ["center", "center", "left", "left", "right", "right"]
        .iter()
        .enumerate()
    {
        let index = index.to_string();
        let path = ["frame", "api", "identity", "frames", &index];
        let answer = api
            .put(&path, &[("step", step)], picture(320, 240))
            .await
            .unwrap();
        assert!(answer.is_success());
    }
    post(&api, &path("submit"), json!({})).await;
}

async fn pay(server: &Server, visit: &str) {
    let api = server.api(visit);
    let view = post(&api, &["frame", "api", "quote"], json!({})).await;
    let card = json!({ "number": "4242424242424242", "expiry": "12/30", "cvc": "123" });
    let token = post(
        &server.door("cards_url", ""),
        &["fields", "v1", "tokens"],
        card,
    )
    .await;
    let body = json!({ "card_token": token["token"], "quote_id": view["quote"]["id"] });
    post(&api, &["frame", "api", "payments"], body).await;
}

fn stage(view: &Value) -> Vec<String> {
    let confirmed = view["transfer"]["confirmations"]
        .as_u64()
        .is_some_and(|n| n > 0);
    let names = [&view["step"], &view["payment"]["state"]];
    let mut stages: Vec<String> = names
        .into_iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    stages.extend(confirmed.then(|| "confirmation".to_owned()));
    stages
}

/// Follows an order until it is seen in a stage, or past it at its end.
async fn follow(server: &Server, visit: &str, until: &str) -> Value {
    let api = server.api(visit);
    let mut seen = "0".to_owned();
    for _ in 0..LOOKS_MAX {
        let query = [("seen", seen.as_str()), ("wait", "10")];
        let view: Value = api
            .get(&["frame", "api", "order"], &query)
            .await
            .unwrap()
            .json()
            .unwrap();
        if stage(&view).iter().any(|name| name == until) || view["status"] == "completed" {
            return view;
        }
        seen = view["version"].to_string();
    }
    panic!("{visit} never came to {until}")
}

#[tokio::test]
async fn an_order_goes_on_wherever_the_server_was_killed() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(data.path(), 0).await;
    let mut orders = Vec::new();
    for killed_at in STAGES {
        let (visit, id) = open(&server, killed_at).await;
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
    server.kill().await;
}

/// The chain is asked: every order moved its coins, and none moved them twice.
async fn once_each(server: &Server, data: &Path, orders: usize) {
    let (visit, _) = open(server, "observer").await;
    let view: Value = server
        .api(&visit)
        .get(&["frame", "api", "order"], &[])
        .await
        .unwrap()
        .json()
        .unwrap();
    let address = view["address"].as_str().unwrap();
    let key = std::fs::read(data.join("sandbox").join("api.key")).unwrap();
    let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let world = server.door("world_url", &key);
    let path = ["chains", "v1", "TRC20", "accounts", address];
    let account: Value = world.get(&path, &[]).await.unwrap().json().unwrap();
    let received: u128 = account["balances"]["USDT"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let expected = u128::try_from(orders).unwrap() * 100_000_000;
    assert_eq!(received, expected, "each order is delivered once");
}

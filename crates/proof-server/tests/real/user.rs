//! What a user does: the identity check, the card, and watching.

use crate::server::{Server, post};
use image::{ImageFormat, RgbImage};
use proof_core::identity::CONSENT_TEXT;
use serde_json::{Value, json};
use std::io::Cursor;

/// Long polls before a story counts as stuck; a block takes two seconds.
const LOOKS_MAX: u32 = 60;

fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::new(width, height)
        .write_to(&mut bytes, ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

pub async fn identify(server: &Server, visit: &str) {
    let api = server.api(visit);
    let path = |rest: &'static str| ["frame", "api", "identity", rest];
    post(
        &api,
        &path("start"),
        json!({ "document": "passport", "consent": CONSENT_TEXT }),
    )
    .await;
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

/// A card that the processor knows by a token alone.
pub async fn card_token(server: &Server, number: &str) -> Value {
    let card = json!({ "number": number, "expiry": "12/30", "cvc": "123" });
    let fields = server.door("cards_url", "");
    post(&fields, &["fields", "v1", "tokens"], card).await["token"].clone()
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
    let codes = view["timeline"].as_array().into_iter().flatten();
    stages.extend(codes.filter_map(|entry| entry["code"].as_str().map(str::to_owned)));
    stages
}

/// Follows an order until it is seen in a stage, or past it at its end.
pub async fn follow(server: &Server, visit: &str, until: &str) -> Value {
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
        let ended = view["status"] == "completed" || view["status"] == "failed";
        if ended || stage(&view).iter().any(|name| name == until) {
            return view;
        }
        seen = view["version"].to_string();
    }
    panic!("{visit} never came to {until}")
}

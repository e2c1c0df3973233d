//! What the user of a story does, in the widget and at a wallet.

use super::{KEY, Sim};
use crate::plot::{Deposits, Plot};
use axum::body::Body;
use http::{Method, Request};
use http_body_util::BodyExt;
use proof_core::Timestamp;
use serde_json::{Value, json};
use tower::ServiceExt;

const REFUND: &str = "TQsYLehPnKVhjqx58tntQep1WMLG6YDyuY";

impl Sim {
    pub(super) async fn act(&self, visit: &str, view: &Value) {
        match view["step"].as_str().unwrap_or_default() {
            "identity" => self.identify(visit).await,
            "quote" => drop(self.post(visit, "quote", json!({})).await),
            "pay" => {
                let token = self.card_token("4242424242424242").await;
                let body = json!({ "card_token": token, "quote_id": view["quote"]["id"] });
                drop(self.post(visit, "payments", body).await);
            }
            "terms" if view["quote"].is_null() => drop(self.post(visit, "quote", json!({})).await),
            "terms" => self.terms(visit, view).await,
            "deposit" | "confirming" => self.send(view).await,
            "choice" => {
                drop(
                    self.post(visit, "sale/choice", json!({ "choice": "return" }))
                        .await,
                );
            }
            _ => {}
        }
    }

    async fn card_token(&self, number: &str) -> Value {
        let card = json!({ "number": number, "expiry": "12/30", "cvc": "123" });
        let answer = self.outside("cards.test", "fields/v1/tokens", &card).await;
        answer["token"].clone()
    }

    /// Something that people do outside, past the network of the server.
    async fn outside(&self, host: &str, path: &str, body: &Value) -> Value {
        let router = self.network.hosts.lock().unwrap()[host].clone();
        let request = Request::post(format!("http://{host}/{path}"))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {KEY}"))
            .body(Body::from(body.to_string()))
            .unwrap();
        let answer = router.oneshot(request).await.unwrap();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&bytes).unwrap_or(Value::Null)
    }

    async fn terms(&self, visit: &str, view: &Value) {
        let Plot::Sell { card_is_good, .. } = self.plot else {
            return;
        };
        let number = if card_is_good {
            "4242424242424242"
        } else {
            "4000000000009995"
        };
        let token = self.card_token(number).await;
        let body = json!({
            "card_token": token, "quote_id": view["quote"]["id"], "refund_address": REFUND,
        });
        drop(self.post(visit, "sale", body).await);
    }

    /// One step of what this user does at the deposit address.
    async fn send(&self, view: &Value) {
        let Plot::Sell { deposits, .. } = self.plot else {
            return;
        };
        let (step, waiting) = (self.sent.borrow().steps, view["step"] == "deposit");
        let amount = match (deposits, step) {
            (Deposits::Whole | Deposits::Reorged, 0) => "100",
            (Deposits::Parts | Deposits::Short, 0) => "60",
            (Deposits::Parts, 1) if waiting => "40",
            (Deposits::TooMuch, 0) => "130",
            // In time to be noticed before it is final; afterwards a day of waiting begins.
            (Deposits::Reorged, 1) if view["sale"]["deposits"][0]["confirmations"] == 0 => {
                return self.reorg().await;
            }
            (Deposits::Reorged, 2) if waiting => "100",
            _ => return,
        };
        self.transfer(view, amount).await;
    }

    async fn transfer(&self, view: &Value, amount: &str) {
        let address = &view["sale"]["deposit_address"];
        let body = json!({ "address": address, "currency": "USDT", "amount": amount });
        let sent = self
            .outside("world.test", "wallet/v1/TRC20/transfers", &body)
            .await;
        let mut state = self.sent.borrow_mut();
        state.steps += 1;
        state.hash = sent["hash"].as_str().map(str::to_owned);
    }

    async fn reorg(&self) {
        let hash = self.sent.borrow().hash.clone();
        let body = json!({ "hash": hash });
        self.outside("world.test", "chains/v1/TRC20/reorgs", &body)
            .await;
        self.sent.borrow_mut().steps += 1;
    }

    /// What comes too late, and what came beside the order, has to end as well. What came late is
    /// sold: the visit to the order that it became.
    pub(super) async fn after_the_end(&self, visit: &str, calm_at: Timestamp) -> Option<String> {
        let Plot::Sell { deposits, .. } = self.plot else {
            return None;
        };
        loop {
            self.calm_down(calm_at);
            let (status, view) = self
                .call(Method::GET, "/frame/api/order", visit, Vec::new())
                .await;
            if status == 200 {
                let late = deposits == Deposits::Late && self.sent.borrow().steps == 0;
                if late && view["sale"]["deposit_address"].is_string() {
                    self.transfer(&view, "100").await;
                }
                let cases = view["sale"]["cases"].as_array().unwrap();
                let expected = matches!(deposits, Deposits::Late | Deposits::TooMuch)
                    && self.sent.borrow().steps > 0;
                for case in cases {
                    if let Some(visit) = self.choose(visit, case).await {
                        return Some(visit);
                    }
                }
                let open = |case: &Value| case["state"] == "waiting" || case["state"] == "choose";
                if !cases.iter().any(open) && (!expected || !cases.is_empty()) {
                    return None;
                }
            }
            self.sleep(30).await;
        }
    }

    /// Takes today's price, step by step; a lost answer leaves the way to the new order.
    async fn choose(&self, visit: &str, case: &Value) -> Option<String> {
        let path = format!("cases/{}", case["id"].as_str().unwrap());
        let (step, body) = match (case["state"].as_str(), &case["quote"]) {
            (Some("choose"), Value::Null) => ("quote", json!({})),
            (Some("choose"), quote) => {
                let body = json!({ "choice": "sell", "quote_id": quote["id"] });
                ("choice", body)
            }
            (Some("sold"), _) => ("visit", json!({})),
            _ => return None,
        };
        let (_, answer) = self.post(visit, &format!("{path}/{step}"), body).await;
        answer["visit_token"].as_str().map(str::to_owned)
    }

    /// Follows the order that a late deposit became until it ends; its last status.
    pub(super) async fn resold(&self, visit: &str, calm_at: Timestamp) -> String {
        loop {
            self.calm_down(calm_at);
            let (status, view) = self
                .call(Method::GET, "/frame/api/order", visit, Vec::new())
                .await;
            let ended = ["completed", "failed"].contains(&view["status"].as_str().unwrap_or(""));
            if status == 200 && ended {
                let id = view["merchant_transaction_id"].as_str().unwrap();
                *self.order.borrow_mut() = id.to_owned();
                return view["status"].as_str().unwrap().to_owned();
            }
            self.sleep(30).await;
        }
    }

    async fn post(&self, visit: &str, path: &str, body: Value) -> (u16, Value) {
        let path = format!("/frame/api/{path}");
        self.call(Method::POST, &path, visit, body.to_string().into_bytes())
            .await
    }

    /// Any step may fail; the user starts again from what the next view says.
    async fn identify(&self, visit: &str) {
        let (status, _) = self
            .post(visit, "identity/start", json!({ "document": "passport" }))
            .await;
        if status != 200 {
            return;
        }
        let front = "/frame/api/identity/documents/front";
        let mut good = self.put(visit, front, picture(800, 500)).await;
        for (index, step) in ["center", "center", "left", "left", "right", "right"]
            .iter()
            .enumerate()
        {
            let path = format!("/frame/api/identity/frames/{index}?step={step}");
            for _ in 0..5 {
                good = self.put(visit, &path, picture(320, 240)).await;
                if good {
                    break;
                }
            }
        }
        if good {
            self.post(visit, "identity/submit", json!({})).await;
        }
    }

    async fn put(&self, visit: &str, path: &str, bytes: Vec<u8>) -> bool {
        self.call(Method::PUT, path, visit, bytes).await.0 < 300
    }
}

/// A real, if dull, picture: an uncompressed-in-spirit PNG of one colour.
fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(width, height, image::Rgb([90, 120, 150]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

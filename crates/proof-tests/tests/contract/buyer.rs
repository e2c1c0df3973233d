//! A user in the widget, as its frame would speak for them.

use crate::kit::{Answer, App, SHOP, as_partner, good_session};
use axum::body::Body;
use http::{Method, Request};
use proof_core::{Asset, id::OrderId, identity::CONSENT_TEXT};
use proof_engine::PartnerCreated;
use serde_json::{Value, json};
use std::io::Cursor;

pub const GOOD_CARD: &str = "4242424242424242";

/// One opened widget.
pub struct Buyer<'a> {
    pub app: &'a App,
    pub id: String,
    pub visit: String,
    pub session: Value,
}

pub fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image::RgbImage::new(width, height)
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// What the frame sends to open a session, with parameters as a page would give them.
pub fn opening(session: &Value, parameters: Value) -> Value {
    json!({
        "widget_id": session["widget_id"], "init_token": session["init_token"],
        "parameters": parameters, "page_origin": SHOP,
    })
}

impl<'a> Buyer<'a> {
    /// A session for this user, and the widget open on it.
    pub async fn open(app: &'a App, user: &str, email: &str) -> Self {
        let mut body = good_session();
        body["partner_user_id"] = json!(user);
        body["user_email"] = json!(email);
        Self::open_with(app, body).await
    }

    pub async fn open_with(app: &'a App, body: Value) -> Self {
        let session = app.session(&body).await.json;
        Self::reopen(app, session).await
    }

    /// A verified user of this partner, about to buy or sell so much of an asset.
    pub async fn about_to(
        app: &'a App,
        partner: &PartnerCreated,
        side: &str,
        (asset, amount): (Asset, &str),
    ) -> Self {
        let mut body = good_session();
        body["type"] = json!(side);
        body["network"] = json!(asset.network().name());
        body["currency"] = json!(asset.ticker());
        body["amount"] = json!(amount);
        let body = body.to_string().into();
        let asked = as_partner(partner, Method::POST, "/widget/session", body);
        let session = app.call(asked).await;
        assert_eq!(session.status, 200, "{}", session.text);
        let user = Self::reopen(app, session.json).await;
        if user.view().await["step"] == "identity" {
            user.identify().await;
        }
        let next = if side == "buy" { "quote" } else { "terms" };
        user.until_step(next).await;
        user
    }

    /// Another tab, or the same one after a reload.
    pub async fn reopen(app: &'a App, session: Value) -> Self {
        Self::reopen_from(app, session, SHOP).await
    }

    /// By a page of another origin.
    pub async fn reopen_from(app: &'a App, session: Value, page: &str) -> Self {
        let mut body = opening(&session, session.clone());
        body["page_origin"] = json!(page);
        Self::enter(app, session, body).await
    }

    /// By a browser that says which one it is, or does not.
    pub async fn reopen_on(app: &'a App, session: Value, device: Option<&str>) -> Self {
        let mut body = opening(&session, session.clone());
        body["device"] = json!(device);
        Self::enter(app, session, body).await
    }

    async fn enter(app: &'a App, session: Value, body: Value) -> Self {
        let answer = app
            .call(frame(Method::POST, "visits", "", body.to_string()))
            .await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let visit = answer.json["visit_token"].as_str().unwrap().to_owned();
        let id = session["merchant_transaction_id"]
            .as_str()
            .unwrap()
            .to_owned();
        Self {
            app,
            id,
            visit,
            session,
        }
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.app
            .call(frame(Method::POST, path, &self.visit, body.to_string()))
            .await
    }

    pub async fn put(&self, path: &str, bytes: Vec<u8>) -> Answer {
        self.app
            .call(frame(Method::PUT, path, &self.visit, bytes))
            .await
    }

    pub async fn view(&self) -> Value {
        let answer = self
            .app
            .call(frame(Method::GET, "order", &self.visit, ""))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json
    }

    pub async fn until_step(&self, step: &str) -> Value {
        let look = || async {
            let view = self.view().await;
            (view["step"] == step).then_some(view)
        };
        self.app
            .until(&format!("{} at {step}", self.id), look)
            .await
    }

    /// Begins an attempt, with what was good of the one before or without.
    pub async fn start(&self, document: &str, keep: bool) -> Value {
        let body = json!({ "document": document, "consent": CONSENT_TEXT, "keep": keep });
        let answer = self.post("identity/start", body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json
    }

    pub async fn photograph(&self) {
        self.start("passport", false).await;
        let sent = self.put("identity/documents/front", picture(800, 500));
        assert_eq!(sent.await.status, 200);
        self.film().await;
    }

    pub async fn film(&self) {
        for (n, step) in ["center", "center", "left", "left", "right", "right"]
            .iter()
            .enumerate()
        {
            let path = format!("identity/frames/{n}?step={step}");
            assert_eq!(self.put(&path, picture(320, 240)).await.status, 204);
        }
    }

    /// Whoever is known shows no document.
    pub async fn selfie(&self) {
        let answer = self
            .post("identity/selfie", json!({ "consent": CONSENT_TEXT }))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        self.film().await;
        assert_eq!(self.post("identity/submit", json!({})).await.status, 200);
    }

    pub async fn identify(&self) {
        self.photograph().await;
        assert_eq!(self.post("identity/submit", json!({})).await.status, 200);
    }

    /// The provider whose card fields the widget shows.
    async fn cards(&self) -> axum::Router {
        let view = self.view().await;
        let origin = view["fields_origin"].as_str().unwrap();
        let host = origin.trim_start_matches("http://");
        self.app.outside.hosts.lock().unwrap()[host].clone()
    }

    /// A single-use token from the provider's card fields.
    pub async fn card_token(&self, number: &str) -> Value {
        let body = json!({ "number": number, "expiry": "12/30", "cvc": "123" });
        let cards = self.cards().await;
        let request = Request::post("http://cards.test/fields/v1/tokens")
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let answer = tower::ServiceExt::oneshot(cards, request).await.unwrap();
        let bytes = http_body_util::BodyExt::collect(answer.into_body())
            .await
            .unwrap()
            .to_bytes();
        serde_json::from_slice::<Value>(&bytes).unwrap()["token"].clone()
    }

    pub async fn quote(&self) -> Value {
        let answer = self.post("quote", json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json["quote"]["id"].clone()
    }

    /// On a busy machine a quote of the fast clock may run out between two calls: then it is a new one.
    pub async fn pay(&self, number: &str) -> Answer {
        let token = self.card_token(number).await;
        loop {
            let quote = self.quote().await;
            let answer = self.pay_with(&token, &quote).await;
            if answer.json["code"] != "quote_expired" {
                return answer;
            }
        }
    }

    pub async fn pay_with(&self, token: &Value, quote: &Value) -> Answer {
        let body = json!({ "card_token": token, "quote_id": quote });
        self.post("payments", body).await
    }

    /// A new user, verified and about to pay.
    pub async fn verified(app: &'a App, user: &str) -> Self {
        let buyer = Self::open(app, user, &format!("{user}@example.com")).await;
        buyer.identify().await;
        buyer.until_step("quote").await;
        buyer
    }

    /// The bank's page: what the user presses there.
    pub async fn bank(&self, url: &Value, approve: bool) {
        let request = Request::post(url.as_str().unwrap())
            .header("content-type", "application/json")
            .body(Body::from(json!({ "approve": approve }).to_string()))
            .unwrap();
        let cards = self.cards().await;
        let answer = tower::ServiceExt::oneshot(cards, request).await.unwrap();
        assert_eq!(answer.status(), 204);
    }

    pub fn order(&self) -> OrderId {
        OrderId::from_uuid(self.id.parse().unwrap())
    }

    pub async fn until_status(&self, status: &str) {
        let look = || async {
            let answer = self.read().await;
            // Whoever looks every few milliseconds may be told to wait.
            (answer.status != 429 && answer.json["status"] == status).then_some(())
        };
        let what = format!("{} is {status}", self.id);
        self.app.until(&what, look).await;
    }

    async fn read(&self) -> Answer {
        let path = format!("/widget/transactions/{}", self.id);
        self.app.shop(Method::GET, &path, Body::empty()).await
    }

    /// What the partner's backend reads.
    pub async fn status(&self) -> String {
        let answer = self.read().await;
        let status = answer.json["status"].as_str();
        status
            .unwrap_or_else(|| panic!("{}", answer.text))
            .to_owned()
    }
}

pub fn frame(method: Method, path: &str, visit: &str, body: impl Into<Body>) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(format!("/frame/api/{path}"))
        .header("authorization", format!("Bearer {visit}"))
        .body(body.into())
        .unwrap()
}

//! People at the console, as their browsers speak for them.

use crate::kit::{Answer, App};
use axum::body::Body;
use http::{Method, Request};
use proof_core::{Clock, audit::Author, id::PartnerId, member::Role};
use proof_engine::InvitationNew;
use serde_json::{Value, json};
use std::sync::Mutex;
use totp_rs::{Algorithm, Secret, TOTP};

pub const PASSWORD: &str = "correct horse battery";

pub struct Person<'a> {
    pub app: &'a App,
    pub name: String,
    pub secret: String,
    pub cookie: Mutex<String>,
}

/// What the authenticator app shows, so many steps from now.
pub fn code(app: &App, secret: &str, steps: i64) -> String {
    let secret = Secret::Encoded(secret.to_owned()).to_bytes().unwrap();
    let totp = TOTP::new(Algorithm::SHA1, 6, 1, 30, secret).unwrap();
    let seconds = app.clock.now().seconds() + 30 * steps;
    totp.generate(u64::try_from(seconds).unwrap())
}

/// A call of the console's page.
pub fn page_call(method: Method, path: &str, cookie: &str, body: &Value) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(format!("/console/api/{path}"))
        .header("x-proof-console", "1")
        .header("cookie", format!("other=1; proof_session={cookie}"))
        .body(Body::from(body.to_string()))
        .unwrap()
}

pub fn cookie_of(answer: &Answer) -> String {
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    for mark in ["HttpOnly", "SameSite=Strict", "Path=/console"] {
        assert!(cookie.contains(mark), "{cookie}");
    }
    let pair = cookie.split(';').next().unwrap();
    pair.strip_prefix("proof_session=").unwrap().to_owned()
}

pub async fn invitation(app: &App, role: Role, partner: Option<PartnerId>) -> String {
    let invitation = InvitationNew {
        email: "somebody@example.com".into(),
        role: role.name().into(),
        partner,
    };
    let engine = &app.app.engine;
    let token = engine.member_invite(Author::machine(), invitation).await;
    token.unwrap().expose_secret().to_owned()
}

impl<'a> Person<'a> {
    /// Invited, and in.
    pub async fn join(app: &'a App, name: &str, role: Role) -> Self {
        let partner = role.is_partners().then_some(app.shop.partner.id);
        Self::join_of(app, name, role, partner).await
    }

    pub async fn join_of(app: &'a App, name: &str, role: Role, partner: Option<PartnerId>) -> Self {
        let token = invitation(app, role, partner).await;
        let path = format!("invitations/{token}");
        let shown = app
            .call(page_call(Method::GET, &path, "", &json!({})))
            .await;
        assert_eq!(shown.status, 200, "{}", shown.text);
        let secret = shown.json["secret"].as_str().unwrap().to_owned();
        // The fast clock may be two steps further when a busy machine looks at the code.
        for _ in 0..20 {
            let code = code(app, &secret, 0);
            let body = json!({ "name": name, "password": PASSWORD, "code": code });
            let answer = app.call(page_call(Method::POST, &path, "", &body)).await;
            if answer.json["field"] == "code" {
                continue;
            }
            assert_eq!(answer.status, 200, "{}", answer.text);
            return Self {
                app,
                name: name.to_owned(),
                secret,
                cookie: Mutex::new(cookie_of(&answer)),
            };
        }
        panic!("no code was taken");
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &json!({})).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, &body).await
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Answer {
        let cookie = self.cookie.lock().unwrap().clone();
        self.app.call(page_call(method, path, &cookie, body)).await
    }

    /// Name, password and a code so many steps from now.
    pub async fn sign_in(&self, password: &str, steps: i64) -> Answer {
        let code = code(self.app, &self.secret, steps);
        let body = json!({ "name": self.name, "password": password, "code": code });
        self.app
            .call(page_call(Method::POST, "sign-in", "", &body))
            .await
    }

    /// Shows that it is them, whenever the fast clock has made a sign-in old.
    pub async fn again(&self) {
        for _ in 0..20 {
            let code = code(self.app, &self.secret, 0);
            let body = json!({ "password": PASSWORD, "code": code });
            let answer = self.post("sign-in/again", body).await;
            if answer.status == 200 {
                return;
            }
            self.app.clock.skip(30);
        }
        panic!("{} is not believed", self.name);
    }

    /// A call that needs a fresh sign-in.
    pub async fn act(&self, path: &str, body: Value) -> Answer {
        for _ in 0..20 {
            let answer = self.post(path, body.clone()).await;
            match answer.json["code"].as_str() {
                Some("sign_in_again") => self.again().await,
                Some("signed_out") => panic!("{} was signed out", self.name),
                _ => return answer,
            }
        }
        panic!("{} is never fresh", self.name);
    }
}

//! What a user does at each step of the widget, unless a scenario says otherwise.

use super::{Played, Stage, refused};
use axum::{body::Body, http::Method};
use proof_core::{Network, identity::CONSENT_TEXT, scenario::Card};
use serde_json::{Value, json};

/// A plain picture: any is good enough for the sandbox's identity provider.
const PICTURE: &[u8] = include_bytes!("picture.png");

const SELFIE: [&str; 6] = ["center", "center", "left", "left", "right", "right"];

/// Where this user's crypto goes to, or back to.
pub const fn own_address(network: Network) -> &'static str {
    match network {
        Network::Trc20 => "TQsYLehPnKVhjqx58tntQep1WMLG6YDyuY",
        Network::Erc20 | Network::Bep20 | Network::Evm(_) => {
            "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
        }
        Network::Bitcoin => "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        Network::Solana => "",
    }
}

impl Stage<'_> {
    /// One step. What the widget refuses (a quote that has just run out) is tried again at the next look.
    pub(super) async fn act(&mut self) -> Played<()> {
        match self.step() {
            "identity" => self.identify().await,
            "quote" => self.post("quote", json!({})).await.map(drop),
            "terms" if self.view["quote"].is_null() => {
                self.post("quote", json!({})).await.map(drop)
            }
            "pay" => self.pay().await,
            "terms" => self.terms().await,
            _ => Ok(()),
        }
    }

    /// A call of the widget's page. It is our own: where it fails, something is wrong with us.
    pub(super) async fn post(&self, path: &str, body: Value) -> Played<Value> {
        self.call(Method::POST, path, body.to_string()).await
    }

    async fn call(&self, method: Method, path: &str, body: impl Into<Body>) -> Played<Value> {
        let visit = self.visit.as_deref().unwrap_or_default();
        let (status, answer) = self.player.frame((method, path), visit, body).await?;
        let passing = [409, 429, 502, 503].contains(&status);
        if status < 300 || passing {
            return Ok(answer);
        }
        Err(refused(
            &format!("the widget's {path} was refused"),
            status,
            &answer,
        ))
    }

    async fn identify(&self) -> Played<()> {
        self.post(
            "identity/start",
            json!({ "document": "passport", "consent": CONSENT_TEXT }),
        )
        .await?;
        self.call(Method::PUT, "identity/documents/front", PICTURE)
            .await?;
        for (n, step) in SELFIE.iter().enumerate() {
            let path = format!("identity/frames/{n}?step={step}");
            self.call(Method::PUT, &path, PICTURE).await?;
        }
        self.post("identity/submit", json!({})).await.map(drop)
    }

    /// With the next of the scenario's cards; without one the user gives up.
    async fn pay(&mut self) -> Played<()> {
        let tried = self.view["payment"]["attempt"].as_u64().unwrap_or(0);
        let next = usize::try_from(tried).unwrap_or(usize::MAX);
        let Some(card) = self.ticket.scenario.cards.get(next) else {
            self.has_left = true;
            return Ok(());
        };
        let token = self.card_token(*card).await?;
        let body = json!({ "card_token": token, "quote_id": self.view["quote"]["id"] });
        self.post("payments", body).await.map(drop)
    }

    async fn terms(&self) -> Played<()> {
        let card = self.ticket.scenario.cards.first().ok_or("no payout card")?;
        let token = self.card_token(*card).await?;
        let body = json!({
            "card_token": token, "quote_id": self.view["quote"]["id"],
            "refund_address": own_address(self.asset.network()),
        });
        self.post("sale", body).await.map(drop)
    }

    /// From the provider's card fields.
    async fn card_token(&self, card: Card) -> Played<Value> {
        let Some(number) = card.number() else {
            return Ok(json!("tok_invented"));
        };
        let body = json!({ "number": number, "expiry": "12/40", "cvc": "123" });
        let answer = self
            .outside(&self.player.cards, &["fields", "v1", "tokens"], &body)
            .await?;
        Ok(answer["token"].clone())
    }
}

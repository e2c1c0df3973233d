//! The processor's API for wallets on users' devices: opening Apple Pay, and tokens for what a wallet hands over.

use super::{Answer, Shared, json};
use crate::{cards::Card, refusal::Refusal, world::World};
use axum::{Json, Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use proof_core::time::random;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const DOMAIN_LENGTH_MAX: usize = 253;

pub fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/v1/apple-pay/sessions", post(apple_session))
        .route("/v1/wallet-tokens", post(wallet_token))
}

#[derive(Deserialize)]
struct SessionBody {
    domain: String,
}

/// Of the shape that devices expect. No device opens for it: it is signed by nobody.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AppleSession {
    merchant_session_identifier: String,
    merchant_identifier: &'static str,
    domain_name: String,
    display_name: &'static str,
    epoch_timestamp: i64,
    expires_at: i64,
}

async fn apple_session(State(world): Shared, body: Bytes) -> Answer<AppleSession> {
    let SessionBody { domain } = json(&body)?;
    if domain.is_empty() || domain.len() > DOMAIN_LENGTH_MAX || domain.contains('/') {
        return Err(Refusal::invalid("a session is for the domain of a page"));
    }
    let now = world.clock.now().micros().div_euclid(1_000);
    Ok(Json(AppleSession {
        merchant_session_identifier: hex::encode(random::<16>(&*world.entropy)),
        merchant_identifier: "proof-sandbox",
        domain_name: domain,
        display_name: "Proof sandbox",
        epoch_timestamp: now,
        expires_at: now.saturating_add(5 * 60 * 1_000),
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum DeviceWallet {
    ApplePay,
    GooglePay,
}

#[derive(Deserialize)]
struct WalletBody {
    wallet: DeviceWallet,
    payload: String,
}

#[derive(Serialize)]
struct WireToken {
    token: String,
    #[serde(flatten)]
    card: Card,
}

async fn wallet_token(
    State(world): Shared,
    body: Bytes,
) -> Result<(StatusCode, Json<WireToken>), Refusal> {
    let WalletBody { wallet, payload } = json(&body)?;
    let wallet = match wallet {
        DeviceWallet::ApplePay => "apple_pay",
        DeviceWallet::GooglePay => "google_pay",
    };
    let token = format!("tok_{}", hex::encode(random::<16>(&*world.entropy)));
    let now = world.clock.now();
    let card = world.cards.write::<_, Refusal>(
        |cards| {
            let made = cards.make_wallet_token(&token, (wallet, &payload), now);
            made.map(Some)
        },
        |cards| cards.token_card(&token),
    )?;
    let card = card.ok_or_else(|| Refusal::not_found("token"))?;
    Ok((StatusCode::CREATED, Json(WireToken { token, card })))
}

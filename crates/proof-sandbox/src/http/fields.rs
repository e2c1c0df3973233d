//! What browsers see of the processor: the frames of the hosted fields and the bank's page.

use super::{Answer, Shared, cards::WireMoney, cards::status_name, json};
use crate::{
    cards::{Authorisation, Card, CardInput, StoredInput},
    refusal::Refusal,
    world::World,
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use proof_core::time::random;
use rust_embed::RustEmbed;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(RustEmbed)]
#[folder = "assets/fields"]
struct Files;

/// These pages load nothing from elsewhere and tell nobody where they were.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'";

pub fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/fields/v1/frame", get(async || page("frame.html")))
        .route("/fields/v1/assets/{file}", get(asset))
        .route("/fields/v1/tokens", post(make_token))
        .route("/three-ds/{challenge}", get(challenge_page).post(answer))
        .route("/three-ds/{challenge}/facts", get(challenge_facts))
}

fn page(name: &str) -> Response {
    let kind = match name.rsplit_once('.') {
        Some((_, "html")) => "text/html; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    match Files::get(name) {
        Some(file) => (headers, file.data.into_owned()).into_response(),
        None => Refusal::not_found("file").into_response(),
    }
}

async fn asset(Path(file): Path<String>) -> Response {
    page(&file)
}

#[derive(Serialize)]
struct WireToken {
    token: String,
    #[serde(flatten)]
    card: Card,
}

/// All of a card, or the security code of one that is kept.
#[derive(Deserialize)]
#[serde(untagged)]
enum TokenInput {
    Stored(StoredInput),
    Card(CardInput),
}

async fn make_token(State(world): Shared, body: Bytes) -> Result<Response, Refusal> {
    let input: TokenInput = json(&body)?;
    let token = format!("tok_{}", hex::encode(random::<16>(&*world.entropy)));
    let now = world.clock.now();
    let card = world.cards.write::<_, Refusal>(
        |cards| {
            let made = match &input {
                TokenInput::Stored(input) => cards.make_stored_token(&token, input, now),
                TokenInput::Card(input) => cards.make_token(&token, input, now),
            };
            made.map(Some)
        },
        |cards| cards.token_card(&token),
    )?;
    let card = card.ok_or_else(|| Refusal::not_found("token"))?;
    Ok((StatusCode::CREATED, Json(WireToken { token, card })).into_response())
}

async fn challenge_page(State(world): Shared, Path(challenge): Path<String>) -> Response {
    let known = world
        .cards
        .read(|cards| cards.find_challenge(&challenge).map(|_| ()));
    match known {
        Ok(()) => page("three-ds.html"),
        Err(refusal) => refusal.into_response(),
    }
}

#[derive(Serialize)]
struct Facts {
    status: &'static str,
    amount: WireMoney,
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<FactsCard>,
}

#[derive(Serialize)]
struct FactsCard {
    brand: String,
    last4: String,
}

async fn challenge_facts(State(world): Shared, Path(challenge): Path<String>) -> Answer<Facts> {
    let facts = |found: &Authorisation| Facts {
        status: status_name(&found.status),
        amount: found.amount.into(),
        card: found.card.clone().map(|card| FactsCard {
            brand: card.brand,
            last4: card.last4,
        }),
    };
    let look = |cards: &crate::cards::Cards| cards.find_challenge(&challenge).map(facts);
    world.cards.read(look).map(Json)
}

#[derive(Deserialize)]
struct AnswerBody {
    approve: bool,
}

async fn answer(
    State(world): Shared,
    Path(challenge): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let body: AnswerBody = json(&body)?;
    let answered = world.cards.write::<_, Refusal>(
        |cards| cards.answer_challenge(&challenge, body.approve),
        |cards| {
            cards
                .find_challenge(&challenge)
                .map(|a| a.reference.clone())
        },
    )?;
    if let Ok(reference) = answered {
        let now = world.clock.now().seconds();
        world.callbacks.send(&world.key, &reference, now);
    }
    Ok(StatusCode::NO_CONTENT)
}

//! The processor's API for cards that cardholders let us keep.

use super::{Answer, Shared};
use crate::{
    cards::{Card, Stored},
    refusal::Refusal,
    world::World,
};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{delete, post},
};
use proof_core::time::random;
use serde::Serialize;
use std::sync::Arc;

pub fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/v1/authorisations/{reference}/stored-card", post(store))
        .route("/v1/stored-cards/{id}/keys", post(key))
        .route("/v1/stored-cards/{id}", delete(forget))
}

#[derive(Serialize)]
struct WireStored {
    id: String,
    #[serde(flatten)]
    card: Card,
    /// The last month in which it is good, as `YYYYMM`.
    expires: u32,
}

impl From<&Stored> for WireStored {
    fn from(stored: &Stored) -> Self {
        Self {
            id: stored.id.clone(),
            card: stored.card.clone(),
            expires: stored.expires.0,
        }
    }
}

async fn store(State(world): Shared, Path(reference): Path<String>) -> Answer<WireStored> {
    let id = format!("stored_{}", hex::encode(random::<16>(&*world.entropy)));
    let stored = world.cards.write::<_, Refusal>(
        |cards| cards.store(&reference, &id),
        |cards| cards.stored_with(&reference).map(WireStored::from),
    )?;
    stored.map(Json)
}

#[derive(Serialize)]
struct WireKey {
    key: String,
}

async fn key(State(world): Shared, Path(id): Path<String>) -> Answer<WireKey> {
    let key = format!("key_{}", hex::encode(random::<16>(&*world.entropy)));
    let now = world.clock.now();
    world
        .cards
        .write::<_, Refusal>(|cards| cards.stored_key(&id, &key, now).map(Some), |_| ())?;
    Ok(Json(WireKey { key }))
}

async fn forget(State(world): Shared, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    world
        .cards
        .write::<_, Refusal>(|cards| Ok(cards.forget(&id)), |_| ())?;
    Ok(StatusCode::NO_CONTENT)
}

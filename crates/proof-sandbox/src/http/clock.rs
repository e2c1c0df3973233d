//! The world's clock, for the server that shares it.

use super::{Answer, Shared, json};
use crate::{refusal::Refusal, world::World};
use axum::{Json, Router, body::Bytes, extract::State, routing::get};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub fn routes() -> Router<Arc<World>> {
    Router::new().route("/clock/v1", get(show).post(advance))
}

#[derive(Serialize)]
struct Ahead {
    /// Of the machine's clock.
    ahead_seconds: i64,
}

#[derive(Deserialize)]
struct Advance {
    seconds: u32,
}

async fn show(State(world): Shared) -> Json<Ahead> {
    let ahead_seconds = world.clock.ahead_seconds();
    Json(Ahead { ahead_seconds })
}

async fn advance(State(world): Shared, body: Bytes) -> Answer<Ahead> {
    let Advance { seconds } = json(&body)?;
    let ahead = world.clock.advance(seconds)?;
    let ahead_seconds = ahead.ok_or_else(|| Refusal::invalid("no clock goes so far"))?;
    Ok(Json(Ahead { ahead_seconds }))
}

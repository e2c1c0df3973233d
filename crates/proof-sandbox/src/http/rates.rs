//! The price source's API.

use super::{Answer, Shared};
use crate::{rates, refusal::Refusal, world::World};
use axum::{
    Json, Router,
    extract::{Query, State, rejection::QueryRejection},
    routing::get,
};
use proof_core::{Fiat, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub fn routes() -> Router<Arc<World>> {
    Router::new().route("/rates/v1/mid", get(mid))
}

#[derive(Deserialize)]
struct MidQuery {
    base: String,
    quote: String,
}

#[derive(Serialize)]
struct WireMid {
    price: String,
    at: Timestamp,
}

async fn mid(
    State(world): Shared,
    query: Result<Query<MidQuery>, QueryRejection>,
) -> Answer<WireMid> {
    let Query(query) = query?;
    let unknown = || Refusal::not_found("pair");
    let fiat: Fiat = query.quote.parse().map_err(|_| unknown())?;
    let mid = rates::mid(world.seed, &query.base, fiat, world.clock.now()).ok_or_else(unknown)?;
    Ok(Json(WireMid {
        price: mid.price,
        at: mid.at,
    }))
}

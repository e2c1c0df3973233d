//! The identity provider's API.

use super::{Answer, Shared, json};
use crate::{
    identity::{Document, Need, Outcome, Place, Side, check_picture},
    refusal::Refusal,
    world::World,
};
use axum::{
    Json, Router,
    body::{Body, Bytes, to_bytes},
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::StatusCode,
    routing::{get, post, put},
};
use serde::Deserialize;
use std::sync::Arc;

/// A picture that is too large is read to its end, so that its sender hears why it was refused;
/// beyond this the connection is cut.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

pub fn routes() -> Router<Arc<World>> {
    const ONE: &str = "/identity/v1/verifications/{reference}";
    Router::new()
        .route(ONE, get(look_up))
        .route(&format!("{ONE}/documents/{{kind}}/{{side}}"), put(document))
        .route(&format!("{ONE}/frames/{{index}}"), put(frame))
        .route(&format!("{ONE}/submit"), post(submit))
}

async fn document(
    State(world): Shared,
    path: Result<Path<(String, Document, Side)>, PathRejection>,
    body: Body,
) -> Result<StatusCode, Refusal> {
    let Path((reference, kind, side)) = path?;
    let place = Place::Document(kind, side);
    receive(&world, &reference, place, body, Need::DOCUMENT).await
}

#[derive(Deserialize)]
struct FrameQuery {
    step: String,
}

async fn frame(
    State(world): Shared,
    path: Result<Path<(String, u32)>, PathRejection>,
    query: Result<Query<FrameQuery>, QueryRejection>,
    body: Body,
) -> Result<StatusCode, Refusal> {
    let Path((reference, index)) = path?;
    let Query(FrameQuery { step }) = query?;
    let place = Place::Frame { index, step };
    receive(&world, &reference, place, body, Need::FRAME).await
}

async fn receive(
    world: &World,
    reference: &str,
    place: Place,
    body: Body,
    need: Need,
) -> Result<StatusCode, Refusal> {
    let bytes = to_bytes(body, BODY_BYTES_MAX)
        .await
        .map_err(|_| Refusal::unprocessable("too_large", "more than 12 MB, or cut off"))?;
    let picture = check_picture(&bytes, need)?;
    world.identity.write(
        |desk| desk.receive(reference, place, picture),
        |_| StatusCode::NO_CONTENT,
    )
}

#[derive(Deserialize)]
struct SubmitBody {
    email: String,
}

async fn submit(
    State(world): Shared,
    Path(reference): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let body: SubmitBody = json(&body)?;
    let now = world.clock.now();
    world.identity.write(
        |desk| desk.submit(&reference, &body.email, now),
        |_| StatusCode::ACCEPTED,
    )
}

async fn look_up(State(world): Shared, Path(reference): Path<String>) -> Answer<Outcome> {
    let now = world.clock.now();
    let outcome = world.identity.read(|desk| desk.outcome(&reference, now));
    outcome.map(Json)
}

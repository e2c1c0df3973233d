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
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A picture that is too large is read to its end, so that its sender hears why it was refused;
/// beyond this the connection is cut.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

pub fn routes() -> Router<Arc<World>> {
    const ONE: &str = "/identity/v1/verifications/{reference}";
    Router::new()
        .route(ONE, get(look_up))
        .route(
            &format!("{ONE}/documents/{{kind}}/{{side}}"),
            put(document).get(document_kept),
        )
        .route(
            &format!("{ONE}/frames/{{index}}"),
            put(frame).get(frame_kept),
        )
        .route(&format!("{ONE}/pictures"), get(pictures))
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
    world.pictures.put(&picture.sha256, &bytes)?;
    world.identity.write(
        |desk| desk.receive(reference, place, picture),
        |_| StatusCode::NO_CONTENT,
    )
}

#[derive(Deserialize)]
struct SubmitBody {
    email: String,
    #[serde(default)]
    selfie: bool,
}

async fn submit(
    State(world): Shared,
    Path(reference): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let body: SubmitBody = json(&body)?;
    let now = world.clock.now();
    world.identity.write(
        |desk| desk.submit(&reference, &body.email, body.selfie, now),
        |_| StatusCode::ACCEPTED,
    )
}

async fn look_up(State(world): Shared, Path(reference): Path<String>) -> Answer<Outcome> {
    let now = world.clock.now();
    let outcome = world.identity.read(|desk| desk.outcome(&reference, now));
    outcome.map(Json)
}

#[derive(Serialize)]
struct Kept {
    pictures: Vec<KeptPlace>,
}

/// One picture: a side of a document, or a frame of the selfie.
#[derive(Serialize)]
#[serde(untagged)]
enum KeptPlace {
    Document { kind: Document, side: Side },
    Frame { index: u32, step: String },
}

impl From<Place> for KeptPlace {
    fn from(place: Place) -> Self {
        match place {
            Place::Document(kind, side) => Self::Document { kind, side },
            Place::Frame { index, step } => Self::Frame { index, step },
        }
    }
}

async fn pictures(State(world): Shared, Path(reference): Path<String>) -> Answer<Kept> {
    let pictures = world.identity.read(|desk| desk.pictures(&reference))?;
    let pictures = pictures.into_iter().map(|(place, _)| place.into());
    Ok(Json(Kept {
        pictures: pictures.collect(),
    }))
}

async fn document_kept(
    State(world): Shared,
    path: Result<Path<(String, Document, Side)>, PathRejection>,
) -> Result<Vec<u8>, Refusal> {
    let Path((reference, kind, side)) = path?;
    let wanted = Place::Document(kind, side);
    kept(&world, &reference, |place| *place == wanted)
}

async fn frame_kept(
    State(world): Shared,
    path: Result<Path<(String, u32)>, PathRejection>,
) -> Result<Vec<u8>, Refusal> {
    let Path((reference, wanted)) = path?;
    kept(
        &world,
        &reference,
        |place| matches!(place, Place::Frame { index, .. } if *index == wanted),
    )
}

fn kept(
    world: &World,
    reference: &str,
    is_wanted: impl Fn(&Place) -> bool,
) -> Result<Vec<u8>, Refusal> {
    let pictures = world.identity.read(|desk| desk.pictures(reference))?;
    let found = pictures.into_iter().find(|(place, _)| is_wanted(place));
    let (_, picture) = found.ok_or_else(|| Refusal::not_found("picture"))?;
    let bytes = world.pictures.get(&picture.sha256)?;
    bytes.ok_or_else(|| Refusal::not_found("picture"))
}

//! `/widget/sandbox`: the world outside, for developers who try their integration.

use crate::{Api, body, call::Caller, error::Refused, path::Named, query::wrong};
use axum::{Extension, Json, body::Body, extract::State, http::StatusCode};
use proof_core::{audit::Author, time::span_seconds};
use proof_engine::{Access, ClockView, Engine, PlayPage, PlayView, SandboxView, ScenarioPage};
use serde_json::{Map, Value};

/// The token's bearer asks, whoever that is.
fn author(access: &Access) -> Author {
    Author {
        from: format!("token {}", access.key_id.as_str()),
        ..Author::machine()
    }
}

pub async fn show(
    State(api): State<Api>,
    Extension(access): Caller,
) -> Result<Json<SandboxView>, Refused> {
    Ok(Json(api.engine.sandbox(&access)?))
}

pub async fn clock(
    State(api): State<Api>,
    Extension(access): Caller,
) -> Result<Json<ClockView>, Refused> {
    api.engine.sandbox_check(&access)?;
    Ok(Json(api.engine.clock_view()))
}

/// How far a body wants the clock to be moved.
pub fn span(fields: &Map<String, Value>) -> Result<i64, Refused> {
    let span = fields.get("advance").and_then(Value::as_str);
    let rule = "must be a whole number and s, m, h or d, like \"45m\"";
    span.and_then(span_seconds)
        .ok_or_else(|| wrong("advance", rule))
}

pub async fn advance(
    State(api): State<Api>,
    Extension(access): Caller,
    body: Body,
) -> Result<Json<ClockView>, Refused> {
    api.engine.sandbox_check(&access)?;
    let seconds = span(&body::object(&api, body).await?)?;
    let moved = api.engine.clock_advance(author(&access), seconds).await?;
    Ok(Json(moved))
}

pub async fn scenarios(
    State(api): State<Api>,
    Extension(access): Caller,
) -> Result<Json<ScenarioPage>, Refused> {
    api.engine.sandbox_check(&access)?;
    Ok(Json(Engine::scenarios()))
}

pub async fn start(
    State(api): State<Api>,
    Extension(access): Caller,
    Named(name): Named,
) -> Result<(StatusCode, Json<PlayView>), Refused> {
    api.engine.sandbox_check(&access)?;
    let partner = access.partner.id;
    let play = api.engine.play_start(author(&access), partner, &name);
    Ok((StatusCode::ACCEPTED, Json(play.await?)))
}

pub async fn plays(
    State(api): State<Api>,
    Extension(access): Caller,
) -> Result<Json<PlayPage>, Refused> {
    api.engine.sandbox_check(&access)?;
    Ok(Json(api.engine.plays(access.partner.id)))
}

pub async fn play(
    State(api): State<Api>,
    Extension(access): Caller,
    Named(id): Named,
) -> Result<Json<PlayView>, Refused> {
    api.engine.sandbox_check(&access)?;
    Ok(Json(api.engine.play(access.partner.id, &id)?))
}

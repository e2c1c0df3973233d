//! A partner's sandbox: its clock, and the scenarios that it plays.

use super::{At, get, json, partner_id, post};
use crate::{Api, error::Refused, partner::span, route::Route};
use axum::{
    Extension, Json,
    extract::{Path, Request, State},
    http::StatusCode,
};
use proof_core::member::Act;
use proof_engine::{ClockView, Engine, PlayView, ScenarioView};
use serde::Serialize;
use serde_json::{Map, Value};

pub fn routes() -> Vec<Route> {
    vec![
        get(Act::OrderRead, "/console/api/clock", clock),
        get(
            Act::ChecklistRead,
            "/console/api/partners/{id}/sandbox",
            show,
        ),
        post(
            Act::SandboxPlay,
            "/console/api/partners/{id}/sandbox/scenarios/{name}",
            start,
        ),
        post(
            Act::SandboxPlay,
            "/console/api/partners/{id}/sandbox/clock",
            advance,
        ),
    ]
}

#[derive(Serialize)]
struct Sandbox {
    clock: ClockView,
    scenarios: Vec<ScenarioView>,
    plays: Vec<PlayView>,
}

/// For every page: where the clock was moved, times are not what a browser takes for now.
async fn clock(State(api): State<Api>) -> Json<ClockView> {
    Json(api.engine.clock_view())
}

async fn show(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
) -> Result<Json<Sandbox>, Refused> {
    let id = partner_id(&seat, &id)?;
    let access = api.engine.access_of(id).await?;
    api.engine.sandbox_check(&access)?;
    Ok(Json(Sandbox {
        clock: api.engine.clock_view(),
        scenarios: Engine::scenarios().data,
        plays: api.engine.plays(id).data,
    }))
}

async fn start(
    State(api): State<Api>,
    Extension(seat): At,
    Path((id, name)): Path<(String, String)>,
) -> Result<(StatusCode, Json<PlayView>), Refused> {
    let id = partner_id(&seat, &id)?;
    let play = api.engine.play_start(seat.author(), id, &name).await?;
    Ok((StatusCode::ACCEPTED, Json(play)))
}

async fn advance(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<ClockView>, Refused> {
    let id = partner_id(&seat, &id)?;
    let access = api.engine.access_of(id).await?;
    api.engine.sandbox_check(&access)?;
    let fields: Map<String, Value> = json(&api, request).await?;
    let moved = api
        .engine
        .clock_advance(seat.author(), span(&fields)?)
        .await?;
    Ok(Json(moved))
}

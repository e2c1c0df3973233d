//! What is wrong with the installation, and how each part of it does.

use super::{At, get, json, post};
use crate::{Api, error::Refused, path::Named, route::Route};
use axum::{
    Extension, Json,
    extract::{Request, State},
    http::StatusCode,
};
use proof_core::member::Act;
use proof_engine::{ApiError, Data, HealthPage, SettingGroup};
use serde::Deserialize;

pub fn routes() -> Vec<Route> {
    vec![
        get(Act::HealthRead, "/console/api/health", show),
        get(Act::HealthRead, "/console/api/settings", settings),
        post(
            Act::AlertAcknowledge,
            "/console/api/alerts/{id}/acknowledge",
            acknowledge,
        ),
    ]
}

async fn show(State(api): State<Api>) -> Result<Json<HealthPage>, Refused> {
    Ok(Json(api.engine.health_page().await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InHand {
    note: String,
}

async fn acknowledge(
    State(api): State<Api>,
    Extension(seat): At,
    Named(id): Named,
    request: Request,
) -> Result<StatusCode, Refused> {
    let id = id.parse().map_err(|_| ApiError::nobody("alert"))?;
    let ask: InHand = json(&api, request).await?;
    api.engine.alert_acknowledge(&seat, id, &ask.note).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn settings(State(api): State<Api>) -> Json<Data<SettingGroup>> {
    let data = api.engine.settings();
    Json(Data { data })
}

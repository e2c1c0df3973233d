//! What is wrong with the installation, and how each part of it does.

use super::get;
use crate::{Api, error::Refused, route::Route};
use axum::{Json, extract::State};
use proof_core::member::Act;
use proof_engine::HealthPage;

pub fn routes() -> Vec<Route> {
    vec![get(Act::HealthRead, "/console/api/health", show)]
}

async fn show(State(api): State<Api>) -> Result<Json<HealthPage>, Refused> {
    Ok(Json(api.engine.health_page().await?))
}

//! `GET /widget/integration-log`: the partner's refused calls.

use crate::{Api, call::Caller, error::Refused};
use axum::{Extension, Json, extract::State};
use proof_engine::IntegrationLog;

pub async fn list(
    State(api): State<Api>,
    Extension(access): Caller,
) -> Result<Json<IntegrationLog>, Refused> {
    let log = api
        .engine
        .integration_log(&access, |code| api.docs_url(code));
    Ok(Json(log.await?))
}

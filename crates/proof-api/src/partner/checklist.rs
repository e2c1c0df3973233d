//! `/widget/checklist`: the go-live checklist, for the partner's own tools.

use crate::{Api, body, call::Caller, error::Refused, query::wrong, request_id};
use axum::{
    Extension, Json,
    extract::{Request, State},
    http::StatusCode,
};
use proof_core::audit::Author;
use proof_engine::{Checklist, Scanned};
use serde_json::Value;

/// As many as there are lines that files can show.
const SCANNED_MAX: usize = 10;

pub async fn show(
    State(api): State<Api>,
    Extension(access): Caller,
) -> Result<Json<Checklist>, Refused> {
    Ok(Json(api.engine.checklist(access.partner.id).await?))
}

pub async fn probe(
    State(api): State<Api>,
    Extension(access): Caller,
) -> Result<(StatusCode, Json<Checklist>), Refused> {
    // The token's bearer asks, whoever that is.
    let author = Author {
        from: format!("token {}", access.key_id.as_str()),
        ..Author::machine()
    };
    api.engine.probe_start(author, access.partner.id).await?;
    let list = api.engine.checklist(access.partner.id).await?;
    Ok((StatusCode::ACCEPTED, Json(list)))
}

pub async fn scans(
    State(api): State<Api>,
    Extension(access): Caller,
    request: Request,
) -> Result<Json<Checklist>, Refused> {
    let (parts, body) = request.into_parts();
    let fields = body::object(&api, body).await?;
    let scans = fields.get("scans").cloned().unwrap_or(Value::Null);
    let scans: Vec<Scanned> = serde_json::from_value(scans)
        .ok()
        .filter(|scans: &Vec<Scanned>| scans.len() <= SCANNED_MAX)
        .ok_or_else(|| wrong("scans", "must be a list of lines with good and note"))?;
    let name = request_id(&parts.headers);
    api.engine.checklist_scanned(&access, scans, name).await?;
    Ok(Json(api.engine.checklist(access.partner.id).await?))
}

//! `/widget/sandbox`: the world outside, for developers who try their integration.

use crate::{Api, body, call::Caller, error::Refused, query::wrong};
use axum::{Extension, Json, body::Body, extract::State};
use proof_core::{audit::Author, time::span_seconds};
use proof_engine::{Access, ClockView};
use serde_json::Value;

/// The token's bearer asks, whoever that is.
fn author(access: &Access) -> Author {
    Author {
        from: format!("token {}", access.key_id.as_str()),
        ..Author::machine()
    }
}

pub async fn clock(
    State(api): State<Api>,
    Extension(access): Caller,
) -> Result<Json<ClockView>, Refused> {
    api.engine.sandbox_check(&access)?;
    Ok(Json(api.engine.clock_view()))
}

pub async fn advance(
    State(api): State<Api>,
    Extension(access): Caller,
    body: Body,
) -> Result<Json<ClockView>, Refused> {
    api.engine.sandbox_check(&access)?;
    let fields = body::object(&api, body).await?;
    let span = fields.get("advance").and_then(Value::as_str);
    let seconds = span.and_then(span_seconds).ok_or_else(|| {
        wrong(
            "advance",
            "must be a whole number and s, m, h or d, like \"45m\"",
        )
    })?;
    let moved = api.engine.clock_advance(author(&access), seconds).await?;
    Ok(Json(moved))
}

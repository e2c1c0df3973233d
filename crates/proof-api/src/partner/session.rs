//! `POST /widget/session` (contract §2).

use crate::{Api, body, call::Caller, error::Refused, request_id};
use axum::{
    Extension, Json,
    extract::{Request, State},
};
use proof_engine::SessionResponse;

pub async fn create(
    State(api): State<Api>,
    Extension(access): Caller,
    request: Request,
) -> Result<Json<SessionResponse>, Refused> {
    let (parts, body) = request.into_parts();
    let bytes = body::read(&api, body, body::JSON_BYTES_MAX).await?;
    let key = parts
        .headers
        .get("idempotency-key")
        .map(|value| value.to_str().unwrap_or(""));
    let made = api.engine.session_create(&access, &bytes, key).await?;
    api.engine
        .observe_session(&access, &made, request_id(&parts.headers));
    Ok(Json(made))
}

//! Errors on the wire: the contract's three fields, always.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use proof_engine::ApiError;
use serde::Serialize;

/// A use case's refusal on its way out.
pub struct Refused(pub ApiError);

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

#[derive(Serialize)]
struct Body<'a> {
    error: &'static str,
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    /// Of a picture: what is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'static str>,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(error) = self;
        let (status, slug, code) = error.code.parts();
        if status >= 500 {
            let context = error.context.as_deref().unwrap_or("");
            tracing::error!(code, context, "a request failed: {code}");
        }
        let body = Body {
            error: slug,
            code,
            message: &error.message,
            field: error.field,
            problem: error.problem,
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(body)).into_response()
    }
}

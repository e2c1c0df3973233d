//! What a path names. Bytes that are no text name nothing, and are answered like anything unknown.

use crate::error::Refused;
use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use proof_engine::ApiError;

/// The one parameter of a path.
pub struct Named(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let unknown = || Refused(ApiError::not_found("object"));
        let Path(text) = path.map_err(|_| unknown())?;
        // No database keeps a NUL in a text, so nothing has such a name.
        if text.contains('\0') {
            return Err(unknown());
        }
        Ok(Self(text))
    }
}

//! Providers' callbacks. They have places of their own, so that a crowd of callers never keeps them
//! out (see `load`).

use crate::{
    Api, body,
    error::Refused,
    path::Named,
    route::{Caller, Route},
};
use axum::{
    extract::{Request, State},
    http::{Method, StatusCode},
};

/// No provider's callback is larger.
const BYTES_MAX: usize = 64 * 1024;

pub fn routes() -> Vec<Route> {
    vec![Route::new(
        Caller::Provider,
        Method::POST,
        "/inbound/{provider}/payments",
        payments,
    )]
}

async fn payments(
    State(api): State<Api>,
    Named(provider): Named,
    request: Request,
) -> Result<StatusCode, Refused> {
    let (parts, body) = request.into_parts();
    let bytes = body::read(&api, body, BYTES_MAX).await?;
    let headers: Vec<(String, String)> = parts
        .headers
        .iter()
        .filter_map(|(name, value)| {
            let value = value.to_str().ok()?.to_owned();
            Some((name.as_str().to_owned(), value))
        })
        .collect();
    api.engine
        .inbound_payment(&provider, &headers, &bytes)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

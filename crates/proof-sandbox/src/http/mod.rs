//! HTTP around the services.

mod cards;
mod chain;
mod clock;
mod disputes;
mod explorer;
mod fields;
mod identity;
mod payouts;
mod rates;
mod report;
mod stored;
mod wallet;
mod wallets;

use crate::{
    refusal::{Kind, Refusal},
    world::World,
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{
        FromRequestParts, Request, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::{HeaderMap, StatusCode, header, request::Parts},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{convert::Infallible, sync::Arc};

type Shared = State<Arc<World>>;
type Answer<T> = Result<Json<T>, Refusal>;

/// The card processor: its API for Proof, its frames and the bank's page for browsers.
pub fn cards_router(world: Arc<World>) -> Router {
    let private = cards::routes()
        .merge(payouts::routes())
        .merge(wallets::routes())
        .merge(disputes::routes())
        .merge(report::routes())
        .merge(stored::routes())
        .layer(from_fn_with_state(Arc::clone(&world), authorised));
    private
        .merge(fields::routes())
        .merge(disputes::bank_routes())
        .merge(payouts::bank_routes())
        .fallback(unknown_route)
        .method_not_allowed_fallback(wrong_method)
        .with_state(world)
}

/// Everything else that is outside.
pub fn world_router(world: Arc<World>) -> Router {
    let private = identity::routes()
        .merge(rates::routes())
        .merge(chain::routes())
        .merge(clock::routes())
        .layer(from_fn_with_state(Arc::clone(&world), authorised));
    private
        .merge(explorer::routes())
        .merge(wallet::routes())
        .fallback(unknown_route)
        .method_not_allowed_fallback(wrong_method)
        .with_state(world)
}

async fn authorised(State(world): Shared, request: Request, next: Next) -> Response {
    let expected = format!("Bearer {}", world.key);
    let given = request.headers().get(header::AUTHORIZATION);
    if given.is_some_and(|given| given.as_bytes() == expected.as_bytes()) {
        next.run(request).await
    } else {
        let code = "unauthorised";
        error(
            StatusCode::UNAUTHORIZED,
            code,
            "the key is missing or wrong",
            None,
        )
    }
}

async fn unknown_route() -> Refusal {
    Refusal::new(Kind::NotFound, "unknown_route", "no such route")
}

async fn wrong_method() -> Response {
    let code = "method_not_allowed";
    error(StatusCode::METHOD_NOT_ALLOWED, code, "not this way", None)
}

/// Read whatever the content type says; a wrong body is told in our own words.
fn json<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(Refusal::invalid)
}

/// Where the caller reached us: links given out lead back to the same place.
struct Here(String);

impl<S: Sync> FromRequestParts<S> for Here {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let host = host(&parts.headers)
            .or_else(|| parts.uri.authority().map(ToString::to_string))
            .unwrap_or_else(|| "localhost".to_owned());
        Ok(Self(format!("http://{host}")))
    }
}

fn host(headers: &HeaderMap) -> Option<String> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    Some(host.to_owned())
}

/// A place that does not exist.
impl From<PathRejection> for Refusal {
    fn from(rejection: PathRejection) -> Self {
        Self::new(Kind::NotFound, "unknown_route", rejection.body_text())
    }
}

impl From<QueryRejection> for Refusal {
    fn from(rejection: QueryRejection) -> Self {
        Self::invalid(rejection.body_text())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self.kind {
            Kind::Invalid => StatusCode::BAD_REQUEST,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Late => StatusCode::GATEWAY_TIMEOUT,
            Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        error(status, self.code, &self.message, self.field)
    }
}

fn error(status: StatusCode, code: &str, message: &str, field: Option<&str>) -> Response {
    #[derive(Serialize)]
    struct Body<'a> {
        code: &'a str,
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        field: Option<&'a str>,
    }
    let body = Body {
        code,
        message,
        field,
    };
    (status, Json(body)).into_response()
}

#[cfg(test)]
mod tests;

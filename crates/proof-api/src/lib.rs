//! The HTTP and WebSocket surfaces: `partner` (the published contract), `widget` (our own frame).
//!
//! Handlers parse, call one use case and print its answer. Checks come in the contract's order:
//! route, method, token, `Origin`, size and JSON, fields; so bodies are read by hand, after the
//! caller is known.

mod assets;
mod body;
mod error;
mod partner;
mod socket;
mod widget;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use error::Refused;
use proof_core::{ErrorCode, partner::Origin};
use proof_engine::{ApiError, Engine};
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID_LENGTH_MAX: usize = 128;

/// What every handler needs.
#[derive(Clone)]
pub struct Api {
    pub engine: Arc<Engine>,
    /// The server's own origin, as partners' pages and apps see it.
    pub origin: Origin,
}

/// All routes of a server.
pub fn router(api: Api) -> Router {
    Router::new()
        .merge(partner::routes())
        .merge(widget::routes())
        .route("/healthz", axum::routing::get(async || "ok\n"))
        .route("/readyz", axum::routing::get(ready))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(unknown_route)
        .layer(CatchPanicLayer::custom(|_| {
            Refused(ApiError::new(
                ErrorCode::DbError,
                "Something failed on our side. Try again.",
            ))
            .into_response()
        }))
        .layer(middleware::from_fn_with_state(api.clone(), cors))
        .layer(middleware::from_fn_with_state(api.clone(), request_id))
        .with_state(api)
}

async fn ready(State(api): State<Api>) -> Result<&'static str, Refused> {
    api.engine.ready().await?;
    Ok("ready\n")
}

async fn unknown_route() -> Refused {
    let message = "There is no such route; compare the path with the documentation.";
    Refused(ApiError::new(ErrorCode::NotFound, message))
}

async fn method_not_allowed() -> Refused {
    let message = "This route has other methods; the Allow header lists them.";
    Refused(ApiError::new(ErrorCode::MethodNotAllowed, message))
}

/// Keeps a sane request id, makes one otherwise, and puts it on the reply.
async fn request_id(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let given = request.headers().get(&REQUEST_ID).filter(|value| {
        value.len() <= REQUEST_ID_LENGTH_MAX
            && !value.is_empty()
            && value
                .as_bytes()
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(b))
    });
    let id = given.cloned().unwrap_or_else(|| {
        HeaderValue::from_str(&api.engine.request_id())
            .unwrap_or_else(|_| HeaderValue::from_static("req_0"))
    });
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let method = request.method().clone();
    let mut response = next.run(request).await;
    let status = response.status().as_u16();
    // No path: partners put their users' ids there.
    tracing::debug!(%method, status, request_id = ?id, "{method} answered {status}");
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// Preflights need no token; replies to a registered origin may be read by its page (contract §1).
async fn cors(State(api): State<Api>, request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else {
        return next.run(request).await;
    };
    let text = origin.to_str().unwrap_or_default();
    let known = match api.engine.origin_known(text).await {
        Ok(known) => known,
        Err(error) => return Refused(error).into_response(),
    };
    let preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match (preflight, known) {
        (true, true) => StatusCode::NO_CONTENT.into_response(),
        (true, false) => {
            let message = "This origin is not registered by any partner; register it first.";
            Refused(ApiError::new(ErrorCode::ForbiddenOrigin, message)).into_response()
        }
        (false, _) => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if known {
        cors_headers(headers, origin, preflight);
    }
    response
}

fn cors_headers(headers: &mut HeaderMap, origin: HeaderValue, preflight: bool) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    let exposed = HeaderValue::from_static("x-request-id, retry-after");
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    if preflight {
        let methods = HeaderValue::from_static("GET, POST, OPTIONS");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        let allowed =
            HeaderValue::from_static("authorization, content-type, idempotency-key, x-request-id");
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        headers.insert(
            header::ACCESS_CONTROL_MAX_AGE,
            HeaderValue::from_static("600"),
        );
    }
}

/// The token behind `Authorization: Bearer`; another scheme counts as none.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The `Origin` of a request; one that is not text is nobody's.
fn origin(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::ORIGIN)
        .map(|value| value.to_str().unwrap_or("null"))
}

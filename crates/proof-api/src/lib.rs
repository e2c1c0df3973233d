//! The HTTP and WebSocket surfaces: `partner` (the published contract), `widget` (our own frame).
//!
//! Handlers parse, call one use case and print its answer. Checks come in the contract's order:
//! route, method, token, `Origin`, size and JSON, fields; so bodies are read by hand, after the
//! caller is known.

mod assets;
mod body;
mod call;
mod console;
mod docs;
mod embed;
mod error;
mod handover;
mod health;
mod inbound;
mod load;
mod openapi;
mod page;
mod partner;
mod path;
mod query;
mod receipt;
mod resume;
mod route;
mod socket;
mod widget;

pub use openapi::{asyncapi, openapi};
pub use route::{Caller, Route};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use error::Refused;
use futures::FutureExt;
use ipnet::IpNet;
use proof_core::{ErrorCode, embed::EmbedFinding, partner::Origin};
use proof_engine::{ApiError, Engine, Limited};
use std::{collections::BTreeSet, net::IpAddr, ops::Deref, panic::AssertUnwindSafe, sync::Arc};
use tokio::sync::Semaphore;
use tracing::{Instrument, Span, field};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID_LENGTH_MAX: usize = 128;

/// What every handler needs. Each layer that a call goes through has a handle of its own, so it is
/// one pointer.
#[derive(Clone)]
pub struct Api(Arc<Needs>);

/// See [`Api`].
pub struct Needs {
    pub engine: Arc<Engine>,
    /// The server's own origin, as partners' pages and apps see it.
    pub origin: Origin,
    /// The same as people's browsers should call it: with a name, for which they keep passkeys.
    pub home: Origin,
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub proxies: Vec<IpNet>,
    /// Places for open WebSockets.
    pub sockets: Arc<Semaphore>,
    /// Places for calls that are being answered.
    pub load: load::Load,
    /// Paths of routes, as they are counted.
    paths: BTreeSet<&'static str>,
}

impl Api {
    pub fn new(engine: Arc<Engine>, origin: Origin, proxies: Vec<IpNet>) -> Self {
        Self(Arc::new(Needs {
            engine,
            home: origin.by_name(),
            origin,
            proxies,
            sockets: Arc::new(Semaphore::new(socket::SOCKETS_MAX)),
            load: load::Load::new(),
            paths: routes().iter().map(|route| route.path).collect(),
        }))
    }

    /// Of the pages that this server shows.
    pub(crate) fn domain(&self) -> String {
        let url = url::Url::parse(self.origin.as_str()).ok();
        let host = url.as_ref().and_then(url::Url::host_str);
        host.unwrap_or("localhost").to_owned()
    }

    /// Whether an `Origin` is this server's own, in any spelling.
    pub(crate) fn is_own(&self, origin: &str) -> bool {
        Origin::parse(origin).is_ok_and(|origin| origin == self.origin)
    }

    /// The same for the console's pages, which on the machine itself have two addresses.
    pub(crate) fn is_home(&self, origin: &str) -> bool {
        Origin::parse(origin).is_ok_and(|origin| origin == self.home || origin == self.origin)
    }

    /// The page that says what an error means and what to do.
    pub(crate) fn docs_url(&self, code: &str) -> String {
        if EmbedFinding::parse(code).is_some() {
            return format!("{}/docs/partner/embed-doctor#{code}", self.origin);
        }
        format!("{}/docs/errors/{}", self.origin, code.to_lowercase())
    }
}

impl Deref for Api {
    type Target = Needs;

    fn deref(&self) -> &Needs {
        &self.0
    }
}

/// Every route of a server.
pub fn routes() -> Vec<Route> {
    let mut routes = partner::routes();
    routes.extend(page::routes());
    routes.extend(widget::routes());
    routes.extend(embed::routes());
    routes.extend(resume::routes());
    routes.extend(handover::routes());
    routes.extend(receipt::routes());
    routes.extend(inbound::routes());
    routes.extend(console::routes());
    routes.extend(docs::routes());
    routes.extend(health::routes());
    routes
}

/// A server's HTTP surface.
pub fn router(api: Api) -> Router {
    dressed(route::router(routes(), &api), api)
}

/// Routes behind what every call goes through, so that whatever happens in them becomes an answer
/// of the contract's form. It is one layer: each costs every poll a few allocations.
pub fn dressed(routes: Router<Api>, api: Api) -> Router {
    routes
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(unknown_route)
        .layer(middleware::from_fn_with_state(api.clone(), front))
        .with_state(api)
}

/// A name, then CORS, then a place among the calls that are answered; and on the way back the form
/// that the caller asked for.
async fn front(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let name = request_name(&api, &mut request);
    let form = error::Form::of(request.headers());
    let (method, begun) = (request.method().clone(), api.engine.now());
    let path = request.extensions().get::<MatchedPath>();
    // Never what the caller wrote: partners put their users' ids there, and strangers anything.
    let route = path.and_then(|path| api.paths.get(path.as_str()).copied());
    let counted = (method_name(&method), route.unwrap_or("other"));
    let span = span(counted, &name);
    let mut response = cors(&api, request, next).instrument(span.clone()).await;
    error::dress(&api, &mut response, form, &name);
    let status = response.status().as_u16();
    api.engine.metrics_http(counted, status, begun);
    span.record("http.response.status_code", i64::from(status));
    tracing::debug!(%method, status, request_id = ?name, "{method} answered {status}");
    response.headers_mut().insert(REQUEST_ID, name);
    response
}

/// What is logged while a call is answered says which one it is; a trace has it under the route's name.
fn span((method, route): (&'static str, &'static str), name: &HeaderValue) -> Span {
    tracing::info_span!(
        "call",
        otel.name = route,
        http.request.method = method,
        http.route = route,
        http.response.status_code = field::Empty,
        request_id = name.to_str().unwrap_or_default(),
    )
}

/// Callers may name methods of their own.
const fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Whatever breaks in a handler is an answer all the same.
async fn unbroken(answer: impl Future<Output = Response>) -> Response {
    let answered = AssertUnwindSafe(answer).catch_unwind().await;
    answered.unwrap_or_else(|_| {
        let message = "Something failed on our side. Try again.";
        Refused(ApiError::new(ErrorCode::DbError, message)).into_response()
    })
}

async fn unknown_route() -> Refused {
    let message = "There is no such route; compare the path with the documentation.";
    Refused(ApiError::new(ErrorCode::NotFound, message))
}

async fn method_not_allowed() -> Refused {
    let message = "This route has other methods; the Allow header lists them.";
    Refused(ApiError::new(ErrorCode::MethodNotAllowed, message))
}

/// Keeps a sane request id, and makes one otherwise.
fn request_name(api: &Api, request: &mut Request) -> HeaderValue {
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
    id
}

/// Preflights need no token; replies to a registered origin may be read by its page (contract §1).
async fn cors(api: &Api, request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else {
        return unbroken(load::shed(api, request, next)).await;
    };
    let ip = call::client_ip(api, &request);
    let known = match origin_known(api, &origin, ip).await {
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
        (false, _) => unbroken(load::shed(api, request, next)).await,
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if known {
        cors_headers(headers, origin, preflight);
    }
    response
}

/// An origin that nobody asked about lately costs a look, and looks have a bound for each address:
/// preflights come before any token.
async fn origin_known(api: &Api, origin: &HeaderValue, ip: IpAddr) -> Result<bool, ApiError> {
    let parsed = origin.to_str().ok().and_then(|o| Origin::parse(o).ok());
    let Some(origin) = parsed else {
        return Ok(false);
    };
    if let Some(known) = api.engine.origin_known(&origin) {
        return Ok(known);
    }
    api.engine.limit(Limited::Visitor(ip))?;
    api.engine.origin_look(&origin).await
}

fn cors_headers(headers: &mut HeaderMap, origin: HeaderValue, preflight: bool) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    let exposed = HeaderValue::from_static(
        "x-request-id, retry-after, etag, ratelimit-limit, ratelimit-remaining, ratelimit-reset",
    );
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    if preflight {
        let methods = HeaderValue::from_static("GET, POST, OPTIONS");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        let allowed = HeaderValue::from_static(
            "authorization, content-type, idempotency-key, if-none-match, x-request-id",
        );
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

/// The `Origin` of a request.
fn origin(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ORIGIN).map(origin_text)
}

/// An origin that is not text is nobody's.
fn origin_text(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or("null")
}

/// The name that [`front`] gave a call.
fn request_id(headers: &HeaderMap) -> &str {
    let id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    id.unwrap_or_default()
}

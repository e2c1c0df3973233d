//! The console: operators and partners' people, behind their sign-in. Who may call what is part of the
//! route; whose data it is about, each handler asks the seat.

mod change;
mod checklist;
mod health;
mod identity;
mod ledger;
mod live;
mod look;
mod member;
mod order;
mod partner;
mod passkey;
mod sandbox;
mod treasury;
mod webhook;

use crate::{
    Api, assets, body,
    call::client_ip,
    error::Refused,
    origin,
    path::Named,
    route::{Caller, Endpoint, Route},
};
use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use proof_core::{ErrorCode, id::PartnerId, member::Act};
use proof_engine::{ApiError, Limited, Seat};
use std::net::IpAddr;

/// Browsers send it with our page's calls only: another page cannot without asking first.
const OWN: HeaderName = HeaderName::from_static("x-proof-console");

const COOKIE: &str = "proof_session";

pub type At = Extension<Seat>;

pub fn routes() -> Vec<Route> {
    let page = |path| Route::new(Caller::Anyone, Method::GET, path, page);
    let mut routes = vec![
        page("/console"),
        page("/console/"),
        page("/console/{*path}"),
        Route::new(
            Caller::Anyone,
            Method::GET,
            "/console/assets/{*path}",
            asset,
        ),
        get(Act::OrderRead, "/console/api/overview", order::overview),
        get(
            Act::OrderRead,
            "/console/api/overview/volume",
            order::volume,
        ),
        get(Act::AuditRead, "/console/api/audit", ledger::audit),
        get(
            Act::AuditRead,
            "/console/api/audit/names",
            ledger::audit_names,
        ),
        get(
            Act::AuditRead,
            "/console/api/audit/{number}",
            ledger::audit_entry,
        ),
        get(Act::ListingRead, "/console/api/listings", ledger::listings),
        post(
            Act::ListingWrite,
            "/console/api/listings",
            ledger::listing_say,
        ),
        get(Act::LedgerRead, "/console/api/ledger", ledger::show),
        get(Act::LedgerRead, "/console/api/ledger/held", ledger::held),
        get(
            Act::LedgerRead,
            "/console/api/ledger/statements/{day}",
            ledger::statement,
        ),
        post(
            Act::LedgerWrite,
            "/console/api/ledger/reconcile",
            ledger::reconcile,
        ),
        post(Act::LedgerRead, "/console/api/ledger/check", ledger::check),
        Route::new(
            Caller::Anyone,
            Method::GET,
            "/.well-known/proof-audit",
            ledger::checkpoint,
        ),
    ];
    routes.extend(member::routes());
    routes.extend(passkey::routes());
    routes.extend(order::routes());
    routes.extend(identity::routes());
    routes.extend(partner::routes());
    routes.extend(look::routes());
    routes.extend(change::routes());
    routes.extend(webhook::routes());
    routes.extend(checklist::routes());
    routes.extend(live::routes());
    routes.extend(sandbox::routes());
    routes.extend(health::routes());
    routes.extend(treasury::routes());
    routes
}

fn get<H: Endpoint<T>, T: 'static>(act: Act, path: &'static str, handler: H) -> Route {
    Route::new(Caller::Member(Some(act)), Method::GET, path, handler)
}

fn post<H: Endpoint<T>, T: 'static>(act: Act, path: &'static str, handler: H) -> Route {
    Route::new(Caller::Member(Some(act)), Method::POST, path, handler)
}

async fn asset(Named(path): Named, headers: HeaderMap) -> Result<Response, Refused> {
    assets::console_file(&path, &headers).ok_or_else(not_built)
}

fn not_built() -> Refused {
    Refused(ApiError::new(ErrorCode::NotFound, "No such file."))
}

/// Every page of the console is the same file; it finds its way by the address.
async fn page(request: Request) -> Result<Response, Refused> {
    if request.uri().path().starts_with("/console/api/") {
        let message = "There is no such route.";
        return Err(Refused(ApiError::new(ErrorCode::NotFound, message)));
    }
    let html = assets::console_page().ok_or_else(not_built)?;
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                  connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    let value = HeaderValue::from_static;
    let headers = [
        (header::CONTENT_TYPE, value("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, value("no-store")),
        (header::CONTENT_SECURITY_POLICY, value(policy)),
        (header::REFERRER_POLICY, value("no-referrer")),
        (header::X_CONTENT_TYPE_OPTIONS, value("nosniff")),
        (header::X_FRAME_OPTIONS, value("DENY")),
    ];
    Ok((StatusCode::OK, headers, html).into_response())
}

/// The secret of the session, from its cookie.
fn session(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter();
    let mut pairs = cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// Sets the cookie, or with nothing in it takes it away.
fn cookie(api: &Api, token: &str) -> Result<HeaderValue, ApiError> {
    let secure = if api.origin.as_str().starts_with("https:") {
        "; Secure"
    } else {
        ""
    };
    let age = if token.is_empty() {
        0
    } else {
        proof_core::member::ABSOLUTE_SECONDS
    };
    let text = format!(
        "{COOKIE}={token}; Path=/console; HttpOnly; SameSite=Strict; Max-Age={age}{secure}"
    );
    HeaderValue::try_from(text).map_err(ApiError::internal)
}

/// Before anybody is known: only our own page asks, and not too often.
pub async fn stranger(State(api): State<Api>, request: Request, next: Next) -> Response {
    let asked = own_page(&api, &request).and_then(|()| {
        api.engine
            .limit(Limited::Visitor(client_ip(&api, &request)))
            .map(drop)
    });
    match asked {
        Ok(()) => next.run(request).await,
        Err(error) => Refused(error).into_response(),
    }
}

/// Session, then role, then whether the person showed lately that it is them.
pub async fn member(
    State((api, act)): State<(Api, Option<Act>)>,
    mut request: Request,
    next: Next,
) -> Response {
    let asked = own_page(&api, &request).map(|()| Asked {
        ip: client_ip(&api, &request),
        session: session(request.headers()).map(str::to_owned),
        changes: request.method() != Method::GET,
    });
    let seat = match asked {
        Ok(asked) => seat(&api, act, asked).await,
        Err(error) => Err(error),
    };
    match seat {
        Ok(seat) => {
            request.extensions_mut().insert(seat);
            let mut response = next.run(request).await;
            let store = HeaderValue::from_static("no-store");
            response.headers_mut().insert(header::CACHE_CONTROL, store);
            response
        }
        Err(error) => Refused(error).into_response(),
    }
}

/// What is looked at of a call before anybody is let in.
struct Asked {
    ip: IpAddr,
    session: Option<String>,
    changes: bool,
}

async fn seat(api: &Api, act: Option<Act>, asked: Asked) -> Result<Seat, ApiError> {
    api.engine.limit(Limited::Visitor(asked.ip))?;
    let seat = api
        .engine
        .seat(asked.session.as_deref(), asked.ip.to_string())
        .await?;
    let Some(act) = act else { return Ok(seat) };
    if !seat.role().may(act) {
        let message = format!("The role {} does not allow this.", seat.role().name());
        return Err(ApiError::new(ErrorCode::NotAllowed, message));
    }
    if asked.changes && act.needs_fresh() {
        fresh(api, &seat)?;
    }
    Ok(seat)
}

/// Whether this person showed lately that it is them.
fn fresh(api: &Api, seat: &Seat) -> Result<(), ApiError> {
    if seat.login.is_fresh(api.engine.real_now()) {
        return Ok(());
    }
    let message = "Confirm that it is you: your last sign-in was more than ten minutes ago.";
    Err(ApiError::new(ErrorCode::SignInAgain, message))
}

/// A call that changes something comes from our own page: another one can neither send our header
/// without a preflight, which is refused, nor hide its origin.
fn own_page(api: &Api, request: &Request) -> Result<(), ApiError> {
    if request.method() == Method::GET {
        return Ok(());
    }
    let headers = request.headers();
    let foreign = origin(headers).is_some_and(|origin| !api.is_home(origin));
    if foreign || !headers.contains_key(&OWN) {
        let message = "This call belongs to the console's own page.";
        return Err(ApiError::new(ErrorCode::NotAllowed, message));
    }
    Ok(())
}

/// The partner that a path names, if this person sees it.
fn partner_id(seat: &Seat, text: &str) -> Result<PartnerId, Refused> {
    let id = text.parse().map_err(|_| ApiError::nobody("partner"))?;
    seat.sees(id)?;
    Ok(id)
}

/// The request's body; unknown fields are refused where they could be meant to do something.
async fn json<T: serde::de::DeserializeOwned>(api: &Api, request: Request) -> Result<T, Refused> {
    body::json(api, request.into_body()).await
}

//! What every call goes through before its handler: who it is, how much it may ask; and after it:
//! what was refused is noted.

use crate::{Api, bearer, error::Refused, origin, request_id_of};
use axum::{
    Extension,
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use proof_core::{
    ErrorCode,
    id::{OrderId, PartnerId},
    partner::{Environment, Origin},
};
use proof_engine::{Access, Allowance, ApiError, Limited, Refusal};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const RATE_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RATE_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Proxies in one `X-Forwarded-For` that are looked at.
const HOPS_MAX: usize = 16;

/// The caller of a partner's route, once it is known.
pub type Caller = Extension<Access>;

/// Token, then `Origin`, then the allowance, then the handler (contract §1, "order of checks").
pub async fn partner(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let (route, ip) = (route_of(&request), client_ip(&api, &request));
    let access = match api.engine.access(bearer(&headers)).await {
        Ok(access) => access,
        Err(refused) => return stranger(&api, ip, &headers, &route, refused).await,
    };
    let seen = origin(&headers).filter(|text| *text != api.origin.as_str());
    let browser = seen.is_some() || headers.contains_key("sec-fetch-site");
    let exposed = browser.then(|| seen.map(cut));
    api.engine.access_note(&access, exposed.clone());
    if exposed.is_some() {
        note_exposed(&api, &access, &headers, &route);
    }
    let mut allowance = None;
    let limit = allowance_of(&request, &access);
    // A refused origin draws on the allowance, too: it costs a look and a note.
    let passed = limit
        .map_or(Ok(None), |limited| api.engine.limit(limited))
        .and_then(|left| {
            allowance = left;
            access.check_origin(origin(&headers), &api.origin)
        });
    let mut response = match passed {
        Err(error) => Refused(error).into_response(),
        Ok(()) => {
            request.extensions_mut().insert(access.clone());
            next.run(request).await
        }
    };
    if response.status().as_u16() == ErrorCode::NotFound.status()
        && let Err(error) = api
            .engine
            .limit(Limited::Miss(access.partner.id, access.environment))
    {
        response = Refused(error).into_response();
    }
    if let Some(error) = response.extensions().get::<ApiError>() {
        let owner = (access.partner.id, access.environment);
        note(&api, owner, &headers, &route, error);
    }
    if let Some(allowance) = allowance {
        rate_headers(response.headers_mut(), allowance);
    }
    response
}

/// The widget's own calls: bounded for each address, since a visit costs nothing to try.
pub async fn visitor(State(api): State<Api>, request: Request, next: Next) -> Response {
    let ip = client_ip(&api, &request);
    match api.engine.limit(Limited::Visitor(ip)) {
        Ok(_) => next.run(request).await,
        Err(error) => Refused(error).into_response(),
    }
}

/// A call without a good token. Its key id may still say whose people should hear of it.
async fn stranger(
    api: &Api,
    ip: IpAddr,
    headers: &HeaderMap,
    route: &str,
    error: ApiError,
) -> Response {
    if error.code.status() == ErrorCode::InvalidToken.status() {
        if let Err(limited) = api.engine.limit(Limited::Stranger(ip)) {
            return Refused(limited).into_response();
        }
        let token = bearer(headers).unwrap_or_default();
        if let Ok(Some(owner)) = api.engine.token_owner(token).await {
            note(api, owner, headers, route, &error);
        }
    }
    Refused(error).into_response()
}

/// Which allowance a route draws on. A connection is counted when its transaction is known.
fn allowance_of(request: &Request, access: &Access) -> Option<Limited> {
    let (partner, environment) = (access.partner.id, access.environment);
    let path = request.uri().path();
    match path {
        "/widget/session" => Some(Limited::Sessions(partner, environment)),
        "/ws" => None,
        _ => {
            let order = path
                .strip_prefix("/widget/transactions/")
                .and_then(|id| uuid::Uuid::try_parse(id).ok());
            match order {
                Some(id) => Some(Limited::Poll(partner, environment, OrderId::from_uuid(id))),
                None => Some(Limited::Reads(partner, environment)),
            }
        }
    }
}

fn note(
    api: &Api,
    (partner, environment): (PartnerId, Environment),
    headers: &HeaderMap,
    route: &str,
    error: &ApiError,
) {
    // What is wrong with us is not the partner's to put right.
    if error.code.status() >= 500 {
        return;
    }
    api.engine.refusal_note(Refusal {
        partner,
        environment,
        route: route.to_owned(),
        code: error.code.code(),
        field: error.field.unwrap_or_default(),
        origin: origin(headers).map(cut).unwrap_or_default(),
        message: error.message.clone(),
        request_id: request_id_of(headers).to_owned(),
    });
}

fn note_exposed(api: &Api, access: &Access, headers: &HeaderMap, route: &str) {
    let message = "A browser sent your client token: everybody who opens that page can read it. \
                   Call from your backend only, and rotate the token.";
    api.engine.refusal_note(Refusal {
        partner: access.partner.id,
        environment: access.environment,
        route: route.to_owned(),
        code: "token_exposed",
        field: "",
        origin: origin(headers).map(cut).unwrap_or_default(),
        message: message.to_owned(),
        request_id: request_id_of(headers).to_owned(),
    });
}

/// An origin as the integration log keeps it: what is none is not repeated.
fn cut(text: &str) -> String {
    Origin::parse(text).map_or("(no origin)".to_owned(), |origin| origin.to_string())
}

fn route_of(request: &Request) -> String {
    let path = request.extensions().get::<MatchedPath>();
    let path = path.map_or("", MatchedPath::as_str);
    format!("{} {path}", request.method())
}

fn rate_headers(headers: &mut HeaderMap, allowance: Allowance) {
    headers.insert(RATE_LIMIT, HeaderValue::from(allowance.limit));
    headers.insert(RATE_REMAINING, HeaderValue::from(allowance.remaining));
    headers.insert(RATE_RESET, HeaderValue::from(allowance.reset_s));
}

/// The address that a call comes from. Behind proxies that the operator named, it is the last hop
/// in `X-Forwarded-For` that is none of them: what stands before it anybody can have written.
pub fn client_ip(api: &Api, request: &Request) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    // In-process callers (tests) have no address.
    let mut ip = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let forwarded = request.headers().get_all("x-forwarded-for");
    let hops: Vec<&str> = forwarded
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in hops.iter().rev().take(HOPS_MAX) {
        if !api.proxies.iter().any(|proxies| proxies.contains(&ip)) {
            break;
        }
        match hop.trim().parse() {
            Ok(hop) => ip = hop,
            Err(_) => break,
        }
    }
    ip
}

/// `Retry-After` for whoever may try again.
pub fn retry_after(headers: &mut HeaderMap, error: &ApiError) {
    if let Some(seconds) = error.retry_after_s {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
}

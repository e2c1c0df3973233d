//! What every call goes through before its handler: who it is, how much it may ask; and after it:
//! what was refused is noted.

use crate::{Api, REQUEST_ID, bearer, error::Refused, origin, origin_text, request_id};
use axum::{
    Extension,
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use percent_encoding::percent_decode_str;
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

const TOKEN_EXPOSED: &str = "A browser sent your client token: everybody who opens that page can read it. \
                             Call from your backend only, and rotate the token.";

/// Proxies in one `X-Forwarded-For` that are looked at.
const HOPS_MAX: usize = 16;

/// The caller of a partner's route, once it is known.
pub type Caller = Extension<Access>;

/// Whose call it is.
type Owner = (PartnerId, Environment);

/// What is still told of a call when its request is gone.
struct Seen {
    method: Method,
    path: Option<MatchedPath>,
    ip: IpAddr,
    origin: Option<HeaderValue>,
    request_id: Option<HeaderValue>,
}

impl Seen {
    fn new(api: &Api, request: &Request) -> Self {
        Self {
            ip: client_ip(api, request),
            method: request.method().clone(),
            path: request.extensions().get().cloned(),
            origin: request.headers().get(header::ORIGIN).cloned(),
            request_id: request.headers().get(REQUEST_ID).cloned(),
        }
    }

    /// A line of the owner's integration log.
    fn refusal(&self, (partner, environment): Owner, code: &'static str, message: &str) -> Refusal {
        let path = self.path.as_ref().map_or("", MatchedPath::as_str);
        let id = self.request_id.as_ref().and_then(|id| id.to_str().ok());
        Refusal {
            partner,
            environment,
            route: format!("{} {path}", self.method),
            code,
            field: "",
            origin: self
                .origin
                .as_ref()
                .map(origin_text)
                .map(cut)
                .unwrap_or_default(),
            message: message.to_owned(),
            request_id: id.unwrap_or_default().to_owned(),
        }
    }
}

/// Token, then `Origin`, then the allowance, then the handler (contract §1, "order of checks").
pub async fn partner(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let (seen, headers) = (Seen::new(&api, &request), request.headers());
    let access = match api.engine.access(bearer(headers)).await {
        Ok(access) => access,
        Err(refused) => return stranger(&api, headers, &seen, refused).await,
    };
    let owner = (access.partner.id, access.environment);
    let foreign = origin(headers).filter(|text| !api.is_own(text));
    let browser = foreign.is_some() || headers.contains_key("sec-fetch-site");
    let exposed = browser.then(|| foreign.map(cut));
    if exposed.is_some() {
        api.engine
            .refusal_note(seen.refusal(owner, "token_exposed", TOKEN_EXPOSED));
    }
    api.engine.access_note(&access, exposed);
    api.engine.observe_call(&access, request_id(headers));
    let mut allowance = None;
    let limit = allowance_of(&request, &access);
    // A refused origin draws on the allowance, too: it costs a look and a note.
    let passed = limit
        .map_or(Ok(None), |limited| api.engine.limit(limited))
        .and_then(|left| {
            allowance = left;
            access.check_origin(origin(headers), &api.origin)
        });
    // What we provoke is nobody's mistake, and is not noted as one.
    if passed.is_ok() {
        let path = request.uri().path().to_owned();
        let request_id = request_id(request.headers()).to_owned();
        if let Some(error) = probed(&api, path, owner, request_id).await {
            return Refused(error).into_response();
        }
    }
    let mut response = match passed {
        Err(error) => Refused(error).into_response(),
        Ok(()) => {
            request.extensions_mut().insert(access);
            next.run(request).await
        }
    };
    // A miss is known only now. What it cost is one look by a key, in a place of a bounded number.
    if response.status().as_u16() == ErrorCode::NotFound.status()
        && let Err(error) = api.engine.limit(Limited::Miss(owner.0, owner.1))
    {
        response = Refused(error).into_response();
    }
    if let Some(error) = response.extensions().get::<ApiError>() {
        note(&api, owner, &seen, error);
        allowance = error.allowance.or(allowance);
    }
    if let Some(allowance) = allowance {
        rate_headers(response.headers_mut(), allowance);
    }
    response
}

/// While the go-live probe is under way, a call for a session meets what the probe provokes.
async fn probed(api: &Api, path: String, owner: Owner, request_id: String) -> Option<ApiError> {
    if path != "/widget/session" {
        return None;
    }
    api.engine.probe_call(owner, &request_id).await
}

/// The widget's own calls: bounded for each address, since a visit costs nothing to try.
pub async fn visitor(State(api): State<Api>, request: Request, next: Next) -> Response {
    let ip = client_ip(&api, &request);
    match api.engine.limit(Limited::Visitor(ip)) {
        Ok(_) => next.run(request).await,
        Err(error) => Refused(error).into_response(),
    }
}

/// Nothing begins in a server that was restored and is not accepted yet.
pub async fn may_change(State(api): State<Api>, request: Request, next: Next) -> Response {
    match api.engine.may_change() {
        Ok(()) => next.run(request).await,
        Err(error) => Refused(error).into_response(),
    }
}

/// A call without a good token. Its key id may still say whose people should hear of it.
async fn stranger(api: &Api, headers: &HeaderMap, seen: &Seen, error: ApiError) -> Response {
    if error.code.status() == ErrorCode::InvalidToken.status() {
        if let Err(limited) = api.engine.limit(Limited::Stranger(seen.ip)) {
            return Refused(limited).into_response();
        }
        let token = bearer(headers).unwrap_or_default();
        if let Ok(Some(owner)) = api.engine.token_owner(token).await {
            note(api, owner, seen, &error);
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
            let id = path.strip_prefix("/widget/transactions/");
            // In any spelling that the route takes.
            let id = id.map(|id| percent_decode_str(id).decode_utf8_lossy());
            let order = id.and_then(|id| uuid::Uuid::try_parse(&id).ok());
            match order {
                Some(id) => Some(Limited::Poll(partner, environment, OrderId::from_uuid(id))),
                None => Some(Limited::Reads(partner, environment)),
            }
        }
    }
}

fn note(api: &Api, owner: Owner, seen: &Seen, error: &ApiError) {
    // What is wrong with us is not the partner's to put right.
    if error.code.status() >= 500 {
        return;
    }
    api.engine.refusal_note(Refusal {
        field: error.field.unwrap_or_default(),
        ..seen.refusal(owner, error.code.code(), &error.message)
    });
}

/// An origin as the integration log keeps it: what is none is not repeated.
fn cut(text: &str) -> String {
    Origin::parse(text).map_or("(no origin)".to_owned(), |origin| origin.to_string())
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

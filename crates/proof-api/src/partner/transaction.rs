//! Reading transactions (contract §3): one, with `ETag` and long poll, or many.

use super::order_id;
use crate::{Api, call::Caller, error::Refused, path::Named, query::Query, request_id};
use axum::{
    Extension, Json,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use proof_core::{Asset, Network, Timestamp, id::OrderId, order::PublicStatus, partner::Side};
use proof_engine::{ApiError, OrderFilter, Printed, TRANSACTION_WAIT_SECONDS_MAX, TransactionPage};

/// Whether the caller has this already (RFC 9110: any of a list, weak or not, or `*`).
fn is_known(headers: &HeaderMap, printed: &Printed) -> bool {
    let is_this = |known: &str| {
        let known = known.strip_prefix("W/").unwrap_or(known);
        let tag = known
            .strip_prefix('"')
            .and_then(|tag| tag.strip_suffix('"'));
        known == "*" || tag == Some(printed.digest.as_str())
    };
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(is_this)
}

pub async fn show(
    State(api): State<Api>,
    Extension(access): Caller,
    Named(id): Named,
    query: RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let id = order_id(&id)?;
    let wait = Query::read(&query).integer("wait", (0, TRANSACTION_WAIT_SECONDS_MAX))?;
    let asked = headers.contains_key(header::IF_NONE_MATCH);
    let printed = match wait.filter(|_| asked) {
        None => api.engine.transaction(&access, id).await?,
        Some(wait) => {
            let until = api.engine.now().plus_seconds(wait);
            let known = |seen: &Printed| is_known(&headers, seen);
            let changed = api.engine.transaction_changed(&access, id, until, known);
            api.load.while_waiting(changed).await?
        }
    };
    api.engine
        .observe_read(&access, id, ("poll", printed.status), request_id(&headers));
    let etag = HeaderValue::try_from(format!("\"{}\"", printed.digest));
    let etag = etag.map_err(ApiError::internal)?;
    let mut response = if is_known(&headers, &printed) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let kind = HeaderValue::from_static("application/json");
        ([(header::CONTENT_TYPE, kind)], printed.json.clone()).into_response()
    };
    let cache = HeaderValue::from_static("private, no-cache");
    response.headers_mut().insert(header::CACHE_CONTROL, cache);
    response.headers_mut().insert(header::ETAG, etag);
    Ok(response)
}

pub async fn list(
    State(api): State<Api>,
    Extension(access): Caller,
    query: RawQuery,
) -> Result<Json<TransactionPage>, Refused> {
    let query = Query::read(&query);
    let limit = query.limit()?;
    let before = query
        .text("after")?
        .map(|id| uuid::Uuid::try_parse(id).map_err(|_| ApiError::cursor()))
        .transpose()?;
    let filter = OrderFilter {
        before: before.map_or(OrderId::LAST, OrderId::from_uuid),
        status: query.parsed("status", STATUS_RULE, PublicStatus::parse)?,
        side: query.parsed("type", "must be buy or sell", Side::parse)?,
        currency: query.parsed("currency", "must be a ticker like USDT", currency)?,
        network: query.parsed("network", "must be a network like TRC20", network)?,
        customer: None,
        created_from: query.time("created_from")?.unwrap_or(Timestamp::FIRST),
        created_to: query.time("created_to")?.unwrap_or(Timestamp::LAST),
    };
    let user = query.parsed("partner_user_id", USER_RULE, user)?;
    let page = api.engine.transactions(&access, filter, user, limit);
    Ok(Json(page.await?))
}

const STATUS_RULE: &str = "must be pending, processing, completed, failed or cancelled";

/// As in the session (contract §2).
const USER_RULE: &str = "must have at most 255 characters, none of them a control character";

fn user(text: &str) -> Option<String> {
    let good = text.chars().count() <= 255 && !text.chars().any(char::is_control);
    good.then(|| text.to_owned())
}

fn currency(text: &str) -> Option<String> {
    Asset::all()
        .any(|asset| asset.ticker() == text)
        .then(|| text.to_owned())
}

fn network(text: &str) -> Option<String> {
    let network: Network = text.parse().ok()?;
    Some(network.name().to_owned())
}

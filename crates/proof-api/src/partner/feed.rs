//! `GET /widget/events`: everything that happened to the partner's transactions, in one order.

use crate::{Api, call::Caller, error::Refused, query::Query};
use axum::{
    Extension, Json,
    extract::{RawQuery, State},
};
use proof_engine::{ApiError, FEED_WAIT_SECONDS_MAX, FeedPage};

pub async fn list(
    State(api): State<Api>,
    Extension(access): Caller,
    query: RawQuery,
) -> Result<Json<FeedPage>, Refused> {
    let query = Query::read(&query);
    let limit = query.limit()?;
    let wait = query.integer("wait", (0, FEED_WAIT_SECONDS_MAX))?;
    let after = query
        .text("after")?
        .map(|cursor| cursor.parse().map_err(|_| ApiError::cursor()))
        .transpose()?;
    let until = api.engine.now().plus_seconds(wait.unwrap_or(0));
    let page = api.engine.feed(&access, after, limit, until);
    Ok(Json(match wait {
        None | Some(0) => page.await?,
        Some(_) => api.load.while_waiting(page).await?,
    }))
}

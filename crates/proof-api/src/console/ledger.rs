//! The books, the list of those with whom nobody deals, and what people did.

use super::{At, json, order::environment};
use crate::{Api, error::Refused, query::Query};
use axum::{
    Extension, Json,
    extract::{RawQuery, Request, State},
    http::StatusCode,
};
use proof_core::{ErrorCode, screening::ListedKind};
use proof_engine::{
    ApiError, AuditPage, Checked, Checkpoint, Data, LedgerPage, Listed, Reconciled,
};
use serde::Deserialize;

pub async fn show(State(api): State<Api>, query: RawQuery) -> Result<Json<LedgerPage>, Refused> {
    let environment = environment(&Query::read(&query))?;
    Ok(Json(api.engine.ledger_page(environment).await?))
}

pub async fn reconcile(
    State(api): State<Api>,
    Extension(seat): At,
    query: RawQuery,
) -> Result<Json<Reconciled>, Refused> {
    let environment = environment(&Query::read(&query))?;
    let done = api.engine.reconcile(environment).await?;
    let told = serde_json::json!({ "environment": environment, "found": done.found, "open": done.open.len() });
    let noted = api
        .engine
        .audit_note(seat.author(), "ledger.reconcile", "books".to_owned(), told);
    noted.await?;
    Ok(Json(done))
}

pub async fn check(State(api): State<Api>) -> Result<Json<Checked>, Refused> {
    Ok(Json(api.engine.ledger_checked().await?))
}

pub async fn listings(State(api): State<Api>) -> Result<Json<Data<Listed>>, Refused> {
    let data = api.engine.listings().await?;
    Ok(Json(Data { data }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListingNew {
    kind: String,
    value: String,
    is_listed: bool,
    reason: String,
}

pub async fn listing_say(
    State(api): State<Api>,
    Extension(seat): At,
    request: Request,
) -> Result<(StatusCode, Json<Data<Listed>>), Refused> {
    let ask: ListingNew = json(&api, request).await?;
    let kind = ListedKind::parse(&ask.kind).ok_or_else(|| {
        let message = "A line is about an address, a card or a person.";
        ApiError::field(ErrorCode::ValidationError, "kind", message)
    })?;
    let said = api.engine.listing_say(
        (kind, &ask.value),
        ask.is_listed,
        seat.author(),
        &ask.reason,
    );
    said.await?;
    let data = api.engine.listings().await?;
    Ok((StatusCode::CREATED, Json(Data { data })))
}

pub async fn audit(State(api): State<Api>, query: RawQuery) -> Result<Json<AuditPage>, Refused> {
    let query = Query::read(&query);
    let before = query.parsed(
        "after",
        "must be a cursor that an earlier page gave",
        |text| text.parse::<i64>().ok().filter(|number| *number > 0),
    )?;
    let page = api
        .engine
        .audit_list(before.unwrap_or(i64::MAX), query.limit()?);
    Ok(Json(page.await?))
}

/// Anybody may keep it: who has one notices when the chain is cut or written anew.
pub async fn checkpoint(State(api): State<Api>) -> Result<Json<Checkpoint>, Refused> {
    Ok(Json(api.engine.audit_checkpoint().await?))
}

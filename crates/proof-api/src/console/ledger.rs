//! The books, the list of those with whom nobody deals, and what people did.

use super::{At, json, order::environment};
use crate::{Api, error::Refused, path::Named, query::Query};
use axum::{
    Extension, Json,
    extract::{Path, RawQuery, Request, State},
    http::StatusCode,
};
use proof_core::{ErrorCode, screening::ListedKind, statement::Day};
use proof_engine::{
    ApiError, AuditEntry, AuditNames, AuditPage, AuditSearch, Checked, Checkpoint, Data,
    HeldAccount, LedgerPage, ListSearch, Listed, Page, Reconciled, SignedStatement,
};
use serde::Deserialize;

pub async fn show(State(api): State<Api>, query: RawQuery) -> Result<Json<LedgerPage>, Refused> {
    let environment = environment(&Query::read(&query))?;
    Ok(Json(api.engine.ledger_page(environment).await?))
}

/// Order by order what is held for them.
pub async fn held(
    State(api): State<Api>,
    query: RawQuery,
) -> Result<Json<Page<HeldAccount>>, Refused> {
    let query = Query::read(&query);
    let after = query.text("after")?.unwrap_or_default().to_owned();
    let held = api
        .engine
        .ledger_held(environment(&query)?, after, query.limit()?);
    Ok(Json(held.await?))
}

/// The day of the whole house.
pub async fn statement(
    State(api): State<Api>,
    Path(day): Path<String>,
    query: RawQuery,
) -> Result<Json<SignedStatement>, Refused> {
    let environment = environment(&Query::read(&query))?;
    let day = Day::parse(&day).ok_or_else(|| {
        let message = "The field day must be a day like 2026-04-01.";
        ApiError::field(ErrorCode::ValidationError, "day", message)
    })?;
    Ok(Json(api.engine.house(environment, day).await?))
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

const LISTED: [(&str, bool); 2] = [("yes", true), ("no", false)];

pub async fn listings(
    State(api): State<Api>,
    query: RawQuery,
) -> Result<Json<Page<Listed>>, Refused> {
    let query = Query::read(&query);
    let kind_rule = "must be address, card or person";
    let search = ListSearch {
        text: text(&query)?,
        kind: query.parsed("kind", kind_rule, ListedKind::parse)?,
        is_listed: query.parsed("listed", "must be yes or no", |text| {
            let known = LISTED.into_iter().find(|(name, _)| *name == text);
            known.map(|(_, is_listed)| is_listed)
        })?,
        before: before(&query)?,
        limit: query.limit()?,
    };
    Ok(Json(api.engine.listing_search(search).await?))
}

/// What is searched for.
fn text(query: &Query) -> Result<Option<String>, Refused> {
    let text = query.text("query")?.map(str::trim);
    Ok(text.filter(|text| !text.is_empty()).map(str::to_owned))
}

/// Of a list that is read from its newest number on.
fn before(query: &Query) -> Result<i64, Refused> {
    let rule = "must be a cursor that an earlier page gave";
    let number = |text: &str| text.parse::<i64>().ok().filter(|number| *number > 0);
    Ok(query.parsed("after", rule, number)?.unwrap_or(i64::MAX))
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
    let data = api.engine.listings(None).await?.data;
    Ok((StatusCode::CREATED, Json(Data { data })))
}

pub async fn audit(State(api): State<Api>, query: RawQuery) -> Result<Json<AuditPage>, Refused> {
    let query = Query::read(&query);
    let search = AuditSearch {
        text: text(&query)?,
        by: query.text("by")?.map(str::to_owned),
        act: query.text("act")?.map(str::to_owned),
        before: before(&query)?,
        limit: query.limit()?,
    };
    Ok(Json(api.engine.audit_search(search).await?))
}

pub async fn audit_entry(
    State(api): State<Api>,
    Named(number): Named,
) -> Result<Json<AuditEntry>, Refused> {
    let number = number
        .parse()
        .map_err(|_| ApiError::nobody("audit entry"))?;
    Ok(Json(api.engine.audit_entry(number).await?))
}

/// Who did something, and what was done at all.
pub async fn audit_names(State(api): State<Api>) -> Result<Json<AuditNames>, Refused> {
    Ok(Json(api.engine.audit_names().await?))
}

/// Anybody may keep it: who has one notices when the chain is cut or written anew.
pub async fn checkpoint(State(api): State<Api>) -> Result<Json<Checkpoint>, Refused> {
    Ok(Json(api.engine.audit_checkpoint().await?))
}

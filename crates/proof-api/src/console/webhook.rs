//! How partners' webhooks fare, what was refused, and their days, in either world.

use super::{
    At, get, json,
    order::{environment, order_id},
    partner_id, post,
};
use crate::{
    Api,
    error::Refused,
    query::{Query, wrong},
    route::Route,
};
use axum::{
    Extension, Json,
    extract::{Path, RawQuery, Request, State},
    http::StatusCode,
};
use proof_core::{ErrorCode, id::DeliveryId, member::Act, statement::Day};
use proof_engine::{
    Access, Acknowledge, ApiError, Data, Delivery, DeliveryDetail, DeliveryFilter, DeliveryPage,
    DeliveryState, Pace, Refusals, RefusalsOf, Seat, SignedStatement, Webhook,
};
use serde::{Deserialize, Serialize};

pub fn routes() -> Vec<Route> {
    vec![
        post(
            Act::WebhookWrite,
            "/console/api/partners/{id}/webhook/enable",
            webhook_enable,
        ),
        post(
            Act::WebhookWrite,
            "/console/api/partners/{id}/webhook/remove",
            webhook_remove,
        ),
        post(
            Act::WebhookWrite,
            "/console/api/partners/{id}/webhook/status-url",
            webhook_status_url,
        ),
        post(
            Act::WebhookWrite,
            "/console/api/partners/{id}/webhook/test",
            webhook_test,
        ),
        get(
            Act::PartnerRead,
            "/console/api/partners/{id}/webhook/pace",
            pace,
        ),
        get(
            Act::PartnerRead,
            "/console/api/partners/{id}/refusals",
            refusals,
        ),
        post(
            Act::RefusalAcknowledge,
            "/console/api/partners/{id}/refusals/acknowledge",
            acknowledge,
        ),
        get(
            Act::PartnerRead,
            "/console/api/partners/{id}/deliveries",
            deliveries,
        ),
        get(
            Act::PartnerRead,
            "/console/api/partners/{id}/deliveries/{delivery}",
            delivery,
        ),
        post(
            Act::WebhookWrite,
            "/console/api/partners/{id}/deliveries/{delivery}/redeliver",
            redeliver,
        ),
        get(
            Act::StatementRead,
            "/console/api/partners/{id}/statements/{day}",
            statement,
        ),
    ]
}

/// The partner that a path names, in the world that the query names.
async fn access(api: &Api, seat: &Seat, id: &str, query: &Query) -> Result<Access, Refused> {
    let (id, environment) = (partner_id(seat, id)?, environment(query)?);
    Ok(api.engine.access_in(id, environment).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusUrl {
    url: Option<String>,
}

async fn webhook_status_url(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Webhook>, Refused> {
    let id = partner_id(&seat, &id)?;
    let ask: StatusUrl = json(&api, request).await?;
    let access = api.engine.access_of(id).await?;
    let url = ask.url.filter(|url| !url.trim().is_empty());
    api.engine
        .endpoint_status_url(seat.author(), id, url)
        .await?;
    Ok(Json(api.engine.webhook(&access).await?))
}

/// What moves no money and changes no rule is recorded when it is done.
async fn deed(
    api: &Api,
    seat: &Seat,
    access: &Access,
    act: &'static str,
    what: &str,
) -> Result<(), Refused> {
    let partner = access.partner.id.to_string();
    let told = serde_json::json!({ "delivery": what, "environment": access.environment });
    Ok(api
        .engine
        .audit_note(seat.author(), act, partner, told)
        .await?)
}

async fn webhook_enable(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    query: RawQuery,
) -> Result<Json<Webhook>, Refused> {
    let access = access(&api, &seat, &id, &Query::read(&query)).await?;
    let enabled = api.engine.webhook_enable(&access).await?;
    deed(&api, &seat, &access, "webhook.enable", "").await?;
    Ok(Json(enabled))
}

async fn webhook_remove(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    query: RawQuery,
) -> Result<StatusCode, Refused> {
    let access = access(&api, &seat, &id, &Query::read(&query)).await?;
    let (id, environment) = (access.partner.id, access.environment);
    api.engine.endpoint_remove(&seat, id, environment).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn webhook_test(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    query: RawQuery,
) -> Result<(StatusCode, Json<Delivery>), Refused> {
    let access = access(&api, &seat, &id, &Query::read(&query)).await?;
    let delivery = api.engine.webhook_test(&access).await?;
    deed(&api, &seat, &access, "webhook.test", &delivery.id).await?;
    Ok((StatusCode::ACCEPTED, Json(delivery)))
}

async fn refusals(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    query: RawQuery,
) -> Result<Json<Refusals>, Refused> {
    let access = access(&api, &seat, &id, &Query::read(&query)).await?;
    let log = api.engine.refusal_log(&access, |code| api.docs_url(code));
    Ok(Json(Data { data: log.await? }))
}

/// One kind of refused calls by all that tells it apart, or every kind with this code.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    code: String,
    #[serde(default)]
    kind: Option<Kind>,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kind {
    route: String,
    field: Option<String>,
    origin: Option<String>,
}

#[derive(Serialize)]
pub struct Acknowledged {
    /// Kinds of calls that nobody had looked at.
    acknowledged: u64,
}

async fn acknowledge(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    query: RawQuery,
    request: Request,
) -> Result<Json<Acknowledged>, Refused> {
    let access = access(&api, &seat, &id, &Query::read(&query)).await?;
    let ask: Seen = json(&api, request).await?;
    let code = ask.code;
    let which = match ask.kind {
        Some(kind) => RefusalsOf::Kind {
            route: kind.route,
            code,
            field: kind.field.unwrap_or_default(),
            origin: kind.origin.unwrap_or_default(),
        },
        None => RefusalsOf::Code(code),
    };
    let ask = Acknowledge {
        which,
        note: ask.note,
    };
    let seen = api.engine.refusal_acknowledge(&seat, &access, ask);
    Ok(Json(Acknowledged {
        acknowledged: seen.await?,
    }))
}

async fn deliveries(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    query: RawQuery,
) -> Result<Json<DeliveryPage>, Refused> {
    let query = Query::read(&query);
    let access = access(&api, &seat, &id, &query).await?;
    let rule = "must be pending, delivered, superseded or failed";
    let filter = DeliveryFilter {
        before: query
            .text("after")?
            .map(|id| id.parse().map_err(|_| ApiError::cursor()))
            .transpose()?
            .unwrap_or(DeliveryId::LAST),
        order: query.parsed("order", "must be an order's id", |id| order_id(id).ok())?,
        state: query.parsed("state", rule, DeliveryState::parse)?,
    };
    let limit = query.limit()?;
    match api.engine.deliveries(&access, filter, limit).await {
        Ok(page) => Ok(Json(page)),
        // Who has no webhook has no deliveries.
        Err(error) if error.code == ErrorCode::NotFound => Ok(Json(DeliveryPage {
            data: Vec::new(),
            next_cursor: None,
        })),
        Err(error) => Err(Refused(error)),
    }
}

async fn pace(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    query: RawQuery,
) -> Result<Json<Pace>, Refused> {
    let access = access(&api, &seat, &id, &Query::read(&query)).await?;
    Ok(Json(api.engine.webhook_pace(&access).await?))
}

fn delivery_id(text: &str) -> Result<DeliveryId, Refused> {
    text.parse()
        .map_err(|_| Refused(ApiError::nobody("delivery")))
}

async fn delivery(
    State(api): State<Api>,
    Extension(seat): At,
    Path((id, delivery)): Path<(String, String)>,
    query: RawQuery,
) -> Result<Json<DeliveryDetail>, Refused> {
    let access = access(&api, &seat, &id, &Query::read(&query)).await?;
    let detail = api.engine.delivery(&access, delivery_id(&delivery)?);
    Ok(Json(detail.await?))
}

async fn redeliver(
    State(api): State<Api>,
    Extension(seat): At,
    Path((id, delivery)): Path<(String, String)>,
    query: RawQuery,
) -> Result<(StatusCode, Json<Delivery>), Refused> {
    let access = access(&api, &seat, &id, &Query::read(&query)).await?;
    let again = api
        .engine
        .delivery_redeliver(&access, delivery_id(&delivery)?)
        .await?;
    deed(&api, &seat, &access, "webhook.redeliver", &again.id).await?;
    Ok((StatusCode::ACCEPTED, Json(again)))
}

async fn statement(
    State(api): State<Api>,
    Extension(seat): At,
    Path((id, day)): Path<(String, String)>,
    query: RawQuery,
) -> Result<Json<SignedStatement>, Refused> {
    let access = access(&api, &seat, &id, &Query::read(&query)).await?;
    let day = Day::parse(&day).ok_or_else(|| wrong("day", "must be a day like 2026-04-01"))?;
    let made = api
        .engine
        .statement(access.partner.id, access.environment, day);
    Ok(Json(made.await?))
}

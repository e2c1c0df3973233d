//! `/widget/webhook`: the partner's endpoint, its secret, and what was sent to it.

use super::order_id;
use crate::{
    Api, body,
    call::Caller,
    error::Refused,
    path::Named,
    query::{Query, TIME_RULE, wrong},
};
use axum::{
    Extension, Json,
    body::Body,
    extract::{RawQuery, State},
    http::StatusCode,
};
use proof_core::{ErrorCode, Timestamp, id::DeliveryId};
use proof_engine::{
    ApiError, Delivery, DeliveryDetail, DeliveryFilter, DeliveryPage, DeliveryState, Recovered,
    SECRET_GRACE_SECONDS_DEFAULT, SECRET_GRACE_SECONDS_MAX, Webhook, WebhookSecret,
};
use serde_json::{Map, Value};

pub async fn show(
    State(api): State<Api>,
    Extension(access): Caller,
) -> Result<Json<Webhook>, Refused> {
    Ok(Json(api.engine.webhook(&access).await?))
}

pub async fn test(
    State(api): State<Api>,
    Extension(access): Caller,
) -> Result<(StatusCode, Json<Delivery>), Refused> {
    let delivery = api.engine.webhook_test(&access).await?;
    Ok((StatusCode::ACCEPTED, Json(delivery)))
}

pub async fn enable(
    State(api): State<Api>,
    Extension(access): Caller,
) -> Result<Json<Webhook>, Refused> {
    Ok(Json(api.engine.webhook_enable(&access).await?))
}

pub async fn rotate(
    State(api): State<Api>,
    Extension(access): Caller,
    body: Body,
) -> Result<Json<WebhookSecret>, Refused> {
    let fields = body::object(&api, body).await?;
    let rule = format!("must be a whole number from 0 to {SECRET_GRACE_SECONDS_MAX}");
    let grace = match fields.get("grace_seconds") {
        None | Some(Value::Null) => SECRET_GRACE_SECONDS_DEFAULT,
        Some(value) => whole(value)
            .filter(|seconds| (0..=SECRET_GRACE_SECONDS_MAX).contains(seconds))
            .ok_or_else(|| wrong("grace_seconds", &rule))?,
    };
    let force = match fields.get("force") {
        None | Some(Value::Null) => false,
        Some(value) => value
            .as_bool()
            .ok_or_else(|| wrong("force", "must be true or false"))?,
    };
    let rotated = api.engine.webhook_rotate(&access, grace, force).await?;
    Ok(Json(rotated))
}

/// A whole number; JSON may write it as `65.0`.
fn whole(value: &Value) -> Option<i64> {
    let text = value.as_number()?.to_string();
    text.strip_suffix(".0").unwrap_or(&text).parse().ok()
}

pub async fn recover(
    State(api): State<Api>,
    Extension(access): Caller,
    body: Body,
) -> Result<(StatusCode, Json<Recovered>), Refused> {
    let fields = body::object(&api, body).await?;
    for name in ["from", "to"] {
        if fields.get(name).is_none_or(Value::is_null) {
            let message = format!("The field {name} is required.");
            let error = ApiError::field(ErrorCode::MissingParam, name, message);
            return Err(Refused(error));
        }
    }
    let (from, to) = (time(&fields, "from")?, time(&fields, "to")?);
    if from > to {
        return Err(wrong("to", "must not be before from"));
    }
    let recovered = api.engine.webhook_recover(&access, from, to).await?;
    Ok((StatusCode::ACCEPTED, Json(recovered)))
}

fn time(fields: &Map<String, Value>, name: &'static str) -> Result<Timestamp, Refused> {
    let text = fields.get(name).and_then(Value::as_str);
    text.and_then(Timestamp::parse)
        .ok_or_else(|| wrong(name, TIME_RULE))
}

/// A path value that should be a delivery's id; what is none names no delivery.
fn delivery_id(text: &str) -> Result<DeliveryId, Refused> {
    let unknown = || Refused(ApiError::not_found("delivery"));
    text.parse().map_err(|_| unknown())
}

pub async fn deliveries(
    State(api): State<Api>,
    Extension(access): Caller,
    query: RawQuery,
) -> Result<Json<DeliveryPage>, Refused> {
    let query = Query::read(&query);
    let rule = "must be pending, delivered, superseded or failed";
    let filter = DeliveryFilter {
        before: query
            .text("after")?
            .map(|id| id.parse().map_err(|_| ApiError::cursor()))
            .transpose()?
            .unwrap_or(DeliveryId::LAST),
        order: query.parsed("merchant_transaction_id", "must be a UUID", |id| {
            order_id(id).ok()
        })?,
        state: query.parsed("state", rule, DeliveryState::parse)?,
    };
    let limit = query.limit()?;
    Ok(Json(api.engine.deliveries(&access, filter, limit).await?))
}

pub async fn delivery(
    State(api): State<Api>,
    Extension(access): Caller,
    Named(id): Named,
) -> Result<Json<DeliveryDetail>, Refused> {
    let id = delivery_id(&id)?;
    Ok(Json(api.engine.delivery(&access, id).await?))
}

pub async fn redeliver(
    State(api): State<Api>,
    Extension(access): Caller,
    Named(id): Named,
) -> Result<(StatusCode, Json<Delivery>), Refused> {
    let id = delivery_id(&id)?;
    let delivery = api.engine.delivery_redeliver(&access, id).await?;
    Ok((StatusCode::ACCEPTED, Json(delivery)))
}

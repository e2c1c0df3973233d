//! The published contract: what a partner's backend calls.

use crate::{Api, bearer, body, error::Refused, origin, socket};
use axum::{
    Json, Router,
    extract::{
        Path, Query, Request, State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use proof_core::{ErrorCode, id::OrderId};
use proof_engine::{Access, ApiError, KycAnswer, SessionResponse, Transaction};
use std::collections::HashMap;
use uuid::Uuid;

pub fn routes() -> Router<Api> {
    Router::new()
        .route("/widget/session", post(session))
        .route("/widget/transactions/{id}", get(transaction))
        .route("/widget/users/{id}/kyc-status", get(kyc_status))
        .route("/ws", get(updates))
}

/// Token first, then `Origin`.
async fn access(api: &Api, headers: &HeaderMap) -> Result<Access, Refused> {
    let access = api.engine.access(bearer(headers)).await?;
    access.check_origin(origin(headers), &api.origin)?;
    Ok(access)
}

async fn session(
    State(api): State<Api>,
    request: Request,
) -> Result<Json<SessionResponse>, Refused> {
    let (parts, body) = request.into_parts();
    let access = access(&api, &parts.headers).await?;
    let bytes = body::read(body, body::JSON_BYTES_MAX).await?;
    let key = parts
        .headers
        .get("idempotency-key")
        .map(|value| value.to_str().unwrap_or(""));
    Ok(Json(api.engine.session_create(&access, &bytes, key).await?))
}

/// A path or query value that should be an order's id; what is none names no order.
fn order_id(text: &str) -> Result<OrderId, Refused> {
    let unknown = || Refused(ApiError::not_found("transaction"));
    Uuid::try_parse(text)
        .map(OrderId::from_uuid)
        .map_err(|_| unknown())
}

async fn transaction(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Transaction>, Refused> {
    let access = access(&api, &headers).await?;
    Ok(Json(api.engine.transaction(&access, order_id(&id)?).await?))
}

async fn kyc_status(
    State(api): State<Api>,
    Path(user): Path<String>,
    headers: HeaderMap,
) -> Result<Json<KycAnswer>, Refused> {
    let access = access(&api, &headers).await?;
    Ok(Json(api.engine.kyc_status(&access, user).await?))
}

async fn updates(
    State(api): State<Api>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refused> {
    let access = access(&api, &headers).await?;
    let id = query
        .get("tx_id")
        .filter(|id| !id.is_empty())
        .ok_or_else(|| {
            let message = "The query parameter tx_id is required: the merchant_transaction_id.";
            Refused(ApiError::field(ErrorCode::MissingParam, "tx_id", message))
        })?;
    let id = order_id(id)?;
    // Looked up before the upgrade, so that a wrong id is an HTTP answer.
    api.engine.update_snapshot(&access, id).await?;
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(_) => {
            let message = "This is a WebSocket: send Connection: Upgrade and Upgrade: websocket.";
            let refused = Refused(ApiError::new(ErrorCode::UpgradeRequired, message));
            return Ok(([(header::UPGRADE, "websocket")], refused).into_response());
        }
    };
    let engine = api.engine;
    Ok(upgrade
        .max_message_size(socket::MESSAGE_BYTES_MAX)
        .on_upgrade(move |socket| async move { socket::run(&engine, &access, id, socket).await }))
}

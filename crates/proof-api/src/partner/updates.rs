//! `GET /ws` before it is a WebSocket: every refusal comes as plain HTTP (contract §5).

use super::order_id;
use crate::{
    Api,
    call::Caller,
    error::Refused,
    query::{Query, wrong},
    socket::{self, Followed},
};
use axum::{
    Extension,
    extract::{
        RawQuery, State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::header,
    response::{IntoResponse, Response},
};
use proof_core::ErrorCode;
use proof_engine::{ApiError, Limited};
use std::sync::Arc;

/// Transactions that one connection may follow.
const FOLLOWED_MAX: usize = 100;

pub async fn connect(
    State(api): State<Api>,
    Extension(access): Caller,
    query: RawQuery,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refused> {
    let query = Query::read(&query);
    let ids = query.text("tx_id")?.ok_or_else(|| {
        let message = "The query parameter tx_id is required: the merchant_transaction_id.";
        Refused(ApiError::field(ErrorCode::MissingParam, "tx_id", message))
    })?;
    let ids: Vec<&str> = ids.split(',').collect();
    let afters = afters(&query, ids.len())?;
    let mut followed = Vec::new();
    for (id, after) in ids.iter().zip(afters) {
        let order = order_id(id)?;
        if followed.iter().any(|f: &Followed| f.order == order) {
            continue;
        }
        let (partner, environment) = (access.partner.id, access.environment);
        api.engine
            .limit(Limited::Poll(partner, environment, order))?;
        // Looked up before the upgrade, so that a wrong id is an HTTP answer.
        let snapshot = api.engine.update_snapshot(&access, order).await?;
        if after.is_some_and(|after| after > snapshot.sequence) {
            return Err(wrong("after", "must not be beyond the latest sequence"));
        }
        followed.push(Followed::new(order, after));
    }
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(_) => {
            let message = "This is a WebSocket: send Connection: Upgrade, Upgrade: websocket, \
                           Sec-WebSocket-Version: 13 and a Sec-WebSocket-Key.";
            let refused = Refused(ApiError::new(ErrorCode::UpgradeRequired, message));
            let headers = [
                (header::UPGRADE, "websocket"),
                (header::SEC_WEBSOCKET_VERSION, "13"),
            ];
            return Ok((headers, refused).into_response());
        }
    };
    let place = api.sockets.clone().try_acquire_owned().map_err(|_| {
        let message = "Too many connections are open here; try again, or poll.";
        Refused(ApiError {
            retry_after_s: Some(socket::RETRY_SECONDS),
            ..ApiError::new(ErrorCode::Overloaded, message)
        })
    })?;
    let engine = Arc::clone(&api.engine);
    Ok(socket::sized(upgrade).on_upgrade(move |socket| async move {
        socket::run(&engine, &access, followed, socket).await;
        drop(place);
    }))
}

/// `after`: nothing, or one number for each transaction.
fn afters(query: &Query, count: usize) -> Result<Vec<Option<i64>>, Refused> {
    if count > FOLLOWED_MAX {
        let rule = format!("must name at most {FOLLOWED_MAX} transactions");
        return Err(wrong("tx_id", &rule));
    }
    let Some(text) = query.text("after")? else {
        return Ok(vec![None; count]);
    };
    let rule = "must be the last sequence that was seen, one for each transaction; 0 for none";
    let numbers = text.split(',').map(|number| {
        let good = number.bytes().all(|b| b.is_ascii_digit());
        // Who has seen nothing begins with the present state.
        match number {
            "" => Some(None),
            _ => number
                .parse()
                .ok()
                .filter(|_| good)
                .map(|n: i64| (n > 0).then_some(n)),
        }
    });
    let numbers: Option<Vec<Option<i64>>> = numbers.collect();
    let numbers = numbers.filter(|numbers| numbers.len() == count);
    numbers.ok_or_else(|| wrong("after", rule))
}

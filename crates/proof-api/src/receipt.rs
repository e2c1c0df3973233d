//! The page of a receipt. Its token stands behind the `#` of its address, so that no server is told it by looking.

use crate::{
    Api, body,
    error::Refused,
    page::{page_with, policy_of},
    route::{Caller, Route},
    widget::own_origin,
};
use axum::{
    Json,
    extract::{Request, State},
    http::Method,
    response::Response,
};
use proof_engine::ReceiptPage;
use serde::Deserialize;

pub fn routes() -> Vec<Route> {
    let (get, post, widget) = (Method::GET, Method::POST, Caller::Widget);
    vec![
        Route::new(widget, get, "/receipt", page),
        Route::new(widget, post, "/frame/api/receipts", receipt),
    ]
}

/// The same for everybody, so that it cannot name whom to report to: the page itself does, once it knows. No card fields are ever
/// shown on this page.
async fn page() -> Result<Response, Refused> {
    let boot = serde_json::json!({ "origins": [], "look": {}, "receipt": true });
    let policy = policy_of(&[], &[], &[]);
    page_with(&boot, &policy, "no-referrer", None)
}

#[derive(Deserialize)]
struct ReceiptAsk {
    token: String,
}

async fn receipt(State(api): State<Api>, request: Request) -> Result<Json<ReceiptPage>, Refused> {
    let (parts, body) = request.into_parts();
    own_origin(&api, &parts.headers)?;
    let ask: ReceiptAsk = body::json(&api, body).await?;
    Ok(Json(api.engine.receipt_page(&ask.token).await?))
}

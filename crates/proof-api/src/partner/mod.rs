//! The published contract: what a partner's backend calls, and our extensions beside it.

mod checklist;
mod customer;
mod endpoint;
mod feed;
mod refusal;
mod sandbox;
mod session;
mod transaction;
mod updates;

pub use sandbox::span;

use crate::{
    error::Refused,
    route::{Caller, Endpoint, Route},
};
use axum::http::Method;
use proof_core::id::OrderId;
use proof_engine::ApiError;
use uuid::Uuid;

pub fn routes() -> Vec<Route> {
    let mut routes = vec![
        post("/widget/session", session::create),
        get("/widget/transactions", transaction::list),
        get("/widget/transactions/{id}", transaction::show),
        get("/widget/users/{id}/kyc-status", customer::kyc_status),
        get("/widget/events", feed::list),
        get("/widget/integration-log", refusal::list),
        get("/widget/checklist", checklist::show),
        post("/widget/checklist/probe", checklist::probe),
        post("/widget/checklist/scans", checklist::scans),
        get("/widget/sandbox", sandbox::show),
        get("/widget/sandbox/clock", sandbox::clock),
        post("/widget/sandbox/clock", sandbox::advance),
        get("/widget/sandbox/scenarios", sandbox::scenarios),
        post("/widget/sandbox/scenarios/{name}", sandbox::start),
        get("/widget/sandbox/plays", sandbox::plays),
        get("/widget/sandbox/plays/{play}", sandbox::play),
        get("/ws", updates::connect),
    ];
    routes.extend(webhook());
    routes
}

/// The partner's endpoint, and what was sent to it.
fn webhook() -> Vec<Route> {
    vec![
        get("/widget/webhook", endpoint::show),
        post("/widget/webhook/test", endpoint::test),
        post("/widget/webhook/enable", endpoint::enable),
        post("/widget/webhook/secret", endpoint::rotate),
        post("/widget/webhook/recover", endpoint::recover),
        get("/widget/webhook/deliveries", endpoint::deliveries),
        get("/widget/webhook/deliveries/{id}", endpoint::delivery),
        post(
            "/widget/webhook/deliveries/{id}/redeliver",
            endpoint::redeliver,
        ),
    ]
}

fn get<H: Endpoint<T>, T: 'static>(path: &'static str, handler: H) -> Route {
    Route::new(Caller::Partner, Method::GET, path, handler)
}

fn post<H: Endpoint<T>, T: 'static>(path: &'static str, handler: H) -> Route {
    Route::new(Caller::Partner, Method::POST, path, handler)
}

/// A path or query value that should be an order's id; what is none names no order.
fn order_id(text: &str) -> Result<OrderId, Refused> {
    Uuid::try_parse(text)
        .map(OrderId::from_uuid)
        .map_err(|_| Refused(ApiError::not_found("transaction")))
}

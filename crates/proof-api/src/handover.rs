//! The identity check on another device: a link that the first one shows, and the page behind it.

use crate::{
    Api, body,
    error::Refused,
    page::{page_with, policy_of, told_to},
    path::Named,
    route::{Caller, Route},
    widget::{own_origin, visited},
};
use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode},
    response::Response,
};
use proof_engine::{HandoverBegun, View, VisitOpened};
use serde::Deserialize;

pub fn routes() -> Vec<Route> {
    let (get, post, widget) = (Method::GET, Method::POST, Caller::Widget);
    vec![
        Route::new(widget, get, "/handover/{token}", page),
        Route::new(widget, post.clone(), "/frame/api/identity/handover", begin),
        Route::new(
            widget,
            post.clone(),
            "/frame/api/identity/handover/end",
            end,
        ),
        Route::new(widget, post, "/frame/api/handover/visits", open),
    ]
}

/// Looking uses nothing up. The address holds a secret, so that it goes to nobody as a referrer. No card fields are
/// ever shown on this page.
async fn page(State(api): State<Api>, Named(token): Named) -> Result<Response, Refused> {
    let page = api.engine.handover_page(&token).await?;
    let state = if page.is_open { "open" } else { "over" };
    let boot = serde_json::json!({
        "origins": [],
        "look": page.look,
        "handover": { "state": state, "partner": page.partner },
        "widget": page.widget,
    });
    let policy = told_to(page.widget, policy_of(&[], &[], &[]));
    page_with(&boot, &policy, "no-referrer", None)
}

/// Only the first device: another one does not hand over further.
async fn begin(
    State(api): State<Api>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<HandoverBegun>), Refused> {
    let id = visited(&api, &headers).await?;
    let begun = api.engine.handover_begin(id).await?;
    Ok((StatusCode::CREATED, Json(begun)))
}

async fn end(State(api): State<Api>, headers: HeaderMap) -> Result<Json<View>, Refused> {
    let id = visited(&api, &headers).await?;
    Ok(Json(api.engine.handover_end(id).await?))
}

#[derive(Deserialize)]
struct Opening {
    token: String,
}

async fn open(
    State(api): State<Api>,
    request: Request,
) -> Result<(StatusCode, Json<VisitOpened>), Refused> {
    let (parts, body) = request.into_parts();
    own_origin(&api, &parts.headers)?;
    let opening: Opening = body::json(&api, body).await?;
    let opened = api.engine.handover_open(&opening.token).await?;
    Ok((StatusCode::CREATED, Json(opened)))
}

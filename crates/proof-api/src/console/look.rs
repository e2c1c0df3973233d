//! How a partner's widget looks, and the picture of it that the console shows while somebody chooses.

use super::{At, get, json, partner_id, post};
use crate::{
    Api,
    error::Refused,
    page::{page_with, policy_of},
    route::{Caller, Route},
};
use axum::{
    Extension, Json,
    extract::{Path, Request, State},
    http::Method,
    response::Response,
};
use proof_core::member::Act;
use proof_engine::LookShown;

pub fn routes() -> Vec<Route> {
    vec![
        get(Act::PartnerRead, "/console/api/partners/{id}/look", show),
        post(Act::LookWrite, "/console/api/partners/{id}/look", set),
        Route::new(Caller::Anyone, Method::GET, "/console/preview", preview),
    ]
}

async fn show(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
) -> Result<Json<LookShown>, Refused> {
    let id = partner_id(&seat, &id)?;
    Ok(Json(api.engine.look(id).await?))
}

async fn set(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<LookShown>, Refused> {
    let id = partner_id(&seat, &id)?;
    let look: LookShown = json(&api, request).await?;
    Ok(Json(api.engine.look_set(&seat, id, look).await?))
}

/// The widget's own app with an order that nobody made: it holds nothing, asks for nothing, and only the
/// console may show it.
async fn preview(State(api): State<Api>) -> Result<Response, Refused> {
    let fields = api.engine.fields_origins();
    let boot = serde_json::json!({
        "origins": [],
        "preview": fields.first().map_or("", String::as_str),
    });
    page_with(
        &boot,
        &policy_of(&fields, &[], &["'self'"]),
        "no-referrer",
        None,
    )
}

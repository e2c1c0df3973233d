//! Opening live for a partner, and watching its first orders.

use super::{
    At, get, json,
    order::Said,
    partner::{WalletNew, origins_of, wallets_of},
    partner_id, post,
};
use crate::{Api, error::Refused, path::Named, route::Route};
use axum::{
    Extension, Json,
    extract::{Path, Request, State},
    http::StatusCode,
};
use proof_core::member::Act;
use proof_engine::{LiveOpen, LiveView, Ruled};
use serde::{Deserialize, Serialize};

pub fn routes() -> Vec<Route> {
    vec![
        get(Act::ChecklistRead, "/console/api/partners/{id}/live", show),
        post(Act::PartnerWrite, "/console/api/partners/{id}/live", open),
        post(
            Act::PolicyWrite,
            "/console/api/partners/{id}/suspend",
            suspend,
        ),
        post(
            Act::PolicyWrite,
            "/console/api/partners/{id}/resume",
            resume,
        ),
        post(Act::OrderRead, "/console/api/orders/{id}/watch", watch),
    ]
}

async fn show(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
) -> Result<Json<LiveView>, Refused> {
    let id = partner_id(&seat, &id)?;
    Ok(Json(api.engine.live_view(id).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    origins: Vec<String>,
    #[serde(default)]
    wallets: Vec<WalletNew>,
    #[serde(default)]
    webhook_url: Option<String>,
    #[serde(default)]
    override_reason: Option<String>,
}

#[derive(Serialize)]
pub struct Opened {
    ruled: Ruled,
    /// Shown once, with the second word.
    client_token: Option<String>,
    webhook_secret: Option<String>,
}

async fn open(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Opened>, Refused> {
    let id = partner_id(&seat, &id)?;
    let ask: Open = json(&api, request).await?;
    let ask = LiveOpen {
        origins: origins_of(&ask.origins)?,
        wallets: wallets_of(&ask.wallets)?,
        webhook_url: ask.webhook_url.filter(|url| !url.is_empty()),
        override_reason: ask.override_reason.filter(|text| !text.trim().is_empty()),
    };
    let opened = api.engine.live_open(&seat, id, ask).await?;
    Ok(Json(match opened {
        None => Opened {
            ruled: Ruled::Proposed,
            client_token: None,
            webhook_secret: None,
        },
        Some(opened) => Opened {
            ruled: Ruled::Done,
            client_token: Some(opened.client_token.expose_secret().to_owned()),
            webhook_secret: opened
                .webhook_secret
                .map(|secret| secret.expose_secret().to_owned()),
        },
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Why {
    reason: String,
}

async fn suspend(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    request: Request,
) -> Result<StatusCode, Refused> {
    let id = partner_id(&seat, &id)?;
    let Why { reason } = json(&api, request).await?;
    api.engine.partner_suspend(&seat, id, &reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn resume(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Said>, Refused> {
    let id = partner_id(&seat, &id)?;
    let Why { reason } = json(&api, request).await?;
    let ruled = api.engine.partner_resume(&seat, id, &reason).await?;
    Ok(Json(Said { ruled }))
}

async fn watch(
    State(api): State<Api>,
    Extension(seat): At,
    Named(id): Named,
) -> Result<StatusCode, Refused> {
    api.engine
        .order_watch(&seat, super::order::order_id(&id)?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

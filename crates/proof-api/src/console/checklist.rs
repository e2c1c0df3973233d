//! The go-live checklist of one partner.

use super::{At, get, json, partner_id, post};
use crate::{Api, error::Refused, route::Route};
use axum::{
    Extension, Json,
    extract::{Path, Request, State},
};
use proof_core::{checklist::Profile, member::Act};
use proof_engine::{Checklist, Engine, PairListed, SignedReport};
use serde::Deserialize;

pub fn routes() -> Vec<Route> {
    vec![
        get(
            Act::ChecklistRead,
            "/console/api/partners/{id}/checklist",
            show,
        ),
        post(
            Act::ChecklistRead,
            "/console/api/partners/{id}/checklist/{line}/sign",
            sign,
        ),
        post(
            Act::ChecklistRead,
            "/console/api/partners/{id}/checklist/{line}/unsign",
            unsign,
        ),
        post(
            Act::ChecklistRead,
            "/console/api/partners/{id}/checklist/profile",
            declare,
        ),
        post(
            Act::ChecklistSignPartner,
            "/console/api/partners/{id}/checklist/pairs",
            list_pairs,
        ),
        post(
            Act::ChecklistProbe,
            "/console/api/partners/{id}/checklist/probe",
            probe,
        ),
        get(
            Act::ChecklistRead,
            "/console/api/partners/{id}/checklist/report",
            report,
        ),
    ]
}

async fn show(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
) -> Result<Json<Checklist>, Refused> {
    let id = partner_id(&seat, &id)?;
    Ok(Json(api.engine.checklist(id).await?))
}

#[derive(Deserialize)]
struct Note {
    #[serde(default)]
    note: String,
    /// The line's basis, as it was when its page was looked at.
    #[serde(default)]
    basis: Option<String>,
}

async fn sign(
    State(api): State<Api>,
    Extension(seat): At,
    Path((id, line)): Path<(String, String)>,
    request: Request,
) -> Result<Json<Checklist>, Refused> {
    let id = partner_id(&seat, &id)?;
    let ask: Note = json(&api, request).await?;
    api.engine
        .checklist_sign(&seat, id, &line, (Some(ask.note), ask.basis.as_deref()))
        .await?;
    Ok(Json(api.engine.checklist(id).await?))
}

async fn unsign(
    State(api): State<Api>,
    Extension(seat): At,
    Path((id, line)): Path<(String, String)>,
) -> Result<Json<Checklist>, Refused> {
    let id = partner_id(&seat, &id)?;
    api.engine
        .checklist_sign(&seat, id, &line, (None, None))
        .await?;
    Ok(Json(api.engine.checklist(id).await?))
}

async fn declare(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Checklist>, Refused> {
    let id = partner_id(&seat, &id)?;
    Engine::may_declare(&seat)?;
    let profile: Profile = json(&api, request).await?;
    api.engine.checklist_declare(&seat, id, profile).await?;
    Ok(Json(api.engine.checklist(id).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pairs {
    pairs: Vec<PairListed>,
}

async fn list_pairs(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Checklist>, Refused> {
    let id = partner_id(&seat, &id)?;
    let ask: Pairs = json(&api, request).await?;
    api.engine
        .checklist_list_pairs(&seat, id, ask.pairs)
        .await?;
    Ok(Json(api.engine.checklist(id).await?))
}

async fn report(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
) -> Result<Json<SignedReport>, Refused> {
    let id = partner_id(&seat, &id)?;
    Ok(Json(api.engine.checklist_report(id).await?))
}

async fn probe(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
) -> Result<Json<Checklist>, Refused> {
    let id = partner_id(&seat, &id)?;
    api.engine.probe_start(seat.author(), id).await?;
    Ok(Json(api.engine.checklist(id).await?))
}

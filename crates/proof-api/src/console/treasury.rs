//! Hot wallets with what came to them, and today's prices.

use super::{
    At, get, json,
    order::{Said, environment},
    post,
};
use crate::{Api, error::Refused, path::Named, query::Query, route::Route};
use axum::{
    Extension, Json,
    extract::{RawQuery, Request, State},
    http::StatusCode,
};
use proof_core::{
    ErrorCode, Network,
    id::DepositId,
    member::Act,
    partner::{Environment, Side},
    stray::Owned,
};
use proof_engine::{ApiError, PriceCheck, PriceQuestion, RatePage, Ruled, TreasuryPage};
use serde::Deserialize;

pub fn routes() -> Vec<Route> {
    const OWN: &str = "/console/api/treasury/arrivals/{id}/own";
    vec![
        get(Act::LedgerRead, "/console/api/treasury", show),
        post(Act::LedgerWrite, OWN, own),
        post(Act::LedgerWrite, "/console/api/treasury/watch", watch),
        post(Act::LedgerWrite, "/console/api/treasury/look", look),
        get(Act::LedgerRead, "/console/api/rates", rates),
        get(Act::LedgerRead, "/console/api/rates/check", check),
    ]
}

async fn show(State(api): State<Api>, query: RawQuery) -> Result<Json<TreasuryPage>, Refused> {
    let environment = environment(&Query::read(&query))?;
    Ok(Json(api.engine.treasury_page(environment).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    reason: String,
    /// It came from cold storage.
    #[serde(default)]
    cold: bool,
}

/// One person says that the owner sent it, and where from; the second one books it.
async fn own(
    State(api): State<Api>,
    Extension(seat): At,
    Named(id): Named,
    request: Request,
) -> Result<Json<Said>, Refused> {
    let id: DepositId = id.parse().map_err(|_| ApiError::nobody("transfer"))?;
    let ask: Own = json(&api, request).await?;
    let owned = if ask.cold { Owned::Cold } else { Owned::Added };
    let said = (owned, ask.reason.as_str());
    let is_booked = api.engine.stray_own(id, seat.author(), said).await?;
    let ruled = if is_booked {
        Ruled::Done
    } else {
        Ruled::Proposed
    };
    Ok(Json(Said { ruled }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Watch {
    environment: Environment,
    network: Network,
}

async fn watch(
    State(api): State<Api>,
    Extension(seat): At,
    request: Request,
) -> Result<StatusCode, Refused> {
    let ask: Watch = json(&api, request).await?;
    let watched = api
        .engine
        .treasury_watch(ask.environment, ask.network, seat.author());
    watched.await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Look {
    environment: Environment,
}

async fn look(
    State(api): State<Api>,
    Extension(seat): At,
    request: Request,
) -> Result<Json<TreasuryPage>, Refused> {
    let ask: Look = json(&api, request).await?;
    let page = api.engine.treasury_look(ask.environment).await?;
    let told = serde_json::json!({ "arrivals": page.arrivals.len() });
    let subject = ask.environment.name().to_owned();
    let noted = api
        .engine
        .audit_note(seat.author(), "treasury.look", subject, told);
    noted.await?;
    Ok(Json(page))
}

async fn rates(State(api): State<Api>, query: RawQuery) -> Result<Json<RatePage>, Refused> {
    let environment = environment(&Query::read(&query))?;
    Ok(Json(api.engine.rate_page(environment).await?))
}

async fn check(State(api): State<Api>, query: RawQuery) -> Result<Json<PriceCheck>, Refused> {
    let query = Query::read(&query);
    let missing = |name: &'static str| {
        move || {
            ApiError::field(
                ErrorCode::MissingParam,
                name,
                format!("Say which {name} it is about."),
            )
        }
    };
    let partner = query.parsed("partner", "must be a partner's id", |id| id.parse().ok())?;
    let side = query.parsed("side", "must be buy or sell", Side::parse)?;
    let asset = query.parsed("asset", "must be a pair such as USDT/TRC20", |text| {
        text.parse().ok()
    })?;
    let fiat = query.parsed("fiat_currency", "must be a currency such as EUR", |text| {
        text.parse().ok()
    })?;
    let asked = PriceQuestion {
        environment: environment(&query)?,
        partner: partner.ok_or_else(missing("partner"))?,
        side: side.ok_or_else(missing("side"))?,
        asset: asset.ok_or_else(missing("asset"))?,
        amount: query
            .text("amount")?
            .ok_or_else(missing("amount"))?
            .to_owned(),
        fiat: fiat.ok_or_else(missing("fiat_currency"))?,
    };
    Ok(Json(api.engine.price_check(asked).await?))
}

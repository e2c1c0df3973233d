//! Keys and addresses of a partner: in the sandbox one person changes them, in live two.

use super::{
    At, get, json,
    order::environment,
    partner::{WalletNew, asset, said, wallets_of},
    partner_id, post,
};
use crate::{
    Api,
    error::Refused,
    query::{Query, wrong},
    route::Route,
};
use axum::{
    Extension, Json,
    extract::{Path, RawQuery, Request, State},
    http::StatusCode,
};
use proof_core::{
    Address,
    change::{Change, Matter, Wallet},
    id::PartnerId,
    member::Act,
    partner::{Environment, Origin, ReturnLink},
};
use proof_engine::{ApiError, Changed, Ruled, SECRET_GRACE_SECONDS_DEFAULT, Seat};
use serde::{Deserialize, Serialize};

pub fn routes() -> Vec<Route> {
    vec![
        post(
            Act::PartnerWrite,
            "/console/api/partners/{id}/origins",
            origin_add,
        ),
        post(
            Act::PartnerWrite,
            "/console/api/partners/{id}/origins/remove",
            origin_remove,
        ),
        post(
            Act::PartnerWrite,
            "/console/api/partners/{id}/returns",
            return_add,
        ),
        post(
            Act::PartnerWrite,
            "/console/api/partners/{id}/returns/remove",
            return_remove,
        ),
        post(
            Act::WalletWrite,
            "/console/api/partners/{id}/wallets",
            wallets,
        ),
        get(
            Act::PartnerRead,
            "/console/api/addresses/check",
            address_check,
        ),
        post(
            Act::TokenWrite,
            "/console/api/partners/{id}/tokens",
            token_create,
        ),
        post(
            Act::TokenWrite,
            "/console/api/partners/{id}/tokens/rotate",
            token_rotate,
        ),
        post(
            Act::WebhookWrite,
            "/console/api/partners/{id}/webhook",
            webhook_move,
        ),
        post(
            Act::WebhookWrite,
            "/console/api/partners/{id}/webhook/rotate",
            webhook_rotate,
        ),
        // Each word is held against what it is about, too.
        post(
            Act::WebhookWrite,
            "/console/api/partners/{id}/changes/agree",
            agree,
        ),
        post(
            Act::WebhookWrite,
            "/console/api/partners/{id}/changes/{matter}/withdraw",
            withdraw,
        ),
    ]
}

/// What became of it. A secret is shown once, to whoever made it happen.
#[derive(Serialize)]
pub struct ChangeSaid {
    ruled: Ruled,
    client_token: Option<String>,
    webhook_secret: Option<String>,
}

type Answer = Result<(StatusCode, Json<ChangeSaid>), Refused>;

fn answer(changed: Changed) -> (StatusCode, Json<ChangeSaid>) {
    let status = match changed.client_token {
        Some(_) => StatusCode::CREATED,
        None => StatusCode::OK,
    };
    let shown = |secret: proof_core::secret::Secret| secret.expose_secret().to_owned();
    let said = ChangeSaid {
        ruled: changed.ruled,
        client_token: changed.client_token.map(shown),
        webhook_secret: changed.webhook_secret.map(shown),
    };
    (status, Json(said))
}

/// One change of a partner that this person sees.
async fn change(
    api: &Api,
    seat: &Seat,
    (id, environment): (PartnerId, Environment),
    change: Change,
) -> Answer {
    let changed = api.engine.change(seat, id, environment, change);
    Ok(answer(changed.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OriginNew {
    origin: String,
}

async fn origin(api: &Api, request: Request) -> Result<Origin, Refused> {
    let ask: OriginNew = json(api, request).await?;
    Origin::parse(ask.origin.trim()).map_err(|error| said("origin", format!("This is {error}.")))
}

async fn origin_add(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    query: RawQuery,
    request: Request,
) -> Answer {
    let place = (partner_id(&seat, &id)?, environment(&Query::read(&query))?);
    let origin = origin(&api, request).await?;
    change(&api, &seat, place, Change::OriginAdd { origin }).await
}

async fn origin_remove(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    query: RawQuery,
    request: Request,
) -> Answer {
    let place = (partner_id(&seat, &id)?, environment(&Query::read(&query))?);
    let origin = origin(&api, request).await?;
    change(&api, &seat, place, Change::OriginRemove { origin }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReturnNew {
    link: String,
}

async fn return_link(api: &Api, request: Request) -> Result<ReturnLink, Refused> {
    let ask: ReturnNew = json(api, request).await?;
    ReturnLink::parse(ask.link.trim()).map_err(|error| said("link", format!("This is {error}.")))
}

async fn return_add(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    query: RawQuery,
    request: Request,
) -> Answer {
    let place = (partner_id(&seat, &id)?, environment(&Query::read(&query))?);
    let link = return_link(&api, request).await?;
    change(&api, &seat, place, Change::ReturnAdd { link }).await
}

async fn return_remove(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    query: RawQuery,
    request: Request,
) -> Answer {
    let place = (partner_id(&seat, &id)?, environment(&Query::read(&query))?);
    let link = return_link(&api, request).await?;
    change(&api, &seat, place, Change::ReturnRemove { link }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wallets {
    wallets: Vec<WalletNew>,
}

async fn wallets(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    query: RawQuery,
    request: Request,
) -> Answer {
    let place = (partner_id(&seat, &id)?, environment(&Query::read(&query))?);
    let ask: Wallets = json(&api, request).await?;
    let wallet = |(asset, address)| Wallet { asset, address };
    let wallets = wallets_of(&ask.wallets)?.into_iter().map(wallet).collect();
    // What is there now is looked up where the change is made.
    let before = Vec::new();
    change(&api, &seat, place, Change::Wallets { before, wallets }).await
}

/// What is wrong with an address, while somebody types it.
#[derive(Serialize)]
pub struct AddressSaid {
    /// As its network writes it; null where it is none.
    address: Option<String>,
    problem: Option<String>,
}

async fn address_check(query: RawQuery) -> Result<Json<AddressSaid>, Refused> {
    let query = Query::read(&query);
    let pair = query.text("pair")?;
    let pair = pair.ok_or_else(|| wrong("pair", "is missing; write it as USDT/TRC20"))?;
    let asset = asset(pair, "pair")?;
    let text = query.text("address")?.unwrap_or_default().trim();
    let read = Address::parse(asset.network(), text);
    let network = asset.network().name();
    Ok(Json(match read {
        Ok(address) => AddressSaid {
            address: Some(address.to_string()),
            problem: None,
        },
        Err(_) => AddressSaid {
            address: None,
            problem: Some(format!(
                "This is no address of {network}: a letter is missing, too much or wrong. Copy it again."
            )),
        },
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenNew {
    #[serde(default = "test")]
    environment: Environment,
}

const fn test() -> Environment {
    Environment::Test
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotate {
    #[serde(default = "test")]
    environment: Environment,
    grace_seconds: i64,
}

async fn token_create(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    request: Request,
) -> Answer {
    let id = partner_id(&seat, &id)?;
    let ask: TokenNew = json(&api, request).await?;
    let token = Change::Token {
        others_end_after_seconds: None,
    };
    change(&api, &seat, (id, ask.environment), token).await
}

async fn token_rotate(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    request: Request,
) -> Answer {
    let id = partner_id(&seat, &id)?;
    let ask: Rotate = json(&api, request).await?;
    let token = Change::Token {
        others_end_after_seconds: Some(ask.grace_seconds),
    };
    change(&api, &seat, (id, ask.environment), token).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebhookNew {
    url: String,
}

async fn webhook_move(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    query: RawQuery,
    request: Request,
) -> Answer {
    let place = (partner_id(&seat, &id)?, environment(&Query::read(&query))?);
    let ask: WebhookNew = json(&api, request).await?;
    let (before, url) = (None, ask.url);
    change(&api, &seat, place, Change::WebhookMove { before, url }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretNew {
    #[serde(default = "grace")]
    grace_seconds: i64,
    #[serde(default)]
    force: bool,
}

const fn grace() -> i64 {
    SECRET_GRACE_SECONDS_DEFAULT
}

async fn webhook_rotate(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    query: RawQuery,
    request: Request,
) -> Answer {
    let place = (partner_id(&seat, &id)?, environment(&Query::read(&query))?);
    let ask: SecretNew = json(&api, request).await?;
    let secret = Change::WebhookSecret {
        grace_seconds: ask.grace_seconds,
        force: ask.force,
    };
    change(&api, &seat, place, secret).await
}

/// The wish as it was shown, and when it was made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Agree {
    change: serde_json::Value,
    at: String,
}

async fn agree(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    request: Request,
) -> Answer {
    let id = partner_id(&seat, &id)?;
    let ask: Agree = json(&api, request).await?;
    let change: Change = serde_json::from_value(ask.change)
        .map_err(|error| said("change", format!("This is no change: {error}.")))?;
    let changed = api.engine.change_agree(&seat, id, change, ask.at);
    Ok(answer(changed.await?))
}

async fn withdraw(
    State(api): State<Api>,
    Extension(seat): At,
    Path((id, matter)): Path<(String, String)>,
) -> Result<StatusCode, Refused> {
    let id = partner_id(&seat, &id)?;
    let matter = Matter::parse(&matter).ok_or_else(|| ApiError::nobody("change"))?;
    api.engine.change_withdraw(&seat, id, matter).await?;
    Ok(StatusCode::NO_CONTENT)
}

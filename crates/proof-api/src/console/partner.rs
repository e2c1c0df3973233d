//! Partners: who they are, what they may, and how their webhooks fare.

use super::{At, get, json, partner_id, post};
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
    Address, Asset, ErrorCode, Fiat,
    id::{DeliveryId, PartnerId},
    member::Act,
    partner::{Environment, Origin, PartnerType, Policy, SellPolicy},
    statement::Day,
};
use proof_engine::{
    Access, ApiError, Data, Delivery, DeliveryDetail, DeliveryFilter, DeliveryPage, DeliveryState,
    PartnerCreate, PartnerLine, PartnerPage, Refusals, Ruled, Seat, SignedStatement, Webhook,
};
use serde::{Deserialize, Serialize};

pub fn routes() -> Vec<Route> {
    let mut routes = vec![
        get(Act::PartnerRead, "/console/api/partners", list),
        post(Act::PartnerWrite, "/console/api/partners", create),
        get(Act::PartnerRead, "/console/api/pairs", pairs),
        get(Act::PartnerRead, "/console/api/partners/{id}", show),
        post(
            Act::PartnerWrite,
            "/console/api/partners/{id}/origins",
            origin_add,
        ),
        post(
            Act::PolicyWrite,
            "/console/api/partners/{id}/policy",
            policy,
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
            Act::TokenWrite,
            "/console/api/partners/{id}/tokens/{key}/revoke",
            token_revoke,
        ),
    ];
    routes.extend(webhook());
    routes
}

/// How their webhooks fare, and what was refused.
fn webhook() -> Vec<Route> {
    vec![
        post(
            Act::WebhookWrite,
            "/console/api/partners/{id}/webhook",
            webhook_move,
        ),
        post(
            Act::WebhookWrite,
            "/console/api/partners/{id}/webhook/enable",
            webhook_enable,
        ),
        post(
            Act::WebhookWrite,
            "/console/api/partners/{id}/webhook/status-url",
            webhook_status_url,
        ),
        post(
            Act::WebhookWrite,
            "/console/api/partners/{id}/webhook/test",
            webhook_test,
        ),
        get(
            Act::PartnerRead,
            "/console/api/partners/{id}/refusals",
            refusals,
        ),
        get(
            Act::PartnerRead,
            "/console/api/partners/{id}/deliveries",
            deliveries,
        ),
        get(
            Act::PartnerRead,
            "/console/api/partners/{id}/deliveries/{delivery}",
            delivery,
        ),
        post(
            Act::WebhookWrite,
            "/console/api/partners/{id}/deliveries/{delivery}/redeliver",
            redeliver,
        ),
        get(
            Act::LedgerRead,
            "/console/api/partners/{id}/statements/{day}",
            statement,
        ),
    ]
}

async fn list(
    State(api): State<Api>,
    Extension(seat): At,
) -> Result<Json<Data<PartnerLine>>, Refused> {
    let data = api.engine.partner_lines(&seat).await?;
    Ok(Json(Data { data }))
}

async fn show(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
) -> Result<Json<PartnerPage>, Refused> {
    let id = partner_id(&seat, &id)?;
    Ok(Json(api.engine.partner_page(&seat, id).await?))
}

#[derive(Serialize)]
pub struct Pairs {
    pairs: Vec<String>,
    fiats: Vec<&'static str>,
}

async fn pairs(State(api): State<Api>) -> Json<Pairs> {
    let (pairs, fiats) = api.engine.pairs_offered();
    Json(Pairs {
        pairs: pairs.iter().map(Asset::to_string).collect(),
        fiats: fiats.into_iter().map(Fiat::code).collect(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    name: String,
    kind: String,
    contact_email: String,
    origins: Vec<String>,
    pairs: Vec<String>,
    #[serde(default)]
    sells: bool,
    fiats: Vec<String>,
    #[serde(default)]
    wallets: Vec<WalletNew>,
    #[serde(default)]
    webhook_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WalletNew {
    pair: String,
    address: String,
}

pub(super) fn origins_of(texts: &[String]) -> Result<Vec<Origin>, Refused> {
    let parse = |text: &String| {
        Origin::parse(text.trim()).map_err(|error| said("origins", format!("{text} is {error}.")))
    };
    texts.iter().map(parse).collect()
}

pub(super) fn wallets_of(wallets: &[WalletNew]) -> Result<Vec<(Asset, Address)>, Refused> {
    let read = |wallet: &WalletNew| {
        let asset = asset(&wallet.pair, "wallets")?;
        let address = Address::parse(asset.network(), wallet.address.trim());
        let address =
            address.map_err(|error| said("wallets", format!("The wallet of {asset}: {error}.")))?;
        Ok((asset, address))
    };
    wallets.iter().map(read).collect()
}

#[derive(Serialize)]
pub struct Made {
    id: String,
    widget_id: String,
    client_token: String,
    webhook_secret: Option<String>,
}

fn asset(text: &str, field: &'static str) -> Result<Asset, Refused> {
    text.parse().map_err(|_| {
        let message = format!("{text} is no pair; write it as USDT/TRC20.");
        Refused(ApiError::field(ErrorCode::ValidationError, field, message))
    })
}

fn said(field: &'static str, message: String) -> Refused {
    Refused(ApiError::field(ErrorCode::ValidationError, field, message))
}

impl New {
    fn read(self) -> Result<PartnerCreate, Refused> {
        let kind: PartnerType = self.kind.parse().map_err(|_| {
            said(
                "kind",
                "A partner is treasury, user_wallet or managed.".to_owned(),
            )
        })?;
        let pairs: Vec<Asset> = self
            .pairs
            .iter()
            .map(|text| asset(text, "pairs"))
            .collect::<Result<_, _>>()?;
        let fiats = self.fiats.iter().map(|code| {
            code.parse::<Fiat>()
                .map_err(|_| said("fiats", format!("{code} is no currency of ours.")))
        });
        let wallets = wallets_of(&self.wallets)?;
        let bare = pairs
            .iter()
            .find(|pair| wallets.iter().all(|(asset, _)| asset != *pair));
        if let Some(pair) = bare.filter(|_| kind != PartnerType::UserWallet) {
            let message = format!("A {} partner needs a wallet for {pair}.", kind.name());
            return Err(said("wallets", message));
        }
        Ok(PartnerCreate {
            name: self.name,
            kind,
            contact_email: self.contact_email,
            origins: origins_of(&self.origins)?,
            pairs,
            sell: self.sells.then(SellPolicy::default),
            fiats: fiats.collect::<Result<_, _>>()?,
            wallets,
            webhook_url: self.webhook_url.filter(|url| !url.is_empty()),
            redirect_url: None,
        })
    }
}

async fn create(
    State(api): State<Api>,
    Extension(seat): At,
    request: Request,
) -> Result<(StatusCode, Json<Made>), Refused> {
    let new: New = json(&api, request).await?;
    if new.pairs.is_empty() || new.fiats.is_empty() || new.origins.is_empty() {
        let message = "Name at least one origin, one pair and one currency.";
        return Err(said("pairs", message.to_owned()));
    }
    let made = api
        .engine
        .partner_create(seat.author(), new.read()?)
        .await?;
    let shown = Made {
        id: made.partner.id.to_string(),
        widget_id: made.partner.widget_id.to_string(),
        client_token: made.client_token.expose_secret().to_owned(),
        webhook_secret: made
            .webhook_secret
            .map(|secret| secret.expose_secret().to_owned()),
    };
    Ok((StatusCode::CREATED, Json(shown)))
}

#[derive(Deserialize)]
struct OriginNew {
    origin: String,
}

async fn origin_add(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    request: Request,
) -> Result<StatusCode, Refused> {
    let id = partner_id(&seat, &id)?;
    let ask: OriginNew = json(&api, request).await?;
    let origin = Origin::parse(ask.origin.trim())
        .map_err(|error| said("origin", format!("This is {error}.")))?;
    api.engine.access_of(id).await?;
    api.engine.origin_add(seat.author(), id, origin).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize)]
pub struct PolicySaid {
    ruled: Ruled,
    policy: Option<Policy>,
}

async fn policy(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<PolicySaid>, Refused> {
    let id = partner_id(&seat, &id)?;
    let given: serde_json::Value = json(&api, request).await?;
    let unreadable = |why: String| said("policy", format!("This is no policy: {why}."));
    let policy: Policy =
        serde_json::from_value(given.clone()).map_err(|error| unreadable(error.to_string()))?;
    // A word that is misspelt or left out would change something that nobody meant.
    if serde_json::to_value(&policy).ok() != Some(given) {
        return Err(unreadable("a key is unknown or missing".to_owned()));
    }
    let policy = api.engine.policy_set(seat.author(), id, policy).await?;
    let ruled = if policy.is_some() {
        Ruled::Done
    } else {
        Ruled::Proposed
    };
    Ok(Json(PolicySaid { ruled, policy }))
}

#[derive(Serialize)]
pub struct TokenMade {
    client_token: String,
}

async fn token_create(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    request: Request,
) -> Result<(StatusCode, Json<TokenMade>), Refused> {
    let id = partner_id(&seat, &id)?;
    let ask: TokenNew = json(&api, request).await?;
    let token = api
        .engine
        .token_create(seat.author(), id, ask.environment)
        .await?;
    let client_token = token.expose_secret().to_owned();
    Ok((StatusCode::CREATED, Json(TokenMade { client_token })))
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
struct Rotate {
    #[serde(default = "test")]
    environment: Environment,
    grace_seconds: i64,
}

async fn token_rotate(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    request: Request,
) -> Result<(StatusCode, Json<TokenMade>), Refused> {
    let id = partner_id(&seat, &id)?;
    let ask: Rotate = json(&api, request).await?;
    let rotated = api
        .engine
        .token_rotate(seat.author(), id, ask.environment, ask.grace_seconds);
    let client_token = rotated.await?.expose_secret().to_owned();
    Ok((StatusCode::CREATED, Json(TokenMade { client_token })))
}

async fn token_revoke(
    State(api): State<Api>,
    Extension(seat): At,
    Path((id, key)): Path<(String, String)>,
) -> Result<StatusCode, Refused> {
    let id = partner_id(&seat, &id)?;
    api.engine.token_revoke(seat.author(), id, key).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct WebhookNew {
    url: String,
}

async fn webhook_move(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Webhook>, Refused> {
    let id = partner_id(&seat, &id)?;
    let ask: WebhookNew = json(&api, request).await?;
    let access = api.engine.access_of(id).await?;
    api.engine.endpoint_move(seat.author(), id, ask.url).await?;
    Ok(Json(api.engine.webhook(&access).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusUrl {
    url: Option<String>,
}

async fn webhook_status_url(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Webhook>, Refused> {
    let id = partner_id(&seat, &id)?;
    let ask: StatusUrl = json(&api, request).await?;
    let access = api.engine.access_of(id).await?;
    let url = ask.url.filter(|url| !url.trim().is_empty());
    api.engine
        .endpoint_status_url(seat.author(), id, url)
        .await?;
    Ok(Json(api.engine.webhook(&access).await?))
}

/// What moves no money and changes no rule is recorded when it is done.
async fn deed(
    api: &Api,
    seat: &Seat,
    access: &Access,
    act: &'static str,
    what: &str,
) -> Result<(), Refused> {
    let partner = access.partner.id.to_string();
    let told = serde_json::json!({ "delivery": what });
    Ok(api
        .engine
        .audit_note(seat.author(), act, partner, told)
        .await?)
}

async fn webhook_enable(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
) -> Result<Json<Webhook>, Refused> {
    let access = api.engine.access_of(partner_id(&seat, &id)?).await?;
    let enabled = api.engine.webhook_enable(&access).await?;
    deed(&api, &seat, &access, "webhook.enable", "").await?;
    Ok(Json(enabled))
}

async fn webhook_test(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Delivery>), Refused> {
    let access = api.engine.access_of(partner_id(&seat, &id)?).await?;
    let delivery = api.engine.webhook_test(&access).await?;
    deed(&api, &seat, &access, "webhook.test", &delivery.id).await?;
    Ok((StatusCode::ACCEPTED, Json(delivery)))
}

async fn refusals(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
) -> Result<Json<Refusals>, Refused> {
    let access = api.engine.access_of(partner_id(&seat, &id)?).await?;
    let log = api
        .engine
        .integration_log(&access, |code| api.docs_url(code))
        .await?;
    Ok(Json(Data { data: log.data }))
}

async fn deliveries(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    query: RawQuery,
) -> Result<Json<DeliveryPage>, Refused> {
    let access = api.engine.access_of(partner_id(&seat, &id)?).await?;
    let query = Query::read(&query);
    let rule = "must be pending, delivered, superseded or failed";
    let filter = DeliveryFilter {
        before: query
            .text("after")?
            .map(|id| id.parse().map_err(|_| ApiError::cursor()))
            .transpose()?
            .unwrap_or(DeliveryId::LAST),
        order: None,
        state: query.parsed("state", rule, DeliveryState::parse)?,
    };
    let limit = query.limit()?;
    match api.engine.deliveries(&access, filter, limit).await {
        Ok(page) => Ok(Json(page)),
        // Who has no webhook has no deliveries.
        Err(error) if error.code == ErrorCode::NotFound => Ok(Json(DeliveryPage {
            data: Vec::new(),
            next_cursor: None,
        })),
        Err(error) => Err(Refused(error)),
    }
}

fn delivery_id(text: &str) -> Result<DeliveryId, Refused> {
    text.parse()
        .map_err(|_| Refused(ApiError::nobody("delivery")))
}

async fn delivery(
    State(api): State<Api>,
    Extension(seat): At,
    Path((id, delivery)): Path<(String, String)>,
) -> Result<Json<DeliveryDetail>, Refused> {
    let access = api.engine.access_of(partner_id(&seat, &id)?).await?;
    let detail = api.engine.delivery(&access, delivery_id(&delivery)?);
    Ok(Json(detail.await?))
}

async fn redeliver(
    State(api): State<Api>,
    Extension(seat): At,
    Path((id, delivery)): Path<(String, String)>,
) -> Result<(StatusCode, Json<Delivery>), Refused> {
    let access = api.engine.access_of(partner_id(&seat, &id)?).await?;
    let again = api
        .engine
        .delivery_redeliver(&access, delivery_id(&delivery)?)
        .await?;
    deed(&api, &seat, &access, "webhook.redeliver", &again.id).await?;
    Ok((StatusCode::ACCEPTED, Json(again)))
}

async fn statement(
    State(api): State<Api>,
    Extension(seat): At,
    Path((id, day)): Path<(String, String)>,
) -> Result<Json<SignedStatement>, Refused> {
    let id: PartnerId = partner_id(&seat, &id)?;
    let day = Day::parse(&day).ok_or_else(|| wrong("day", "must be a day like 2026-04-01"))?;
    let made = api.engine.statement(id, Environment::Test, day);
    Ok(Json(made.await?))
}

//! Partners: who they are and what they may.

use super::{At, get, json, order::environment, partner_id, post};
use crate::{Api, error::Refused, query::Query, route::Route};
use axum::{
    Extension, Json,
    extract::{Path, RawQuery, Request, State},
    http::StatusCode,
};
use proof_core::{
    Address, Asset, ErrorCode, Fiat,
    member::Act,
    partner::{Origin, PartnerType, Policy, SellPolicy},
};
use proof_engine::{
    About, AboutAsk, ApiError, Data, Named, Page, PartnerCreate, PartnerLine, PartnerPage, Ruled,
};
use serde::{Deserialize, Serialize};

pub fn routes() -> Vec<Route> {
    vec![
        get(Act::PartnerRead, "/console/api/partners", list),
        post(Act::PartnerWrite, "/console/api/partners", create),
        get(Act::PartnerRead, "/console/api/partners/names", names),
        get(Act::PartnerRead, "/console/api/pairs", pairs),
        get(Act::PartnerRead, "/console/api/partners/{id}", show),
        post(Act::ContactWrite, "/console/api/partners/{id}/about", about),
        post(
            Act::PolicyWrite,
            "/console/api/partners/{id}/policy",
            policy,
        ),
        post(
            Act::TokenWrite,
            "/console/api/partners/{id}/tokens/{key}/revoke",
            token_revoke,
        ),
    ]
}

async fn list(
    State(api): State<Api>,
    Extension(seat): At,
    query: RawQuery,
) -> Result<Json<Page<PartnerLine>>, Refused> {
    let query = Query::read(&query);
    let text = query.text("query")?.map(|text| text.trim().to_owned());
    let rule = "must be a cursor that an earlier page gave";
    let after = query.parsed("after", rule, |id| id.parse().ok())?;
    let page = api
        .engine
        .partner_lines(&seat, (text, after), query.limit()?);
    Ok(Json(page.await?))
}

async fn names(State(api): State<Api>, Extension(seat): At) -> Result<Json<Data<Named>>, Refused> {
    let data = api.engine.partner_names(&seat).await?;
    Ok(Json(Data { data }))
}

async fn show(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    query: RawQuery,
) -> Result<Json<PartnerPage>, Refused> {
    let id = partner_id(&seat, &id)?;
    let environment = environment(&Query::read(&query))?;
    let page = api.engine.partner_page(&seat, id, environment);
    Ok(Json(page.await?))
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

pub(super) fn asset(text: &str, field: &'static str) -> Result<Asset, Refused> {
    text.parse().map_err(|_| {
        let message = format!("{text} is no pair; write it as USDT/TRC20.");
        Refused(ApiError::field(ErrorCode::ValidationError, field, message))
    })
}

pub(super) fn said(field: &'static str, message: String) -> Refused {
    Refused(ApiError::field(ErrorCode::ValidationError, field, message))
}

fn kind_of(text: &str) -> Result<PartnerType, Refused> {
    let unknown = |_| {
        let message = "A partner is treasury, user_wallet or managed.";
        said("kind", message.to_owned())
    };
    text.parse().map_err(unknown)
}

impl New {
    fn read(self) -> Result<PartnerCreate, Refused> {
        let kind = kind_of(&self.kind)?;
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
#[serde(deny_unknown_fields)]
struct AboutNew {
    /// As it was when somebody began to change it.
    before: About,
    name: String,
    kind: String,
    contact_email: String,
    #[serde(default)]
    wallets: Vec<WalletNew>,
}

/// Its name, type and contact.
async fn about(
    State(api): State<Api>,
    Extension(seat): At,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<About>, Refused> {
    let id = partner_id(&seat, &id)?;
    let new: AboutNew = json(&api, request).await?;
    let ask = AboutAsk {
        before: new.before,
        after: About {
            name: new.name,
            kind: kind_of(&new.kind)?,
            contact_email: new.contact_email,
        },
        wallets: wallets_of(&new.wallets)?,
    };
    Ok(Json(api.engine.about_set(&seat, id, ask).await?))
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

async fn token_revoke(
    State(api): State<Api>,
    Extension(seat): At,
    Path((id, key)): Path<(String, String)>,
) -> Result<StatusCode, Refused> {
    let id = partner_id(&seat, &id)?;
    api.engine.token_revoke(seat.author(), id, key).await?;
    Ok(StatusCode::NO_CONTENT)
}

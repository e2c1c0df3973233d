//! Partners, their origins, tokens, wallets and webhook endpoint.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Time,
    statement::statements,
};
use proof_core::{
    Address, Asset, Timestamp,
    id::{EndpointId, PartnerId},
    partner::{Environment, Origin, Partner, PartnerType, Stage},
    secret::Secret,
    token::{ClientToken, TokenHash},
};
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    PARTNER_INSERT = "INSERT INTO partners (id, name, kind, stage, widget_id, contact_email, signature_key, policy, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    PARTNER_LOAD = "SELECT id, name, kind, stage, widget_id, contact_email, signature_key, policy FROM partners WHERE id = $1";
    PARTNER_BY_WIDGET = "SELECT id, name, kind, stage, widget_id, contact_email, signature_key, policy FROM partners WHERE widget_id = $1";
    PARTNER_LIST = "SELECT id, name, kind, stage, widget_id, contact_email, signature_key, policy FROM partners ORDER BY id LIMIT $1";
    ORIGIN_INSERT = "INSERT INTO origins (partner_id, environment, origin) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    ORIGIN_LIST = "SELECT environment, origin FROM origins WHERE partner_id = $1 ORDER BY origin";
    ORIGIN_KNOWN = "SELECT environment, origin FROM origins WHERE origin = $1 LIMIT 1";
    TOKEN_INSERT = "INSERT INTO tokens (key_id, partner_id, environment, hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    TOKEN_LOAD = "SELECT partner_id, hash, expires_at FROM tokens WHERE key_id = $1 AND environment = $2";
    WALLET_INSERT = "INSERT INTO wallets (partner_id, environment, asset, address, created_at) VALUES ($1, $2, $3, $4, $5)";
    WALLET_LOAD = "SELECT address FROM wallets WHERE partner_id = $1 AND environment = $2 AND asset = $3";
    ENDPOINT_PUT = "INSERT INTO endpoints (id, partner_id, environment, url, secret, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (partner_id, environment) DO UPDATE SET url = excluded.url";
}

#[derive(sqlx::FromRow)]
struct PartnerRow {
    id: Uuid,
    name: String,
    kind: String,
    stage: String,
    widget_id: Uuid,
    contact_email: String,
    signature_key: String,
    policy: Json<serde_json::Value>,
}

impl TryFrom<PartnerRow> for Partner {
    type Error = StoreError;

    fn try_from(row: PartnerRow) -> Result<Self, StoreError> {
        let bad = |column| StoreError::Row {
            table: "partners",
            column,
            id: row.id.to_string(),
        };
        let stage = [
            Stage::Sandbox,
            Stage::LiveWatched,
            Stage::Live,
            Stage::Suspended,
        ]
        .into_iter()
        .find(|s| stage_name(*s) == row.stage)
        .ok_or_else(|| bad("stage"))?;
        Ok(Self {
            id: PartnerId::from_uuid(row.id),
            kind: row.kind.parse().map_err(|_| bad("kind"))?,
            stage,
            policy: serde_json::from_value(row.policy.0.clone()).map_err(|_| bad("policy"))?,
            name: row.name,
            widget_id: row.widget_id,
            contact_email: row.contact_email,
            signature_key: Secret::new(row.signature_key),
        })
    }
}

const fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Sandbox => "sandbox",
        Stage::LiveWatched => "live_watched",
        Stage::Live => "live",
        Stage::Suspended => "suspended",
    }
}

#[derive(sqlx::FromRow)]
struct OriginRow {
    environment: String,
    origin: String,
}

/// What is known of a token by its key id.
#[derive(Clone, Copy, Debug)]
pub struct TokenRow {
    pub partner: PartnerId,
    pub hash: TokenHash,
    pub expires_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct TokenColumns {
    partner_id: Uuid,
    hash: Vec<u8>,
    expires_at: Option<Time>,
}

#[derive(sqlx::FromRow)]
struct AddressRow {
    address: String,
}

pub struct EndpointNew<'a> {
    pub id: EndpointId,
    pub partner: PartnerId,
    pub environment: Environment,
    pub url: &'a str,
    pub secret: &'a Secret,
}

impl Tx {
    pub async fn partner_insert(&mut self, p: &Partner, now: Timestamp) -> Result<(), StoreError> {
        let policy = serde_json::to_value(&p.policy).unwrap_or_default();
        let args = args![
            p.id.uuid(),
            p.name.as_str(),
            PartnerType::name(p.kind),
            stage_name(p.stage),
            p.widget_id,
            p.contact_email.as_str(),
            p.signature_key.expose_secret(),
            policy,
            now,
        ];
        self.execute_one("partners", PARTNER_INSERT, args).await
    }

    pub async fn partner_load(&mut self, id: PartnerId) -> Result<Option<Partner>, StoreError> {
        let row: Option<PartnerRow> = self.fetch_optional(PARTNER_LOAD, args![id.uuid()]).await?;
        row.map(Partner::try_from).transpose()
    }

    pub async fn partner_by_widget(&mut self, id: Uuid) -> Result<Option<Partner>, StoreError> {
        let row: Option<PartnerRow> = self.fetch_optional(PARTNER_BY_WIDGET, args![id]).await?;
        row.map(Partner::try_from).transpose()
    }

    /// Operators only: every tenant's partners, oldest first.
    pub async fn partner_list(&mut self, limit: i64) -> Result<Vec<Partner>, StoreError> {
        let rows: Vec<PartnerRow> = self.fetch_all(PARTNER_LIST, args![limit]).await?;
        rows.into_iter().map(Partner::try_from).collect()
    }

    pub async fn origin_insert(
        &mut self,
        partner: PartnerId,
        environment: Environment,
        origin: &Origin,
    ) -> Result<(), StoreError> {
        let args = args![partner.uuid(), environment.name(), origin.as_str()];
        self.execute(ORIGIN_INSERT, args).await.map(drop)
    }

    /// A partner's origins in one environment, or in both.
    pub async fn origin_list(
        &mut self,
        partner: PartnerId,
        environment: Option<Environment>,
    ) -> Result<Vec<Origin>, StoreError> {
        let rows: Vec<OriginRow> = self.fetch_all(ORIGIN_LIST, args![partner.uuid()]).await?;
        rows.into_iter()
            .filter(|row| environment.is_none_or(|e| e.name() == row.environment))
            .map(|row| {
                let id = partner.to_string();
                Origin::parse(&row.origin).map_err(|_| StoreError::Row {
                    table: "origins",
                    column: "origin",
                    id,
                })
            })
            .collect()
    }

    /// Whether any partner registered this origin.
    pub async fn origin_known(&mut self, origin: &Origin) -> Result<bool, StoreError> {
        let row: Option<OriginRow> = self
            .fetch_optional(ORIGIN_KNOWN, args![origin.as_str()])
            .await?;
        Ok(row.is_some())
    }

    pub async fn token_insert(
        &mut self,
        partner: PartnerId,
        token: &ClientToken,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let args = args![
            token.key_id().as_str(),
            partner.uuid(),
            token.environment().name(),
            token.hash().bytes().to_vec(),
            now,
            None::<Timestamp>,
        ];
        self.execute_one("tokens", TOKEN_INSERT, args).await
    }

    pub async fn token_load(
        &mut self,
        token: &ClientToken,
    ) -> Result<Option<TokenRow>, StoreError> {
        let args = args![token.key_id().as_str(), token.environment().name()];
        let row: Option<TokenColumns> = self.fetch_optional(TOKEN_LOAD, args).await?;
        row.map(|row| {
            let id = token.key_id().as_str().to_owned();
            let bad = |_| StoreError::Row {
                table: "tokens",
                column: "hash",
                id,
            };
            Ok(TokenRow {
                partner: PartnerId::from_uuid(row.partner_id),
                hash: TokenHash::from_bytes(row.hash.try_into().map_err(bad)?),
                expires_at: row.expires_at.map(|t| t.0),
            })
        })
        .transpose()
    }

    pub async fn wallet_insert(
        &mut self,
        partner: PartnerId,
        environment: Environment,
        (asset, address): (Asset, &Address),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (asset, address) = (asset.to_string(), address.as_str());
        let args = args![partner.uuid(), environment.name(), asset, address, now];
        self.execute_one("wallets", WALLET_INSERT, args).await
    }

    pub async fn wallet_load(
        &mut self,
        partner: PartnerId,
        environment: Environment,
        asset: Asset,
    ) -> Result<Option<Address>, StoreError> {
        let args = args![partner.uuid(), environment.name(), asset.to_string()];
        let row: Option<AddressRow> = self.fetch_optional(WALLET_LOAD, args).await?;
        row.map(|row| {
            Address::parse(asset.network(), &row.address).map_err(|_| StoreError::Row {
                table: "wallets",
                column: "address",
                id: format!("{partner} {asset}"),
            })
        })
        .transpose()
    }

    /// Sets where a partner's events go; one that is there keeps its secret.
    pub async fn endpoint_put(
        &mut self,
        endpoint: EndpointNew<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let args = args![
            endpoint.id.uuid(),
            endpoint.partner.uuid(),
            endpoint.environment.name(),
            endpoint.url,
            endpoint.secret.expose_secret(),
            now,
        ];
        self.execute_one("endpoints", ENDPOINT_PUT, args).await
    }
}

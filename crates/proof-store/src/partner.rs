//! Partners, their origins, tokens and wallets.

use crate::{
    db::{Tx, args},
    error::StoreError,
    like::within,
    row::Time,
    statement::statements,
    wake::Topic,
};
use proof_core::{
    Address, Asset, Timestamp,
    id::PartnerId,
    partner::{Environment, Origin, Partner, PartnerType, Policy, ReturnLink, Stage},
    secret::Secret,
    token::{ClientToken, KeyId, TokenHash},
};
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    PARTNER_INSERT = "INSERT INTO partners (id, name, kind, stage, widget_id, contact_email, signature_key, policy, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (name) DO NOTHING";
    PARTNER_POLICY = "UPDATE partners SET policy = $1 WHERE id = $2";
    PARTNER_STAGE = "UPDATE partners SET stage = $1 WHERE id = $2";
    PARTNER_ABOUT = "UPDATE partners SET name = $1, kind = $2, contact_email = $3 WHERE id = $4";
    PARTNER_LOAD = "SELECT id, name, kind, stage, widget_id, contact_email, signature_key, policy FROM partners WHERE id = $1";
    PARTNER_LOCK = "SELECT id, name, kind, stage, widget_id, contact_email, signature_key, policy FROM partners WHERE id = $1", lock = " FOR NO KEY UPDATE";
    PARTNER_BY_WIDGET = "SELECT id, name, kind, stage, widget_id, contact_email, signature_key, policy FROM partners WHERE widget_id = $1";
    PARTNER_LIST = "SELECT id, name, kind, stage, widget_id, contact_email, signature_key, policy FROM partners WHERE (LOWER(name) LIKE LOWER($1) ESCAPE '\\' OR $1 IS NULL) AND id > $2 ORDER BY id LIMIT $3";
    PARTNER_NAMES = "SELECT id, name FROM partners ORDER BY id LIMIT $1";
    ORIGIN_INSERT = "INSERT INTO origins (partner_id, environment, origin) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    ORIGIN_LIST = "SELECT environment, origin FROM origins WHERE partner_id = $1 ORDER BY origin";
    ORIGIN_KNOWN = "SELECT environment, origin FROM origins WHERE origin = $1 LIMIT 1";
    RETURN_INSERT = "INSERT INTO return_links (partner_id, environment, link) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    RETURN_LIST = "SELECT link FROM return_links WHERE partner_id = $1 AND environment = $2 ORDER BY link";
    RETURN_DELETE = "DELETE FROM return_links WHERE partner_id = $1 AND environment = $2 AND link = $3";
    ORIGIN_DELETE = "DELETE FROM origins WHERE partner_id = $1 AND environment = $2 AND origin = $3";
    TOKEN_INSERT = "INSERT INTO tokens (key_id, partner_id, environment, hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    TOKEN_LOAD = "SELECT partner_id, hash, expires_at FROM tokens WHERE key_id = $1 AND environment = $2";
    TOKEN_LIST = "SELECT key_id, environment, created_at, expires_at, last_used_at, exposed_at, exposed_origin FROM tokens WHERE partner_id = $1 ORDER BY created_at, key_id LIMIT $2";
    TOKEN_ENDS = "SELECT expires_at FROM tokens WHERE key_id = $1";
    TOKEN_EXPIRE = "UPDATE tokens SET expires_at = $1 WHERE partner_id = $2 AND environment = $3 AND key_id <> $4 AND (expires_at IS NULL OR expires_at > $1)";
    TOKEN_REVOKE = "UPDATE tokens SET expires_at = $1 WHERE partner_id = $2 AND key_id = $3 AND (expires_at IS NULL OR expires_at > $1)";
    TOKEN_USED = "UPDATE tokens SET last_used_at = $1 WHERE key_id = $2 AND (last_used_at IS NULL OR last_used_at < $1)";
    TOKEN_EXPOSED = "UPDATE tokens SET exposed_at = $1, exposed_origin = $2 WHERE key_id = $3";
    WALLET_INSERT = "INSERT INTO wallets (partner_id, environment, asset, address, created_at) VALUES ($1, $2, $3, $4, $5)";
    WALLET_DELETE = "DELETE FROM wallets WHERE partner_id = $1 AND environment = $2 AND asset = $3";
    WALLET_LIST = "SELECT asset, address FROM wallets WHERE partner_id = $1 AND environment = $2 ORDER BY asset";
    WALLET_LOAD = "SELECT address FROM wallets WHERE partner_id = $1 AND environment = $2 AND asset = $3";
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

/// A partner where only its name matters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PartnerNamed {
    pub id: PartnerId,
    pub name: String,
}

#[derive(sqlx::FromRow)]
struct NamedRow {
    id: Uuid,
    name: String,
}

#[derive(sqlx::FromRow)]
struct ListedWallet {
    asset: String,
    address: String,
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
struct ReturnRow {
    link: String,
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

/// A token as its owner and operators see it: never its secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenListed {
    pub key_id: String,
    pub environment: Environment,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// To the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was last seen in a browser's request, and from which page.
    pub exposed_at: Option<Timestamp>,
    pub exposed_origin: Option<String>,
}

#[derive(sqlx::FromRow)]
struct TokenListedRow {
    key_id: String,
    environment: String,
    created_at: Time,
    expires_at: Option<Time>,
    last_used_at: Option<Time>,
    exposed_at: Option<Time>,
    exposed_origin: Option<String>,
}

impl TryFrom<TokenListedRow> for TokenListed {
    type Error = StoreError;

    fn try_from(row: TokenListedRow) -> Result<Self, StoreError> {
        let environment = Environment::parse(&row.environment).ok_or(StoreError::Row {
            table: "tokens",
            column: "environment",
            id: row.key_id.clone(),
        })?;
        Ok(Self {
            key_id: row.key_id,
            environment,
            created_at: row.created_at.0,
            expires_at: row.expires_at.map(|at| at.0),
            last_used_at: row.last_used_at.map(|at| at.0),
            exposed_at: row.exposed_at.map(|at| at.0),
            exposed_origin: row.exposed_origin,
        })
    }
}

#[derive(sqlx::FromRow)]
struct TokenColumns {
    partner_id: Uuid,
    hash: Vec<u8>,
    expires_at: Option<Time>,
}

#[derive(sqlx::FromRow)]
struct EndsRow {
    expires_at: Option<Time>,
}

#[derive(sqlx::FromRow)]
struct AddressRow {
    address: String,
}

impl Tx {
    /// `false`: another partner has this name.
    pub async fn partner_insert(
        &mut self,
        p: &Partner,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
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
        self.wake(Topic::Access);
        Ok(self.execute(PARTNER_INSERT, args).await? == 1)
    }

    pub async fn partner_load(&mut self, id: PartnerId) -> Result<Option<Partner>, StoreError> {
        let row: Option<PartnerRow> = self.fetch_optional(PARTNER_LOAD, args![id.uuid()]).await?;
        row.map(Partner::try_from).transpose()
    }

    /// Held until the end of this database transaction.
    pub async fn partner_lock(&mut self, id: PartnerId) -> Result<Option<Partner>, StoreError> {
        let row: Option<PartnerRow> = self.fetch_optional(PARTNER_LOCK, args![id.uuid()]).await?;
        row.map(Partner::try_from).transpose()
    }

    pub async fn partner_policy_save(
        &mut self,
        id: PartnerId,
        policy: &Policy,
    ) -> Result<(), StoreError> {
        let body = serde_json::to_value(policy).unwrap_or_default();
        self.execute_one("partners", PARTNER_POLICY, args![body, id.uuid()])
            .await
    }

    /// `false`: another partner has this name, and nothing more can be done in this database transaction.
    pub async fn partner_about_save(
        &mut self,
        id: PartnerId,
        (name, kind, contact_email): (&str, PartnerType, &str),
    ) -> Result<bool, StoreError> {
        let args = args![name, PartnerType::name(kind), contact_email, id.uuid()];
        self.wake(Topic::Access);
        match self.execute_one("partners", PARTNER_ABOUT, args).await {
            Ok(()) => Ok(true),
            Err(StoreError::Statement { source, .. })
                if source
                    .as_database_error()
                    .is_some_and(|error| error.is_unique_violation()) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    pub async fn partner_stage_save(
        &mut self,
        id: PartnerId,
        stage: Stage,
    ) -> Result<(), StoreError> {
        self.wake(Topic::Access);
        self.execute_one(
            "partners",
            PARTNER_STAGE,
            args![stage_name(stage), id.uuid()],
        )
        .await
    }

    pub async fn partner_by_widget(&mut self, id: Uuid) -> Result<Option<Partner>, StoreError> {
        let row: Option<PartnerRow> = self.fetch_optional(PARTNER_BY_WIDGET, args![id]).await?;
        row.map(Partner::try_from).transpose()
    }

    /// Operators only: every tenant's partners, oldest first; those after one, and with a text in their names.
    pub async fn partner_list(
        &mut self,
        text: Option<&str>,
        after: Option<PartnerId>,
        limit: i64,
    ) -> Result<Vec<Partner>, StoreError> {
        let after = after.map_or(Uuid::nil(), PartnerId::uuid);
        let args = args![within(text), after, limit];
        let rows: Vec<PartnerRow> = self.fetch_all(PARTNER_LIST, args).await?;
        rows.into_iter().map(Partner::try_from).collect()
    }

    /// All of them, however many they are.
    pub async fn partner_all(&mut self) -> Result<Vec<Partner>, StoreError> {
        /// Read at a time.
        const PAGE: i64 = 500;
        let mut all: Vec<Partner> = Vec::new();
        loop {
            let after = all.last().map(|partner| partner.id);
            let page = self.partner_list(None, after, PAGE).await?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    }

    /// What partners are called, the oldest first.
    pub async fn partner_names(&mut self, limit: i64) -> Result<Vec<PartnerNamed>, StoreError> {
        let rows: Vec<NamedRow> = self.fetch_all(PARTNER_NAMES, args![limit]).await?;
        let named = |row: NamedRow| PartnerNamed {
            id: PartnerId::from_uuid(row.id),
            name: row.name,
        };
        Ok(rows.into_iter().map(named).collect())
    }

    pub async fn origin_insert(
        &mut self,
        partner: PartnerId,
        environment: Environment,
        origin: &Origin,
    ) -> Result<(), StoreError> {
        let args = args![partner.uuid(), environment.name(), origin.as_str()];
        self.wake(Topic::Access);
        self.execute(ORIGIN_INSERT, args).await.map(drop)
    }

    /// `false`: it was not there.
    pub async fn origin_delete(
        &mut self,
        partner: PartnerId,
        environment: Environment,
        origin: &Origin,
    ) -> Result<bool, StoreError> {
        let args = args![partner.uuid(), environment.name(), origin.as_str()];
        self.wake(Topic::Access);
        Ok(self.execute(ORIGIN_DELETE, args).await? == 1)
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

    pub async fn return_insert(
        &mut self,
        partner: PartnerId,
        environment: Environment,
        link: &ReturnLink,
    ) -> Result<(), StoreError> {
        let args = args![partner.uuid(), environment.name(), link.as_str()];
        self.execute(RETURN_INSERT, args).await.map(drop)
    }

    /// `false`: it was not there.
    pub async fn return_delete(
        &mut self,
        partner: PartnerId,
        environment: Environment,
        link: &ReturnLink,
    ) -> Result<bool, StoreError> {
        let args = args![partner.uuid(), environment.name(), link.as_str()];
        Ok(self.execute(RETURN_DELETE, args).await? == 1)
    }

    /// Where the hosted page may send people back to.
    pub async fn return_list(
        &mut self,
        partner: PartnerId,
        environment: Environment,
    ) -> Result<Vec<ReturnLink>, StoreError> {
        let args = args![partner.uuid(), environment.name()];
        let rows: Vec<ReturnRow> = self.fetch_all(RETURN_LIST, args).await?;
        rows.into_iter()
            .map(|row| {
                ReturnLink::parse(&row.link).map_err(|_| StoreError::Row {
                    table: "return_links",
                    column: "link",
                    id: partner.to_string(),
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
        self.wake(Topic::Access);
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

    pub async fn wallet_delete(
        &mut self,
        partner: PartnerId,
        environment: Environment,
        asset: Asset,
    ) -> Result<(), StoreError> {
        let args = args![partner.uuid(), environment.name(), asset.to_string()];
        self.execute_one("wallets", WALLET_DELETE, args).await
    }

    /// A partner's wallets; what is no asset or address any more is an error.
    pub async fn wallet_list(
        &mut self,
        partner: PartnerId,
        environment: Environment,
    ) -> Result<Vec<(Asset, Address)>, StoreError> {
        let args = args![partner.uuid(), environment.name()];
        let rows: Vec<ListedWallet> = self.fetch_all(WALLET_LIST, args).await?;
        let read = rows.into_iter().map(|row| {
            let bad = |column| StoreError::Row {
                table: "wallets",
                column,
                id: partner.to_string(),
            };
            let asset: Asset = row.asset.parse().map_err(|_| bad("asset"))?;
            let address = Address::parse(asset.network(), &row.address);
            Ok((asset, address.map_err(|_| bad("address"))?))
        });
        read.collect()
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

    /// A partner's tokens, oldest first.
    pub async fn token_list(
        &mut self,
        partner: PartnerId,
        limit: i64,
    ) -> Result<Vec<TokenListed>, StoreError> {
        let rows: Vec<TokenListedRow> = self
            .fetch_all(TOKEN_LIST, args![partner.uuid(), limit])
            .await?;
        rows.into_iter().map(TokenListed::try_from).collect()
    }

    /// Lets all other tokens of this environment end at a moment; those that end earlier stay so.
    pub async fn token_expire_others(
        &mut self,
        partner: PartnerId,
        environment: Environment,
        kept: &KeyId,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let args = args![at, partner.uuid(), environment.name(), kept.as_str()];
        self.wake(Topic::Access);
        self.execute(TOKEN_EXPIRE, args).await
    }

    /// Ends a token; `false` when the partner has none of this name that still works.
    pub async fn token_revoke(
        &mut self,
        partner: PartnerId,
        key_id: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let args = args![now, partner.uuid(), key_id];
        self.wake(Topic::Access);
        Ok(self.execute(TOKEN_REVOKE, args).await? == 1)
    }

    /// When a token ends, if that is decided.
    pub async fn token_ends(&mut self, key_id: &str) -> Result<Option<Timestamp>, StoreError> {
        let row: Option<EndsRow> = self.fetch_optional(TOKEN_ENDS, args![key_id]).await?;
        Ok(row.and_then(|row| row.expires_at).map(|at| at.0))
    }

    pub async fn token_used(&mut self, key_id: &str, at: Timestamp) -> Result<(), StoreError> {
        self.execute(TOKEN_USED, args![at, key_id]).await.map(drop)
    }

    /// Notes that a browser's request carried this token.
    pub async fn token_exposed(
        &mut self,
        key_id: &str,
        origin: Option<&str>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let args = args![at, origin.map(str::to_owned), key_id];
        self.execute(TOKEN_EXPOSED, args).await.map(drop)
    }
}

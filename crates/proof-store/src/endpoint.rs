//! Where a partner's events go.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Time,
    statement::statements,
};
use proof_core::{
    Timestamp,
    id::{EndpointId, PartnerId},
    partner::Environment,
    secret::Secret,
};
use uuid::Uuid;

statements! {
    ENDPOINT_PUT = "INSERT INTO endpoints (id, partner_id, environment, url, secret, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (partner_id, environment) DO UPDATE SET url = excluded.url";
    ENDPOINT_AGAIN = "UPDATE endpoints SET url = $1, secret = $2, secret_previous = NULL, secret_previous_until = NULL, state = 'enabled', disabled_at = NULL, disabled_reason = NULL, failing_since = NULL, status_url = NULL, removed_at = NULL WHERE partner_id = $3 AND environment = $4 AND removed_at IS NOT NULL";
    ENDPOINT_REMOVE = "UPDATE endpoints SET state = 'disabled', disabled_at = $1, disabled_reason = 'removed', removed_at = $1 WHERE id = $2 AND removed_at IS NULL";
    ENDPOINT_OF_PARTNER = "SELECT id, partner_id, environment, url, secret, secret_previous, secret_previous_until, state, disabled_at, disabled_reason, failing_since, status_url FROM endpoints WHERE partner_id = $1 AND environment = $2 AND removed_at IS NULL";
    ENDPOINT_UNWELL = "SELECT COUNT(*) AS count FROM endpoints WHERE (failing_since IS NOT NULL OR state = 'disabled') AND removed_at IS NULL";
    ENDPOINT_LOAD = "SELECT id, partner_id, environment, url, secret, secret_previous, secret_previous_until, state, disabled_at, disabled_reason, failing_since, status_url FROM endpoints WHERE id = $1";
    ENDPOINT_FAILING = "UPDATE endpoints SET failing_since = $1 WHERE id = $2 AND failing_since IS NULL";
    ENDPOINT_WELL = "UPDATE endpoints SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL";
    ENDPOINT_DISABLE = "UPDATE endpoints SET state = 'disabled', disabled_at = $1, disabled_reason = $2 WHERE id = $3 AND state = 'enabled'";
    ENDPOINT_ENABLE = "UPDATE endpoints SET state = 'enabled', disabled_at = NULL, disabled_reason = NULL, failing_since = NULL WHERE id = $1";
    ENDPOINT_STATUS_URL = "UPDATE endpoints SET status_url = $1 WHERE id = $2";
    ENDPOINT_ROTATE = "UPDATE endpoints SET secret_previous = secret, secret_previous_until = $1, secret = $2 WHERE id = $3";
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EndpointState {
    Enabled,
    /// Nothing is sent until somebody enables it again.
    Disabled,
}

impl EndpointState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
        }
    }
}

#[derive(Clone, Debug)]
pub struct EndpointRow {
    pub id: EndpointId,
    pub partner: PartnerId,
    pub environment: Environment,
    pub url: String,
    pub secret: Secret,
    /// The secret before the present one, and until when both sign.
    pub secret_previous: Option<(Secret, Timestamp)>,
    pub state: EndpointState,
    pub disabled_at: Option<Timestamp>,
    pub disabled_reason: Option<String>,
    /// Since when no delivery went well.
    pub failing_since: Option<Timestamp>,
    /// Where the shop says how often an event had an effect.
    pub status_url: Option<String>,
}

pub struct EndpointNew<'a> {
    pub id: EndpointId,
    pub partner: PartnerId,
    pub environment: Environment,
    pub url: &'a str,
    pub secret: &'a Secret,
}

#[derive(sqlx::FromRow)]
struct CountRow {
    count: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    partner_id: Uuid,
    environment: String,
    url: String,
    secret: String,
    secret_previous: Option<String>,
    secret_previous_until: Option<Time>,
    state: String,
    disabled_at: Option<Time>,
    disabled_reason: Option<String>,
    failing_since: Option<Time>,
    status_url: Option<String>,
}

impl TryFrom<Row> for EndpointRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let bad = |column| StoreError::Row {
            table: "endpoints",
            column,
            id: row.id.to_string(),
        };
        let state = [EndpointState::Enabled, EndpointState::Disabled]
            .into_iter()
            .find(|state| state.name() == row.state)
            .ok_or_else(|| bad("state"))?;
        let environment = Environment::parse(&row.environment).ok_or_else(|| bad("environment"))?;
        let until = row.secret_previous_until.map(|at| at.0);
        Ok(Self {
            id: EndpointId::from_uuid(row.id),
            partner: PartnerId::from_uuid(row.partner_id),
            environment,
            url: row.url,
            secret: Secret::new(row.secret),
            secret_previous: row.secret_previous.map(Secret::new).zip(until),
            state,
            disabled_at: row.disabled_at.map(|at| at.0),
            disabled_reason: row.disabled_reason,
            failing_since: row.failing_since.map(|at| at.0),
            status_url: row.status_url,
        })
    }
}

impl Tx {
    /// Sets where a partner's events go; one that is there keeps its secret, one that was taken away
    /// does not.
    pub async fn endpoint_put(
        &mut self,
        endpoint: EndpointNew<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let again = args![
            endpoint.url,
            endpoint.secret.expose_secret(),
            endpoint.partner.uuid(),
            endpoint.environment.name(),
        ];
        if self.execute(ENDPOINT_AGAIN, again).await? == 1 {
            return Ok(());
        }
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

    pub async fn endpoint_of_partner(
        &mut self,
        partner: PartnerId,
        environment: Environment,
    ) -> Result<Option<EndpointRow>, StoreError> {
        let args = args![partner.uuid(), environment.name()];
        let row: Option<Row> = self.fetch_optional(ENDPOINT_OF_PARTNER, args).await?;
        row.map(EndpointRow::try_from).transpose()
    }

    /// Endpoints that do not take what is sent to them.
    pub async fn endpoint_unwell(&mut self) -> Result<i64, StoreError> {
        let row: Option<CountRow> = self.fetch_optional(ENDPOINT_UNWELL, args![]).await?;
        Ok(row.map_or(0, |row| row.count))
    }

    pub async fn endpoint_load(&mut self, id: EndpointId) -> Result<EndpointRow, StoreError> {
        let row: Option<Row> = self.fetch_optional(ENDPOINT_LOAD, args![id.uuid()]).await?;
        let missing = StoreError::Row {
            table: "endpoints",
            column: "id",
            id: id.to_string(),
        };
        row.ok_or(missing)?.try_into()
    }

    /// Notes how the latest try went: since when nothing went well, if nothing does.
    pub async fn endpoint_note(
        &mut self,
        id: EndpointId,
        well: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let done = if well {
            self.execute(ENDPOINT_WELL, args![id.uuid()]).await
        } else {
            self.execute(ENDPOINT_FAILING, args![now, id.uuid()]).await
        };
        done.map(drop)
    }

    /// Switches an endpoint off; `false` when it was off already.
    pub async fn endpoint_disable(
        &mut self,
        id: EndpointId,
        reason: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let args = args![now, reason, id.uuid()];
        Ok(self.execute(ENDPOINT_DISABLE, args).await? == 1)
    }

    pub async fn endpoint_enable(&mut self, id: EndpointId) -> Result<(), StoreError> {
        self.execute_one("endpoints", ENDPOINT_ENABLE, args![id.uuid()])
            .await
    }

    /// Takes an endpoint away. What was sent to it stays to be read.
    pub async fn endpoint_remove(
        &mut self,
        id: EndpointId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute_one("endpoints", ENDPOINT_REMOVE, args![now, id.uuid()])
            .await
    }

    /// `None`: a person confirms it instead.
    pub async fn endpoint_status_url(
        &mut self,
        id: EndpointId,
        url: Option<&str>,
    ) -> Result<(), StoreError> {
        let args = args![url.map(str::to_owned), id.uuid()];
        self.execute_one("endpoints", ENDPOINT_STATUS_URL, args)
            .await
    }

    /// Gives an endpoint a new secret; the one before signs beside it until `until`.
    pub async fn endpoint_rotate(
        &mut self,
        id: EndpointId,
        secret: &Secret,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let args = args![until, secret.expose_secret(), id.uuid()];
        self.execute_one("endpoints", ENDPOINT_ROTATE, args).await
    }
}

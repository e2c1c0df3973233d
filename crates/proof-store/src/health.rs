//! How much there is to do, and how old it is; and the copies of the database.

use crate::{
    db::{Tx, args},
    error::StoreError,
    order::StoredOrder,
    row::{Time, Versioned},
    statement::statements,
};
use proof_core::{
    Network, Timestamp,
    id::{BackupId, EndpointId, PartnerId},
    order::Order,
    partner::Environment,
};
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    OPEN_ORDERS = "SELECT side, state, COUNT(*) AS count, MIN(updated_at) AS oldest FROM orders WHERE state NOT IN ('completed', 'failed', 'cancelled', 'expired') GROUP BY side, state ORDER BY side, state";
    QUIET_ORDERS = "SELECT id, version, body, updated_at FROM orders WHERE state NOT IN ('completed', 'failed', 'cancelled', 'expired') AND state = $1 AND updated_at <= $2 ORDER BY updated_at LIMIT $3";
    DUE_JOBS = "SELECT kind, COUNT(*) AS count, MIN(run_at) AS oldest FROM jobs WHERE lease_until IS NULL AND run_at <= $1 GROUP BY kind ORDER BY kind";
    WAITING_DELIVERIES = "SELECT COUNT(*) AS count, MIN(created_at) AS oldest FROM deliveries WHERE state = 'pending'";
    FAILING_ENDPOINTS = "SELECT id, partner_id, environment, state, failing_since, disabled_at FROM endpoints WHERE (failing_since <= $1 OR state = 'disabled') AND removed_at IS NULL ORDER BY id LIMIT $2";
    SCANS = "SELECT environment, network, height, heard_at FROM chain_scans ORDER BY environment, network";
    BACKUP_INSERT = "INSERT INTO backups (id, place, taken_at, finished_at, bytes, verified_at, problem) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    BACKUP_LIST = "SELECT id, place, taken_at, finished_at, bytes, verified_at, problem FROM backups ORDER BY taken_at DESC LIMIT $1";
    BACKUP_GOOD = "SELECT id, place, taken_at, finished_at, bytes, verified_at, problem FROM backups WHERE problem IS NULL ORDER BY taken_at DESC LIMIT 1";
    BACKUP_PURGE = "DELETE FROM backups WHERE taken_at < $1";
}

/// What is open of one kind: how many, and since when the oldest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    pub count: i64,
    pub oldest: Option<Timestamp>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenOrders {
    pub side: String,
    pub state: String,
    pub waiting: Waiting,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DueJobs {
    pub kind: String,
    pub waiting: Waiting,
}

/// An endpoint at which nothing goes well, or that is switched off.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FailingEndpoint {
    pub id: EndpointId,
    pub partner: PartnerId,
    pub environment: Environment,
    pub since: Timestamp,
    pub disabled: bool,
}

/// How far the blocks of a network were read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScanPlace {
    pub environment: Environment,
    pub network: Network,
    pub height: u64,
    pub heard_at: Timestamp,
}

/// One try to copy the database to another place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BackupRow {
    pub id: BackupId,
    pub place: String,
    /// The moment that it is of.
    pub taken_at: Timestamp,
    pub finished_at: Timestamp,
    pub bytes: i64,
    pub verified_at: Option<Timestamp>,
    /// Why it is none.
    pub problem: Option<String>,
}

#[derive(sqlx::FromRow)]
struct OpenRow {
    side: String,
    state: String,
    count: i64,
    oldest: Option<Time>,
}

#[derive(sqlx::FromRow)]
struct QuietRow {
    id: Uuid,
    version: i64,
    body: Json<serde_json::Value>,
    updated_at: Time,
}

#[derive(sqlx::FromRow)]
struct DueRow {
    kind: String,
    count: i64,
    oldest: Option<Time>,
}

#[derive(sqlx::FromRow)]
struct CountRow {
    count: i64,
    oldest: Option<Time>,
}

#[derive(sqlx::FromRow)]
struct EndpointRow {
    id: Uuid,
    partner_id: Uuid,
    environment: String,
    state: String,
    failing_since: Option<Time>,
    disabled_at: Option<Time>,
}

#[derive(sqlx::FromRow)]
struct ScanRow {
    environment: String,
    network: String,
    height: i64,
    heard_at: Time,
}

#[derive(sqlx::FromRow)]
struct BackupSqlRow {
    id: Uuid,
    place: String,
    taken_at: Time,
    finished_at: Time,
    bytes: i64,
    verified_at: Option<Time>,
    problem: Option<String>,
}

impl From<BackupSqlRow> for BackupRow {
    fn from(row: BackupSqlRow) -> Self {
        Self {
            id: BackupId::from_uuid(row.id),
            place: row.place,
            taken_at: row.taken_at.0,
            finished_at: row.finished_at.0,
            bytes: row.bytes,
            verified_at: row.verified_at.map(|at| at.0),
            problem: row.problem,
        }
    }
}

impl TryFrom<EndpointRow> for FailingEndpoint {
    type Error = StoreError;

    fn try_from(row: EndpointRow) -> Result<Self, StoreError> {
        let bad = |column| StoreError::Row {
            table: "endpoints",
            column,
            id: row.id.to_string(),
        };
        let since = row.failing_since.or(row.disabled_at);
        Ok(Self {
            id: EndpointId::from_uuid(row.id),
            partner: PartnerId::from_uuid(row.partner_id),
            environment: Environment::parse(&row.environment).ok_or_else(|| bad("environment"))?,
            since: since.ok_or_else(|| bad("disabled_at"))?.0,
            disabled: row.state == "disabled",
        })
    }
}

impl TryFrom<ScanRow> for ScanPlace {
    type Error = StoreError;

    fn try_from(row: ScanRow) -> Result<Self, StoreError> {
        let bad = |column| StoreError::Row {
            table: "chain_scans",
            column,
            id: row.network.clone(),
        };
        Ok(Self {
            environment: Environment::parse(&row.environment).ok_or_else(|| bad("environment"))?,
            network: row.network.parse().map_err(|_| bad("network"))?,
            height: u64::try_from(row.height).map_err(|_| bad("height"))?,
            heard_at: row.heard_at.0,
        })
    }
}

impl Tx {
    /// Orders that have not ended, by side and state.
    pub async fn open_orders(&mut self) -> Result<Vec<OpenOrders>, StoreError> {
        let rows: Vec<OpenRow> = self.fetch_all(OPEN_ORDERS, args![]).await?;
        let open = |row: OpenRow| OpenOrders {
            side: row.side,
            state: row.state,
            waiting: waiting(row.count, row.oldest),
        };
        Ok(rows.into_iter().map(open).collect())
    }

    /// Orders of a state that nothing happened to since a moment, and when it last did.
    pub async fn quiet_orders(
        &mut self,
        state: &str,
        since: Timestamp,
        limit: i64,
    ) -> Result<Vec<(Order, Timestamp)>, StoreError> {
        let rows: Vec<QuietRow> = self
            .fetch_all(QUIET_ORDERS, args![state, since, limit])
            .await?;
        let order = |row: QuietRow| {
            let (id, version, body) = (row.id, row.version, row.body);
            let stored = StoredOrder::try_from(Versioned { id, version, body })?;
            Ok((stored.order, row.updated_at.0))
        };
        rows.into_iter().map(order).collect()
    }

    /// Jobs that nobody has taken yet, by kind.
    pub async fn due_jobs(&mut self, now: Timestamp) -> Result<Vec<DueJobs>, StoreError> {
        let rows: Vec<DueRow> = self.fetch_all(DUE_JOBS, args![now]).await?;
        let due = |row: DueRow| DueJobs {
            kind: row.kind,
            waiting: waiting(row.count, row.oldest),
        };
        Ok(rows.into_iter().map(due).collect())
    }

    pub async fn waiting_deliveries(&mut self) -> Result<Waiting, StoreError> {
        let row: Option<CountRow> = self.fetch_optional(WAITING_DELIVERIES, args![]).await?;
        Ok(row.map_or(waiting(0, None), |row| waiting(row.count, row.oldest)))
    }

    pub async fn failing_endpoints(
        &mut self,
        since: Timestamp,
        limit: i64,
    ) -> Result<Vec<FailingEndpoint>, StoreError> {
        let rows: Vec<EndpointRow> = self
            .fetch_all(FAILING_ENDPOINTS, args![since, limit])
            .await?;
        rows.into_iter().map(FailingEndpoint::try_from).collect()
    }

    pub async fn scan_places(&mut self) -> Result<Vec<ScanPlace>, StoreError> {
        let rows: Vec<ScanRow> = self.fetch_all(SCANS, args![]).await?;
        rows.into_iter().map(ScanPlace::try_from).collect()
    }

    pub async fn backup_insert(&mut self, backup: &BackupRow) -> Result<(), StoreError> {
        let args = args![
            backup.id.uuid(),
            backup.place.as_str(),
            backup.taken_at,
            backup.finished_at,
            backup.bytes,
            backup.verified_at,
            backup.problem.clone(),
        ];
        self.execute_one("backups", BACKUP_INSERT, args).await
    }

    /// The latest first.
    pub async fn backup_list(&mut self, limit: i64) -> Result<Vec<BackupRow>, StoreError> {
        let rows: Vec<BackupSqlRow> = self.fetch_all(BACKUP_LIST, args![limit]).await?;
        Ok(rows.into_iter().map(BackupRow::from).collect())
    }

    /// The last one that is whole.
    pub async fn backup_good(&mut self) -> Result<Option<BackupRow>, StoreError> {
        let row: Option<BackupSqlRow> = self.fetch_optional(BACKUP_GOOD, args![]).await?;
        Ok(row.map(BackupRow::from))
    }

    pub async fn backup_purge(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        self.execute(BACKUP_PURGE, args![before]).await
    }
}

fn waiting(count: i64, oldest: Option<Time>) -> Waiting {
    Waiting {
        count,
        oldest: oldest.map(|at| at.0),
    }
}

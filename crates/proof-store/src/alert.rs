//! What is wrong with the installation, and whether its database can be written.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Time,
    statement::statements,
};
use proof_core::{
    Timestamp,
    alert::{Alert, AlertKind, OpenAlert},
    id::AlertId,
};
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    ALERT_INSERT = "INSERT INTO alerts (id, kind, subject, facts, opened_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    ALERT_ACKNOWLEDGE = "UPDATE alerts SET acknowledged_by = $1, acknowledged_at = $2, acknowledged_note = $3 WHERE id = $4 AND closed_at IS NULL";
    ALERT_CLOSE = "UPDATE alerts SET closed_at = $1 WHERE id = $2 AND closed_at IS NULL";
    ALERT_OPEN = "SELECT id, kind, subject, facts, opened_at, closed_at, acknowledged_by, acknowledged_at, acknowledged_note FROM alerts WHERE closed_at IS NULL ORDER BY opened_at, id LIMIT $1";
    ALERT_CLOSED = "SELECT id, kind, subject, facts, opened_at, closed_at, acknowledged_by, acknowledged_at, acknowledged_note FROM alerts WHERE closed_at IS NOT NULL ORDER BY opened_at DESC, id DESC LIMIT $1";
    ALERT_PURGE = "DELETE FROM alerts WHERE closed_at < $1";
    HEARTBEAT_SAVE = "INSERT INTO heartbeats (name, at) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET at = excluded.at";
}

/// An alert as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredAlert {
    pub id: AlertId,
    pub alert: Alert,
    pub opened_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    /// Who has it in hand: of this row alone, so that the next one of the same trouble begins anew.
    pub acknowledged: Option<InHand>,
}

/// Somebody has said that they have an alert in hand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InHand {
    pub by: String,
    pub at: Timestamp,
    pub note: String,
}

impl StoredAlert {
    pub fn open(&self) -> OpenAlert {
        OpenAlert {
            id: self.id,
            kind: self.alert.kind(),
            subject: self.alert.subject(),
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    kind: String,
    subject: String,
    facts: Json<serde_json::Value>,
    opened_at: Time,
    closed_at: Option<Time>,
    acknowledged_by: Option<String>,
    acknowledged_at: Option<Time>,
    acknowledged_note: Option<String>,
}

impl TryFrom<Row> for StoredAlert {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let bad = |column| StoreError::Row {
            table: "alerts",
            column,
            id: row.id.to_string(),
        };
        let kind = AlertKind::parse(&row.kind).ok_or_else(|| bad("kind"))?;
        let alert: Alert = serde_json::from_value(row.facts.0.clone()).map_err(|_| bad("facts"))?;
        if alert.kind() != kind || alert.subject() != row.subject {
            return Err(bad("facts"));
        }
        let said = row.acknowledged_by.zip(row.acknowledged_at);
        let note = row.acknowledged_note.unwrap_or_default();
        Ok(Self {
            id: AlertId::from_uuid(row.id),
            alert,
            acknowledged: said.map(|(by, at)| InHand { by, at: at.0, note }),
            opened_at: row.opened_at.0,
            closed_at: row.closed_at.map(|at| at.0),
        })
    }
}

impl Tx {
    /// `false`: another server has opened it.
    pub async fn alert_open(
        &mut self,
        id: AlertId,
        alert: &Alert,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let facts = serde_json::to_value(alert).unwrap_or_default();
        let args = args![id.uuid(), alert.kind().name(), alert.subject(), facts, now];
        Ok(self.execute(ALERT_INSERT, args).await? == 1)
    }

    /// Notes who has it in hand; `false`: it is over.
    pub async fn alert_acknowledge(
        &mut self,
        id: AlertId,
        (by, note): (&str, &str),
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let args = args![by, now, note, id.uuid()];
        Ok(self.execute(ALERT_ACKNOWLEDGE, args).await? == 1)
    }

    /// `false`: it was closed already, and stays so.
    pub async fn alert_close(&mut self, id: AlertId, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.execute(ALERT_CLOSE, args![now, id.uuid()]).await? == 1)
    }

    /// The oldest first.
    pub async fn alerts_open(&mut self, limit: i64) -> Result<Vec<StoredAlert>, StoreError> {
        let rows: Vec<Row> = self.fetch_all(ALERT_OPEN, args![limit]).await?;
        rows.into_iter().map(StoredAlert::try_from).collect()
    }

    /// The latest first.
    pub async fn alerts_closed(&mut self, limit: i64) -> Result<Vec<StoredAlert>, StoreError> {
        let rows: Vec<Row> = self.fetch_all(ALERT_CLOSED, args![limit]).await?;
        rows.into_iter().map(StoredAlert::try_from).collect()
    }

    pub async fn alert_purge(&mut self, closed_before: Timestamp) -> Result<u64, StoreError> {
        self.execute(ALERT_PURGE, args![closed_before]).await
    }

    /// Shows that the database can be written.
    pub async fn heartbeat_save(&mut self, name: &str, now: Timestamp) -> Result<(), StoreError> {
        let args = args![name, now];
        self.execute(HEARTBEAT_SAVE, args).await.map(drop)
    }
}

//! What was taken over after a restore.

use crate::{
    db::{Tx, args},
    error::StoreError,
    order::StoredOrder,
    row::Versioned,
    row::{Time, Units},
    statement::statements,
};
use proof_core::{
    Address, Timestamp,
    id::{EntryId, IntentId, OrderId},
    operator::OperatorName,
    partner::Environment,
};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    RECOVERY_SAVE = "INSERT INTO recoveries (epoch, accepted_by, accepted_at, digest, report) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (epoch) DO UPDATE SET accepted_by = excluded.accepted_by, accepted_at = excluded.accepted_at, digest = excluded.digest, report = excluded.report";
    RECOVERY_LAST = "SELECT epoch, accepted_by, accepted_at, digest, report FROM recoveries ORDER BY epoch DESC LIMIT 1";
    KEPT_APART_INSERT = "INSERT INTO kept_apart (environment, subject, order_id, kind, unit, amount, entry_id, kept_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    KEPT_APART_LIST = "SELECT subject, order_id, kind, unit, amount FROM kept_apart WHERE environment = $1 AND subject > $2 ORDER BY subject LIMIT $3";
    KEPT_APART_OF_ORDER = "SELECT subject, order_id, kind, unit, amount FROM kept_apart WHERE environment = $1 AND order_id = $2";
    ORDER_OPEN_PAGE = "SELECT id, version, body FROM orders WHERE environment = $1 AND status IN ('pending', 'processing') AND id > $2 ORDER BY id LIMIT $3";
    NONCE_CLAIM = "INSERT INTO nonces (network, sender, nonce, intent_id) VALUES ($1, $2, $3, $4) ON CONFLICT (network, sender, nonce) DO UPDATE SET intent_id = excluded.intent_id";
    NONCE_FILL = "INSERT INTO nonces (network, sender, nonce, intent_id) VALUES ($1, $2, $3, NULL) ON CONFLICT DO NOTHING";
    COIN_CLAIM = "INSERT INTO coins (network, hash, position, intent_id) VALUES ($1, $2, $3, $4) ON CONFLICT (network, hash, position) DO UPDATE SET intent_id = excluded.intent_id";
}

/// An owner's word about a restore.
#[derive(Clone, Debug)]
pub struct RecoveryRow {
    pub epoch: i64,
    pub accepted_by: OperatorName,
    pub accepted_at: Timestamp,
    /// Of what they saw.
    pub digest: String,
    pub report: Value,
}

/// What was moved under an order that the database does not know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptApart {
    /// The same thing has the same subject at every look.
    pub subject: String,
    pub order: OrderId,
    /// `capture`, `refund`, `pay_out`, `transfer` or `deposit`.
    pub kind: String,
    pub unit: String,
    pub amount: i128,
}

#[derive(sqlx::FromRow)]
struct Row {
    epoch: i64,
    accepted_by: String,
    accepted_at: Time,
    digest: String,
    report: Json<Value>,
}

#[derive(sqlx::FromRow)]
struct KeptRow {
    subject: String,
    order_id: Uuid,
    kind: String,
    unit: String,
    amount: Units,
}

impl TryFrom<Row> for RecoveryRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let accepted_by = row.accepted_by.parse().map_err(|_| StoreError::Row {
            table: "recoveries",
            column: "accepted_by",
            id: row.epoch.to_string(),
        })?;
        Ok(Self {
            epoch: row.epoch,
            accepted_by,
            accepted_at: row.accepted_at.0,
            digest: row.digest,
            report: row.report.0,
        })
    }
}

impl From<KeptRow> for KeptApart {
    fn from(row: KeptRow) -> Self {
        Self {
            subject: row.subject,
            order: OrderId::from_uuid(row.order_id),
            kind: row.kind,
            unit: row.unit,
            amount: row.amount.0,
        }
    }
}

impl Tx {
    pub async fn recovery_save(&mut self, row: &RecoveryRow) -> Result<(), StoreError> {
        let args = args![
            row.epoch,
            row.accepted_by.as_str(),
            row.accepted_at,
            row.digest.as_str(),
            row.report.clone(),
        ];
        self.execute_one("recoveries", RECOVERY_SAVE, args).await
    }

    /// The last restore that was accepted.
    pub async fn recovery_last(&mut self) -> Result<Option<RecoveryRow>, StoreError> {
        let row: Option<Row> = self.fetch_optional(RECOVERY_LAST, args![]).await?;
        row.map(RecoveryRow::try_from).transpose()
    }

    pub async fn kept_apart_insert(
        &mut self,
        environment: Environment,
        kept: &KeptApart,
        entry: EntryId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let args = args![
            environment.name(),
            kept.subject.as_str(),
            kept.order.uuid(),
            kept.kind.as_str(),
            kept.unit.as_str(),
            kept.amount,
            entry.uuid(),
            now,
        ];
        self.execute_one("kept_apart", KEPT_APART_INSERT, args)
            .await
    }

    /// All of it, page by page.
    pub async fn kept_apart_list(
        &mut self,
        environment: Environment,
        after: &str,
        limit: i64,
    ) -> Result<Vec<KeptApart>, StoreError> {
        let args = args![environment.name(), after, limit];
        let rows: Vec<KeptRow> = self.fetch_all(KEPT_APART_LIST, args).await?;
        Ok(rows.into_iter().map(KeptApart::from).collect())
    }

    pub async fn kept_apart_of_order(
        &mut self,
        environment: Environment,
        order: OrderId,
    ) -> Result<Vec<KeptApart>, StoreError> {
        let args = args![environment.name(), order.uuid()];
        let rows: Vec<KeptRow> = self.fetch_all(KEPT_APART_OF_ORDER, args).await?;
        Ok(rows.into_iter().map(KeptApart::from).collect())
    }

    /// Orders that have not ended, page by page.
    pub async fn order_open_page(
        &mut self,
        environment: Environment,
        after: OrderId,
        limit: i64,
    ) -> Result<Vec<StoredOrder>, StoreError> {
        let args = args![environment.name(), after.uuid(), limit];
        let rows: Vec<Versioned> = self.fetch_all(ORDER_OPEN_PAGE, args).await?;
        rows.into_iter().map(StoredOrder::try_from).collect()
    }

    /// What the signer spent under an intent is that intent's, whatever the backup says.
    pub async fn nonce_claim(
        &mut self,
        sender: &Address,
        nonce: u64,
        intent: IntentId,
    ) -> Result<(), StoreError> {
        let network = sender.network().name();
        let args = args![
            network,
            sender.as_str(),
            number(sender, nonce)?,
            intent.uuid()
        ];
        self.execute(NONCE_CLAIM, args).await.map(drop)
    }

    /// A number that was promised after the backup and never signed: the chain waits for it.
    pub async fn nonce_fill(&mut self, sender: &Address, nonce: u64) -> Result<(), StoreError> {
        let network = sender.network().name();
        let args = args![network, sender.as_str(), number(sender, nonce)?];
        self.execute(NONCE_FILL, args).await.map(drop)
    }

    pub async fn coin_claim(
        &mut self,
        network: &str,
        (hash, position): (&str, u32),
        intent: IntentId,
    ) -> Result<(), StoreError> {
        let args = args![network, hash, i64::from(position), intent.uuid()];
        self.execute(COIN_CLAIM, args).await.map(drop)
    }
}

fn number(sender: &Address, nonce: u64) -> Result<i64, StoreError> {
    i64::try_from(nonce).map_err(|_| StoreError::Row {
        table: "nonces",
        column: "nonce",
        id: sender.to_string(),
    })
}

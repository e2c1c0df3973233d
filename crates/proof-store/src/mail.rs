//! Letters to users: written down with what caused them, sent by a job.

use crate::{
    db::{Tx, args},
    error::StoreError,
    statement::statements,
};
use proof_core::{
    Timestamp,
    id::{MailId, OrderId},
    mail::Letter,
};
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    MAIL_INSERT = "INSERT INTO mails (id, order_id, topic, state, body, attempts, created_at, updated_at) VALUES ($1, $2, $3, 'due', $4, 0, $5, $5) ON CONFLICT (order_id, topic) DO NOTHING";
    MAIL_LOAD = "SELECT id, order_id, state, body, attempts FROM mails WHERE id = $1";
    MAIL_SAVE = "UPDATE mails SET state = $1, attempts = $2, updated_at = $3 WHERE id = $4 AND state = 'due'";
}

/// What became of a letter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MailState {
    Due,
    Sent,
    /// It had nothing to say any more when its time came.
    Skipped,
    /// The mail server said no, or nothing, for too long.
    Failed,
}

impl MailState {
    const ALL: [Self; 4] = [Self::Due, Self::Sent, Self::Skipped, Self::Failed];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Sent => "sent",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MailRow {
    pub id: MailId,
    pub order: OrderId,
    pub state: MailState,
    pub letter: Letter,
    /// How often it was tried to send it.
    pub attempts: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    order_id: Uuid,
    state: String,
    body: Json<serde_json::Value>,
    attempts: i64,
}

impl TryFrom<Row> for MailRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let bad = |column| StoreError::Row {
            table: "mails",
            column,
            id: row.id.to_string(),
        };
        let state = MailState::ALL.into_iter().find(|s| s.name() == row.state);
        Ok(Self {
            id: MailId::from_uuid(row.id),
            order: OrderId::from_uuid(row.order_id),
            state: state.ok_or_else(|| bad("state"))?,
            letter: serde_json::from_value(row.body.0).map_err(|_| bad("body"))?,
            attempts: row.attempts,
        })
    }
}

impl Tx {
    /// `false`: the same was written already.
    pub async fn mail_insert(
        &mut self,
        id: MailId,
        order: OrderId,
        topic: &str,
        letter: &Letter,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let body = serde_json::to_value(letter).unwrap_or_default();
        let args = args![id.uuid(), order.uuid(), topic, body, now];
        Ok(self.execute(MAIL_INSERT, args).await? == 1)
    }

    /// For the worker that sends it.
    pub async fn mail_load(&mut self, id: MailId) -> Result<Option<MailRow>, StoreError> {
        let row: Option<Row> = self.fetch_optional(MAIL_LOAD, args![id.uuid()]).await?;
        row.map(MailRow::try_from).transpose()
    }

    /// What came of a try. One that somebody else has ended stays as it is.
    pub async fn mail_save(
        &mut self,
        id: MailId,
        state: MailState,
        attempts: i64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let args = args![state.name(), attempts, now, id.uuid()];
        self.execute(MAIL_SAVE, args).await.map(drop)
    }
}

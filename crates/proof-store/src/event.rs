//! What happened to an order, in order.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Time,
    statement::statements,
};
use proof_core::{
    Timestamp,
    id::{EventId, OrderId},
    order::NewEvent,
};
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    EVENT_INSERT = "INSERT INTO events (id, order_id, sequence, kind, body, occurred_at) VALUES ($1, $2, $3, $4, $5, $6)";
    EVENT_LIST = "SELECT id, sequence, kind, body, occurred_at FROM events WHERE order_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
}

#[derive(Clone, Debug)]
pub struct EventRow {
    pub id: EventId,
    pub sequence: i64,
    pub kind: String,
    pub body: serde_json::Value,
    pub occurred_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    sequence: i64,
    kind: String,
    body: Json<serde_json::Value>,
    occurred_at: Time,
}

impl Tx {
    pub async fn event_insert(
        &mut self,
        id: EventId,
        order: OrderId,
        event: &NewEvent,
    ) -> Result<(), StoreError> {
        let kind = event.kind.name();
        let body = event.body.clone();
        let args = args![
            id.uuid(),
            order.uuid(),
            event.sequence,
            kind,
            body,
            event.occurred_at
        ];
        self.execute_one("events", EVENT_INSERT, args).await
    }

    /// Events after a number, oldest first.
    pub async fn event_list(
        &mut self,
        order: OrderId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<EventRow>, StoreError> {
        let rows: Vec<Row> = self
            .fetch_all(EVENT_LIST, args![order.uuid(), after, limit])
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| EventRow {
                id: EventId::from_uuid(row.id),
                sequence: row.sequence,
                kind: row.kind,
                body: row.body.0,
                occurred_at: row.occurred_at.0,
            })
            .collect())
    }
}

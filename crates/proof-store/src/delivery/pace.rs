//! How long deliveries took until they were accepted, and how often they were tried.

use super::DeliveryState;
use crate::{
    db::{Tx, args},
    error::StoreError,
    row::{Time, first_id},
    statement::statements,
};
use proof_core::{Timestamp, id::EndpointId};
use uuid::Uuid;

statements! {
    // The first try that was accepted: one that somebody sent again later says nothing of how long it took.
    DELIVERY_PACE = "SELECT d.id, d.created_at, d.state, d.attempts, a.number, a.started_at, a.duration_ms FROM (SELECT id, created_at, state, attempts FROM deliveries WHERE endpoint_id = $1 AND id >= $2 AND id < $3 ORDER BY id DESC LIMIT $4) d LEFT JOIN attempts a ON a.delivery_id = d.id AND a.number = (SELECT MIN(s.number) FROM attempts s WHERE s.delivery_id = d.id AND s.status >= 200 AND s.status < 300)";
}

/// One event that was put on its way, and what came of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PacedDelivery {
    pub state: DeliveryState,
    /// Tries until it was accepted, or so far.
    pub tries: i64,
    /// From the event to the end of the answer that accepted it.
    pub took_ms: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    created_at: Time,
    state: String,
    attempts: i64,
    number: Option<i64>,
    started_at: Option<Time>,
    duration_ms: Option<i64>,
}

impl TryFrom<Row> for PacedDelivery {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let state = DeliveryState::parse(&row.state).ok_or_else(|| StoreError::Row {
            table: "deliveries",
            column: "state",
            id: row.id.to_string(),
        })?;
        let accepted = row.started_at.zip(row.duration_ms);
        let took = accepted.map(|(started, took)| {
            let answered = started.0.plus_millis(took);
            answered.millis_since(row.created_at.0).max(0)
        });
        Ok(Self {
            state,
            tries: row.number.unwrap_or(row.attempts),
            took_ms: took,
        })
    }
}

impl Tx {
    /// The latest of an endpoint's deliveries that were made from a moment on, and before another one.
    pub async fn delivery_pace(
        &mut self,
        endpoint: EndpointId,
        (from, below): (Timestamp, Timestamp),
        limit: i64,
    ) -> Result<Vec<PacedDelivery>, StoreError> {
        let args = args![endpoint.uuid(), first_id(from), first_id(below), limit];
        let rows: Vec<Row> = self.fetch_all(DELIVERY_PACE, args).await?;
        rows.into_iter().map(PacedDelivery::try_from).collect()
    }
}

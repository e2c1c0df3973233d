//! Events on their way to a partner's webhook endpoint, and every try to get one there.

pub(crate) mod pace;

pub use pace::PacedDelivery;

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Time,
    statement::statements,
};
use proof_core::{
    Timestamp,
    id::{DeliveryId, EndpointId, EventId, OrderId},
};
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    DELIVERY_INSERT = "INSERT INTO deliveries (id, endpoint_id, order_id, event_id, sequence, body, state, attempts, next_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9) ON CONFLICT (endpoint_id, event_id) DO NOTHING";
    DELIVERY_DUE = "SELECT id, endpoint_id, order_id, event_id, sequence, body, state, attempts, next_at, first_tried_at, created_at FROM deliveries WHERE endpoint_id = $1 AND next_at <= $2 ORDER BY next_at, sequence LIMIT $3";
    DELIVERY_NEXT = "SELECT next_at FROM deliveries WHERE endpoint_id = $1 AND next_at IS NOT NULL ORDER BY next_at LIMIT 1";
    DELIVERY_PENDING = "SELECT id, endpoint_id, order_id, event_id, sequence, body, state, attempts, next_at, first_tried_at, created_at FROM deliveries WHERE order_id = $1 AND endpoint_id = $2 AND state = 'pending' ORDER BY sequence LIMIT $3";
    DELIVERY_SAVE = "UPDATE deliveries SET state = $1, attempts = $2, next_at = $3, first_tried_at = $4 WHERE id = $5 AND next_at = $6";
    DELIVERY_AGAIN = "UPDATE deliveries SET state = 'pending', attempts = 0, first_tried_at = NULL, next_at = $1 WHERE id = $2";
    DELIVERY_RELEASE = "UPDATE deliveries SET next_at = $1 WHERE order_id = $2 AND endpoint_id = $3 AND state = 'pending'";
    DELIVERY_STOP = "UPDATE deliveries SET state = 'failed', next_at = NULL WHERE endpoint_id = $1 AND state = 'pending'";
    DELIVERY_LOAD = "SELECT id, endpoint_id, order_id, event_id, sequence, body, state, attempts, next_at, first_tried_at, created_at FROM deliveries WHERE endpoint_id = $1 AND id = $2";
    DELIVERY_TAKEN = "SELECT id, endpoint_id, order_id, event_id, sequence, body, state, attempts, next_at, first_tried_at, created_at FROM deliveries WHERE endpoint_id = $1 AND state = 'delivered' AND order_id IS NOT NULL ORDER BY id DESC LIMIT 1";
    DELIVERY_LIST = "SELECT id, endpoint_id, order_id, event_id, sequence, body, state, attempts, next_at, first_tried_at, created_at FROM deliveries WHERE endpoint_id = $1 AND id < $2 AND (state = $4 OR $4 IS NULL) ORDER BY id DESC LIMIT $3";
    DELIVERY_OF_ORDER = "SELECT id, endpoint_id, order_id, event_id, sequence, body, state, attempts, next_at, first_tried_at, created_at FROM deliveries WHERE order_id = $5 AND endpoint_id = $1 AND id < $2 AND (state = $4 OR $4 IS NULL) ORDER BY id DESC LIMIT $3";
    DELIVERY_RECOVER = "UPDATE deliveries SET state = 'pending', attempts = 0, first_tried_at = NULL, next_at = $1 WHERE endpoint_id = $2 AND state IN ('failed', 'superseded') AND created_at >= $3 AND created_at < $4 AND NOT EXISTS (SELECT 1 FROM deliveries n WHERE n.order_id = deliveries.order_id AND n.endpoint_id = deliveries.endpoint_id AND n.sequence > deliveries.sequence AND n.state = 'delivered')";
    ATTEMPT_INSERT = "INSERT INTO attempts (delivery_id, number, url, started_at, duration_ms, status, headers, body_start, error) VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM attempts WHERE delivery_id = $1), $2, $3, $4, $5, $6, $7, $8)";
    ATTEMPT_LIST = "SELECT number, url, started_at, duration_ms, status, headers, body_start, error FROM attempts WHERE delivery_id = $1 ORDER BY number DESC LIMIT $2";
    ATTEMPT_RECENT = "SELECT d.order_id, d.body, a.started_at, a.duration_ms, a.status, a.error FROM (SELECT id, order_id, body FROM deliveries WHERE endpoint_id = $1 ORDER BY id DESC LIMIT $2) d JOIN attempts a ON a.delivery_id = d.id ORDER BY a.started_at DESC, a.number DESC LIMIT $2";
    ATTEMPT_PURGE = "DELETE FROM attempts WHERE started_at < $1";
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeliveryState {
    Pending,
    Delivered,
    /// A newer status went out in its place.
    Superseded,
    /// Tried for days, or the endpoint is switched off.
    Failed,
}

impl DeliveryState {
    pub const ALL: [Self; 4] = [
        Self::Pending,
        Self::Delivered,
        Self::Superseded,
        Self::Failed,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeliveryRow {
    pub id: DeliveryId,
    pub endpoint: EndpointId,
    /// None for a test event.
    pub order: Option<OrderId>,
    pub event: EventId,
    pub sequence: i64,
    pub body: String,
    pub state: DeliveryState,
    /// Tries since it was last put on its way.
    pub attempts: i64,
    /// When it is looked at again; none when it is not pending.
    pub next_at: Option<Timestamp>,
    pub first_tried_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// One try, as its log shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AttemptRow {
    pub number: i64,
    pub url: String,
    pub started_at: Timestamp,
    pub duration_ms: i64,
    /// None when there was no answer.
    pub status: Option<i64>,
    pub headers: Option<serde_json::Value>,
    pub body_start: Option<String>,
    pub error: Option<String>,
}

/// One try, and what it carried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecentAttempt {
    pub order: Option<OrderId>,
    pub body: String,
    pub started_at: Timestamp,
    pub duration_ms: i64,
    pub status: Option<i64>,
    pub error: Option<String>,
}

/// Which deliveries of an endpoint are asked for, newest first.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryFilter {
    pub before: DeliveryId,
    pub order: Option<OrderId>,
    pub state: Option<DeliveryState>,
}

#[derive(sqlx::FromRow)]
struct RecentRow {
    order_id: Option<Uuid>,
    body: String,
    started_at: Time,
    duration_ms: i64,
    status: Option<i64>,
    error: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    endpoint_id: Uuid,
    order_id: Option<Uuid>,
    event_id: Uuid,
    sequence: i64,
    body: String,
    state: String,
    attempts: i64,
    next_at: Option<Time>,
    first_tried_at: Option<Time>,
    created_at: Time,
}

#[derive(sqlx::FromRow)]
struct NextRow {
    next_at: Time,
}

#[derive(sqlx::FromRow)]
struct AttemptColumns {
    number: i64,
    url: String,
    started_at: Time,
    duration_ms: i64,
    status: Option<i64>,
    headers: Option<Json<serde_json::Value>>,
    body_start: Option<String>,
    error: Option<String>,
}

impl TryFrom<Row> for DeliveryRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let state = DeliveryState::parse(&row.state).ok_or_else(|| StoreError::Row {
            table: "deliveries",
            column: "state",
            id: row.id.to_string(),
        })?;
        Ok(Self {
            id: DeliveryId::from_uuid(row.id),
            endpoint: EndpointId::from_uuid(row.endpoint_id),
            order: row.order_id.map(OrderId::from_uuid),
            event: EventId::from_uuid(row.event_id),
            sequence: row.sequence,
            body: row.body,
            state,
            attempts: row.attempts,
            next_at: row.next_at.map(|at| at.0),
            first_tried_at: row.first_tried_at.map(|at| at.0),
            created_at: row.created_at.0,
        })
    }
}

impl From<AttemptColumns> for AttemptRow {
    fn from(row: AttemptColumns) -> Self {
        Self {
            number: row.number,
            url: row.url,
            started_at: row.started_at.0,
            duration_ms: row.duration_ms,
            status: row.status,
            headers: row.headers.map(|json| json.0),
            body_start: row.body_start,
            error: row.error,
        }
    }
}

fn rows(rows: Vec<Row>) -> Result<Vec<DeliveryRow>, StoreError> {
    rows.into_iter().map(DeliveryRow::try_from).collect()
}

impl Tx {
    /// Puts an event on its way; `false` when it was on its way already.
    pub async fn delivery_insert(&mut self, row: &DeliveryRow) -> Result<bool, StoreError> {
        let args = args![
            row.id.uuid(),
            row.endpoint.uuid(),
            row.order.map(OrderId::uuid),
            row.event.uuid(),
            row.sequence,
            row.body.as_str(),
            row.state.name(),
            row.next_at,
            row.created_at,
        ];
        Ok(self.execute(DELIVERY_INSERT, args).await? == 1)
    }

    /// What an endpoint is owed now, longest due first.
    pub async fn delivery_due(
        &mut self,
        endpoint: EndpointId,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        let args = args![endpoint.uuid(), now, limit];
        rows(self.fetch_all(DELIVERY_DUE, args).await?)
    }

    /// When the next delivery of an endpoint falls due.
    pub async fn delivery_next(
        &mut self,
        endpoint: EndpointId,
    ) -> Result<Option<Timestamp>, StoreError> {
        let row: Option<NextRow> = self
            .fetch_optional(DELIVERY_NEXT, args![endpoint.uuid()])
            .await?;
        Ok(row.map(|row| row.next_at.0))
    }

    /// An order's events that still have to go to an endpoint, oldest first.
    pub async fn delivery_pending(
        &mut self,
        order: OrderId,
        endpoint: EndpointId,
        limit: i64,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        let args = args![order.uuid(), endpoint.uuid(), limit];
        rows(self.fetch_all(DELIVERY_PENDING, args).await?)
    }

    /// Saves over the delivery that was taken when it was due at `taken_at`; `false` when it was put
    /// on its way anew, or stopped, in the meantime.
    pub async fn delivery_save(
        &mut self,
        row: &DeliveryRow,
        taken_at: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        let args = args![
            row.state.name(),
            row.attempts,
            row.next_at,
            row.first_tried_at,
            row.id.uuid(),
            taken_at,
        ];
        Ok(self.execute(DELIVERY_SAVE, args).await? == 1)
    }

    /// Puts one delivery on its way again, whatever became of it.
    pub async fn delivery_again(
        &mut self,
        id: DeliveryId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute_one("deliveries", DELIVERY_AGAIN, args![now, id.uuid()])
            .await
    }

    /// Lets what an order's finished delivery held back be looked at.
    pub async fn delivery_release(
        &mut self,
        order: OrderId,
        endpoint: EndpointId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let args = args![now, order.uuid(), endpoint.uuid()];
        self.execute(DELIVERY_RELEASE, args).await.map(drop)
    }

    /// Gives up all that an endpoint is owed; it can be recovered by hand.
    pub async fn delivery_stop(&mut self, endpoint: EndpointId) -> Result<u64, StoreError> {
        self.execute(DELIVERY_STOP, args![endpoint.uuid()]).await
    }

    pub async fn delivery_load(
        &mut self,
        endpoint: EndpointId,
        id: DeliveryId,
    ) -> Result<Option<DeliveryRow>, StoreError> {
        let args = args![endpoint.uuid(), id.uuid()];
        let row: Option<Row> = self.fetch_optional(DELIVERY_LOAD, args).await?;
        row.map(DeliveryRow::try_from).transpose()
    }

    /// The newest that was taken and is about an order: what a test event says happens once anyway.
    pub async fn delivery_taken(
        &mut self,
        endpoint: EndpointId,
    ) -> Result<Option<DeliveryRow>, StoreError> {
        let row: Option<Row> = self
            .fetch_optional(DELIVERY_TAKEN, args![endpoint.uuid()])
            .await?;
        row.map(DeliveryRow::try_from).transpose()
    }

    /// An endpoint's deliveries, newest first.
    pub async fn delivery_list(
        &mut self,
        endpoint: EndpointId,
        filter: DeliveryFilter,
        limit: i64,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        let mut args = args![
            endpoint.uuid(),
            filter.before.uuid(),
            limit,
            filter.state.map(|state| state.name().to_owned()),
        ];
        let statement = match filter.order {
            None => DELIVERY_LIST,
            Some(order) => {
                args.extend(args![order.uuid()]);
                DELIVERY_OF_ORDER
            }
        };
        rows(self.fetch_all(statement, args).await?)
    }

    /// Puts on its way again what did not arrive of a range of time, unless a newer status of the
    /// same order has arrived; how many that is.
    pub async fn delivery_recover(
        &mut self,
        endpoint: EndpointId,
        (from, to): (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let args = args![now, endpoint.uuid(), from, to];
        self.execute(DELIVERY_RECOVER, args).await
    }

    /// Writes a try into the log, under the delivery's next number.
    pub async fn attempt_insert(
        &mut self,
        delivery: DeliveryId,
        attempt: &AttemptRow,
    ) -> Result<(), StoreError> {
        let args = args![
            delivery.uuid(),
            attempt.url.as_str(),
            attempt.started_at,
            attempt.duration_ms,
            attempt.status,
            attempt.headers.clone(),
            attempt.body_start.clone(),
            attempt.error.clone(),
        ];
        self.execute_one("attempts", ATTEMPT_INSERT, args).await
    }

    /// The latest tries of a delivery, latest first.
    pub async fn attempt_list(
        &mut self,
        delivery: DeliveryId,
        limit: i64,
    ) -> Result<Vec<AttemptRow>, StoreError> {
        let args = args![delivery.uuid(), limit];
        let rows: Vec<AttemptColumns> = self.fetch_all(ATTEMPT_LIST, args).await?;
        Ok(rows.into_iter().map(AttemptRow::from).collect())
    }

    /// Tries of the latest deliveries, the latest first.
    pub async fn attempt_recent(
        &mut self,
        endpoint: EndpointId,
        limit: i64,
    ) -> Result<Vec<RecentAttempt>, StoreError> {
        let args = args![endpoint.uuid(), limit];
        let rows: Vec<RecentRow> = self.fetch_all(ATTEMPT_RECENT, args).await?;
        let recent = rows.into_iter().map(|row| RecentAttempt {
            order: row.order_id.map(OrderId::from_uuid),
            body: row.body,
            started_at: row.started_at.0,
            duration_ms: row.duration_ms,
            status: row.status,
            error: row.error,
        });
        Ok(recent.collect())
    }

    /// Forgets tries from before a moment.
    pub async fn attempt_purge(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        self.execute(ATTEMPT_PURGE, args![before]).await
    }
}

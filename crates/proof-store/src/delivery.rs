//! Events on their way to a partner's webhook endpoint.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Time,
    statement::statements,
};
use proof_core::{
    Timestamp,
    id::{DeliveryId, EndpointId, EventId, OrderId, PartnerId},
    partner::Environment,
    secret::Secret,
};
use uuid::Uuid;

statements! {
    ENDPOINT_OF_PARTNER = "SELECT id, url, secret FROM endpoints WHERE partner_id = $1 AND environment = $2";
    ENDPOINT_LOAD = "SELECT id, url, secret FROM endpoints WHERE id = $1";
    DELIVERY_INSERT = "INSERT INTO deliveries (id, endpoint_id, order_id, event_id, sequence, body, state, attempts, created_at) VALUES ($1, $2, $3, $4, $5, $6, 'pending', 0, $7)";
    DELIVERY_LIST = "SELECT id, endpoint_id, event_id, sequence, body, state, attempts, last_status, last_error, first_tried_at, created_at FROM deliveries WHERE order_id = $1 ORDER BY sequence LIMIT $2";
    DELIVERY_SAVE = "UPDATE deliveries SET state = $1, attempts = $2, last_status = $3, last_error = $4, first_tried_at = $5, last_tried_at = $6 WHERE id = $7 AND state = 'pending'";
}

#[derive(Clone, Debug)]
pub struct EndpointRow {
    pub id: EndpointId,
    pub url: String,
    pub secret: Secret,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeliveryState {
    Pending,
    Delivered,
    /// A newer status went out in its place.
    Superseded,
    /// Tried for days.
    Failed,
}

impl DeliveryState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeliveryRow {
    pub id: DeliveryId,
    pub endpoint: EndpointId,
    pub event: EventId,
    pub sequence: i64,
    pub body: String,
    pub state: DeliveryState,
    pub attempts: i64,
    pub last_status: Option<i64>,
    pub last_error: Option<String>,
    pub first_tried_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    endpoint_id: Uuid,
    event_id: Uuid,
    sequence: i64,
    body: String,
    state: String,
    attempts: i64,
    last_status: Option<i64>,
    last_error: Option<String>,
    first_tried_at: Option<Time>,
    created_at: Time,
}

impl TryFrom<Row> for DeliveryRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        use DeliveryState::{Delivered, Failed, Pending, Superseded};
        let bad = || StoreError::Row {
            table: "deliveries",
            column: "state",
            id: row.id.to_string(),
        };
        let state = [Pending, Delivered, Superseded, Failed]
            .into_iter()
            .find(|s| s.name() == row.state)
            .ok_or_else(bad)?;
        Ok(Self {
            id: DeliveryId::from_uuid(row.id),
            endpoint: EndpointId::from_uuid(row.endpoint_id),
            event: EventId::from_uuid(row.event_id),
            sequence: row.sequence,
            body: row.body,
            state,
            attempts: row.attempts,
            last_status: row.last_status,
            last_error: row.last_error,
            first_tried_at: row.first_tried_at.map(|t| t.0),
            created_at: row.created_at.0,
        })
    }
}

#[derive(sqlx::FromRow)]
struct EndpointColumns {
    id: Uuid,
    url: String,
    secret: String,
}

impl From<EndpointColumns> for EndpointRow {
    fn from(row: EndpointColumns) -> Self {
        let id = EndpointId::from_uuid(row.id);
        Self {
            id,
            url: row.url,
            secret: Secret::new(row.secret),
        }
    }
}

impl Tx {
    pub async fn endpoint_of_partner(
        &mut self,
        partner: PartnerId,
        environment: Environment,
    ) -> Result<Option<EndpointRow>, StoreError> {
        let args = args![partner.uuid(), environment.name()];
        let row: Option<EndpointColumns> = self.fetch_optional(ENDPOINT_OF_PARTNER, args).await?;
        Ok(row.map(EndpointRow::from))
    }

    pub async fn endpoint_load(&mut self, id: EndpointId) -> Result<EndpointRow, StoreError> {
        let row: Option<EndpointColumns> =
            self.fetch_optional(ENDPOINT_LOAD, args![id.uuid()]).await?;
        let missing = || StoreError::Row {
            table: "endpoints",
            column: "id",
            id: id.to_string(),
        };
        row.map(EndpointRow::from).ok_or_else(missing)
    }

    pub async fn delivery_insert(
        &mut self,
        row: &DeliveryRow,
        order: OrderId,
    ) -> Result<(), StoreError> {
        let args = args![
            row.id.uuid(),
            row.endpoint.uuid(),
            order.uuid(),
            row.event.uuid(),
            row.sequence,
            row.body.as_str(),
            row.created_at,
        ];
        self.execute_one("deliveries", DELIVERY_INSERT, args).await
    }

    /// An order's deliveries, oldest event first.
    pub async fn delivery_list(
        &mut self,
        order: OrderId,
        limit: i64,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        let rows: Vec<Row> = self
            .fetch_all(DELIVERY_LIST, args![order.uuid(), limit])
            .await?;
        rows.into_iter().map(DeliveryRow::try_from).collect()
    }

    /// Records a try; a delivery that is no longer pending stays as it is.
    pub async fn delivery_save(
        &mut self,
        row: &DeliveryRow,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let args = args![
            row.state.name(),
            row.attempts,
            row.last_status,
            row.last_error.clone(),
            row.first_tried_at,
            now,
            row.id.uuid(),
        ];
        Ok(self.execute(DELIVERY_SAVE, args).await? == 1)
    }
}

//! Orders. Outside of the workers an order is loaded only within its partner and environment.

use crate::{
    db::{Tx, args},
    error::StoreError,
    statement::statements,
};
use proof_core::{
    Timestamp,
    id::{OrderId, PartnerId},
    order::Order,
    partner::Environment,
};
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    ORDER_INSERT = "INSERT INTO orders (id, partner_id, environment, customer_id, version, state, body, created_at, updated_at) VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $7)";
    ORDER_LOAD = "SELECT id, version, body FROM orders WHERE partner_id = $1 AND environment = $2 AND id = $3";
    ORDER_WORK = "SELECT id, version, body FROM orders WHERE id = $1";
    ORDER_LOCK = "SELECT id, version, body FROM orders WHERE id = $1", lock = " FOR UPDATE";
    ORDER_SAVE = "UPDATE orders SET version = version + 1, state = $1, body = $2, updated_at = $3 WHERE id = $4 AND version = $5";
}

/// An order and the version under which it was read.
#[derive(Clone, Debug)]
pub struct StoredOrder {
    pub order: Order,
    pub version: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    version: i64,
    body: Json<serde_json::Value>,
}

impl TryFrom<Row> for StoredOrder {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let order = serde_json::from_value(row.body.0).map_err(|_| StoreError::Row {
            table: "orders",
            column: "body",
            id: row.id.to_string(),
        })?;
        Ok(Self {
            order,
            version: row.version,
        })
    }
}

impl Tx {
    pub async fn order_insert(&mut self, order: &Order) -> Result<(), StoreError> {
        let args = args![
            order.id.uuid(),
            order.partner.uuid(),
            order.environment.name(),
            order.customer.uuid(),
            order.state.name(),
            serde_json::to_value(order).unwrap_or_default(),
            order.created_at,
        ];
        self.execute_one("orders", ORDER_INSERT, args).await
    }

    pub async fn order_load(
        &mut self,
        partner: PartnerId,
        environment: Environment,
        id: OrderId,
    ) -> Result<Option<StoredOrder>, StoreError> {
        let args = args![partner.uuid(), environment.name(), id.uuid()];
        let row: Option<Row> = self.fetch_optional(ORDER_LOAD, args).await?;
        row.map(StoredOrder::try_from).transpose()
    }

    /// For workers and visits, which hold a right to this one order.
    pub async fn order_work(&mut self, id: OrderId) -> Result<Option<StoredOrder>, StoreError> {
        let row: Option<Row> = self.fetch_optional(ORDER_WORK, args![id.uuid()]).await?;
        row.map(StoredOrder::try_from).transpose()
    }

    /// The same, held until the end of this transaction.
    pub async fn order_lock(&mut self, id: OrderId) -> Result<Option<StoredOrder>, StoreError> {
        let row: Option<Row> = self.fetch_optional(ORDER_LOCK, args![id.uuid()]).await?;
        row.map(StoredOrder::try_from).transpose()
    }

    /// Saves over the version that was read; somebody else's save in between is an error.
    pub async fn order_save(
        &mut self,
        order: &Order,
        version: i64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let body = serde_json::to_value(order).unwrap_or_default();
        let args = args![order.state.name(), body, now, order.id.uuid(), version];
        self.execute_one("orders", ORDER_SAVE, args).await
    }
}

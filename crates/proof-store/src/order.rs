//! Orders. Outside of the workers an order is loaded only within its partner and environment.

pub(crate) mod search;
pub(crate) mod volume;

pub use search::{FoundOrder, OrderSearch};
pub use volume::Completed;

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Versioned,
    statement::statements,
};
use proof_core::{
    Timestamp,
    id::{CustomerId, EventId, OrderId, PartnerId},
    order::{Order, PublicStatus},
    partner::{Environment, Side},
};
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    ORDER_INSERT = "INSERT INTO orders (id, partner_id, environment, customer_id, version, state, body, created_at, updated_at, side, asset, status) VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $7, $8, $9, $10)";
    ORDER_LOAD = "SELECT id, version, body FROM orders WHERE partner_id = $1 AND environment = $2 AND id = $3";
    ORDER_WORK = "SELECT id, version, body FROM orders WHERE id = $1";
    ORDER_LOCK = "SELECT id, version, body FROM orders WHERE id = $1", lock = " FOR UPDATE";
    ORDER_SAVE = "UPDATE orders SET version = version + 1, state = $1, body = $2, updated_at = $3, status = $6 WHERE id = $4 AND version = $5";
    ORDER_REVIEWED = "SELECT id, version, body FROM orders WHERE state = 'in_review' ORDER BY updated_at LIMIT $1";
    ORDER_LIST = "SELECT o.id, o.version, o.body, c.partner_user_id, e.id AS event_id, e.sequence FROM orders o JOIN customers c ON c.id = o.customer_id JOIN events e ON e.order_id = o.id AND e.sequence = (SELECT MAX(sequence) FROM events s WHERE s.order_id = o.id AND s.kind IN ('order.created', 'order.status_changed')) WHERE o.partner_id = $1 AND o.environment = $2 AND o.id < $3 AND (o.side = $4 OR $4 IS NULL) AND (o.asset LIKE $5 OR $5 IS NULL) AND o.created_at >= $6 AND o.created_at < $7 ORDER BY o.id DESC LIMIT $8";
    ORDER_LIST_STATUS = "SELECT o.id, o.version, o.body, c.partner_user_id, e.id AS event_id, e.sequence FROM orders o JOIN customers c ON c.id = o.customer_id JOIN events e ON e.order_id = o.id AND e.sequence = (SELECT MAX(sequence) FROM events s WHERE s.order_id = o.id AND s.kind IN ('order.created', 'order.status_changed')) WHERE o.status = $9 AND o.partner_id = $1 AND o.environment = $2 AND o.id < $3 AND (o.side = $4 OR $4 IS NULL) AND (o.asset LIKE $5 OR $5 IS NULL) AND o.created_at >= $6 AND o.created_at < $7 ORDER BY o.id DESC LIMIT $8";
    ORDER_LIST_CUSTOMER = "SELECT o.id, o.version, o.body, c.partner_user_id, e.id AS event_id, e.sequence FROM orders o JOIN customers c ON c.id = o.customer_id JOIN events e ON e.order_id = o.id AND e.sequence = (SELECT MAX(sequence) FROM events s WHERE s.order_id = o.id AND s.kind IN ('order.created', 'order.status_changed')) WHERE o.customer_id = $9 AND (o.status = $10 OR $10 IS NULL) AND o.partner_id = $1 AND o.environment = $2 AND o.id < $3 AND (o.side = $4 OR $4 IS NULL) AND (o.asset LIKE $5 OR $5 IS NULL) AND o.created_at >= $6 AND o.created_at < $7 ORDER BY o.id DESC LIMIT $8";
}

/// Orders that wait for people are few; a page of them is all that anybody reads at once.
const REVIEWED_MAX: i64 = 200;

/// An order and the version under which it was read.
#[derive(Clone, Debug)]
pub struct StoredOrder {
    pub order: Order,
    pub version: i64,
}

/// An order in a partner's list, with what belongs to it elsewhere.
#[derive(Clone, Debug)]
pub struct ListedOrder {
    pub order: Order,
    pub partner_user_id: String,
    /// The event that gave it its present public status.
    pub event: EventId,
    pub sequence: i64,
}

/// Which of a partner's orders are asked for, newest first.
#[derive(Clone, Debug)]
pub struct OrderFilter {
    pub before: OrderId,
    pub status: Option<PublicStatus>,
    pub side: Option<Side>,
    pub currency: Option<String>,
    pub network: Option<String>,
    pub customer: Option<CustomerId>,
    pub created_from: Timestamp,
    pub created_to: Timestamp,
}

impl OrderFilter {
    /// The pattern that an asset's text, `TICKER/NETWORK`, must match. Names with other characters
    /// than a ticker's are no asset's, and must not become patterns.
    fn asset(&self) -> Option<String> {
        let name = |name: &Option<String>| match name {
            None => "%".to_owned(),
            Some(text) if text.chars().all(|c| c.is_ascii_alphanumeric()) => text.clone(),
            Some(_) => "/".to_owned(),
        };
        (self.currency.is_some() || self.network.is_some())
            .then(|| format!("{}/{}", name(&self.currency), name(&self.network)))
    }
}

#[derive(sqlx::FromRow)]
struct ListedRow {
    id: Uuid,
    version: i64,
    body: Json<serde_json::Value>,
    partner_user_id: String,
    event_id: Uuid,
    sequence: i64,
}

impl TryFrom<Versioned> for StoredOrder {
    type Error = StoreError;

    fn try_from(row: Versioned) -> Result<Self, StoreError> {
        let (order, version) = row.read("orders")?;
        Ok(Self { order, version })
    }
}

impl Tx {
    /// For operators: what waits for people, the longest first.
    pub async fn order_reviewed(&mut self) -> Result<Vec<Order>, StoreError> {
        let rows: Vec<Versioned> = self.fetch_all(ORDER_REVIEWED, args![REVIEWED_MAX]).await?;
        let stored = rows.into_iter().map(StoredOrder::try_from);
        stored.map(|stored| Ok(stored?.order)).collect()
    }

    pub async fn order_insert(&mut self, order: &Order) -> Result<(), StoreError> {
        let args = args![
            order.id.uuid(),
            order.partner.uuid(),
            order.environment.name(),
            order.customer.uuid(),
            order.state.name(),
            serde_json::to_value(order).unwrap_or_default(),
            order.created_at,
            order.side.name(),
            order.amount.asset().to_string(),
            order.status().name(),
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
        let row: Option<Versioned> = self.fetch_optional(ORDER_LOAD, args).await?;
        row.map(StoredOrder::try_from).transpose()
    }

    /// A partner's orders, newest first.
    pub async fn order_list(
        &mut self,
        partner: PartnerId,
        environment: Environment,
        filter: &OrderFilter,
        limit: i64,
    ) -> Result<Vec<ListedOrder>, StoreError> {
        let mut args = args![
            partner.uuid(),
            environment.name(),
            filter.before.uuid(),
            filter.side.map(|side| side.name().to_owned()),
            filter.asset(),
            filter.created_from,
            filter.created_to,
            limit,
        ];
        let status = filter.status.map(|status| status.name().to_owned());
        // Each by an index of its own: a filter that finds little must not look at everything.
        let statement = match (filter.customer, status) {
            (Some(customer), status) => {
                args.extend(args![customer.uuid(), status]);
                ORDER_LIST_CUSTOMER
            }
            (None, Some(status)) => {
                args.extend(args![status]);
                ORDER_LIST_STATUS
            }
            (None, None) => ORDER_LIST,
        };
        let rows: Vec<ListedRow> = self.fetch_all(statement, args).await?;
        rows.into_iter()
            .map(|row| {
                let (id, version, body) = (row.id, row.version, row.body);
                let stored = StoredOrder::try_from(Versioned { id, version, body })?;
                Ok(ListedOrder {
                    order: stored.order,
                    partner_user_id: row.partner_user_id,
                    event: EventId::from_uuid(row.event_id),
                    sequence: row.sequence,
                })
            })
            .collect()
    }

    /// For workers and visits, which hold a right to this one order.
    pub async fn order_work(&mut self, id: OrderId) -> Result<Option<StoredOrder>, StoreError> {
        let row: Option<Versioned> = self.fetch_optional(ORDER_WORK, args![id.uuid()]).await?;
        row.map(StoredOrder::try_from).transpose()
    }

    /// The same, held until the end of this transaction.
    pub async fn order_lock(&mut self, id: OrderId) -> Result<Option<StoredOrder>, StoreError> {
        let row: Option<Versioned> = self.fetch_optional(ORDER_LOCK, args![id.uuid()]).await?;
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
        let args = args![
            order.state.name(),
            body,
            now,
            order.id.uuid(),
            version,
            order.status().name(),
        ];
        self.execute_one("orders", ORDER_SAVE, args).await
    }
}

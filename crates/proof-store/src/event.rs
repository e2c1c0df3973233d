//! What happened to an order, in order; and all of it in one order, the feed.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Time,
    statement::statements,
    wake::Topic,
};
use proof_core::{
    Asset, Timestamp,
    id::{EventId, OrderId, PartnerId},
    order::{NewEvent, Order},
    partner::{Environment, Side},
};
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    EVENT_INSERT = "INSERT INTO events (id, order_id, partner_id, environment, sequence, kind, status, body, occurred_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    EVENT_LIST = "SELECT id, order_id, sequence, kind, status, body, occurred_at, position FROM events WHERE order_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
    EVENT_OF_STATUS = "SELECT id, order_id, sequence, kind, status, body, occurred_at, position FROM events WHERE order_id = $1 AND kind IN ('order.created', 'order.status_changed') ORDER BY sequence DESC LIMIT 1";
    EVENT_FEED = "SELECT id, order_id, sequence, kind, status, body, occurred_at, position FROM events WHERE partner_id = $1 AND environment = $2 AND position > $3 ORDER BY position LIMIT $4";
    EVENT_POSITION = "SELECT position FROM events WHERE id = $1 AND partner_id = $2 AND environment = $3 AND position IS NOT NULL";
    EVENT_UNPUBLISHED = "SELECT e.id, e.order_id, e.partner_id, e.environment, e.sequence, e.kind, e.status, e.body, e.occurred_at, o.side, o.asset, o.created_at FROM events e JOIN orders o ON o.id = e.order_id WHERE e.position IS NULL ORDER BY e.order_id, e.sequence LIMIT $1";
    EVENT_PUBLISH = "UPDATE events SET position = $1 WHERE id = $2 AND position IS NULL";
    FEED_LOCK = "SELECT position FROM feed WHERE id = 1", lock = " FOR UPDATE";
    FEED_SAVE = "UPDATE feed SET position = $1 WHERE id = 1";
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventRow {
    pub id: EventId,
    pub order: OrderId,
    pub sequence: i64,
    pub kind: String,
    /// The public status after it.
    pub status: String,
    pub body: serde_json::Value,
    pub occurred_at: Timestamp,
    /// Its place in the feed, once it is published.
    pub position: Option<i64>,
}

/// An event that nobody has been told of, with what a message about it needs.
#[derive(Clone, Debug)]
pub struct Unpublished {
    pub event: EventRow,
    pub partner: PartnerId,
    pub environment: Environment,
    pub side: Side,
    pub asset: Asset,
    pub order_created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    order_id: Uuid,
    sequence: i64,
    kind: String,
    status: String,
    body: Json<serde_json::Value>,
    occurred_at: Time,
    position: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct UnpublishedRow {
    id: Uuid,
    order_id: Uuid,
    partner_id: Uuid,
    environment: String,
    sequence: i64,
    kind: String,
    status: String,
    body: Json<serde_json::Value>,
    occurred_at: Time,
    side: String,
    asset: String,
    created_at: Time,
}

#[derive(sqlx::FromRow)]
struct PositionRow {
    position: i64,
}

impl From<Row> for EventRow {
    fn from(row: Row) -> Self {
        Self {
            id: EventId::from_uuid(row.id),
            order: OrderId::from_uuid(row.order_id),
            sequence: row.sequence,
            kind: row.kind,
            status: row.status,
            body: row.body.0,
            occurred_at: row.occurred_at.0,
            position: row.position,
        }
    }
}

impl TryFrom<UnpublishedRow> for Unpublished {
    type Error = StoreError;

    fn try_from(row: UnpublishedRow) -> Result<Self, StoreError> {
        let bad = |column| StoreError::Row {
            table: "events",
            column,
            id: row.id.to_string(),
        };
        Ok(Self {
            partner: PartnerId::from_uuid(row.partner_id),
            environment: Environment::parse(&row.environment).ok_or_else(|| bad("environment"))?,
            side: Side::parse(&row.side).ok_or_else(|| bad("side"))?,
            asset: row.asset.parse().map_err(|_| bad("asset"))?,
            order_created_at: row.created_at.0,
            event: EventRow {
                id: EventId::from_uuid(row.id),
                order: OrderId::from_uuid(row.order_id),
                sequence: row.sequence,
                kind: row.kind,
                status: row.status,
                body: row.body.0,
                occurred_at: row.occurred_at.0,
                position: None,
            },
        })
    }
}

impl Tx {
    /// Records an event of an order that is being saved; it is published soon after the commit.
    pub async fn event_insert(
        &mut self,
        id: EventId,
        order: &Order,
        event: &NewEvent,
    ) -> Result<(), StoreError> {
        let args = args![
            id.uuid(),
            order.id.uuid(),
            order.partner.uuid(),
            order.environment.name(),
            event.sequence,
            event.kind.name(),
            order.status().name(),
            event.body.clone(),
            event.occurred_at
        ];
        self.execute_one("events", EVENT_INSERT, args).await?;
        self.wake(Topic::Unpublished);
        Ok(())
    }

    /// Events after a number, oldest first.
    pub async fn event_list(
        &mut self,
        order: OrderId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<EventRow>, StoreError> {
        let args = args![order.uuid(), after, limit];
        let rows: Vec<Row> = self.fetch_all(EVENT_LIST, args).await?;
        Ok(rows.into_iter().map(EventRow::from).collect())
    }

    /// The event that gave an order its present public status.
    pub async fn event_of_status(
        &mut self,
        order: OrderId,
    ) -> Result<Option<EventRow>, StoreError> {
        let row: Option<Row> = self
            .fetch_optional(EVENT_OF_STATUS, args![order.uuid()])
            .await?;
        Ok(row.map(EventRow::from))
    }

    /// A partner's events after a place in the feed, in the feed's order.
    pub async fn event_feed(
        &mut self,
        partner: PartnerId,
        environment: Environment,
        after: i64,
        limit: i64,
    ) -> Result<Vec<EventRow>, StoreError> {
        let args = args![partner.uuid(), environment.name(), after, limit];
        let rows: Vec<Row> = self.fetch_all(EVENT_FEED, args).await?;
        Ok(rows.into_iter().map(EventRow::from).collect())
    }

    /// The place of a partner's published event.
    pub async fn event_position(
        &mut self,
        partner: PartnerId,
        environment: Environment,
        id: EventId,
    ) -> Result<Option<i64>, StoreError> {
        let args = args![id.uuid(), partner.uuid(), environment.name()];
        let row: Option<PositionRow> = self.fetch_optional(EVENT_POSITION, args).await?;
        Ok(row.map(|row| row.position))
    }

    /// Takes the feed for this database transaction and returns its last place. Places are given
    /// and committed one holder at a time, so whoever reads the feed up to a place has seen all
    /// before it.
    pub async fn feed_lock(&mut self) -> Result<i64, StoreError> {
        let row: Option<PositionRow> = self.fetch_optional(FEED_LOCK, args![]).await?;
        row.map(|row| row.position).ok_or(StoreError::Row {
            table: "feed",
            column: "id",
            id: "1".to_owned(),
        })
    }

    /// Events without a place; an order's own are in their order.
    pub async fn event_unpublished(&mut self, limit: i64) -> Result<Vec<Unpublished>, StoreError> {
        let rows: Vec<UnpublishedRow> = self.fetch_all(EVENT_UNPUBLISHED, args![limit]).await?;
        rows.into_iter().map(Unpublished::try_from).collect()
    }

    pub async fn event_publish(&mut self, id: EventId, position: i64) -> Result<(), StoreError> {
        self.execute_one("events", EVENT_PUBLISH, args![position, id.uuid()])
            .await
    }

    /// Gives the feed back with its new last place.
    pub async fn feed_save(&mut self, position: i64) -> Result<(), StoreError> {
        self.execute_one("feed", FEED_SAVE, args![position]).await
    }
}

//! The feed: every event of every order gets its place in one row, and from there it goes to the
//! endpoints of partners.
//!
//! An order's save only records its events. Publishing is a step of its own, done by whoever holds
//! the feed's row: places are given and committed one holder at a time, so a reader who has seen a
//! place has seen all before it. A crash between the two steps leaves events without a place, and
//! the next look finds them.

use crate::{Access, ApiError, Engine, error::refused, order::SaveIds, worker::IDLE_SECONDS_MAX};
use futures::{FutureExt, future::Shared};
use proof_core::{
    Timestamp,
    id::{DeliveryId, EventId, JobId, PartnerId},
    order::{EventKind, PublicStatus},
    partner::{Environment, Side},
};
use proof_store::{
    DeliveryRow, DeliveryState, EndpointRow, EndpointState, EventRow, Failure, JobKind, Topic, Tx,
    Unpublished,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Events that are published in one database transaction.
const BATCH: i64 = 500;

/// Longest that a reader is kept waiting for an event.
pub const FEED_WAIT_SECONDS_MAX: i64 = 30;

/// An event as the feed shows it.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct FeedEvent {
    /// Stable for ever; pass the last one seen as `after`.
    pub event_id: String,
    pub merchant_transaction_id: Uuid,
    /// Numbers an order's events from 1, without gaps.
    pub sequence: i64,
    /// For example `order.created` or `order.status_changed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The public status after the event.
    pub status: String,
    /// UTC, whole seconds.
    pub occurred_at: String,
    /// Details, which depend on the type; more may come.
    pub data: Value,
}

#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct FeedPage {
    /// Oldest first.
    pub data: Vec<FeedEvent>,
    /// Pass this as `after` next time; empty while the feed is.
    pub next_cursor: String,
}

impl From<EventRow> for FeedEvent {
    fn from(row: EventRow) -> Self {
        let open = EventKind::parse(&row.kind).is_some_and(EventKind::is_open);
        Self {
            event_id: row.id.to_string(),
            merchant_transaction_id: row.order.uuid(),
            sequence: row.sequence,
            kind: row.kind,
            status: row.status,
            occurred_at: row.occurred_at.to_contract(),
            data: if open { row.body } else { json!({}) },
        }
    }
}

/// The webhook's body (contract §6), with our event's identity beside it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WebhookBody {
    pub merchant_transaction_id: Uuid,
    #[serde(rename = "type")]
    pub side: &'static str,
    pub status: String,
    pub currency: &'static str,
    pub network: &'static str,
    /// Decimal, as a string.
    pub crypto_amount: String,
    pub fiat_currency: String,
    /// Decimal, as a string; empty while unknown.
    pub fiat_amount: String,
    pub created_at: String,
    pub updated_at: String,
    pub event_id: String,
    pub sequence: i64,
    /// Only in an event that was asked for as a test.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
}

impl WebhookBody {
    fn new(row: &Unpublished) -> Self {
        let text = |field: &str| {
            let value = row.event.body[field].as_str();
            value.unwrap_or_default().to_owned()
        };
        Self {
            merchant_transaction_id: row.event.order.uuid(),
            side: row.side.name(),
            status: row.event.status.clone(),
            currency: row.asset.ticker(),
            network: row.asset.network().name(),
            crypto_amount: text("crypto_amount"),
            fiat_currency: text("fiat_currency"),
            fiat_amount: text("fiat_amount"),
            created_at: row.order_created_at.to_contract(),
            updated_at: row.event.occurred_at.to_contract(),
            event_id: row.event.id.to_string(),
            sequence: row.event.sequence,
            test: false,
        }
    }
}

/// The endpoints that one batch concerns, each looked up once.
#[derive(Default)]
struct Endpoints(BTreeMap<(PartnerId, Environment), Option<EndpointRow>>);

impl Endpoints {
    async fn of(
        &mut self,
        tx: &mut Tx,
        partner: PartnerId,
        environment: Environment,
    ) -> Result<Option<EndpointRow>, Failure<ApiError>> {
        let key = (partner, environment);
        if let Some(known) = self.0.get(&key) {
            return Ok(known.clone());
        }
        let found = tx.endpoint_of_partner(partner, environment).await?;
        self.0.insert(key, found.clone());
        Ok(found)
    }
}

/// What one batch told: how many events, and the new public statuses among them.
#[derive(Default)]
struct Published {
    events: usize,
    moved: Vec<(Side, PublicStatus)>,
}

async fn publish_batch(tx: &mut Tx, ids: &SaveIds) -> Result<Published, Failure<ApiError>> {
    let mut position = tx.feed_lock().await?;
    let rows = tx.event_unpublished(BATCH).await?;
    let mut published = Published::default();
    if rows.is_empty() {
        return Ok(published);
    }
    published.events = rows.len();
    let (mut endpoints, mut owed) = (Endpoints::default(), BTreeSet::new());
    for (n, row) in rows.iter().enumerate() {
        position += 1;
        tx.event_publish(row.event.id, position).await?;
        tx.wake(Topic::Published(row.partner, row.environment));
        if row.event.kind != EventKind::StatusChanged.name() {
            continue;
        }
        let status = PublicStatus::parse(&row.event.status);
        published
            .moved
            .extend(status.map(|status| (row.side, status)));
        let endpoint = endpoints.of(tx, row.partner, row.environment).await?;
        let Some(endpoint) = endpoint else { continue };
        let id = DeliveryId::from_uuid(ids.uuid(4, n));
        let delivery = delivery_of(row, &endpoint, id, ids.now())?;
        tx.delivery_insert(&delivery).await?;
        if delivery.state == DeliveryState::Pending {
            owed.insert(endpoint.id);
        }
    }
    for (n, endpoint) in owed.into_iter().enumerate() {
        let job = JobId::from_uuid(ids.uuid(5, n));
        tx.job_upsert(job, JobKind::Delivery, endpoint.uuid(), ids.now())
            .await?;
    }
    tx.feed_save(position).await?;
    Ok(published)
}

/// A status change on its way; one for an endpoint that is switched off can be recovered later.
fn delivery_of(
    row: &Unpublished,
    endpoint: &EndpointRow,
    id: DeliveryId,
    now: Timestamp,
) -> Result<DeliveryRow, Failure<ApiError>> {
    let body = serde_json::to_string(&WebhookBody::new(row));
    let on = endpoint.state == EndpointState::Enabled;
    Ok(DeliveryRow {
        id,
        endpoint: endpoint.id,
        order: Some(row.event.order),
        event: row.event.id,
        sequence: row.event.sequence,
        body: body.map_err(|e| refused(ApiError::internal(e)))?,
        state: if on {
            DeliveryState::Pending
        } else {
            DeliveryState::Failed
        },
        attempts: 0,
        next_at: on.then_some(now),
        first_tried_at: None,
        created_at: now,
    })
}

impl Engine {
    /// Publishes what is recorded, until `stop` resolves.
    pub(crate) async fn publish(&self, stop: Shared<impl Future<Output = ()> + Send>) {
        let mut hints = self.db.wakes().listen();
        let mut stop = stop.fuse();
        loop {
            let idle_seconds = match self.publish_some().await {
                Ok(0) => self.idle_seconds_max(),
                Ok(_) => continue,
                Err(error) => {
                    error.log("events cannot be published and will be tried again");
                    IDLE_SECONDS_MAX
                }
            };
            let hint = hints.next(|topic| topic == Topic::Unpublished).fuse();
            let idle = self.now().plus_seconds(idle_seconds);
            let wait = self.clock.sleep_until(idle).fuse();
            futures::pin_mut!(hint, wait);
            futures::select_biased! {
                () = stop => return,
                () = hint => {}
                () = wait => {}
            }
        }
    }

    async fn publish_some(&self) -> Result<usize, ApiError> {
        let ids = SaveIds::new(self, self.now());
        let published = self
            .db
            .write("feed_publish", move |tx: &mut Tx| {
                let ids = ids.clone();
                Box::pin(async move { publish_batch(tx, &ids).await })
            })
            .await?;
        for (side, status) in published.moved {
            self.metrics.order(side.name(), status.name());
        }
        Ok(published.events)
    }

    /// A page of the partner's feed; with nothing there yet, waits for something until `until`.
    pub async fn feed(
        &self,
        access: &Access,
        after: Option<EventId>,
        limit: i64,
        until: Timestamp,
    ) -> Result<FeedPage, ApiError> {
        let position = match after {
            None => 0,
            Some(id) => self.feed_position(access, id).await?,
        };
        let wakes = self.db.wakes();
        let grown = wakes.follow_feed(access.partner.id, access.environment);
        loop {
            let hint = grown.next().fuse();
            let rows = self.feed_rows(access, position, limit).await?;
            let last = rows.last().map(|row| row.id).or(after);
            if !rows.is_empty() || self.now() >= until || self.is_stopping() {
                return Ok(FeedPage {
                    data: rows.into_iter().map(FeedEvent::from).collect(),
                    next_cursor: last.map(|id| id.to_string()).unwrap_or_default(),
                });
            }
            let wait = self.clock.sleep_until(until).fuse();
            let stopping = self.stopping().fuse();
            futures::pin_mut!(hint, wait, stopping);
            futures::select_biased! {
                () = stopping => {}
                () = hint => {}
                () = wait => {}
            }
        }
    }

    async fn feed_rows(
        &self,
        access: &Access,
        after: i64,
        limit: i64,
    ) -> Result<Vec<EventRow>, ApiError> {
        let (partner, environment) = (access.partner.id, access.environment);
        self.db
            .read("feed", move |tx: &mut Tx| {
                Box::pin(async move {
                    let rows = tx.event_feed(partner, environment, after, limit).await?;
                    Ok::<_, Failure<ApiError>>(rows)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// The cursor is an event's id and not its place: places would tell partners how much goes on
    /// at others.
    async fn feed_position(&self, access: &Access, id: EventId) -> Result<i64, ApiError> {
        let (partner, environment) = (access.partner.id, access.environment);
        let position = self
            .db
            .read("feed_position", move |tx: &mut Tx| {
                Box::pin(async move {
                    let position = tx.event_position(partner, environment, id).await?;
                    Ok::<_, Failure<ApiError>>(position)
                })
            })
            .await?;
        position.ok_or_else(ApiError::cursor)
    }
}

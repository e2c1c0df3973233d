//! Orders: the one place where a decision is saved, and what partners read.

use crate::{
    Access, ApiError, Engine,
    error::{ledger_failed, refused},
};
use proof_core::{
    Timestamp,
    id::{DeliveryId, EntryId, EventId, JobId, OrderId},
    order::{Command, Decision, EventKind, NewEvent, Order, PublicStatus, decide},
};
use proof_store::{DeliveryRow, DeliveryState, EventRow, Failure, JobKind, StoredOrder, Topic, Tx};
use serde::Serialize;
use uuid::Uuid;

/// An order as every read of the contract shows it (§3).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Transaction {
    pub merchant_transaction_id: Uuid,
    pub partner_user_id: String,
    #[serde(rename = "type")]
    pub side: &'static str,
    pub status: &'static str,
    pub currency: &'static str,
    pub network: &'static str,
    pub crypto_amount: String,
    pub fiat_currency: &'static str,
    pub fiat_amount: String,
    pub created_at: String,
    pub updated_at: String,
}

/// A status change as the WebSocket shows it (§5), with our event's identity beside it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Update {
    pub event: &'static str,
    pub merchant_transaction_id: Uuid,
    #[serde(rename = "type")]
    pub side: &'static str,
    pub status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_method: Option<String>,
    pub currency: &'static str,
    pub fiat_currency: String,
    pub fiat_amount: String,
    pub crypto_amount: String,
    pub occurred_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    pub sequence: i64,
}

/// The webhook's body (§6).
#[derive(Serialize)]
struct WebhookBody<'a> {
    merchant_transaction_id: Uuid,
    #[serde(rename = "type")]
    side: &'static str,
    status: &'static str,
    currency: &'static str,
    network: &'static str,
    crypto_amount: String,
    fiat_currency: &'static str,
    fiat_amount: String,
    created_at: String,
    updated_at: String,
    event_id: &'a str,
    sequence: i64,
}

impl Transaction {
    fn new(order: &Order, partner_user_id: String) -> Self {
        Self {
            merchant_transaction_id: order.id.uuid(),
            partner_user_id,
            side: order.side.name(),
            status: order.status().name(),
            currency: order.amount.asset().ticker(),
            network: order.amount.asset().network().name(),
            crypto_amount: order.amount.to_decimal(),
            fiat_currency: order.fiat.code(),
            fiat_amount: order.fiat_amount(),
            created_at: order.created_at.to_contract(),
            updated_at: order.status_at.to_contract(),
        }
    }
}

impl Update {
    /// The present state, for a connection that has seen nothing yet.
    pub fn snapshot(order: &Order) -> Self {
        Self {
            event: "tx.update",
            merchant_transaction_id: order.id.uuid(),
            side: order.side.name(),
            status: order.status().name().to_owned(),
            payment_method: order.payment_method().map(str::to_owned),
            currency: order.amount.asset().ticker(),
            fiat_currency: order.fiat.code().to_owned(),
            fiat_amount: order.fiat_amount(),
            crypto_amount: order.amount.to_decimal(),
            occurred_at: order.status_at.to_contract(),
            event_id: None,
            sequence: order.sequence,
        }
    }

    /// A recorded change; `None` for events that stay inside.
    pub fn from_event(order: &Order, event: &EventRow) -> Option<Self> {
        if event.kind != EventKind::StatusChanged.name() {
            return None;
        }
        let text = |field: &str| event.body[field].as_str().unwrap_or_default().to_owned();
        Some(Self {
            event: "tx.update",
            merchant_transaction_id: order.id.uuid(),
            side: order.side.name(),
            status: text("status"),
            payment_method: event.body["payment_method"].as_str().map(str::to_owned),
            currency: order.amount.asset().ticker(),
            fiat_currency: text("fiat_currency"),
            fiat_amount: text("fiat_amount"),
            crypto_amount: text("crypto_amount"),
            occurred_at: event.occurred_at.to_contract(),
            event_id: Some(event.id.to_string()),
            sequence: event.sequence,
        })
    }

    /// The last update that a connection will ever see.
    pub fn is_terminal(&self) -> bool {
        [
            PublicStatus::Completed,
            PublicStatus::Failed,
            PublicStatus::Cancelled,
        ]
        .iter()
        .any(|status| status.name() == self.status)
    }
}

/// Ids for what a decision adds; made outside of the database transaction, which may run twice.
#[derive(Clone)]
pub(crate) struct SaveIds {
    now: Timestamp,
    seed: [u8; 32],
}

impl SaveIds {
    pub(crate) fn new(engine: &Engine, now: Timestamp) -> Self {
        Self {
            now,
            seed: engine.random(),
        }
    }

    /// The `n`-th id of one kind: the same at every run of the work.
    fn uuid(&self, kind: u8, n: usize) -> Uuid {
        struct Derived<'a>(&'a [u8; 32], u8, usize);
        impl proof_core::Entropy for Derived<'_> {
            fn fill(&self, bytes: &mut [u8]) {
                use sha2::{Digest, Sha256};
                let digest = Sha256::new()
                    .chain_update(self.0)
                    .chain_update([self.1])
                    .chain_update(u64::try_from(self.2).unwrap_or(u64::MAX).to_be_bytes());
                bytes
                    .iter_mut()
                    .zip(digest.finalize())
                    .for_each(|(to, from)| *to = from);
            }
        }
        proof_core::id::uuid_v7(self.now, &Derived(&self.seed, kind, n))
    }
}

/// Saves a new order with its first event and the job that will end it in time.
pub(crate) async fn save_new(
    tx: &mut Tx,
    order: &Order,
    (event_id, event): (EventId, &NewEvent),
    job: JobId,
) -> Result<(), Failure<ApiError>> {
    tx.order_insert(order).await?;
    tx.event_insert(event_id, order.id, event).await?;
    let wake = order.wake_at(order.created_at).unwrap_or(order.pay_until);
    tx.job_upsert(job, JobKind::Order, order.id.uuid(), wake)
        .await?;
    Ok(())
}

/// Decides on a locked order and saves all of it: state, events, ledger entries, deliveries and the
/// next job. The only way in which an order changes.
pub(crate) async fn apply(
    tx: &mut Tx,
    stored: StoredOrder,
    command: Command,
    ids: &SaveIds,
) -> Result<Order, Failure<ApiError>> {
    let now = ids.now;
    let decision = decide(&stored.order, command, now).map_err(refused)?;
    let Decision {
        order,
        events,
        entries,
    } = decision;
    tx.order_save(&order, stored.version, now).await?;
    for (n, entry) in entries.iter().enumerate() {
        let id = EntryId::from_uuid(ids.uuid(1, n));
        tx.ledger_post(id, Some(order.id), entry, now)
            .await
            .map_err(ledger_failed)?;
    }
    for (n, event) in events.iter().enumerate() {
        let id = EventId::from_uuid(ids.uuid(2, n));
        tx.event_insert(id, order.id, event).await?;
        if event.kind == EventKind::StatusChanged {
            delivery_add(tx, &order, (id, event.sequence), ids).await?;
        }
    }
    match order.wake_at(now) {
        Some(at) => {
            let job = JobId::from_uuid(ids.uuid(3, 0));
            tx.job_upsert(job, JobKind::Order, order.id.uuid(), at)
                .await?;
        }
        None => tx.job_delete(JobKind::Order, order.id.uuid()).await?,
    }
    tx.wake(Topic::Order(order.id));
    Ok(order)
}

/// Puts a status change on its way to the partner's endpoint, if there is one.
async fn delivery_add(
    tx: &mut Tx,
    order: &Order,
    (event, sequence): (EventId, i64),
    ids: &SaveIds,
) -> Result<(), Failure<ApiError>> {
    let Some(endpoint) = tx
        .endpoint_of_partner(order.partner, order.environment)
        .await?
    else {
        return Ok(());
    };
    let body = WebhookBody {
        merchant_transaction_id: order.id.uuid(),
        side: order.side.name(),
        status: order.status().name(),
        currency: order.amount.asset().ticker(),
        network: order.amount.asset().network().name(),
        crypto_amount: order.amount.to_decimal(),
        fiat_currency: order.fiat.code(),
        fiat_amount: order.fiat_amount(),
        created_at: order.created_at.to_contract(),
        updated_at: order.status_at.to_contract(),
        event_id: &event.to_string(),
        sequence,
    };
    let row = DeliveryRow {
        id: DeliveryId::from_uuid(ids.uuid(4, 0)),
        endpoint: endpoint.id,
        event,
        sequence,
        body: serde_json::to_string(&body).map_err(|e| refused(ApiError::internal(e)))?,
        state: DeliveryState::Pending,
        attempts: 0,
        last_status: None,
        last_error: None,
        first_tried_at: None,
        created_at: ids.now,
    };
    tx.delivery_insert(&row, order.id).await?;
    let job = JobId::from_uuid(ids.uuid(5, 0));
    tx.job_upsert(job, JobKind::Delivery, order.id.uuid(), ids.now)
        .await?;
    Ok(())
}

pub(crate) fn gone() -> Failure<ApiError> {
    refused(ApiError::not_found("transaction"))
}

impl Engine {
    /// One command on one order, in one database transaction.
    pub(crate) async fn order_apply(
        &self,
        name: &'static str,
        id: OrderId,
        command: Command,
    ) -> Result<Order, ApiError> {
        let ids = SaveIds::new(self, self.now());
        self.db
            .write(name, move |tx: &mut Tx| {
                let (ids, command) = (ids.clone(), command.clone());
                Box::pin(async move {
                    let stored = tx.order_lock(id).await?.ok_or_else(gone)?;
                    apply(tx, stored, command, &ids).await
                })
            })
            .await
            .map_err(ApiError::from)
    }

    pub(crate) async fn order_load(&self, id: OrderId) -> Result<StoredOrder, ApiError> {
        self.db
            .read("order_load", move |tx: &mut Tx| {
                Box::pin(async move { tx.order_work(id).await?.ok_or_else(gone) })
            })
            .await
            .map_err(ApiError::from)
    }

    /// `GET /widget/transactions/{id}`. Another partner's order does not exist.
    pub async fn transaction(&self, access: &Access, id: OrderId) -> Result<Transaction, ApiError> {
        let (partner, environment) = (access.partner.id, access.environment);
        self.db
            .read("transaction", move |tx: &mut Tx| {
                Box::pin(async move {
                    let stored = tx
                        .order_load(partner, environment, id)
                        .await?
                        .ok_or_else(gone)?;
                    let customer = tx
                        .customer_load(partner, stored.order.customer)
                        .await?
                        .ok_or_else(gone)?;
                    Ok(Transaction::new(&stored.order, customer.partner_user_id))
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// The present state of a partner's order, for a connection that begins.
    pub async fn update_snapshot(&self, access: &Access, id: OrderId) -> Result<Update, ApiError> {
        let (partner, environment) = (access.partner.id, access.environment);
        self.db
            .read("update_snapshot", move |tx: &mut Tx| {
                Box::pin(async move {
                    let stored = tx
                        .order_load(partner, environment, id)
                        .await?
                        .ok_or_else(gone)?;
                    Ok(Update::snapshot(&stored.order))
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Status changes after a number, and the number up to which there is nothing more to see.
    pub async fn updates_after(
        &self,
        access: &Access,
        id: OrderId,
        after: i64,
    ) -> Result<(Vec<Update>, i64), ApiError> {
        /// An order has a few dozen events in its life.
        const EVENTS_MAX: i64 = 200;
        let (partner, environment) = (access.partner.id, access.environment);
        self.db
            .read("updates_after", move |tx: &mut Tx| {
                Box::pin(async move {
                    let stored = tx
                        .order_load(partner, environment, id)
                        .await?
                        .ok_or_else(gone)?;
                    let events = tx.event_list(id, after, EVENTS_MAX).await?;
                    let seen = events.last().map_or(after, |event| event.sequence);
                    let updates = events
                        .iter()
                        .filter_map(|e| Update::from_event(&stored.order, e));
                    Ok((updates.collect(), seen))
                })
            })
            .await
            .map_err(ApiError::from)
    }
}

//! Orders: the one place where a decision is saved, and what partners read.

use crate::{
    Access, ApiError, Engine,
    case::case_open,
    checklist::order_seen,
    claim::claims_look,
    deposit::deposit_forget,
    error::{ledger_failed, refused},
    mail::letters_owe,
};
use bytes::Bytes;
use futures::FutureExt;
use proof_core::{
    Timestamp,
    case::CaseOpening,
    deposit::DepositKey,
    id::{EntryId, EventId, JobId, OrderId},
    mail::{Letter, order_letters},
    order::{Command, Decision, EventKind, NewEvent, Order, PublicStatus, annotate, decide},
};
use proof_store::{EventRow, Failure, JobKind, OrderFilter, StoredOrder, Topic, Tx};
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use uuid::Uuid;

/// Bytes of a hash that tell one state of a transaction from another.
const DIGEST_BYTES: usize = 12;

/// Longest that a reader is kept waiting for a change.
pub const TRANSACTION_WAIT_SECONDS_MAX: i64 = 30;

/// An order as every read of the contract shows it (§3), with the identity of the event that gave
/// it its status.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
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
    /// When the status last changed.
    pub updated_at: String,
    /// Of the event that gave the transaction its status; the same on every channel.
    pub event_id: String,
    /// Number of that event among the transaction's own.
    pub sequence: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct TransactionPage {
    /// Newest first.
    pub data: Vec<Transaction>,
    /// Pass this as `after` for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// A status change as the WebSocket shows it (§5), with our event's identity beside it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
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
    pub event_id: String,
    pub sequence: i64,
}

impl Transaction {
    fn new(order: &Order, partner_user_id: String, (event, sequence): (EventId, i64)) -> Self {
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
            event_id: event.to_string(),
            sequence,
        }
    }

    pub fn is_terminal(&self) -> bool {
        PublicStatus::parse(self.status).is_some_and(PublicStatus::is_terminal)
    }
}

/// A transaction as it is sent, printed once for all who ask until it changes.
#[derive(Debug)]
pub struct Printed {
    pub json: Bytes,
    /// Names exactly these bytes.
    pub digest: String,
    pub status: &'static str,
    pub is_terminal: bool,
}

impl Printed {
    fn new(transaction: &Transaction) -> Result<Self, ApiError> {
        let json = serde_json::to_vec(transaction).map_err(ApiError::internal)?;
        let hash: [u8; 32] = Sha256::digest(&json).into();
        Ok(Self {
            digest: hex::encode(&hash[..DIGEST_BYTES]),
            json: json.into(),
            status: transaction.status,
            is_terminal: transaction.is_terminal(),
        })
    }
}

impl Update {
    /// The present state, for a connection that has seen nothing yet.
    fn snapshot(order: &Order, event: &EventRow) -> Self {
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
            event_id: event.id.to_string(),
            sequence: event.sequence,
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
            event_id: event.id.to_string(),
            sequence: event.sequence,
        })
    }

    /// The last update that a connection will ever see.
    pub fn is_terminal(&self) -> bool {
        PublicStatus::parse(&self.status).is_some_and(PublicStatus::is_terminal)
    }
}

/// Ids for what a decision adds; made outside of the database transaction, which may run twice.
#[derive(Clone)]
pub(crate) struct SaveIds {
    now: Timestamp,
    seed: [u8; 32],
    /// Users are written to when an order is carried out.
    writes_receipts: bool,
}

impl SaveIds {
    pub(crate) fn new(engine: &Engine, now: Timestamp) -> Self {
        Self {
            now,
            seed: engine.random(),
            writes_receipts: engine.writes_receipts(),
        }
    }

    pub(crate) const fn now(&self) -> Timestamp {
        self.now
    }

    /// Ids of their own for a part of the same work.
    pub(crate) fn part(&self, n: usize) -> Self {
        use sha2::{Digest, Sha256};
        let digest = Sha256::new()
            .chain_update(self.seed)
            .chain_update(b"part")
            .chain_update(u64::try_from(n).unwrap_or(u64::MAX).to_be_bytes());
        Self {
            seed: digest.finalize().into(),
            ..*self
        }
    }

    /// The `n`-th id of one kind: the same at every run of the work.
    pub(crate) fn uuid(&self, kind: u8, n: usize) -> Uuid {
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

/// Saves a new order with its first events and the job that will bring it to its end.
pub(crate) async fn save_new(
    tx: &mut Tx,
    order: &Order,
    events: &[(EventId, NewEvent)],
    job: JobId,
) -> Result<(), Failure<ApiError>> {
    tx.order_insert(order).await?;
    for (id, event) in events {
        tx.event_insert(*id, order, event).await?;
    }
    let facts: Vec<NewEvent> = events.iter().map(|(_, event)| event.clone()).collect();
    order_seen(tx, order, &facts, order.created_at).await?;
    let wake = order.wake_at(order.created_at).unwrap_or(order.pay_until);
    tx.job_upsert(job, JobKind::Order, order.id.uuid(), wake)
        .await?;
    Ok(())
}

/// Decides on a locked order and saves all of it: state, events, ledger entries, the next job and
/// what its user is written. The only way in which an order changes.
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
        cases,
    } = decision;
    tx.order_save(&order, stored.version, now).await?;
    for (n, event) in events.iter().enumerate() {
        let id = EventId::from_uuid(ids.uuid(2, n));
        tx.event_insert(id, &order, event).await?;
    }
    order_seen(tx, &order, &events, now).await?;
    match order.wake_at(now) {
        Some(at) => {
            let job = JobId::from_uuid(ids.uuid(3, 0));
            tx.job_upsert(job, JobKind::Order, order.id.uuid(), at)
                .await?;
        }
        None => tx.job_delete(JobKind::Order, order.id.uuid()).await?,
    }
    for key in let_go(&stored.order, &order, &cases) {
        let network = order.amount.asset().network();
        deposit_forget(tx, order.environment, network, &key).await?;
    }
    for (n, opening) in cases.into_iter().enumerate() {
        case_open(tx, &order, opening, n, ids).await?;
    }
    if order.keep_card && stored.order.takings.captured() == 0 && order.takings.captured() > 0 {
        // Whoever looks at its payments keeps the card.
        tx.card_wish(order.id).await?;
        claims_look(tx, &order, JobId::from_uuid(ids.uuid(13, 0)), now).await?;
    }
    let mut letters = order_letters(&stored.order, &order, now);
    letters.retain(|owed| ids.writes_receipts || owed.letter != Letter::Completed);
    letters_owe(tx, letters, (11, 12), ids).await?;
    // Last: from here until the commit, every other order that moves the same accounts waits.
    for (n, entry) in entries.iter().enumerate() {
        let id = EntryId::from_uuid(ids.uuid(1, n));
        tx.ledger_post(id, (order.environment, Some(order.id)), entry, now)
            .await
            .map_err(ledger_failed)?;
    }
    tx.wake(Topic::Order(order.id));
    Ok(order)
}

/// Deposits that neither the order nor a case of it counts on any more.
fn let_go(before: &Order, after: &Order, cases: &[CaseOpening]) -> Vec<DepositKey> {
    let held = |order: &Order| {
        let held = order.sale.iter().flat_map(|sale| sale.held.iter());
        held.map(|held| held.deposit.key.clone())
            .collect::<Vec<_>>()
    };
    let kept = held(after);
    let taken_on = |key: &DepositKey| cases.iter().any(|case| case.deposit.as_ref() == Some(key));
    let mut gone = held(before);
    gone.retain(|key| !kept.contains(key) && !taken_on(key));
    gone
}

/// Records a fact about an order that changes nothing else of it. The order is locked already.
pub(crate) async fn event_save(
    tx: &mut Tx,
    order: OrderId,
    kind: EventKind,
    body: serde_json::Value,
    (id_kind, n): (u8, usize),
    ids: &SaveIds,
) -> Result<(), Failure<ApiError>> {
    let stored = tx.order_lock(order).await?.ok_or_else(gone)?;
    let (order, event) = annotate(&stored.order, kind, body, ids.now);
    tx.order_save(&order, stored.version, ids.now).await?;
    let id = EventId::from_uuid(ids.uuid(id_kind, n));
    tx.event_insert(id, &order, &event).await?;
    tx.wake(Topic::Order(order.id));
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
    pub async fn transaction(
        &self,
        access: &Access,
        id: OrderId,
    ) -> Result<Arc<Printed>, ApiError> {
        let (partner, environment) = (access.partner.id, access.environment);
        let generation = self.db.wakes().order_generation(id);
        let scope = (partner, environment);
        if let Some(known) = self.known.transaction(scope, id, generation) {
            return Ok(known);
        }
        let read: Transaction = self
            .db
            .read("transaction", move |tx: &mut Tx| {
                Box::pin(async move {
                    let stored = tx.order_load(partner, environment, id).await?;
                    let order = stored.ok_or_else(gone)?.order;
                    let customer = tx.customer_load(partner, order.customer).await?;
                    let user = customer.ok_or_else(gone)?.partner_user_id;
                    let event = tx.event_of_status(id).await?.ok_or_else(gone)?;
                    let event = (event.id, event.sequence);
                    Ok::<_, Failure<ApiError>>(Transaction::new(&order, user, event))
                })
            })
            .await?;
        let printed = Arc::new(Printed::new(&read)?);
        self.known.transaction_keep(scope, id, generation, &printed);
        Ok(printed)
    }

    /// The transaction as soon as it is not what the caller knows (`is_known`), and at `until` as
    /// it is. One that has ended is answered at once: nothing will change it.
    pub async fn transaction_changed(
        &self,
        access: &Access,
        id: OrderId,
        until: Timestamp,
        is_known: impl Fn(&Printed) -> bool + Send,
    ) -> Result<Arc<Printed>, ApiError> {
        let changes = self.follow(vec![id]);
        loop {
            let hint = changes.next().fuse();
            let seen = self.transaction(access, id).await?;
            let over = self.now() >= until || self.is_stopping();
            if over || seen.is_terminal || !is_known(&seen) {
                return Ok(seen);
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

    /// A page of the partner's transactions, newest first.
    pub async fn transactions(
        &self,
        access: &Access,
        filter: OrderFilter,
        partner_user_id: Option<String>,
        limit: i64,
    ) -> Result<TransactionPage, ApiError> {
        let (partner, environment) = (access.partner.id, access.environment);
        let rows = self
            .db
            .read("transactions", move |tx: &mut Tx| {
                let (mut filter, user) = (filter.clone(), partner_user_id.clone());
                Box::pin(async move {
                    if let Some(user) = user {
                        let customer = tx.customer_by_user(partner, environment, &user).await?;
                        let Some(customer) = customer else {
                            return Ok(Vec::new());
                        };
                        filter.customer = Some(customer.id);
                    }
                    // One more than asked for tells whether there is another page.
                    let rows = tx.order_list(partner, environment, &filter, limit + 1);
                    Ok::<_, Failure<ApiError>>(rows.await?)
                })
            })
            .await?;
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = rows.len() > limit;
        let data: Vec<Transaction> = rows
            .into_iter()
            .take(limit)
            .map(|row| Transaction::new(&row.order, row.partner_user_id, (row.event, row.sequence)))
            .collect();
        let last = data.last().filter(|_| more);
        Ok(TransactionPage {
            next_cursor: last.map(|last| last.merchant_transaction_id.to_string()),
            data,
        })
    }

    /// The present state of a partner's order, for a connection that begins.
    pub async fn update_snapshot(&self, access: &Access, id: OrderId) -> Result<Update, ApiError> {
        let (partner, environment) = (access.partner.id, access.environment);
        self.db
            .read("update_snapshot", move |tx: &mut Tx| {
                Box::pin(async move {
                    let stored = tx.order_load(partner, environment, id).await?;
                    let event = tx.event_of_status(id).await?.ok_or_else(gone)?;
                    Ok(Update::snapshot(&stored.ok_or_else(gone)?.order, &event))
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Status changes after a number, the number up to which there is nothing more to see, and
    /// whether nothing more will come.
    pub async fn updates_after(
        &self,
        access: &Access,
        id: OrderId,
        after: i64,
    ) -> Result<(Vec<Update>, i64, bool), ApiError> {
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
                    let ended = stored.order.status().is_terminal();
                    Ok((updates.collect(), seen, ended))
                })
            })
            .await
            .map_err(ApiError::from)
    }
}

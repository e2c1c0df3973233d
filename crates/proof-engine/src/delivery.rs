//! Webhooks: a lane for each endpoint, in order for each order, tried for days, never lost.

use crate::{ApiError, Engine, play::OUTAGE, signature::webhook_signature, worker::Outcome};
use futures::{FutureExt, StreamExt, stream::FuturesUnordered};
use proof_core::{
    Timestamp,
    id::{DeliveryId, EndpointId},
    partner::Environment,
};
use proof_outbound::{Guard, OutboundError, PartnerCall, PartnerReply};
use proof_store::{
    AttemptRow, DeliveryRow, DeliveryState, EndpointRow, EndpointState, Failure, Pool, Topic, Tx,
};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use url::Url;

/// How long an undelivered event holds the next one back (contract §6).
const HOLD_BACK_SECONDS: i64 = 60;

/// Pauses between tries; the last one repeats until the event is given up.
const BACKOFF_SECONDS: [i64; 8] = [2, 10, 30, 120, 600, 1_800, 3_600, 10_800];

/// Each pause is up to this much longer, so that what failed together is not tried together.
const JITTER_PERCENT: i64 = 20;

/// An event is tried for three days.
const GIVE_UP_SECONDS: i64 = 3 * 24 * 3_600;

/// An endpoint at which nothing went well for this long is switched off.
const DISABLE_SECONDS: i64 = 5 * 24 * 3_600;

/// Deliveries that are on their way to one endpoint at the same time, each of another order.
const LANE_MAX: usize = 16;

/// An endpoint's job ends after this, well within its lease, and begins again.
const SHIFT_SECONDS: i64 = 45;

/// An order has a handful of status changes.
const PENDING_MAX: i64 = 100;

/// What is kept of an error, for the delivery log.
const ERROR_LENGTH_MAX: usize = 200;

const GONE: u16 = 410;

/// A delivery that is on its way: no second one of the same order goes beside it.
type Busy = BTreeSet<(Option<proof_core::id::OrderId>, Option<DeliveryId>)>;

fn key(row: &DeliveryRow) -> (Option<proof_core::id::OrderId>, Option<DeliveryId>) {
    (row.order, row.order.is_none().then_some(row.id))
}

/// Which addresses an environment's endpoints may have.
pub(crate) const fn guard(environment: Environment) -> Guard {
    match environment {
        Environment::Test => Guard::Sandbox,
        Environment::Live => Guard::PublicHttps,
    }
}

/// One try and what came of it.
struct Tried {
    row: DeliveryRow,
    started_at: Timestamp,
    ended_at: Timestamp,
    /// Of the real time: the clock may be moved meanwhile.
    took_ms: i64,
    outcome: Result<PartnerReply, OutboundError>,
}

impl Engine {
    /// Sends what this endpoint is owed, each order's events one after the other.
    pub(crate) async fn delivery_drive(&self, id: EndpointId) -> Result<Outcome, ApiError> {
        let shift_ends = self.now().plus_seconds(SHIFT_SECONDS);
        let mut hints = self.db.wakes().listen();
        let mut in_hand = FuturesUnordered::new();
        let mut busy = Busy::new();
        loop {
            let hint = hints
                .next(|topic| topic == Topic::Jobs(Pool::Deliveries))
                .fuse();
            let room = LANE_MAX.saturating_sub(in_hand.len());
            if room > 0 && self.now() < shift_ends {
                for (endpoint, row) in self.delivery_take(id, &busy, room).await? {
                    busy.insert(key(&row));
                    in_hand.push(self.delivery_try(endpoint, row));
                }
            }
            if in_hand.is_empty() {
                break;
            }
            futures::pin_mut!(hint);
            futures::select_biased! {
                done = in_hand.select_next_some() => {
                    busy.remove(&done?);
                }
                () = hint => {}
            }
        }
        self.delivery_again(id).await
    }

    async fn delivery_again(&self, id: EndpointId) -> Result<Outcome, ApiError> {
        let (state, next) = self
            .db
            .read("delivery_again", move |tx: &mut Tx| {
                Box::pin(async move {
                    let state = tx.endpoint_load(id).await?.state;
                    Ok::<_, Failure<ApiError>>((state, tx.delivery_next(id).await?))
                })
            })
            .await?;
        match (state, next) {
            (EndpointState::Enabled, next) => Ok(next.map_or(Outcome::Done, Outcome::Again)),
            (EndpointState::Disabled, None) => Ok(Outcome::Done),
            (EndpointState::Disabled, Some(_)) => {
                self.delivery_end(id).await?;
                Ok(Outcome::Done)
            }
        }
    }

    /// What was put on its way while the endpoint was being switched off ends, too.
    async fn delivery_end(&self, id: EndpointId) -> Result<(), ApiError> {
        self.db
            .write("delivery_end", move |tx: &mut Tx| {
                Box::pin(async move {
                    if tx.endpoint_load(id).await?.state == EndpointState::Disabled {
                        tx.delivery_stop(id).await?;
                    }
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// What may go out now: of each order the oldest event that is not given up. Somebody's hint may
    /// have been for another endpoint, so it looks before it takes.
    async fn delivery_take(
        &self,
        id: EndpointId,
        busy: &Busy,
        room: usize,
    ) -> Result<Vec<(EndpointRow, DeliveryRow)>, ApiError> {
        // Those that are on their way are still due.
        const LIMIT: i64 = 2 * LANE_MAX as i64;
        let now = self.now();
        let due = self
            .db
            .read("delivery_due", move |tx: &mut Tx| {
                Box::pin(async move {
                    let rows = tx.delivery_due(id, now, LIMIT).await?;
                    Ok::<_, Failure<ApiError>>(rows)
                })
            })
            .await?;
        if due.iter().all(|row| busy.contains(&key(row))) {
            return Ok(Vec::new());
        }
        let busy = busy.clone();
        self.db
            .write("delivery_take", move |tx: &mut Tx| {
                let mut busy = busy.clone();
                Box::pin(async move {
                    let endpoint = tx.endpoint_load(id).await?;
                    let mut taken = Vec::new();
                    if endpoint.state == EndpointState::Disabled {
                        return Ok(taken);
                    }
                    for row in tx.delivery_due(id, now, LIMIT).await? {
                        if taken.len() == room || !busy.insert(key(&row)) {
                            continue;
                        }
                        let next = next_of_order(tx, row, now).await?;
                        taken.extend(next.map(|row| (endpoint.clone(), row)));
                    }
                    Ok::<_, Failure<ApiError>>(taken)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// One try, with its outcome recorded.
    async fn delivery_try(
        &self,
        endpoint: EndpointRow,
        row: DeliveryRow,
    ) -> Result<(Option<proof_core::id::OrderId>, Option<DeliveryId>), ApiError> {
        let done = key(&row);
        let (started_at, began) = (self.now(), self.real_now());
        let outcome = self.delivery_send(&row, &endpoint).await;
        let tried = Tried {
            row,
            started_at,
            ended_at: self.now(),
            took_ms: self.real_now().millis_since(began),
            outcome,
        };
        self.delivery_record(endpoint, tried).await?;
        Ok(done)
    }

    async fn delivery_send(
        &self,
        row: &DeliveryRow,
        endpoint: &EndpointRow,
    ) -> Result<PartnerReply, OutboundError> {
        // Its receiver compares the stamp with a clock that nobody has moved.
        let (now, stamp, id) = (self.now(), self.real_now(), row.event.to_string());
        let mut secrets = vec![&endpoint.secret];
        if let Some((secret, until)) = &endpoint.secret_previous
            && now < *until
        {
            secrets.push(secret);
        }
        let keys = self.webhook_keys(endpoint.environment);
        let unsigned = |error: ApiError| OutboundError::NotSent(error.to_string());
        let signature =
            webhook_signature(&secrets, &keys, &id, stamp, &row.body).map_err(unsigned)?;
        let call = PartnerCall {
            url: Url::parse(&endpoint.url).map_err(|_| OutboundError::Refused("not a URL"))?,
            headers: vec![
                ("content-type".to_owned(), "application/json".to_owned()),
                ("webhook-id".to_owned(), id),
                ("webhook-timestamp".to_owned(), stamp.seconds().to_string()),
                ("webhook-signature".to_owned(), signature),
            ],
            body: row.body.clone().into_bytes(),
        };
        if self.plays_webhook_down(row.order) {
            return Err(OutboundError::NotSent(OUTAGE.to_owned()));
        }
        let guard = guard(endpoint.environment);
        self.outbound.partner(guard).post(call).await
    }

    async fn delivery_record(&self, endpoint: EndpointRow, tried: Tried) -> Result<(), ApiError> {
        let (id, now, taken_at) = (endpoint.id, tried.ended_at, tried.row.next_at);
        let status = tried.outcome.as_ref().ok().map(|reply| reply.status);
        let well = status.is_some_and(|status| (200..300).contains(&status));
        let gone = status == Some(GONE);
        self.metrics.webhook(match status {
            _ if well => "delivered",
            Some(_) => "refused",
            None => "unreachable",
        });
        if well {
            self.metrics.webhook_delivered(tried.row.created_at);
        }
        let attempt = attempt_row(&endpoint, &tried);
        let row = self.delivery_after(tried, well);
        let off = self
            .db
            .append("delivery_record", move |tx: &mut Tx| {
                let (mut row, attempt) = (row.clone(), attempt.clone());
                Box::pin(async move {
                    tx.attempt_insert(row.id, &attempt).await?;
                    tx.endpoint_note(id, well, now).await?;
                    // Judged by what is true now: a neighbour may have got through, or somebody may
                    // have switched it off or on.
                    let endpoint = tx.endpoint_load(id).await?;
                    let off = reason_off(&endpoint, gone, now);
                    if endpoint.state == EndpointState::Disabled && !well {
                        row.state = DeliveryState::Failed;
                        row.next_at = None;
                    }
                    let saved = tx.delivery_save(&row, taken_at).await?;
                    if saved
                        && row.state != DeliveryState::Pending
                        && let Some(order) = row.order
                    {
                        tx.delivery_release(order, id, now).await?;
                    }
                    let Some(reason) = off else { return Ok(None) };
                    tx.delivery_stop(id).await?;
                    let newly = tx.endpoint_disable(id, reason, now).await?;
                    Ok::<_, Failure<ApiError>>(newly.then_some(reason))
                })
            })
            .await?;
        if let Some(reason) = off {
            self.endpoint_disabled(&endpoint, reason);
        }
        Ok(())
    }

    /// The delivery as it is after this try.
    fn delivery_after(&self, tried: Tried, well: bool) -> DeliveryRow {
        let (mut row, now) = (tried.row, tried.ended_at);
        row.attempts = row.attempts.saturating_add(1);
        let first = *row.first_tried_at.get_or_insert(tried.started_at);
        if well {
            row.state = DeliveryState::Delivered;
        } else if now >= first.plus_seconds(GIVE_UP_SECONDS) {
            row.state = DeliveryState::Failed;
        }
        let asked = tried.outcome.ok().and_then(|reply| reply.retry_after_s);
        row.next_at =
            (row.state == DeliveryState::Pending).then(|| self.retry_at(row.attempts, asked, now));
        row
    }

    fn retry_at(&self, attempts: i64, asked_s: Option<u64>, now: Timestamp) -> Timestamp {
        let n = usize::try_from(attempts.saturating_sub(1)).unwrap_or(0);
        let pause = BACKOFF_SECONDS[n.min(BACKOFF_SECONDS.len() - 1)];
        let [byte] = self.random::<1>();
        let jitter_ms = pause * 10 * JITTER_PERCENT * i64::from(byte) / i64::from(u8::MAX);
        let asked = i64::try_from(asked_s.unwrap_or(0)).unwrap_or(0);
        now.plus_millis((pause.max(asked) * 1_000).saturating_add(jitter_ms))
    }
}

/// Why an endpoint is to be switched off now, if it is.
fn reason_off(endpoint: &EndpointRow, gone: bool, now: Timestamp) -> Option<&'static str> {
    let since = endpoint.failing_since;
    let failing = since.is_some_and(|since| now >= since.plus_seconds(DISABLE_SECONDS));
    match (endpoint.state, gone, failing) {
        (EndpointState::Disabled, ..) | (EndpointState::Enabled, false, false) => None,
        (EndpointState::Enabled, true, _) => Some("the endpoint answered 410 Gone"),
        (EndpointState::Enabled, false, true) => Some("nothing was delivered for five days"),
    }
}

/// The event that an order's endpoint is sent next, if one may go now. Older ones that held it
/// back for too long are marked superseded, so that a handler that never answers still hears the
/// final status.
async fn next_of_order(
    tx: &mut Tx,
    due: DeliveryRow,
    now: Timestamp,
) -> Result<Option<DeliveryRow>, Failure<ApiError>> {
    let Some(order) = due.order else {
        return Ok(Some(due));
    };
    let pending = tx
        .delivery_pending(order, due.endpoint, PENDING_MAX)
        .await?;
    let count = pending.len();
    for (n, mut row) in pending.into_iter().enumerate() {
        let held_until = row
            .first_tried_at
            .map(|at| at.plus_seconds(HOLD_BACK_SECONDS));
        if n + 1 < count && held_until.is_some_and(|at| now >= at) {
            let taken_at = row.next_at.take();
            row.state = DeliveryState::Superseded;
            tx.delivery_save(&row, taken_at).await?;
            continue;
        }
        if row.next_at.is_some_and(|at| at <= now) {
            return Ok(Some(row));
        }
        // The older one waits for its next try, and this one for the older one.
        let again = held_until.into_iter().chain(row.next_at).min();
        let mut held = due;
        let taken_at = std::mem::replace(&mut held.next_at, again);
        tx.delivery_save(&held, taken_at).await?;
        return Ok(None);
    }
    Ok(None)
}

fn attempt_row(endpoint: &EndpointRow, tried: &Tried) -> AttemptRow {
    let reply = tried.outcome.as_ref().ok();
    let headers = |reply: &PartnerReply| -> Map<String, Value> {
        let headers = reply.headers.iter().cloned();
        headers.map(|(name, value)| (name, value.into())).collect()
    };
    let error = |e: &OutboundError| e.to_string().chars().take(ERROR_LENGTH_MAX).collect();
    AttemptRow {
        number: 0,
        url: endpoint.url.clone(),
        started_at: tried.started_at,
        duration_ms: tried.took_ms,
        status: reply.map(|reply| i64::from(reply.status)),
        headers: reply.map(|reply| Value::Object(headers(reply))),
        // PostgreSQL keeps no NUL in a text.
        body_start: reply.map(|reply| reply.body_start.replace('\0', "\u{fffd}")),
        error: tried.outcome.as_ref().err().map(error),
    }
}

//! Webhooks: in order for each order, tried for days, never lost.

use crate::{ApiError, Engine, signature::webhook_signature, worker::Outcome};
use proof_core::{Timestamp, id::OrderId};
use proof_outbound::{Guard, PartnerCall};
use proof_store::{DeliveryRow, DeliveryState, EndpointRow, Failure, Tx};
use url::Url;

/// How long an undelivered event holds the next one back (contract §6).
const HOLD_BACK_SECONDS: i64 = 60;

/// Pauses between tries; the last one repeats until the event is given up.
const BACKOFF_SECONDS: [i64; 8] = [2, 10, 30, 120, 600, 1_800, 3_600, 10_800];

/// An event is tried for three days.
const GIVE_UP_SECONDS: i64 = 3 * 24 * 3_600;

/// An order has a handful of status changes.
const DELIVERIES_MAX: i64 = 100;

/// What is kept of an error, for the delivery log.
const ERROR_LENGTH_MAX: usize = 200;

impl Engine {
    /// Sends what is next in this order's lane.
    pub(crate) async fn delivery_drive(&self, order: OrderId) -> Result<Outcome, ApiError> {
        let Some((mut row, endpoint, has_newer)) = self.delivery_next(order).await? else {
            return Ok(Outcome::Done);
        };
        let sent = self.delivery_send(&row, &endpoint).await;
        let now = self.now();
        row.attempts = row.attempts.saturating_add(1);
        let first = *row.first_tried_at.get_or_insert(now);
        match sent {
            Ok(status) => {
                row.last_status = Some(i64::from(status));
                row.last_error = None;
                if (200..300).contains(&status) {
                    row.state = DeliveryState::Delivered;
                }
            }
            Err(error) => {
                row.last_status = None;
                row.last_error = Some(error.chars().take(ERROR_LENGTH_MAX).collect());
            }
        }
        if row.state == DeliveryState::Pending && now >= first.plus_seconds(GIVE_UP_SECONDS) {
            row.state = DeliveryState::Failed;
        }
        let pending = row.state == DeliveryState::Pending;
        let next = if pending {
            retry_at(&row, first, has_newer, now)
        } else {
            now
        };
        self.delivery_record(row, now).await?;
        Ok(Outcome::Again(next))
    }

    /// The oldest event that still has to go out; older ones that held it back for too long are
    /// marked superseded, so that a handler that never answers still hears the final status.
    async fn delivery_next(
        &self,
        order: OrderId,
    ) -> Result<Option<(DeliveryRow, EndpointRow, bool)>, ApiError> {
        let now = self.now();
        self.db
            .write("delivery_next", move |tx: &mut Tx| {
                Box::pin(async move {
                    let rows = tx.delivery_list(order, DELIVERIES_MAX).await?;
                    let pending: Vec<DeliveryRow> = rows
                        .into_iter()
                        .filter(|r| r.state == DeliveryState::Pending)
                        .collect();
                    let count = pending.len();
                    for (n, mut row) in pending.into_iter().enumerate() {
                        let has_newer = n + 1 < count;
                        let held = row
                            .first_tried_at
                            .is_some_and(|at| now >= at.plus_seconds(HOLD_BACK_SECONDS));
                        if has_newer && held {
                            row.state = DeliveryState::Superseded;
                            tx.delivery_save(&row, now).await?;
                            continue;
                        }
                        let endpoint = tx.endpoint_load(row.endpoint).await?;
                        return Ok::<_, Failure<ApiError>>(Some((row, endpoint, has_newer)));
                    }
                    Ok(None)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    async fn delivery_send(
        &self,
        row: &DeliveryRow,
        endpoint: &EndpointRow,
    ) -> Result<u16, String> {
        let now = self.now();
        let id = row.event.to_string();
        let signature = webhook_signature(&endpoint.secret, &id, now, &row.body)
            .map_err(|e| e.context.unwrap_or(e.message))?;
        let call = PartnerCall {
            url: Url::parse(&endpoint.url).map_err(|e| e.to_string())?,
            headers: vec![
                ("content-type".to_owned(), "application/json".to_owned()),
                ("webhook-id".to_owned(), id),
                ("webhook-timestamp".to_owned(), now.seconds().to_string()),
                ("webhook-signature".to_owned(), signature),
            ],
            body: row.body.clone().into_bytes(),
        };
        // Sandbox endpoints may be plain http and on this machine; live ones may not.
        let door = self.outbound.partner(Guard::Sandbox);
        door.post(call)
            .await
            .map(|reply| reply.status)
            .map_err(|e| e.to_string())
    }

    async fn delivery_record(&self, row: DeliveryRow, now: Timestamp) -> Result<(), ApiError> {
        self.db
            .write("delivery_record", move |tx: &mut Tx| {
                let row = row.clone();
                Box::pin(async move {
                    tx.delivery_save(&row, now).await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await
            .map_err(ApiError::from)
    }
}

/// The next try; with a newer event waiting, at the latest when this one stops holding it back.
fn retry_at(row: &DeliveryRow, first: Timestamp, has_newer: bool, now: Timestamp) -> Timestamp {
    let n = usize::try_from(row.attempts.saturating_sub(1)).unwrap_or(0);
    let last = BACKOFF_SECONDS.len() - 1;
    let at = now.plus_seconds(BACKOFF_SECONDS[n.min(last)]);
    if has_newer {
        at.min(first.plus_seconds(HOLD_BACK_SECONDS).max(now))
    } else {
        at
    }
}

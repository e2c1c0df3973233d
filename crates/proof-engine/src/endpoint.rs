//! What a partner's developers see of their webhook and do with it.

use crate::{
    Access, ApiError, Engine, Seat, WebhookBody, audit::audit, checklist::not_allowed,
    error::refused, member::deed, signature::secret_generate,
};
use proof_core::{
    ErrorCode, Timestamp,
    id::{DeliveryId, EventId, JobId, OrderId, PartnerId},
    member::Act,
    partner::Environment,
    secret::Secret,
};
use proof_store::{
    AttemptRow, DeliveryFilter, DeliveryRow, DeliveryState, EndpointRow, EndpointState, Failure,
    JobKind, Tx,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// Longest that two secrets sign beside each other.
pub const SECRET_GRACE_SECONDS_MAX: i64 = 7 * 24 * 3_600;
pub const SECRET_GRACE_SECONDS_DEFAULT: i64 = 24 * 3_600;

/// Tries that are shown of one delivery, the latest.
const ATTEMPTS_MAX: i64 = 50;

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Webhook {
    pub url: String,
    /// `enabled` or `disabled`.
    pub state: &'static str,
    pub disabled_reason: Option<String>,
    pub disabled_at: Option<String>,
    /// Since when no delivery went well.
    pub failing_since: Option<String>,
    /// Where the shop says how often an event had an effect; the probes ask it.
    pub status_url: Option<String>,
    /// Until when the secret before the present one signs, too.
    pub previous_secret_expires_at: Option<String>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WebhookSecret {
    /// Shown once.
    pub secret: String,
    pub previous_expires_at: String,
}

/// An event on its way, or arrived.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Delivery {
    pub id: String,
    pub event_id: String,
    /// Null for a test event.
    pub merchant_transaction_id: Option<Uuid>,
    pub sequence: i64,
    /// `pending`, `delivered`, `superseded` (a newer status went out in its place) or `failed`.
    pub state: &'static str,
    /// Tries since it was last put on its way.
    pub attempts: i64,
    pub next_attempt_at: Option<String>,
    pub created_at: String,
}

/// A delivery with its body and its latest tries, latest first.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DeliveryDetail {
    #[serde(flatten)]
    pub delivery: Delivery,
    /// As it was sent.
    pub body: String,
    pub log: Vec<Attempt>,
}

/// One try.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Attempt {
    pub number: i64,
    pub url: String,
    pub started_at: String,
    pub duration_ms: i64,
    /// Null when there was no answer.
    pub status: Option<i64>,
    pub headers: Option<Value>,
    /// The beginning of the answer's body.
    pub body_start: Option<String>,
    pub error: Option<String>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DeliveryPage {
    /// Newest first.
    pub data: Vec<Delivery>,
    /// Pass this as `after` for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Recovered {
    /// Deliveries that were put on their way again.
    pub recovered: u64,
}

impl From<EndpointRow> for Webhook {
    fn from(row: EndpointRow) -> Self {
        let until = row.secret_previous.map(|(_, until)| until);
        Self {
            url: row.url,
            state: row.state.name(),
            disabled_reason: row.disabled_reason,
            disabled_at: row.disabled_at.map(Timestamp::to_contract),
            failing_since: row.failing_since.map(Timestamp::to_contract),
            status_url: row.status_url,
            previous_secret_expires_at: until.map(Timestamp::to_contract),
        }
    }
}

impl From<&DeliveryRow> for Delivery {
    fn from(row: &DeliveryRow) -> Self {
        Self {
            id: row.id.to_string(),
            event_id: row.event.to_string(),
            merchant_transaction_id: row.order.map(OrderId::uuid),
            sequence: row.sequence,
            state: row.state.name(),
            attempts: row.attempts,
            next_attempt_at: row.next_at.map(Timestamp::to_contract),
            created_at: row.created_at.to_contract(),
        }
    }
}

impl From<AttemptRow> for Attempt {
    fn from(row: AttemptRow) -> Self {
        Self {
            number: row.number,
            url: row.url,
            started_at: row.started_at.to_contract(),
            duration_ms: row.duration_ms,
            status: row.status,
            headers: row.headers,
            body_start: row.body_start,
            error: row.error,
        }
    }
}

async fn own(tx: &mut Tx, access: &Access) -> Result<EndpointRow, Failure<ApiError>> {
    let endpoint = tx
        .endpoint_of_partner(access.partner.id, access.environment)
        .await?;
    endpoint.ok_or_else(|| refused(ApiError::not_found("webhook")))
}

async fn own_delivery(
    tx: &mut Tx,
    access: &Access,
    id: DeliveryId,
) -> Result<DeliveryRow, Failure<ApiError>> {
    let endpoint = own(tx, access).await?;
    let row = tx.delivery_load(endpoint.id, id).await?;
    row.ok_or_else(|| refused(ApiError::not_found("delivery")))
}

/// A new secret; the one before signs beside it until then. While two do, a third has to be forced.
pub(crate) async fn rotate(
    tx: &mut Tx,
    endpoint: EndpointRow,
    (secret, until): (&Secret, Timestamp),
    force: bool,
    now: Timestamp,
) -> Result<(), Failure<ApiError>> {
    let exchanged = endpoint.secret_previous.filter(|(_, until)| now < *until);
    if let (Some((_, until)), false) = (exchanged, force) {
        let message = format!(
            "The secret is being exchanged already, until {}. Wait, or send \
             \"force\": true to end the previous one now.",
            until.to_contract()
        );
        return Err(refused(ApiError::new(ErrorCode::WrongState, message)));
    }
    tx.endpoint_rotate(endpoint.id, secret, until).await?;
    Ok(())
}

fn enabled(endpoint: &EndpointRow) -> Result<(), Failure<ApiError>> {
    match endpoint.state {
        EndpointState::Enabled => Ok(()),
        EndpointState::Disabled => {
            let message = "The webhook is disabled; enable it first.";
            Err(refused(ApiError::new(ErrorCode::WrongState, message)))
        }
    }
}

impl Engine {
    pub async fn webhook(&self, access: &Access) -> Result<Webhook, ApiError> {
        let access = access.clone();
        self.db
            .read("webhook", move |tx: &mut Tx| {
                let access = access.clone();
                Box::pin(async move { Ok(own(tx, &access).await?.into()) })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Lets an endpoint that was switched off be sent to again. What it missed meanwhile is
    /// recovered on its own, since it may be much.
    pub async fn webhook_enable(&self, access: &Access) -> Result<Webhook, ApiError> {
        let (access, now) = (access.clone(), self.now());
        let job = JobId::new(now, self.entropy.as_ref());
        self.db
            .write("webhook_enable", move |tx: &mut Tx| {
                let access = access.clone();
                Box::pin(async move {
                    let endpoint = own(tx, &access).await?;
                    tx.endpoint_enable(endpoint.id).await?;
                    tx.job_upsert(job, JobKind::Delivery, endpoint.id.uuid(), now)
                        .await?;
                    Ok(own(tx, &access).await?.into())
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Gives the endpoint a new secret; both sign for a while. While two do, a third is refused
    /// unless it is forced: a repeat of this call must not end the secret that receivers know.
    pub async fn webhook_rotate(
        &self,
        access: &Access,
        grace_seconds: i64,
        force: bool,
    ) -> Result<WebhookSecret, ApiError> {
        let (access, now) = (access.clone(), self.now());
        let until = now.plus_seconds(grace_seconds);
        let secret = secret_generate(self.random());
        let shown = secret.expose_secret().to_owned();
        self.db
            .write("webhook_rotate", move |tx: &mut Tx| {
                let (access, secret) = (access.clone(), secret.clone());
                Box::pin(async move {
                    let endpoint = own(tx, &access).await?;
                    rotate(tx, endpoint, (&secret, until), force, now).await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await?;
        Ok(WebhookSecret {
            secret: shown,
            previous_expires_at: until.to_contract(),
        })
    }

    /// Sends an event that is marked as a test, about a transaction that does not exist.
    pub async fn webhook_test(&self, access: &Access) -> Result<Delivery, ApiError> {
        let (now, entropy) = (self.now(), self.entropy.as_ref());
        let (id, event) = (DeliveryId::new(now, entropy), EventId::new(now, entropy));
        let job = JobId::new(now, entropy);
        let pair = access.partner.policy.pairs.first();
        let asset = pair.map(|pair| pair.asset);
        let body = WebhookBody {
            merchant_transaction_id: proof_core::id::uuid_v7(now, entropy),
            side: "buy",
            status: "completed".to_owned(),
            currency: asset.map_or("USDT", |asset| asset.ticker()),
            network: asset.map_or("TRC20", |asset| asset.network().name()),
            crypto_amount: "100.00".to_owned(),
            fiat_currency: access.partner.policy.fiat_default().code().to_owned(),
            fiat_amount: "95.00".to_owned(),
            created_at: now.to_contract(),
            updated_at: now.to_contract(),
            event_id: event.to_string(),
            sequence: 1,
            test: true,
        };
        let body = serde_json::to_string(&body).map_err(ApiError::internal)?;
        let access = access.clone();
        self.db
            .write("webhook_test", move |tx: &mut Tx| {
                let (access, body) = (access.clone(), body.clone());
                Box::pin(async move {
                    let endpoint = own(tx, &access).await?;
                    enabled(&endpoint)?;
                    let row = DeliveryRow {
                        id,
                        endpoint: endpoint.id,
                        order: None,
                        event,
                        sequence: 1,
                        body,
                        state: DeliveryState::Pending,
                        attempts: 0,
                        next_at: Some(now),
                        first_tried_at: None,
                        created_at: now,
                    };
                    tx.delivery_insert(&row).await?;
                    tx.job_upsert(job, JobKind::Delivery, endpoint.id.uuid(), now)
                        .await?;
                    Ok(Delivery::from(&row))
                })
            })
            .await
            .map_err(ApiError::from)
    }

    pub async fn deliveries(
        &self,
        access: &Access,
        filter: DeliveryFilter,
        limit: i64,
    ) -> Result<DeliveryPage, ApiError> {
        let access = access.clone();
        let rows = self
            .db
            .read("deliveries", move |tx: &mut Tx| {
                let access = access.clone();
                Box::pin(async move {
                    let endpoint = own(tx, &access).await?;
                    // One more than asked for tells whether there is another page.
                    let rows = tx.delivery_list(endpoint.id, filter, limit + 1).await?;
                    Ok::<_, Failure<ApiError>>(rows)
                })
            })
            .await?;
        let limit = usize::try_from(limit).unwrap_or(0);
        let data: Vec<Delivery> = rows.iter().take(limit).map(Delivery::from).collect();
        let more = rows.len() > limit;
        Ok(DeliveryPage {
            next_cursor: data.last().filter(|_| more).map(|last| last.id.clone()),
            data,
        })
    }

    pub async fn delivery(
        &self,
        access: &Access,
        id: DeliveryId,
    ) -> Result<DeliveryDetail, ApiError> {
        let access = access.clone();
        self.db
            .read("delivery", move |tx: &mut Tx| {
                let access = access.clone();
                Box::pin(async move {
                    let row = own_delivery(tx, &access, id).await?;
                    let log = tx.attempt_list(id, ATTEMPTS_MAX).await?;
                    Ok(DeliveryDetail {
                        delivery: Delivery::from(&row),
                        body: row.body,
                        log: log.into_iter().map(Attempt::from).collect(),
                    })
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Puts one event on its way again, whatever became of it.
    pub async fn delivery_redeliver(
        &self,
        access: &Access,
        id: DeliveryId,
    ) -> Result<Delivery, ApiError> {
        let (access, now) = (access.clone(), self.now());
        let job = JobId::new(now, self.entropy.as_ref());
        self.db
            .write("delivery_redeliver", move |tx: &mut Tx| {
                let access = access.clone();
                Box::pin(async move {
                    own_delivery(tx, &access, id).await?;
                    enabled(&own(tx, &access).await?)?;
                    tx.delivery_again(id, now).await?;
                    let row = own_delivery(tx, &access, id).await?;
                    tx.job_upsert(job, JobKind::Delivery, row.endpoint.uuid(), now)
                        .await?;
                    Ok(Delivery::from(&row))
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Puts on its way again what did not arrive of a range of time.
    pub async fn webhook_recover(
        &self,
        access: &Access,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Recovered, ApiError> {
        let (access, now) = (access.clone(), self.now());
        let job = JobId::new(now, self.entropy.as_ref());
        self.db
            .write("webhook_recover", move |tx: &mut Tx| {
                let access = access.clone();
                Box::pin(async move {
                    let endpoint = own(tx, &access).await?;
                    enabled(&endpoint)?;
                    let recovered = tx.delivery_recover(endpoint.id, (from, to), now).await?;
                    tx.job_upsert(job, JobKind::Delivery, endpoint.id.uuid(), now)
                        .await?;
                    Ok(Recovered { recovered })
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Takes a webhook away, at once and by one person: nothing goes anywhere then.
    pub async fn endpoint_remove(
        &self,
        seat: &Seat,
        partner: PartnerId,
        environment: Environment,
    ) -> Result<(), ApiError> {
        if !seat.role().may(Act::WebhookWrite) {
            return Err(not_allowed());
        }
        let (author, now) = (seat.author(), self.now());
        let told = json!({ "environment": environment });
        let deed = deed(author, "webhook.remove", partner.to_string(), told);
        self.db
            .write("endpoint_remove", move |tx: &mut Tx| {
                let mut deed = deed.clone();
                Box::pin(async move {
                    // Nobody moves it meanwhile.
                    tx.partner_lock(partner).await?;
                    let endpoint = tx.endpoint_of_partner(partner, environment).await?;
                    let endpoint = endpoint.ok_or_else(|| refused(ApiError::nobody("webhook")))?;
                    deed.before = json!({ "url": endpoint.url });
                    tx.delivery_stop(endpoint.id).await?;
                    tx.endpoint_remove(endpoint.id, now).await?;
                    audit(tx, &deed, now).await
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Says that an endpoint was switched off where people look: the log, and the partner's.
    pub(crate) fn endpoint_disabled(&self, endpoint: &EndpointRow, reason: &str) {
        tracing::warn!(partner = %endpoint.partner, reason, "a webhook was disabled: {reason}");
        let message = format!("Your webhook was disabled: {reason}. Put it right and enable it.");
        self.refusal_note(crate::refusal::Refusal {
            partner: endpoint.partner,
            environment: endpoint.environment,
            route: "webhook".to_owned(),
            code: "webhook_disabled",
            field: "",
            origin: String::new(),
            message,
            request_id: String::new(),
        });
    }
}

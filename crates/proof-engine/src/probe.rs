//! What the server provokes in the sandbox of a partner who asks for it, and how their backend takes
//! it. A probe lives in this process: after a restart it is started again.

use crate::{ApiError, Engine, Seen, audit::audit, member::deed, refusal::lock};
use proof_core::{
    ErrorCode, Timestamp,
    audit::Author,
    checklist::{Kind, ProbeVerdict, backoff_verdict, loop_verdict},
    id::{DeliveryId, PartnerId},
    partner::Environment,
};
use proof_store::{DeliveryFilter, DeliveryState, Failure, Tx};
use serde_json::json;
use std::sync::atomic::Ordering;

/// Calls that are answered with 502, one after the other.
const UPSTREAM_ERRORS: usize = 3;

/// A call that was not repeated in this time is not repeated.
const REPEATED_SECONDS: i64 = 60;

/// After this a probe that nothing came of is over.
const PATIENCE_SECONDS: i64 = 600;

/// Which error comes next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Wallet,
    Currency,
    Upstream,
    Origin,
    Watch,
}

/// Of one partner: where it is, and when the present stage's calls came.
#[derive(Clone, Debug)]
pub(crate) struct Probe {
    stage: Stage,
    started_at: Timestamp,
    calls: Vec<Timestamp>,
    redelivered: Option<(DeliveryId, Timestamp)>,
}

fn provoked(code: ErrorCode, message: &str) -> ApiError {
    ApiError::new(
        code,
        format!("{message} (The go-live probe provoked this.)"),
    )
}

impl Engine {
    /// Begins with the partner's next `POST /widget/session`.
    pub async fn probe_start(
        &self,
        author: impl Into<Author>,
        partner: PartnerId,
    ) -> Result<(), ApiError> {
        self.probe_settle(partner).await?;
        if lock(&self.probes).contains_key(&partner) {
            let message = "The probes are under way; what they find is on the checklist.";
            return Err(ApiError::new(ErrorCode::WrongState, message));
        }
        let (now, author) = (self.now(), author.into());
        let redelivered = self.probe_redeliver(partner).await?;
        let deed = deed(author, "checklist.probe", partner.to_string(), json!({}));
        self.db
            .write("probe_start", move |tx: &mut Tx| {
                let deed = deed.clone();
                Box::pin(async move { audit(tx, &deed, now).await })
            })
            .await
            .map_err(|error: Failure<ApiError>| ApiError::from(error))?;
        let probe = Probe {
            stage: Stage::Wallet,
            started_at: now,
            calls: Vec::new(),
            redelivered: redelivered.map(|id| (id, now)),
        };
        lock(&self.probes).insert(partner, probe);
        self.probing.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// An event that was taken before is sent again.
    async fn probe_redeliver(&self, partner: PartnerId) -> Result<Option<DeliveryId>, ApiError> {
        let access = self.access_of(partner).await?;
        let filter = DeliveryFilter {
            before: DeliveryId::LAST,
            order: None,
            state: Some(DeliveryState::Delivered),
        };
        let taken = match self.deliveries(&access, filter, 1).await {
            Ok(page) => page.data.into_iter().next(),
            // No webhook, nothing to send.
            Err(error) if error.code == ErrorCode::NotFound => None,
            Err(error) => return Err(error),
        };
        let Some(id) = taken.and_then(|delivery| delivery.id.parse().ok()) else {
            return Ok(None);
        };
        match self.delivery_redeliver(&access, id).await {
            Ok(_) => Ok(Some(id)),
            Err(error) if error.code == ErrorCode::WrongState => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What a partner's call for a session is answered while a probe is under way; `None`: as always.
    pub fn probe_call(
        &self,
        (partner, environment): (PartnerId, Environment),
        request_id: &str,
    ) -> Option<ApiError> {
        if environment != Environment::Test || !self.probing.load(Ordering::Relaxed) {
            return None;
        }
        let now = self.now();
        let mut probes = lock(&self.probes);
        let probe = probes.get_mut(&partner)?;
        // Whoever started it has long looked away: the errors would surprise somebody.
        if now > probe.started_at.plus_seconds(PATIENCE_SECONDS) {
            return None;
        }
        let noted = |kind, subject: &str, note: String| Seen {
            subject: subject.to_owned(),
            request_id: request_id.to_owned(),
            note,
            ..Seen::new(partner, environment, kind)
        };
        match probe.stage {
            Stage::Wallet => {
                probe.stage = Stage::Currency;
                self.observe(noted(Kind::Provoked, "wallet_not_supported", String::new()));
                let message = "This wallet is not supported.";
                Some(provoked(ErrorCode::WalletNotSupported, message))
            }
            Stage::Currency => {
                probe.stage = Stage::Upstream;
                self.observe(noted(Kind::Provoked, "currency_not_allowed", String::new()));
                let message = "This currency is not allowed for this partner.";
                Some(provoked(ErrorCode::CurrencyNotAllowed, message))
            }
            Stage::Upstream => {
                probe.calls.push(now);
                if probe.calls.len() <= UPSTREAM_ERRORS {
                    let message =
                        "A provider answered with an error; the same call may be tried again.";
                    return Some(provoked(ErrorCode::ProviderError, message));
                }
                self.observe(verdict(
                    &noted,
                    "ERR-2",
                    backoff_verdict(&probe.calls, UPSTREAM_ERRORS, true),
                )?);
                probe.calls.clear();
                probe.stage = Stage::Origin;
                None
            }
            Stage::Origin => {
                probe.calls.push(now);
                probe.stage = Stage::Watch;
                let message = "The origin of this call is not registered.";
                Some(provoked(ErrorCode::ForbiddenOrigin, message))
            }
            Stage::Watch => {
                probe.calls.push(now);
                None
            }
        }
    }

    /// Judges what time alone decides: that nobody came back, or that nobody stopped.
    pub(crate) async fn probe_settle(&self, partner: PartnerId) -> Result<(), ApiError> {
        let now = self.now();
        let Some(probe) = lock(&self.probes).get(&partner).cloned() else {
            return Ok(());
        };
        let noted = |kind, subject: &str, note: String| Seen {
            subject: subject.to_owned(),
            note,
            ..Seen::new(partner, Environment::Test, kind)
        };
        let idle = probe
            .calls
            .last()
            .is_some_and(|at| now > at.plus_seconds(REPEATED_SECONDS));
        let judged = match probe.stage {
            Stage::Upstream if idle => verdict(
                &noted,
                "ERR-2",
                backoff_verdict(&probe.calls, UPSTREAM_ERRORS, true),
            ),
            Stage::Watch => {
                let over = probe
                    .calls
                    .first()
                    .is_some_and(|at| now > at.plus_seconds(30));
                verdict(&noted, "ERR-3", loop_verdict(&probe.calls, over))
            }
            Stage::Wallet | Stage::Currency | Stage::Upstream | Stage::Origin => None,
        };
        let redelivered = self.probe_answered(partner, &probe).await?;
        let over = now > probe.started_at.plus_seconds(PATIENCE_SECONDS);
        {
            let mut probes = lock(&self.probes);
            if let Some(kept) = probes.get_mut(&partner) {
                if redelivered {
                    kept.redelivered = None;
                }
                if judged.is_some() && kept.stage == Stage::Upstream {
                    kept.calls.clear();
                    kept.stage = Stage::Origin;
                } else if judged.is_some() || over {
                    probes.remove(&partner);
                }
            }
            self.probing.store(!probes.is_empty(), Ordering::Relaxed);
        }
        if redelivered {
            self.observe(noted(
                Kind::ProbeGood,
                "WHK-2",
                "answered with 2xx".to_owned(),
            ));
        }
        if let Some(seen) = judged {
            self.observe(seen);
        }
        Ok(())
    }

    /// Whether the event that was sent again was taken again.
    async fn probe_answered(&self, partner: PartnerId, probe: &Probe) -> Result<bool, ApiError> {
        let Some((id, at)) = probe.redelivered else {
            return Ok(false);
        };
        let access = self.access_of(partner).await?;
        let detail = self.delivery(&access, id).await?;
        // To the second, as the log shows it.
        let since = at.plus_seconds(-1).to_contract();
        let taken = detail.log.iter().any(|one| {
            one.started_at >= since && one.status.is_some_and(|s| (200..300).contains(&s))
        });
        Ok(taken && detail.delivery.state == DeliveryState::Delivered.name())
    }
}

fn verdict(
    noted: &impl Fn(Kind, &str, String) -> Seen,
    line: &str,
    verdict: ProbeVerdict,
) -> Option<Seen> {
    match verdict {
        ProbeVerdict::Good(note) => Some(noted(Kind::ProbeGood, line, note)),
        ProbeVerdict::Bad(note) => Some(noted(Kind::ProbeBad, line, note)),
        ProbeVerdict::Open => None,
    }
}

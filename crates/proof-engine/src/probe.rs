//! What the server provokes in the sandbox of a partner who asks for it, and how their backend takes
//! it. A probe lives in this process: after a restart it is started again.

mod webhook;

use crate::{ApiError, Engine, Seen, audit::audit, member::deed, refusal::lock};
use proof_core::{
    ErrorCode, Timestamp,
    audit::Author,
    checklist::{COUNTED, FORGED, Kind, ProbeVerdict, backoff_verdict, loop_verdict},
    id::{DeliveryId, EventId, PartnerId},
    partner::Environment,
};
use proof_store::{DeliveryState, Failure, Tx};
use serde_json::json;
use std::sync::atomic::Ordering;
use webhook::Forged;

/// Calls that are answered with 502, one after the other.
const UPSTREAM_ERRORS: usize = 3;

/// The second of them comes only after so long: a backend waits for an answer before it asks again.
const SLOW_AFTER: usize = 2;
const SLOW_SECONDS: i64 = 3;

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
    /// Every error was provoked and judged; the event that was sent again may still be on its way.
    Done,
}

/// Of one partner: where it is, and when the present stage's calls came.
#[derive(Clone, Debug)]
pub(crate) struct Probe {
    stage: Stage,
    started_at: Timestamp,
    calls: Vec<Timestamp>,
    /// When the call was made that is being answered slowly.
    slow_since: Option<Timestamp>,
    /// How long answers were held back by now: no pause of the caller's.
    held_back_ms: i64,
    redelivered: Option<Redelivered>,
}

impl Probe {
    fn is_as(&self, seen: &Self) -> bool {
        let state = |probe: &Self| (probe.started_at, probe.stage, probe.redelivered.is_some());
        state(self) == state(seen)
    }

    fn settled(&mut self, event: bool, stage: bool) {
        if event {
            self.redelivered = None;
        }
        if stage {
            self.calls.clear();
            self.stage = match self.stage {
                Stage::Upstream => Stage::Origin,
                Stage::Wallet | Stage::Currency | Stage::Origin | Stage::Watch | Stage::Done => {
                    Stage::Done
                }
            };
        }
    }
}

/// An event that was taken before, sent again.
#[derive(Clone, Copy, Debug)]
struct Redelivered {
    id: DeliveryId,
    event: EventId,
    at: Timestamp,
    /// How often it had an effect before, where the shop says so.
    effects: Option<u64>,
}

/// How the next call is answered.
enum Answer {
    AsAlways,
    With(ApiError),
    /// Only after a while.
    Slowly(ApiError),
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
        // One that waits for nothing but its event may be begun anew.
        let before = lock(&self.probes).get(&partner).cloned();
        if before
            .as_ref()
            .is_some_and(|probe| probe.stage != Stage::Done)
        {
            let message = "The probes are under way; what they find is on the checklist.";
            return Err(ApiError::new(ErrorCode::WrongState, message));
        }
        let (now, author) = (self.now(), author.into());
        let redelivered = self.probe_redeliver(partner, now).await?;
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
            slow_since: None,
            held_back_ms: 0,
            redelivered: redelivered.or_else(|| before?.redelivered),
        };
        lock(&self.probes).insert(partner, probe);
        self.probing.store(true, Ordering::Relaxed);
        Ok(())
    }

    pub(crate) fn is_probed(&self, partner: PartnerId) -> bool {
        lock(&self.probes).contains_key(&partner)
    }

    /// An event that was taken before is sent again; and once more, changed on its way.
    async fn probe_redeliver(
        &self,
        partner: PartnerId,
        at: Timestamp,
    ) -> Result<Option<Redelivered>, ApiError> {
        let Some(endpoint) = self.probe_endpoint(partner).await? else {
            return Ok(None);
        };
        let id = endpoint.id;
        let taken = self.db.read("probe_taken", move |tx: &mut Tx| {
            Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.delivery_taken(id).await?) })
        });
        let Some(taken) = taken.await? else {
            return Ok(None);
        };
        if let Some(forged) = self.probe_forge(&endpoint, &taken).await {
            self.observe(forgery(partner, forged));
        }
        let effects = self.probe_effects(&endpoint, taken.event).await;
        let access = self.access_of(partner).await?;
        match self.delivery_redeliver(&access, taken.id).await {
            Ok(_) => Ok(Some(Redelivered {
                id: taken.id,
                event: taken.event,
                at,
                effects,
            })),
            Err(error) if error.code == ErrorCode::WrongState => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What a partner's call for a session is answered while a probe is under way; `None`: as always.
    pub async fn probe_call(
        &self,
        owner: (PartnerId, Environment),
        request_id: &str,
    ) -> Option<ApiError> {
        if owner.1 != Environment::Test || !self.probing.load(Ordering::Relaxed) {
            return None;
        }
        match self.probe_answer(owner, request_id) {
            Answer::AsAlways => None,
            Answer::With(error) => Some(error),
            Answer::Slowly(error) => {
                let until = self.now().plus_seconds(SLOW_SECONDS);
                self.clock.sleep_until(until).await;
                self.probe_spoken(owner.0);
                Some(error)
            }
        }
    }

    /// The slow answer is on its way.
    fn probe_spoken(&self, partner: PartnerId) {
        let now = self.now();
        if let Some(probe) = lock(&self.probes).get_mut(&partner)
            && let Some(since) = probe.slow_since.take()
        {
            let held = now.millis_since(since);
            probe.held_back_ms = probe.held_back_ms.saturating_add(held);
        }
    }

    fn probe_answer(
        &self,
        (partner, environment): (PartnerId, Environment),
        request_id: &str,
    ) -> Answer {
        let now = self.now();
        let mut probes = lock(&self.probes);
        let Some(probe) = probes.get_mut(&partner) else {
            return Answer::AsAlways;
        };
        // Whoever started it has long looked away: the errors would surprise somebody.
        if now > probe.started_at.plus_seconds(PATIENCE_SECONDS) {
            return Answer::AsAlways;
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
                Answer::With(provoked(ErrorCode::WalletNotSupported, message))
            }
            Stage::Currency => {
                probe.stage = Stage::Upstream;
                self.observe(noted(Kind::Provoked, "currency_not_allowed", String::new()));
                let message = "This currency is not allowed for this partner.";
                Answer::With(provoked(ErrorCode::CurrencyNotAllowed, message))
            }
            Stage::Upstream => {
                let (answer, seen) = upstream(probe, now);
                if let Some((kind, note)) = seen {
                    self.observe(noted(kind, "ERR-2", note));
                }
                answer
            }
            Stage::Origin => {
                probe.calls.push(now);
                probe.stage = Stage::Watch;
                let message = "The origin of this call is not registered.";
                Answer::With(provoked(ErrorCode::ForbiddenOrigin, message))
            }
            Stage::Watch => {
                probe.calls.push(now);
                Answer::AsAlways
            }
            Stage::Done => Answer::AsAlways,
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
            Stage::Wallet | Stage::Currency | Stage::Upstream | Stage::Origin | Stage::Done => None,
        };
        let twice = self.probe_answered(partner, &probe).await?;
        let over = now > probe.started_at.plus_seconds(PATIENCE_SECONDS);
        {
            let mut probes = lock(&self.probes);
            // Whoever looked in the same moment has said the same.
            let Some(kept) = probes.get_mut(&partner).filter(|kept| kept.is_as(&probe)) else {
                return Ok(());
            };
            kept.settled(twice.is_some(), judged.is_some());
            // What was sent again is judged when it was taken, however late.
            let is_done = kept.stage == Stage::Done && kept.redelivered.is_none();
            if is_done || over {
                probes.remove(&partner);
            }
            self.probing.store(!probes.is_empty(), Ordering::Relaxed);
        }
        if let Some((kind, subject, note)) = twice {
            self.observe(noted(kind, subject, note));
        }
        if let Some(seen) = judged {
            self.observe(seen);
        }
        Ok(())
    }

    /// What came of the event that was sent again, once it was taken again.
    async fn probe_answered(
        &self,
        partner: PartnerId,
        probe: &Probe,
    ) -> Result<Option<(Kind, &'static str, String)>, ApiError> {
        let Some(sent) = probe.redelivered else {
            return Ok(None);
        };
        let access = self.access_of(partner).await?;
        let detail = self.delivery(&access, sent.id).await?;
        // To the second, as the log shows it.
        let since = sent.at.plus_seconds(-1).to_contract();
        let taken = detail.log.iter().any(|one| {
            one.started_at >= since && one.status.is_some_and(|s| (200..300).contains(&s))
        });
        if !taken || detail.delivery.state != DeliveryState::Delivered.name() {
            return Ok(None);
        }
        let after = match self.probe_endpoint(partner).await? {
            Some(endpoint) => self.probe_effects(&endpoint, sent.event).await,
            None => None,
        };
        Ok(Some(match (sent.effects, after) {
            (Some(before), Some(after)) if after > before => {
                let note = format!("it had {before} effects, and {after} after it came again");
                (Kind::ProbeBad, "WHK-2", note)
            }
            (Some(_), Some(after)) => {
                let note = format!("by the shop's own word it had {after} effects, as before");
                (Kind::ProbeGood, COUNTED, note)
            }
            (None, _) | (_, None) => {
                let note = "answered with 2xx".to_owned();
                (Kind::ProbeGood, "WHK-2", note)
            }
        }))
    }
}

/// A call while three are answered with 502: how it is answered, and what is known of the backend by now.
fn upstream(probe: &mut Probe, now: Timestamp) -> (Answer, Option<(Kind, String)>) {
    let message = "A provider answered with an error; the same call may be tried again.";
    let error = || provoked(ErrorCode::ProviderError, message);
    if probe.slow_since.is_some() {
        let note = "the call was made again before it was answered".to_owned();
        probe.calls.clear();
        probe.slow_since = None;
        probe.stage = Stage::Origin;
        return (Answer::With(error()), Some((Kind::ProbeBad, note)));
    }
    probe.calls.push(now.plus_millis(-probe.held_back_ms));
    if probe.calls.len() == SLOW_AFTER {
        probe.slow_since = Some(now);
        return (Answer::Slowly(error()), None);
    }
    if probe.calls.len() <= UPSTREAM_ERRORS {
        return (Answer::With(error()), None);
    }
    let seen = match backoff_verdict(&probe.calls, UPSTREAM_ERRORS, true) {
        ProbeVerdict::Good(note) => Some((Kind::ProbeGood, note)),
        ProbeVerdict::Bad(note) => Some((Kind::ProbeBad, note)),
        ProbeVerdict::Open => None,
    };
    probe.calls.clear();
    probe.stage = Stage::Origin;
    (Answer::AsAlways, seen)
}

fn forgery(partner: PartnerId, forged: Forged) -> Seen {
    let (kind, status) = match forged {
        Forged::Refused(status) => (Kind::ProbeGood, status),
        Forged::Taken(status) => (Kind::ProbeBad, status),
    };
    Seen {
        subject: FORGED.to_owned(),
        note: format!("answered with {status}"),
        ..Seen::new(partner, Environment::Test, kind)
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

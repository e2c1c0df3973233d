//! What is seen of a partner's integration: noted as it happens, and what the database knows of it.

use super::{SEEN_MAX, phone::wallet_begun};
use crate::{ApiError, Engine, play::OUTAGE, refusal::lock};
use proof_core::{
    Timestamp,
    checklist::{Kind, LiveOrder, Observation, WATCHED_SECONDS},
    id::{OrderId, PartnerId},
    order::{EventKind, FailReason, NewEvent, Order, State},
    partner::{Environment, Origin, Partner, Side},
    payment::PaymentMethod,
    scenario::is_played,
};
use proof_store::{Failure, RecentAttempt, Tx};

/// A transaction whose end was read so often, later than this after the first time, is polled on.
const POLLS_ON: u32 = 3;
const POLLED_ON_SECONDS: i64 = 60;
const POLLING_SECONDS: i64 = 600;

/// How long what was seen is remembered here after it was written.
const SEEN_SECONDS: i64 = 600;

/// One thing that was seen, and whose it was.
#[derive(Clone, Debug)]
pub struct Seen {
    pub partner: PartnerId,
    pub environment: Environment,
    pub kind: Kind,
    pub subject: String,
    pub request_id: String,
    pub note: String,
    pub order: Option<OrderId>,
}

impl Seen {
    pub fn new(partner: PartnerId, environment: Environment, kind: Kind) -> Self {
        Self {
            partner,
            environment,
            kind,
            subject: String::new(),
            request_id: String::new(),
            note: String::new(),
            order: None,
        }
    }
}

pub(crate) type SeenKey = (PartnerId, Environment, Kind, String);

/// What was seen, and when that was last written.
#[derive(Clone, Debug)]
pub(crate) struct SeenNote {
    pub(crate) observation: Observation,
    written_minute: i64,
    /// What somebody found, or a probe: of two in one minute the last one holds.
    is_verdict_new: bool,
}

/// How often the end of a transaction was read.
#[derive(Clone, Copy)]
pub(crate) struct EndReads {
    first_at: Timestamp,
    later: u32,
}

/// What a step of an order shows of the integration, in the database transaction of that step.
pub(crate) async fn order_seen(
    tx: &mut Tx,
    order: &Order,
    events: &[NewEvent],
    now: Timestamp,
) -> Result<(), Failure<ApiError>> {
    if is_played(&order.email) {
        return Ok(());
    }
    for event in events {
        let mut subject = "";
        let kind = match event.kind {
            EventKind::PaymentCaptured if order.method != PaymentMethod::Card => {
                let Some(begun) = wallet_begun(tx, order).await? else {
                    continue;
                };
                subject = begun;
                Kind::WalletCaptured
            }
            EventKind::IdentityVerified if had_check(tx, order, events).await? => {
                Kind::IdentityPassed
            }
            EventKind::IdentityVerified => Kind::IdentitySkipped,
            EventKind::OrderCompleted => match order.side {
                Side::Buy => Kind::BuyCompleted,
                Side::Sell => Kind::SellCompleted,
            },
            _ => continue,
        };
        let observation = Observation {
            kind,
            subject: subject.to_owned(),
            first_at: now,
            last_at: now,
            request_id: String::new(),
            note: String::new(),
            order: Some(order.id),
        };
        tx.observation_add(order.partner, order.environment, &observation)
            .await?;
    }
    Ok(())
}

pub(super) fn is_outage(tried: &RecentAttempt) -> bool {
    let error = tried.error.as_deref();
    error.is_some_and(|error| error.ends_with(OUTAGE))
}

/// Whether this order's user was checked in this order.
async fn had_check(
    tx: &mut Tx,
    order: &Order,
    events: &[NewEvent],
) -> Result<bool, Failure<ApiError>> {
    const LOOKED_AT: i64 = 20;
    let started = EventKind::IdentityStarted;
    if events.iter().any(|event| event.kind == started) {
        return Ok(true);
    }
    let before = tx.event_list(order.id, 0, LOOKED_AT).await?;
    Ok(before.iter().any(|event| event.kind == started.name()))
}

impl Engine {
    /// Notes that something was seen; it is written with the other notes.
    pub fn observe(&self, seen: Seen) {
        let now = self.now();
        let key = (
            seen.partner,
            seen.environment,
            seen.kind,
            seen.subject.clone(),
        );
        let mut noted = lock(&self.notes.seen);
        let note = noted.entry(key).or_insert_with(|| SeenNote {
            observation: Observation {
                kind: seen.kind,
                subject: seen.subject,
                first_at: now,
                last_at: now,
                request_id: String::new(),
                note: String::new(),
                order: None,
            },
            written_minute: 0,
            is_verdict_new: false,
        });
        note.is_verdict_new |= matches!(
            seen.kind,
            Kind::ProbeGood | Kind::ProbeBad | Kind::ScanGood | Kind::ScanBad
        );
        note.observation.last_at = now;
        note.observation.request_id = seen.request_id;
        note.observation.note = seen.note;
        note.observation.order = seen.order;
    }

    /// Whether this was written in the present minute: that is enough, and it is on the way of every poll.
    fn is_noted(&self, access: &crate::Access, kind: Kind) -> bool {
        let minute = self.now().seconds().div_euclid(60);
        let key = (access.partner.id, access.environment, kind, String::new());
        let noted = lock(&self.notes.seen);
        let note = noted.get(&key);
        note.is_some_and(|note| note.written_minute >= minute)
    }

    /// Of a call with a good token.
    pub fn observe_call(&self, access: &crate::Access, request_id: &str) {
        if !self.is_noted(access, Kind::Call) {
            self.observe(Seen {
                request_id: request_id.to_owned(),
                ..Seen::new(access.partner.id, access.environment, Kind::Call)
            });
        }
    }

    /// A transaction was read: `status` is what its reader was told.
    pub fn observe_read(
        &self,
        access: &crate::Access,
        order: OrderId,
        (channel, status): (&'static str, &str),
        request_id: &str,
    ) {
        let seen = |kind, subject: &str| Seen {
            subject: subject.to_owned(),
            request_id: request_id.to_owned(),
            order: Some(order),
            ..Seen::new(access.partner.id, access.environment, kind)
        };
        let kind = match channel {
            "socket" => Kind::SocketOpened,
            _ => Kind::Polled,
        };
        if !self.is_noted(access, kind) {
            self.observe(seen(kind, ""));
        }
        let status = proof_core::order::PublicStatus::parse(status);
        if !status.is_some_and(proof_core::order::PublicStatus::is_terminal) {
            return;
        }
        if status == Some(proof_core::order::PublicStatus::Failed) {
            self.observe(seen(Kind::FailureRead, channel));
        }
        if channel == "socket" {
            return;
        }
        let now = self.now();
        let mut reads = self.notes.ends.get(&order).unwrap_or(EndReads {
            first_at: now,
            later: 0,
        });
        let after = now.millis_since(reads.first_at).div_euclid(1_000);
        // Whoever looks an old order up much later does not poll.
        if (POLLED_ON_SECONDS.saturating_add(1)..POLLING_SECONDS).contains(&after) {
            reads.later = reads.later.saturating_add(1);
        }
        self.notes.ends.insert(order, reads);
        if reads.later >= POLLS_ON {
            self.observe(seen(Kind::PolledOn, ""));
        } else if reads.first_at == now {
            self.observe(seen(Kind::EndRead, channel));
        }
    }

    /// A session was made for a pair.
    pub fn observe_session(
        &self,
        access: &crate::Access,
        made: &crate::SessionResponse,
        request_id: &str,
    ) {
        let of = &made.parameters;
        self.observe(Seen {
            subject: format!("{} {}/{}", of.side.name(), of.currency, of.network),
            request_id: request_id.to_owned(),
            order: Some(OrderId::from_uuid(of.merchant_transaction_id)),
            ..Seen::new(access.partner.id, access.environment, Kind::SessionMade)
        });
    }

    /// The widget was opened, or was not: by whose page, and why.
    pub(crate) fn observe_visit(
        &self,
        open: &crate::VisitOpen,
        partner: &Partner,
        order: OrderId,
        refused: Option<&ApiError>,
    ) {
        let environment = Environment::Test;
        let seen = |kind, subject: String| Seen {
            subject,
            order: Some(order),
            ..Seen::new(partner.id, environment, kind)
        };
        let Some(error) = refused else {
            // In its one spelling: as it came it could be another one each time.
            if let Ok(origin) = Origin::parse(&open.page_origin)
                && !self.plays_user_of(order)
            {
                self.observe(seen(Kind::WidgetOpened, origin.to_string()));
            }
            return;
        };
        if error.code.status() >= 500 {
            return;
        }
        let code = error.code.code();
        self.observe(seen(Kind::WidgetRefused, code.to_owned()));
        // A page of a known widget: its partner is told, as of a refused call.
        let origin = Origin::parse(&open.page_origin);
        self.refusal_note(crate::Refusal {
            partner: partner.id,
            environment,
            route: "widget".to_owned(),
            code,
            field: error.field.unwrap_or_default(),
            origin: origin.map_or("(no origin)".to_owned(), |origin| origin.to_string()),
            message: error.message.clone(),
            request_id: String::new(),
        });
    }

    /// What was seen since it was last written, to the minute.
    pub(crate) fn seen_noted(&self) -> Vec<(SeenKey, Observation)> {
        let mut noted = lock(&self.notes.seen);
        let mut fresh = Vec::new();
        for (key, note) in noted.iter_mut() {
            let minute = note.observation.last_at.seconds().div_euclid(60);
            if minute > note.written_minute || note.is_verdict_new {
                fresh.push((key.clone(), note.observation.clone()));
                note.written_minute = minute;
                note.is_verdict_new = false;
            }
        }
        // What is not seen any more is in the database.
        let since = self.now().plus_seconds(-SEEN_SECONDS);
        noted.retain(|_, note| note.observation.last_at > since);
        fresh
    }
}

/// What the log of webhooks shows: that they are taken, and that a failure was told by one.
pub(super) fn webhook_seen(tries: &[RecentAttempt]) -> Vec<Observation> {
    let taken = tries.iter().filter(|one| {
        one.status
            .is_some_and(|status| (200..300).contains(&status))
    });
    let observation = |one: &RecentAttempt, kind, subject: &str| Observation {
        kind,
        subject: subject.to_owned(),
        first_at: one.started_at,
        last_at: one.started_at,
        request_id: String::new(),
        note: String::new(),
        order: one.order,
    };
    let failed = |one: &&RecentAttempt| {
        let body: serde_json::Value = serde_json::from_str(&one.body).unwrap_or_default();
        body["data"]["status"] == "failed" || body["status"] == "failed"
    };
    let latest = taken
        .clone()
        .next()
        .map(|one| observation(one, Kind::WebhookTaken, ""));
    let failure = taken.clone().find(failed);
    let failure = failure.map(|one| observation(one, Kind::FailureRead, "webhook"));
    latest.into_iter().chain(failure).collect()
}

/// Real orders that ended well, and who watched them.
pub(super) async fn live_orders(
    tx: &mut Tx,
    id: PartnerId,
) -> Result<Vec<LiveOrder>, Failure<ApiError>> {
    let seen = tx.observation_list(id, Environment::Live, SEEN_MAX).await?;
    let ended = [Kind::BuyCompleted, Kind::SellCompleted];
    let mut orders = Vec::new();
    for one in seen.into_iter().filter(|one| ended.contains(&one.kind)) {
        let watched = match one.order {
            Some(order) => tx.watch_latest(order).await?,
            None => None,
        };
        let since = one.last_at.plus_seconds(-WATCHED_SECONDS);
        let watched = watched.filter(|(_, at)| *at >= since);
        orders.push(LiveOrder {
            seen: one,
            watched_by: watched.map(|(by, _)| by),
        });
    }
    Ok(orders)
}

/// An order that merely expired is no failure path.
pub(crate) async fn is_expiry(tx: &mut Tx, seen: &Observation) -> Result<bool, Failure<ApiError>> {
    let (Kind::FailureRead, Some(order)) = (seen.kind, seen.order) else {
        return Ok(false);
    };
    let stored = tx.order_work(order).await?;
    Ok(stored.is_some_and(|stored| {
        let reason = FailReason::DepositTimeout;
        matches!(stored.order.state, State::Failed { reason: r } if r == reason)
    }))
}

//! The server looks at itself: what there is to do and how old it is, whether the rails answer, whether
//! the database can be written. What is wrong becomes an alert, which closes when it is gone.
//!
//! It takes no job: a look at the queue must not wait in the queue. Every server looks, and an alert is
//! opened by the first.

mod hand;
mod high;
mod look;
mod page;
mod shipping;

pub use page::HealthPage;
pub use shipping::{Behind, Late, ShippingView};

use crate::{ApiError, Engine, metered::Rail, metrics::seconds_between};
use futures::{FutureExt, StreamExt, future::Shared, stream::FuturesUnordered};
use look::{Look, Watched, show_orders};
use proof_core::{
    Network, Timestamp,
    alert::{Alert, AlertKind, Change, OpenAlert, Thresholds, Unseen, changes},
    id::{AlertId, BackupId, PartnerId},
    partner::Environment,
    recovery::Life,
};
use proof_store::{BackupRow, Failure, OpenOrders, Pool, StoredAlert, Tx};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Alerts that are open at the same time; more are looked at when these are closed.
pub(crate) const ALERTS_MAX: i64 = 1_000;

/// What is over is kept as long as the integration logs are.
const KEPT_SECONDS: i64 = 90 * 24 * 3_600;
const PURGE_SECONDS: i64 = 3_600;

/// A worker looks at least every minute; one that has not for twice as long hangs.
const BEAT_SECONDS_MAX: i64 = 120;

/// A look takes what its slowest provider takes, 15 s, and may be missed once.
const LOOK_SECONDS_SPARE: i64 = 30;

/// The row that shows that the database can be written.
/// How often the checklists of live partners are judged.
const REDS_SECONDS: i64 = 300;
/// Between two counts of the orders that are open.
const COUNT_SECONDS: i64 = 60;

const HEARTBEAT: &str = "server";

/// How often the server looks at itself, and what it tells then.
#[derive(Clone, Debug)]
pub struct Watching {
    pub every_seconds: u32,
    pub thresholds: Thresholds,
    /// How often a backup is due; `None`: the server takes none.
    pub backup_every_minutes: Option<u32>,
    /// How old continuous backup may be; `None`: there is none.
    pub backup_bound_seconds: Option<u32>,
}

impl Default for Watching {
    fn default() -> Self {
        Self {
            every_seconds: 15,
            thresholds: Thresholds::default(),
            backup_every_minutes: None,
            backup_bound_seconds: None,
        }
    }
}

/// What a server is not ready for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum NotReady {
    Stopping,
    DatabaseUnreadable,
    DatabaseUnwritable,
    WorkersHang,
    WorkersBehind,
    Recovering,
    BackupBehind,
}

impl NotReady {
    pub const fn words(self) -> &'static str {
        match self {
            Self::Stopping => "stopping: the server ends",
            Self::DatabaseUnreadable => "database: it cannot be read",
            Self::DatabaseUnwritable => "database: it cannot be written",
            Self::WorkersHang => "workers: one of them hangs or has not begun",
            Self::WorkersBehind => "workers: due work is not taken",
            Self::Recovering => "recovering: a restore has to be accepted",
            Self::BackupBehind => "backup: what is committed is on this machine only",
        }
    }
}

/// One try to copy the database, as whoever made it tells.
#[derive(Clone, Debug)]
pub struct BackupDone {
    pub place: String,
    pub taken_at: Timestamp,
    pub bytes: u64,
    pub verified_at: Option<Timestamp>,
    pub problem: Option<String>,
}

/// What the node of a network last said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Tip {
    height: u64,
    /// When it last said something new.
    new_at: Timestamp,
    heard_at: Timestamp,
}

type Tips = BTreeMap<(Environment, Network), Tip>;

#[derive(Default)]
struct Seen {
    /// When the last look was complete, with its write.
    written_at: Option<Timestamp>,
    failed: bool,
    tips: Tips,
    look: Option<Look>,
    /// How many orders were open, and when they were counted.
    counted: Option<(Timestamp, Vec<OpenOrders>)>,
    /// Red lines of live partners, and when they were looked at.
    reds: Option<(Timestamp, Vec<Alert>)>,
    purged_at: Option<Timestamp>,
}

pub(crate) struct Health {
    pub watching: Watching,
    started_at: Timestamp,
    seen: Mutex<Seen>,
    beats: Mutex<BTreeMap<Pool, Timestamp>>,
    shipped: Mutex<shipping::Shipped>,
}

impl Health {
    pub fn new(watching: Watching, started_at: Timestamp) -> Self {
        Self {
            watching,
            started_at,
            seen: Mutex::default(),
            beats: Mutex::default(),
            shipped: Mutex::default(),
        }
    }

    /// A worker is at it.
    pub fn beat(&self, pool: Pool, now: Timestamp) {
        lock(&self.beats).insert(pool, now);
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }

    fn beats(&self) -> BTreeMap<Pool, Timestamp> {
        lock(&self.beats).clone()
    }

    fn workers_hang(&self, now: Timestamp) -> bool {
        let beats = self.beats();
        Pool::ALL.iter().any(|pool| {
            let beat = beats.get(pool);
            beat.is_none_or(|at| at.plus_seconds(BEAT_SECONDS_MAX) < now)
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine {
    /// Looks, until `stop` resolves.
    pub(crate) async fn health_loop(&self, stop: Shared<impl Future<Output = ()> + Send>) {
        let mut stop = stop.fuse();
        let every = i64::from(self.health.watching.every_seconds.max(1));
        loop {
            if let Err(error) = self.health_look().await {
                self.health.seen().failed = true;
                error.log("the server cannot look at itself");
            }
            let wait = self.clock.sleep_until(self.now().plus_seconds(every));
            let wait = wait.fuse();
            futures::pin_mut!(wait);
            futures::select_biased! {
                () = stop => return,
                () = wait => {}
            }
        }
    }

    /// One look at everything.
    pub async fn health_look(&self) -> Result<(), ApiError> {
        self.tips_look().await;
        let (now, watching) = (self.now(), self.health.watching.clone());
        let watched = Watched {
            networks: self.networks_each(),
            // In recovery nobody takes work that moves money, on purpose.
            works: self.life() == Life::Known,
            started_at: self.health.started_at,
            watching,
            bands: self.cold.bands.clone(),
            now,
        };
        let mut look = self
            .db
            .read("health_look", move |tx: &mut Tx| {
                let watched = watched.clone();
                Box::pin(async move { Ok::<_, Failure<ApiError>>(watched.look(tx).await?) })
            })
            .await?;
        let tips = self.health.seen().tips.clone();
        let mut looked = look.judge(&self.health.watching, &tips, &self.pulses.all(), now);
        looked.wrong.extend(self.shipping_alert());
        looked.wrong.extend(self.sanctions.alert());
        looked.wrong.extend(self.audit_keeping.alert());
        match self.reds_look(look.live()).await {
            Ok(reds) => looked.wrong.extend(reds),
            Err(error) => {
                error.log("a live partner's checklist cannot be looked at");
                looked.unseen.insert(Unseen::All(AlertKind::ChecklistRed));
            }
        }
        let open: Vec<OpenAlert> = look.open.iter().map(|stored| stored.open()).collect();
        look.open = self.alerts_save(changes(&open, &looked), now).await?;
        let is_first = {
            let mut seen = self.health.seen();
            seen.written_at = Some(now);
            seen.failed = false;
            seen.look.replace(look).is_none()
        };
        if is_first {
            return Ok(());
        }
        self.orders_count(now).await
    }

    /// With a million open orders no other question is as dear: it is not asked at each look, nor by a server that has just
    /// begun and has all else to do.
    async fn orders_count(&self, now: Timestamp) -> Result<(), ApiError> {
        if let Some((at, _)) = &self.health.seen().counted
            && now < at.plus_seconds(COUNT_SECONDS)
        {
            return Ok(());
        }
        let orders = self
            .db
            .read("orders_count", |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.open_orders().await?) })
            })
            .await?;
        self.health.seen().counted = Some((now, orders));
        Ok(())
    }

    /// Each world that this server has, with its networks.
    fn networks_each(&self) -> Vec<(Environment, Vec<Network>)> {
        let both = [Environment::Test, Environment::Live].into_iter();
        let there = both.filter_map(|environment| {
            let rails = self.rails(environment).ok()?;
            Some((environment, rails.chains.keys().copied().collect()))
        });
        there.collect()
    }

    /// Lines of live partners that are red. They change slowly, and each list costs a few questions.
    async fn reds_look(&self, live: &[PartnerId]) -> Result<Vec<Alert>, ApiError> {
        let now = self.now();
        if let Some((at, reds)) = &self.health.seen().reds
            && now < at.plus_seconds(REDS_SECONDS)
        {
            return Ok(reds.clone());
        }
        let mut reds = Vec::new();
        for partner in live {
            for line in self.checklist_red(*partner).await? {
                let (partner, line) = (*partner, line.to_owned());
                reds.push(Alert::ChecklistRed { partner, line });
            }
        }
        self.health.seen().reds = Some((now, reds.clone()));
        Ok(reds)
    }

    /// Asks every node for its last block, all at once.
    async fn tips_look(&self) {
        let mut asked = FuturesUnordered::new();
        for environment in [Environment::Test, Environment::Live] {
            let Ok(rails) = self.rails(environment) else {
                continue;
            };
            for (network, chain) in &rails.chains {
                let key = (environment, *network);
                asked.push(async move {
                    let (tip, _) = futures::join!(chain.tip(), chain.node_heights());
                    (key, tip)
                });
            }
        }
        while let Some((key, tip)) = asked.next().await {
            // What fails is the rail's to tell.
            let Ok(tip) = tip else { continue };
            let now = self.now();
            let mut seen = self.health.seen();
            let known = seen.tips.get(&key).copied();
            let same = known.filter(|known| known.height == tip.height);
            let tip = Tip {
                height: tip.height,
                new_at: same.map_or(now, |known| known.new_at),
                heard_at: now,
            };
            seen.tips.insert(key, tip);
        }
    }

    /// Writes down what has changed, and in any case that it can be written. Gives what is open then.
    async fn alerts_save(
        &self,
        changes: Vec<Change>,
        now: Timestamp,
    ) -> Result<Vec<StoredAlert>, ApiError> {
        let with_id = |change| (AlertId::new(now, self.entropy.as_ref()), change);
        let changes: Vec<(AlertId, Change)> = changes.into_iter().map(with_id).collect();
        let purged_at = self.health.seen().purged_at;
        let purge = purged_at.is_none_or(|at| at.plus_seconds(PURGE_SECONDS) <= now);
        let (done, open) = self
            .db
            .write("health_save", move |tx: &mut Tx| {
                let changes = changes.clone();
                Box::pin(async move {
                    tx.heartbeat_save(HEARTBEAT, now).await?;
                    if purge {
                        let before = now.plus_seconds(-KEPT_SECONDS);
                        tx.alert_purge(before).await?;
                        tx.backup_purge(before).await?;
                    }
                    let mut done = Vec::new();
                    for (id, change) in changes {
                        let first = match &change {
                            Change::Open(alert) => tx.alert_open(id, alert, now).await?,
                            Change::Close(id) => tx.alert_close(*id, now).await?,
                        };
                        if first {
                            done.push((id, change));
                        }
                    }
                    Ok::<_, Failure<ApiError>>((done, tx.alerts_open(ALERTS_MAX).await?))
                })
            })
            .await?;
        if purge {
            self.health.seen().purged_at = Some(now);
            self.persons_tidy(now).await;
        }
        for (id, change) in done {
            match change {
                Change::Open(alert) => tell(id, &alert),
                Change::Close(id) => tracing::info!(alert = %id, "an alert is over"),
            }
        }
        Ok(open)
    }

    /// What this server is not ready for; nothing, if it is.
    pub async fn readiness(&self) -> Vec<NotReady> {
        let mut missing = Vec::new();
        if self.is_stopping() {
            missing.push(NotReady::Stopping);
        }
        if self.database_reads().await.is_err() {
            missing.push(NotReady::DatabaseUnreadable);
        }
        let (now, every) = (self.now(), self.health.watching.every_seconds);
        let late = i64::from(every) * 2 + LOOK_SECONDS_SPARE;
        let (written, behind) = {
            let seen = self.health.seen();
            let written = seen.written_at.map(|at| at.plus_seconds(late) > now);
            let behind = seen.look.as_ref().is_some_and(Look::is_behind);
            // Before the first look nothing is known to be wrong with it.
            (written.unwrap_or(!seen.failed), behind)
        };
        if !written {
            missing.push(NotReady::DatabaseUnwritable);
        }
        let begun = self.health.started_at.plus_seconds(BEAT_SECONDS_MAX) < now;
        if begun && self.health.workers_hang(now) {
            missing.push(NotReady::WorkersHang);
        }
        if behind {
            missing.push(NotReady::WorkersBehind);
        }
        if self.life() != Life::Known {
            missing.push(NotReady::Recovering);
        }
        missing.extend(self.shipping_missing());
        missing
    }

    async fn database_reads(&self) -> Result<(), ApiError> {
        self.db
            .read("ready", |tx: &mut Tx| {
                Box::pin(async move {
                    tx.installation_load().await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Notes a try to copy the database.
    pub async fn backup_note(&self, done: BackupDone) -> Result<(), ApiError> {
        let now = self.now();
        let row = BackupRow {
            id: BackupId::new(now, self.entropy.as_ref()),
            place: done.place,
            taken_at: done.taken_at,
            finished_at: now,
            bytes: i64::try_from(done.bytes).unwrap_or(i64::MAX),
            verified_at: done.verified_at,
            problem: done.problem,
        };
        self.db
            .write("backup_note", move |tx: &mut Tx| {
                let row = row.clone();
                Box::pin(async move {
                    tx.backup_insert(&row).await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// When the last good backup was taken.
    pub async fn backup_last(&self) -> Result<Option<Timestamp>, ApiError> {
        let last = self
            .db
            .read("backup_last", |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.backup_good().await?) })
            })
            .await?;
        Ok(last.map(|row| row.taken_at))
    }

    /// Everything that is counted, as Prometheus reads it.
    pub async fn metrics_text(&self) -> String {
        let (now, gauges) = (self.now(), &self.metrics.gauges);
        let ready = self.readiness().await.is_empty();
        gauges.ready.set(if ready { 1.0 } else { 0.0 });
        {
            let seen = self.health.seen();
            let age = seconds_between(seen.written_at.unwrap_or(self.health.started_at), now);
            gauges.look_age.set(age);
            if let Some(look) = &seen.look {
                look.show(gauges, &seen.tips, now);
            }
            if let Some((_, orders)) = &seen.counted {
                show_orders(gauges, orders, now);
            }
        }
        if let Some(shipping) = self.shipping() {
            let age = gauges.backup_continuous_age.get_or_create(&[]);
            age.set(shipping.age());
        }
        let pulses = self.pulses.all();
        gauges.rail_up.clear();
        for ((environment, rail), pulse) in pulses {
            let labels = [
                ("environment", environment.name().to_owned()),
                ("rail", rail),
            ];
            let up = if pulse.failing_since.is_none() {
                1.0
            } else {
                0.0
            };
            gauges.rail_up.get_or_create(&labels).set(up);
        }
        self.metrics.text()
    }

    pub fn metrics_http(&self, route: (&'static str, &'static str), status: u16, begun: Timestamp) {
        self.metrics.http(route, status, begun);
    }
}

/// One line of the log for each alert, with all that somebody needs who reads nothing else.
fn tell(id: AlertId, alert: &Alert) {
    let (kind, subject) = (alert.kind().name(), alert.subject());
    let advice = alert.kind().advice();
    tracing::error!(alert = %id, kind, subject, "{} {advice}", alert.headline());
}

/// Rails of one look, by name.
type Pulsing = BTreeMap<Rail, crate::metered::Pulse>;

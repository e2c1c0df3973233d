//! One look into the database, what it says, and how it is shown.

use super::{ALERTS_MAX, Pulsing, Tips, Watching};
use crate::metrics::{Gauges, seconds_between};
use proof_core::{
    Asset, Network, Timestamp,
    alert::{
        Alert, AlertKind, Looked, Unseen, WORKED_STATES, chain_subject, order_alert, rail_subject,
    },
    cold::Band,
    id::{OrderId, PartnerId},
    ledger::{Account, Unit, key_in},
    money::Amount,
    order::Order,
    partner::{Environment, Partner, Stage},
};
use proof_store::{
    BackupRow, DueJobs, FailingEndpoint, JobKind, OpenOrders, Pool, ScanPlace, StoreError,
    StoredAlert, Trouble, Tx, Waiting,
};
use std::collections::{BTreeMap, BTreeSet};

/// Orders of one state that are looked at closely; what is beyond them is told when these are well.
const QUIET_MAX: i64 = 100;
const TROUBLES_MAX: i64 = 1_000;

const ENDPOINTS_MAX: i64 = 200;

/// One failed call is no news.
const FAILURES_MIN: u64 = 3;

const IN_REVIEW: &str = "in_review";

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Watched {
    /// Of each world that this server has.
    pub networks: Vec<(Environment, Vec<Network>)>,
    /// Whether the workers should be at it.
    pub works: bool,
    pub started_at: Timestamp,
    pub watching: Watching,
    /// Of hot wallets that have a ceiling.
    pub bands: BTreeMap<Asset, Band>,
    pub now: Timestamp,
}

/// What was seen.
#[derive(Clone, Debug)]
pub struct Look {
    pub open: Vec<StoredAlert>,
    quiet: Vec<(Order, Timestamp)>,
    /// States of which there are more than were looked at.
    crowded: bool,
    /// Why the last try of an order's step failed.
    troubles: BTreeMap<OrderId, String>,
    /// Orders that are complete, and whose delivery the chain has taken back.
    lost: Vec<Trouble>,
    jobs: Vec<DueJobs>,
    deliveries: Waiting,
    endpoints: Vec<FailingEndpoint>,
    scans: Vec<ScanPlace>,
    /// Free coins of the hot wallets, and what they should be.
    wallets: Vec<(Environment, Amount, Amount)>,
    /// What does not get into cold storage.
    high: Vec<Alert>,
    /// Partners with real money.
    live: Vec<PartnerId>,
    backup_good: Option<BackupRow>,
    backup_last: Option<BackupRow>,
    behind: Vec<DueJobs>,
    started_at: Timestamp,
    /// Whether this server runs for long enough to have taken what is late.
    had_time: bool,
}

pub(super) fn minutes(minutes: u32) -> i64 {
    i64::from(minutes) * 60
}

impl Watched {
    pub async fn look(&self, tx: &mut Tx) -> Result<Look, StoreError> {
        let (now, thresholds) = (self.now, &self.watching.thresholds);
        let (quiet, crowded) = self.quiet(tx).await?;
        let troubles = tx.job_troubles(JobKind::Order, TROUBLES_MAX).await?;
        let troubles = troubles.into_iter();
        let troubles = troubles.map(|of| (OrderId::from_uuid(of.key), of.why));
        let jobs = tx.due_jobs(now).await?;
        let late = now.plus_seconds(-minutes(thresholds.jobs_minutes));
        let behind = jobs.iter().filter(|job| self.works && is_behind(job, late));
        let failing_since = now.plus_seconds(-minutes(thresholds.webhook_minutes));
        let backup_last = tx.backup_list(1).await?.into_iter().next();
        let partners = tx.partner_all().await?;
        let live = partners
            .iter()
            .filter(|partner| matches!(partner.stage, Stage::LiveWatched | Stage::Live));
        Ok(Look {
            started_at: self.started_at,
            had_time: self.started_at <= late,
            behind: behind.cloned().collect(),
            open: tx.alerts_open(ALERTS_MAX).await?,
            deliveries: tx.waiting_deliveries().await?,
            endpoints: tx.failing_endpoints(failing_since, ENDPOINTS_MAX).await?,
            scans: tx.scan_places().await?,
            live: live.map(|partner| partner.id).collect(),
            wallets: self.wallets(tx, &partners).await?,
            high: self.wallets_high(tx).await?,
            backup_good: tx.backup_good().await?,
            backup_last,
            quiet,
            crowded,
            troubles: troubles.collect(),
            lost: tx.job_troubles(JobKind::Delivered, TROUBLES_MAX).await?,
            jobs,
        })
    }

    /// Orders that nothing happened to for a while, and all that wait for people.
    async fn quiet(&self, tx: &mut Tx) -> Result<(Vec<(Order, Timestamp)>, bool), StoreError> {
        let thresholds = &self.watching.thresholds;
        let shortest = thresholds.order_minutes.min(thresholds.transfer_minutes);
        let since = self.now.plus_seconds(-minutes(shortest));
        let (mut quiet, mut crowded) = (Vec::new(), false);
        for state in WORKED_STATES.into_iter().chain([IN_REVIEW]) {
            let since = if state == IN_REVIEW { self.now } else { since };
            let found = tx.quiet_orders(state, since, QUIET_MAX).await?;
            crowded |= i64::try_from(found.len()).is_ok_and(|found| found >= QUIET_MAX);
            quiet.extend(found);
        }
        Ok((quiet, crowded))
    }

    /// What partners sell, and the coins that its transfers cost.
    async fn wallets(
        &self,
        tx: &mut Tx,
        partners: &[Partner],
    ) -> Result<Vec<(Environment, Amount, Amount)>, StoreError> {
        let mut assets = BTreeSet::new();
        for (environment, networks) in &self.networks {
            let pairs = partners.iter().flat_map(|partner| &partner.policy.pairs);
            let pairs = pairs.filter(|pair| networks.contains(&pair.asset.network()));
            let both = pairs.flat_map(|pair| [pair.asset, pair.asset.network().native()]);
            assets.extend(both.map(|asset| (*environment, asset)));
        }
        let mut wallets = Vec::new();
        for (environment, asset) in assets {
            let key = format!("{}:{}", Account::Wallet, Unit::Crypto(asset));
            let free = tx.ledger_balance(&key_in(environment, &key)).await?;
            let free = u128::try_from(free.unwrap_or(0)).unwrap_or(0);
            let floor = self.watching.thresholds.floor(asset);
            wallets.push((environment, Amount::new(asset, free), floor));
        }
        Ok(wallets)
    }
}

/// A comparison of a night may wait for another one; the rest must not.
fn is_behind(job: &DueJobs, late: Timestamp) -> bool {
    let night = JobKind::parse(&job.kind).is_some_and(|kind| kind.pool() == Pool::Nights);
    !night && job.waiting.oldest.is_some_and(|at| at <= late)
}

impl Look {
    /// Whether this server leaves due work undone. What fell due while none ran is told to people at once, and held against
    /// this one when it had as long for it as any other.
    pub fn is_behind(&self) -> bool {
        self.had_time && !self.behind.is_empty()
    }

    pub const fn endpoints_unwell(&self) -> usize {
        self.endpoints.len()
    }

    /// How far a network's blocks were read.
    pub fn scanned(&self, environment: Environment, network: Network) -> Option<u64> {
        let mut scans = self.scans.iter();
        let own = scans.find(|scan| (scan.environment, scan.network) == (environment, network));
        own.map(|scan| scan.height)
    }

    pub const fn deliveries(&self) -> &Waiting {
        &self.deliveries
    }

    pub fn jobs(&self) -> &[DueJobs] {
        &self.jobs
    }

    pub fn live(&self) -> &[PartnerId] {
        &self.live
    }

    pub fn wallets(&self) -> &[(Environment, Amount, Amount)] {
        &self.wallets
    }

    pub fn judge(
        &self,
        watching: &Watching,
        tips: &Tips,
        pulses: &Pulsing,
        now: Timestamp,
    ) -> Looked {
        let mut looked = Looked::default();
        let thresholds = &watching.thresholds;
        let orders = self.quiet.iter();
        looked.wrong.extend(orders.filter_map(|(order, at)| {
            let alert = order_alert(order, *at, thresholds, now)?;
            Some(alert.because(self.troubles.get(&order.id).cloned()))
        }));
        looked
            .wrong
            .extend(self.lost.iter().map(|lost| Alert::OrderStuck {
                order: OrderId::from_uuid(lost.key),
                state: "completed".to_owned(),
                since: now,
                why: Some(lost.why.clone()),
            }));
        if self.crowded {
            looked.unseen.extend([
                Unseen::All(AlertKind::OrderStuck),
                Unseen::All(AlertKind::OrderWaits),
            ]);
        }
        looked.wrong.extend(self.wallets_low());
        looked.wrong.extend(self.high.iter().cloned());
        looked.wrong.extend(self.endpoints_failing());
        looked
            .wrong
            .extend(self.behind.iter().map(|job| Alert::WorkersBehind {
                work: job.kind.clone(),
                since: job.waiting.oldest.unwrap_or(now),
            }));
        self.judge_backups(watching, &mut looked, now);
        self.judge_chains(watching, tips, &mut looked, now);
        self.judge_rails(watching, pulses, &mut looked, now);
        looked
    }

    fn wallets_low(&self) -> impl Iterator<Item = Alert> {
        let low = self
            .wallets
            .iter()
            .filter(|(_, free, floor)| free.base() < floor.base());
        low.map(|(environment, free, floor)| Alert::WalletLow {
            environment: *environment,
            asset: free.asset(),
            held: free.to_decimal(),
            floor: floor.to_decimal(),
        })
    }

    fn endpoints_failing(&self) -> impl Iterator<Item = Alert> {
        self.endpoints.iter().map(|one| Alert::WebhookFailing {
            partner: one.partner,
            environment: one.environment,
            endpoint: one.id,
            since: one.since,
            disabled: one.disabled,
        })
    }

    fn judge_backups(&self, watching: &Watching, looked: &mut Looked, now: Timestamp) {
        let Some(every_minutes) = watching.backup_every_minutes else {
            return;
        };
        let taken_at = self.backup_good.as_ref().map(|row| row.taken_at);
        let since = taken_at.map_or(self.started_at, |at| at.max(self.started_at));
        // One may be under way; a second one is missing.
        if since.plus_seconds(2 * minutes(every_minutes)) < now {
            looked.wrong.push(Alert::BackupOld {
                taken_at,
                every_minutes,
            });
        }
        if let Some(last) = &self.backup_last
            && let Some(problem) = &last.problem
        {
            looked.wrong.push(Alert::BackupFailed {
                at: last.finished_at,
                problem: problem.clone(),
            });
        }
    }

    fn judge_chains(&self, watching: &Watching, tips: &Tips, looked: &mut Looked, now: Timestamp) {
        let asked = self.open.iter().filter_map(|stored| match stored.alert {
            Alert::ChainLag {
                environment,
                network,
                ..
            } => Some((environment, network)),
            _ => None,
        });
        let unheard = |key: &(Environment, Network)| {
            tips.get(key)
                .is_none_or(|tip| tip.heard_at < looked_at(watching, now))
        };
        for (environment, network) in asked.filter(unheard) {
            let subject = chain_subject(environment, network);
            looked
                .unseen
                .insert(Unseen::One(AlertKind::ChainLag, subject));
        }
        for ((environment, network), tip) in tips {
            let quiet = i64::from(watching.thresholds.quiet_seconds(*network));
            if tip.new_at.plus_seconds(quiet) <= tip.heard_at {
                looked.wrong.push(Alert::ChainLag {
                    environment: *environment,
                    network: *network,
                    height: tip.height,
                    since: tip.new_at,
                });
            }
        }
    }

    fn judge_rails(
        &self,
        watching: &Watching,
        pulses: &Pulsing,
        looked: &mut Looked,
        now: Timestamp,
    ) {
        // A rail that this process has not called says nothing yet.
        for stored in &self.open {
            if let Alert::RailDown {
                environment, rail, ..
            } = &stored.alert
                && !pulses.contains_key(&(*environment, rail.clone()))
            {
                let subject = rail_subject(*environment, rail);
                looked
                    .unseen
                    .insert(Unseen::One(AlertKind::RailDown, subject));
            }
        }
        for ((environment, rail), pulse) in pulses {
            let Some(since) = pulse.failing_since else {
                continue;
            };
            let long = i64::from(watching.thresholds.rail_seconds);
            if pulse.failures >= FAILURES_MIN && since.plus_seconds(long) <= now {
                looked.wrong.push(Alert::RailDown {
                    environment: *environment,
                    rail: rail.clone(),
                    since,
                });
            }
        }
    }

    /// Into the gauges, with ages as of now.
    pub fn show(&self, gauges: &Gauges, tips: &Tips, now: Timestamp) {
        let age = |at: Option<Timestamp>| at.map_or(0.0, |at| seconds_between(at, now));
        gauges.jobs_due.clear();
        gauges.jobs_lag.clear();
        // Zero is a number, too: what is not there cannot be watched.
        for kind in JobKind::ALL {
            let labels = [("kind", kind.name().to_owned())];
            gauges.jobs_due.get_or_create(&labels).set(0.0);
            gauges.jobs_lag.get_or_create(&labels).set(0.0);
        }
        for job in &self.jobs {
            let labels = [("kind", job.kind.clone())];
            gauges
                .jobs_due
                .get_or_create(&labels)
                .set(number(job.waiting.count));
            gauges
                .jobs_lag
                .get_or_create(&labels)
                .set(age(job.waiting.oldest));
        }
        gauges.webhooks_waiting.set(number(self.deliveries.count));
        gauges.webhooks_oldest.set(age(self.deliveries.oldest));
        gauges.webhooks_failing.set(count(self.endpoints.len()));
        self.show_chains(gauges, tips, now);
        gauges.wallet_free.clear();
        gauges.wallet_floor.clear();
        for (environment, free, floor) in &self.wallets {
            let labels = [
                ("environment", environment.name().to_owned()),
                ("asset", free.asset().to_string()),
            ];
            gauges.wallet_free.get_or_create(&labels).set(coins(*free));
            gauges
                .wallet_floor
                .get_or_create(&labels)
                .set(coins(*floor));
        }
        gauges.alerts_open.clear();
        for kind in AlertKind::ALL {
            let open = self.open.iter().filter(|one| one.alert.kind() == kind);
            let labels = [("kind", kind.name().to_owned())];
            gauges
                .alerts_open
                .get_or_create(&labels)
                .set(count(open.count()));
        }
        if let Some(good) = &self.backup_good {
            gauges
                .backup_age
                .get_or_create(&[])
                .set(age(Some(good.taken_at)));
            gauges
                .backup_bytes
                .get_or_create(&[])
                .set(number(good.bytes));
            let verified = good.verified_at.map(|at| age(Some(at)));
            if let Some(verified) = verified {
                gauges.backup_verified_age.get_or_create(&[]).set(verified);
            }
        }
    }

    fn show_chains(&self, gauges: &Gauges, tips: &Tips, now: Timestamp) {
        let labels = |environment: Environment, network: Network| {
            [
                ("environment", environment.name().to_owned()),
                ("network", network.name().to_owned()),
            ]
        };
        gauges.chain_height.clear();
        gauges.chain_quiet.clear();
        gauges.chain_scanned.clear();
        for ((environment, network), tip) in tips {
            let labels = labels(*environment, *network);
            let height = i64::try_from(tip.height).map_or(0.0, number);
            gauges.chain_height.get_or_create(&labels).set(height);
            let quiet = seconds_between(tip.new_at, now);
            gauges.chain_quiet.get_or_create(&labels).set(quiet);
        }
        for scan in &self.scans {
            let labels = labels(scan.environment, scan.network);
            let height = i64::try_from(scan.height).map_or(0.0, number);
            gauges.chain_scanned.get_or_create(&labels).set(height);
        }
    }
}

/// The same of orders that are open.
pub fn show_orders(gauges: &Gauges, orders: &[OpenOrders], now: Timestamp) {
    gauges.orders_open.clear();
    gauges.orders_oldest.clear();
    for of in orders {
        let labels = [("side", of.side.clone()), ("state", of.state.clone())];
        let count = number(of.waiting.count);
        gauges.orders_open.get_or_create(&labels).set(count);
        let oldest = of.waiting.oldest.map_or(0.0, |at| seconds_between(at, now));
        gauges.orders_oldest.get_or_create(&labels).set(oldest);
    }
}

/// A node that was heard before this was not heard at the present look.
fn looked_at(watching: &Watching, now: Timestamp) -> Timestamp {
    now.plus_seconds(-i64::from(watching.every_seconds.max(1)))
}

/// For a graph: rounding does not matter there, and money is never made of it.
fn number(value: i64) -> f64 {
    value.to_string().parse().unwrap_or(f64::NAN)
}

fn count(value: usize) -> f64 {
    value.to_string().parse().unwrap_or(f64::NAN)
}

fn coins(amount: Amount) -> f64 {
    amount.to_decimal().parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metered::Pulse;
    use proof_core::id::{AlertId, BackupId};
    use uuid::Uuid;

    const TEST: Environment = Environment::Test;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::FIRST.plus_seconds(seconds)
    }

    fn empty() -> Look {
        Look {
            open: Vec::new(),
            quiet: Vec::new(),
            troubles: BTreeMap::new(),
            lost: Vec::new(),
            crowded: false,
            jobs: Vec::new(),
            deliveries: Waiting {
                count: 0,
                oldest: None,
            },
            endpoints: Vec::new(),
            scans: Vec::new(),
            wallets: Vec::new(),
            high: Vec::new(),
            live: Vec::new(),
            backup_good: None,
            backup_last: None,
            behind: Vec::new(),
            started_at: at(0),
            had_time: true,
        }
    }

    fn stored(alert: Alert) -> StoredAlert {
        StoredAlert {
            id: AlertId::from_uuid(Uuid::nil()),
            alert,
            opened_at: at(0),
            closed_at: None,
            acknowledged: None,
        }
    }

    fn judge(look: &Look, tips: &Tips, pulses: &Pulsing, now: i64) -> Looked {
        let watching = Watching {
            backup_every_minutes: Some(60),
            ..Watching::default()
        };
        look.judge(&watching, tips, pulses, at(now))
    }

    fn tip(new_at: i64, heard_at: i64) -> Tips {
        let tip = super::super::Tip {
            height: 7,
            new_at: at(new_at),
            heard_at: at(heard_at),
        };
        [((TEST, Network::Trc20), tip)].into()
    }

    #[test]
    fn a_node_lags_when_it_answers_and_shows_no_new_block() {
        let lag = Alert::ChainLag {
            environment: TEST,
            network: Network::Trc20,
            height: 7,
            since: at(0),
        };
        let look = empty();
        let none = Pulsing::new();
        assert_eq!(judge(&look, &tip(0, 299), &none, 299).wrong, []);
        assert_eq!(
            judge(&look, &tip(0, 300), &none, 300).wrong,
            std::slice::from_ref(&lag)
        );
        // Not heard since the look before: nobody knows, and what is open stays so.
        let known = Look {
            open: vec![stored(lag)],
            ..empty()
        };
        let unseen = [Unseen::One(AlertKind::ChainLag, "test TRC20".to_owned())];
        assert_eq!(judge(&known, &tip(0, 60), &none, 300).unseen, unseen.into());
        assert_eq!(judge(&known, &tip(299, 300), &none, 300), Looked::default());
    }

    #[test]
    fn a_rail_is_down_after_a_while_and_one_that_was_not_called_says_nothing() {
        let rail = (TEST, "payments".to_owned());
        let pulse = |failures| Pulse {
            well_at: None,
            failing_since: Some(at(0)),
            failures,
        };
        let down = Alert::RailDown {
            environment: TEST,
            rail: "payments".to_owned(),
            since: at(0),
        };
        let (look, tips) = (empty(), Tips::new());
        let wrong = |failures, now| {
            let pulses = [(rail.clone(), pulse(failures))].into();
            judge(&look, &tips, &pulses, now).wrong
        };
        assert_eq!(wrong(9, 119), []);
        assert_eq!(wrong(2, 500), [], "two failures may be chance");
        assert_eq!(wrong(3, 120), std::slice::from_ref(&down));
        let known = Look {
            open: vec![stored(down)],
            ..empty()
        };
        let unseen = [Unseen::One(AlertKind::RailDown, "test payments".to_owned())];
        let looked = judge(&known, &tips, &Pulsing::new(), 500);
        assert_eq!(looked.unseen, unseen.into());
    }

    #[test]
    fn a_backup_is_old_when_a_second_one_is_missing() {
        let (tips, pulses) = (Tips::new(), Pulsing::new());
        let old = |taken_at| Alert::BackupOld {
            taken_at,
            every_minutes: 60,
        };
        assert_eq!(judge(&empty(), &tips, &pulses, 7_200).wrong, []);
        assert_eq!(judge(&empty(), &tips, &pulses, 7_201).wrong, [old(None)]);
        let good = BackupRow {
            id: BackupId::from_uuid(Uuid::nil()),
            place: String::new(),
            taken_at: at(600),
            finished_at: at(601),
            bytes: 1,
            verified_at: Some(at(601)),
            problem: None,
        };
        let taken = Look {
            backup_good: Some(good),
            ..empty()
        };
        assert_eq!(judge(&taken, &tips, &pulses, 7_800).wrong, []);
        let late = judge(&taken, &tips, &pulses, 7_801);
        assert_eq!(late.wrong, [old(Some(at(600)))]);
    }
}

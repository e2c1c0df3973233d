//! What operators see of the installation: what is wrong, and how each part does.

use super::{ALERTS_MAX, Look, ShippingView};
use crate::{
    ApiError, Engine,
    metered::{chain_rail, node_rail},
    refusal::AcknowledgedBy,
};
use proof_core::{Timestamp, alert::Alert, partner::Environment, recovery::Life};
use proof_store::{BackupRow, Engine as Database, Failure, JobKind, Pool, StoredAlert, Tx};
use serde::Serialize;
use uuid::Uuid;

/// What was wrong lately, and tries to take a backup, that are shown.
const CLOSED_MAX: i64 = 20;
const BACKUPS_MAX: i64 = 10;

#[derive(Clone, Debug, Serialize)]
pub struct HealthPage {
    /// When the server last looked at itself; `None`: it has just begun.
    pub looked_at: Option<String>,
    /// What it is not ready for, in words; nothing, if it is.
    pub not_ready: Vec<&'static str>,
    pub alerts: Vec<AlertView>,
    pub closed: Vec<AlertView>,
    pub database: &'static str,
    /// `known`, `recovering` or `replaced`.
    pub life: &'static str,
    pub rails: Vec<RailView>,
    pub chains: Vec<ChainView>,
    pub workers: Vec<WorkerView>,
    pub webhooks: WebhooksView,
    pub wallets: Vec<WalletView>,
    pub backups: BackupsView,
}

#[derive(Clone, Debug, Serialize)]
pub struct AlertView {
    pub id: String,
    pub kind: &'static str,
    pub subject: String,
    pub headline: String,
    pub advice: &'static str,
    /// Where to look.
    pub order: Option<Uuid>,
    pub partner: Option<String>,
    pub since: String,
    pub opened_at: String,
    pub closed_at: Option<String>,
    /// Who has it in hand.
    pub acknowledged: Option<AcknowledgedBy>,
}

#[derive(Clone, Debug, Serialize)]
pub struct RailView {
    pub environment: Environment,
    pub rail: String,
    /// `well`, `failing`, or `unused` since the server started.
    pub state: &'static str,
    /// When the last call went well, or since when none does.
    pub at: Option<String>,
    pub failures: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct ChainView {
    pub environment: Environment,
    pub network: &'static str,
    pub height: Option<u64>,
    /// When the node showed it first.
    pub since: Option<String>,
    /// Blocks that were not read for deposits yet; `None`: nobody has sold on this network.
    pub unread: Option<u64>,
    pub lags: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct WorkerView {
    pub pool: &'static str,
    /// When it last looked for work.
    pub beat_at: Option<String>,
    pub due: i64,
    pub oldest: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct WebhooksView {
    pub waiting: i64,
    pub oldest: Option<String>,
    pub failing: usize,
}

#[derive(Clone, Debug, Serialize)]
pub struct WalletView {
    pub environment: Environment,
    pub asset: String,
    pub free: String,
    pub floor: String,
    pub low: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct BackupsView {
    /// `None`: this server takes none by itself.
    pub every_minutes: Option<u32>,
    /// How continuous backup does, where there is one.
    pub continuous: Option<ShippingView>,
    pub data: Vec<BackupView>,
}

#[derive(Clone, Debug, Serialize)]
pub struct BackupView {
    pub place: String,
    pub taken_at: String,
    pub bytes: i64,
    pub verified_at: Option<String>,
    pub problem: Option<String>,
}

impl From<StoredAlert> for AlertView {
    fn from(stored: StoredAlert) -> Self {
        let alert = &stored.alert;
        let (mut order, mut partner) = (None, None);
        let since = match alert {
            Alert::OrderStuck {
                order: id, since, ..
            }
            | Alert::OrderWaits { order: id, since } => {
                order = Some(id.uuid());
                *since
            }
            Alert::WebhookFailing {
                partner: id, since, ..
            } => {
                partner = Some(id.to_string());
                *since
            }
            Alert::WalletHigh { since, .. }
            | Alert::ChainLag { since, .. }
            | Alert::RailDown { since, .. }
            | Alert::WorkersBehind { since, .. }
            | Alert::BackupBehind { since, .. }
            | Alert::SanctionsOld { since, .. }
            | Alert::AuditBroken { since, .. }
            | Alert::AuditUnkept { since, .. }
            | Alert::BackupFailed { at: since, .. } => *since,
            Alert::BackupOld {
                taken_at: Some(at), ..
            } => *at,
            Alert::ChecklistRed { partner: id, .. } => {
                partner = Some(id.to_string());
                stored.opened_at
            }
            Alert::WalletLow { .. } | Alert::BackupOld { taken_at: None, .. } => stored.opened_at,
        };
        Self {
            id: stored.id.to_string(),
            kind: alert.kind().name(),
            subject: alert.subject(),
            headline: alert.headline(),
            advice: alert.kind().advice(),
            order,
            partner,
            since: since.to_contract(),
            opened_at: stored.opened_at.to_contract(),
            closed_at: text(stored.closed_at),
            acknowledged: stored.acknowledged.map(|said| AcknowledgedBy {
                by: said.by,
                at: said.at.to_contract(),
                note: said.note,
            }),
        }
    }
}

impl From<BackupRow> for BackupView {
    fn from(row: BackupRow) -> Self {
        Self {
            place: row.place,
            taken_at: row.taken_at.to_contract(),
            bytes: row.bytes,
            verified_at: text(row.verified_at),
            problem: row.problem,
        }
    }
}

fn text(at: Option<Timestamp>) -> Option<String> {
    at.map(Timestamp::to_contract)
}

impl Engine {
    pub async fn health_page(&self) -> Result<HealthPage, ApiError> {
        let (open, closed, backups) = self
            .db
            .read("health_page", |tx: &mut Tx| {
                Box::pin(async move {
                    let open = tx.alerts_open(ALERTS_MAX).await?;
                    let closed = tx.alerts_closed(CLOSED_MAX).await?;
                    let backups = tx.backup_list(BACKUPS_MAX).await?;
                    Ok::<_, Failure<ApiError>>((open, closed, backups))
                })
            })
            .await?;
        let not_ready = self.readiness().await;
        let seen = self.health.seen();
        let look = seen.look.as_ref();
        Ok(HealthPage {
            looked_at: text(seen.written_at),
            not_ready: not_ready.into_iter().map(super::NotReady::words).collect(),
            database: match self.db.engine() {
                Database::Sqlite { .. } => "SQLite",
                Database::Postgres(_) => "PostgreSQL",
            },
            life: match self.life() {
                Life::Known => "known",
                Life::Recovering => "recovering",
                Life::Fenced => "replaced",
            },
            rails: self.rail_views(),
            chains: self.chain_views(look, &seen.tips, &open),
            workers: self.worker_views(look),
            webhooks: WebhooksView {
                waiting: look.map_or(0, |look| look.deliveries().count),
                oldest: text(look.and_then(|look| look.deliveries().oldest)),
                failing: look.map_or(0, Look::endpoints_unwell),
            },
            wallets: look.map(wallet_views).unwrap_or_default(),
            backups: BackupsView {
                every_minutes: self.health.watching.backup_every_minutes,
                continuous: self.shipping(),
                data: backups.into_iter().map(BackupView::from).collect(),
            },
            alerts: open.into_iter().map(AlertView::from).collect(),
            closed: closed.into_iter().map(AlertView::from).collect(),
        })
    }

    /// Every rail that there is, whether it was called or not.
    fn rail_views(&self) -> Vec<RailView> {
        let pulses = self.pulses.all();
        let mut views = Vec::new();
        for environment in [Environment::Test, Environment::Live] {
            let Ok(rails) = self.rails(environment) else {
                continue;
            };
            let names = ["payments", "payouts", "identity", "rates", "signer"];
            let nodes = rails.chains.keys().map(|network| chain_rail(*network));
            // Those of a network that has more than one are known once they were asked.
            let networks = rails.chains.keys().copied();
            let several = networks.flat_map(|network| {
                let rails = (1..).map(move |n| node_rail(network, n));
                rails.take_while(|rail| pulses.contains_key(&(environment, rail.clone())))
            });
            let mail = (environment == Environment::Test && self.mailer.is_some())
                .then(|| "mail".to_owned());
            for rail in names
                .map(str::to_owned)
                .into_iter()
                .chain(mail)
                .chain(nodes)
                .chain(several)
            {
                let pulse = pulses.get(&(environment, rail.clone()));
                let failing = pulse.and_then(|pulse| pulse.failing_since);
                views.push(RailView {
                    environment,
                    state: match (pulse, failing) {
                        (None, _) => "unused",
                        (Some(_), None) => "well",
                        (Some(_), Some(_)) => "failing",
                    },
                    at: text(failing.or_else(|| pulse.and_then(|pulse| pulse.well_at))),
                    failures: pulse.map_or(0, |pulse| pulse.failures),
                    rail,
                });
            }
        }
        views
    }

    fn chain_views(
        &self,
        look: Option<&Look>,
        tips: &super::Tips,
        open: &[StoredAlert],
    ) -> Vec<ChainView> {
        let mut views = Vec::new();
        for environment in [Environment::Test, Environment::Live] {
            let Ok(rails) = self.rails(environment) else {
                continue;
            };
            for network in rails.chains.keys().copied() {
                let tip = tips.get(&(environment, network));
                let scan = look.and_then(|look| look.scanned(environment, network));
                let lags = |stored: &StoredAlert| {
                    matches!(stored.alert, Alert::ChainLag { environment: e, network: n, .. }
                        if (e, n) == (environment, network))
                };
                views.push(ChainView {
                    environment,
                    network: network.name(),
                    height: tip.map(|tip| tip.height),
                    since: text(tip.map(|tip| tip.new_at)),
                    unread: tip
                        .zip(scan)
                        .map(|(tip, scan)| tip.height.saturating_sub(scan)),
                    lags: open.iter().any(lags),
                });
            }
        }
        views
    }

    fn worker_views(&self, look: Option<&Look>) -> Vec<WorkerView> {
        let beats = self.health.beats();
        let view = |pool: Pool| {
            let jobs = look.map(Look::jobs).unwrap_or_default().iter();
            let own =
                jobs.filter(|job| JobKind::parse(&job.kind).is_some_and(|k| k.pool() == pool));
            let (mut due, mut oldest) = (0, None);
            for job in own {
                due += job.waiting.count;
                oldest = job.waiting.oldest.into_iter().chain(oldest).min();
            }
            WorkerView {
                pool: pool.name(),
                beat_at: text(beats.get(&pool).copied()),
                due,
                oldest: text(oldest),
            }
        };
        Pool::ALL.map(view).to_vec()
    }
}

fn wallet_views(look: &Look) -> Vec<WalletView> {
    let wallets = look.wallets().iter();
    let view = |(environment, free, floor): &(
        Environment,
        proof_core::money::Amount,
        proof_core::money::Amount,
    )| WalletView {
        environment: *environment,
        asset: free.asset().to_string(),
        free: free.to_decimal(),
        floor: floor.to_decimal(),
        low: free.base() < floor.base(),
    };
    wallets.map(view).collect()
}

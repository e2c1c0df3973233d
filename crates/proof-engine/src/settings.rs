//! What holds in this installation, as the configuration file said it or left it to us: to be read in the console, and
//! changed in the file. Nothing secret is among it.

use crate::{Engine, Rails};
use proof_core::{Asset, alert::Thresholds, identity::PersonPolicy, money::Bps};
use serde::Serialize;

/// One table of the configuration file.
#[derive(Clone, Debug, Serialize)]
pub struct SettingGroup {
    pub title: &'static str,
    /// Where it is changed.
    pub table: &'static str,
    pub rows: Vec<Setting>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    pub name: String,
    pub value: String,
}

fn row(name: impl Into<String>, value: impl ToString) -> Setting {
    Setting {
        name: name.into(),
        value: value.to_string(),
    }
}

fn every(minutes: Option<u32>) -> String {
    minutes.map_or_else(
        || "when somebody asks".to_owned(),
        |minutes| format!("every {minutes} minutes"),
    )
}

fn percent(share: Bps) -> String {
    let bps = share.get();
    format!("{}.{:02} % of what it moves", bps / 100, bps % 100)
}

const OFF: &str = "off";

impl Engine {
    pub fn settings(&self) -> Vec<SettingGroup> {
        let group = |title, table, rows| SettingGroup { title, table, rows };
        let thresholds = &self.health.watching.thresholds;
        let lists = self.sanctions.lists();
        let version = lists.map_or_else(|| OFF.to_owned(), |lists| lists.version.clone());
        let letters = match &self.mailer {
            None => OFF,
            Some(mailer) if mailer.receipts => "what waits for them, and receipts",
            Some(_) => "what waits for them",
        };
        vec![
            group("Sandbox", "networks", world(self.test_rails.as_ref())),
            group("Live", "networks", world(self.live_rails.as_ref())),
            group(
                "When people are alerted",
                "alerts",
                alerts(thresholds, self.rails_assets()),
            ),
            group(
                "Checks of persons",
                "persons.policy",
                persons(&self.person_policy),
            ),
            group(
                "Sanctions lists",
                "sanctions",
                vec![row("Version", version)],
            ),
            group("Hot wallets", "sweep, cold", self.moves()),
            group("Books and backups", "backup, audit", self.kept()),
            group("Letters to users", "mail", vec![row("Letters", letters)]),
        ]
    }

    fn kept(&self) -> Vec<Setting> {
        let watching = &self.health.watching;
        let off = || OFF.to_owned();
        let seconds = |seconds: u32| format!("{seconds} seconds");
        let backups = watching.backup_every_minutes;
        let bound = watching.backup_bound_seconds;
        let end = self.audit_keeping.last();
        let end = end.map_or_else(off, |end| format!("record {}, at {}", end.number, end.at));
        vec![
            row(
                "Reports may differ from the books for",
                seconds(self.settle_seconds),
            ),
            row("Backups", backups.map_or_else(off, |m| every(Some(m)))),
            row(
                "Continuous backup at most behind",
                bound.map_or_else(off, seconds),
            ),
            row("End of the audit log kept elsewhere", end),
        ]
    }

    fn rails_assets(&self) -> Vec<Asset> {
        let rails = [&self.test_rails, &self.live_rails].into_iter().flatten();
        let chains: Vec<_> = rails.flat_map(|rails| rails.chains.values()).collect();
        let is_carried = |asset: &Asset| {
            let mut own = chains.iter().filter(|c| c.network() == asset.network());
            own.any(|chain| chain.carries(*asset))
        };
        Asset::all().filter(is_carried).collect()
    }

    fn moves(&self) -> Vec<Setting> {
        let (sweeping, cold) = (&self.sweeping, &self.cold);
        let mut rows = Vec::new();
        let swept: Vec<&str> = sweeping.networks.iter().map(|n| n.name()).collect();
        if swept.is_empty() {
            rows.push(row("Sweeping", OFF));
        } else {
            rows.push(row("Swept networks", swept.join(", ")));
            rows.push(row("Swept", every(sweeping.every_minutes)));
            rows.push(row("A sweep costs at most", percent(sweeping.share)));
        }
        if cold.bands.is_empty() {
            rows.push(row("Cold storage", OFF));
        } else {
            rows.push(row("Moved to cold storage", every(cold.every_minutes)));
            rows.push(row("A move costs at most", percent(cold.share)));
        }
        for (asset, band) in &cold.bands {
            let (ceiling, target) = (band.ceiling.to_decimal(), band.target.to_decimal());
            let name = format!("{asset}: down to {target}, from more than");
            rows.push(row(name, ceiling));
        }
        rows
    }
}

fn world(rails: Option<&Rails>) -> Vec<Setting> {
    let Some(rails) = rails else {
        return vec![row("Rails", "none")];
    };
    let mut rows = vec![
        row("Card payments", rails.payments.provider()),
        row("Card payouts", rails.payouts.provider()),
        row("Identity", rails.identity.provider()),
    ];
    for (network, chain) in &rails.chains {
        let how = if chain.identity().is_some() {
            "real nodes"
        } else {
            "simulated"
        };
        let blocks = chain.confirmations_final();
        let value = format!("{how}, final after {blocks} blocks");
        rows.push(row(network.name(), value));
    }
    rows
}

fn alerts(of: &Thresholds, assets: Vec<Asset>) -> Vec<Setting> {
    let minutes = |count: u32| format!("{count} minutes");
    let mut rows = vec![
        row("A step of an order takes", minutes(of.order_minutes)),
        row("A transfer takes", minutes(of.transfer_minutes)),
        row(
            "A provider fails for",
            format!("{} seconds", of.rail_seconds),
        ),
        row("A webhook fails for", minutes(of.webhook_minutes)),
        row("Due work waits for", minutes(of.jobs_minutes)),
    ];
    let mut networks: Vec<_> = assets.iter().map(|asset| asset.network()).collect();
    networks.dedup();
    for network in networks {
        let seconds = format!("{} seconds", of.quiet_seconds(network));
        rows.push(row(format!("{network} has no block for"), seconds));
    }
    for asset in assets {
        let floor = of.floor(asset).to_decimal();
        rows.push(row(format!("{asset} in the hot wallet below"), floor));
    }
    rows
}

fn persons(of: &PersonPolicy) -> Vec<Setting> {
    let mut rows = vec![
        row("Tries", of.tries_max),
        row("Pause after them", format!("{} hours", of.pause_hours)),
        row(
            "A selfie again after",
            match of.selfie_days {
                0 => "never".to_owned(),
                days => format!("{days} days"),
            },
        ),
        row("Proofs are kept", format!("{} days", of.kept_days)),
    ];
    for (what, limits) in [
        ("A selfie of the day from", &of.selfie_above),
        ("The same on a new device from", &of.selfie_above_new_device),
    ] {
        for amount in limits.amounts() {
            let from = format!("{} {}", amount.to_decimal(), amount.asset());
            rows.push(row(what, from));
        }
    }
    rows
}

//! What is wrong with the installation itself: opened once when it is seen, closed by itself when it is
//! gone.
//!
//! An alert is made of facts that stay as they are while it lasts (since when, not for how long), so
//! that each look at the same trouble says the same.

use crate::{
    asset::Asset,
    id::{AlertId, EndpointId, OrderId, PartnerId},
    ledger::key_in,
    money::Amount,
    network::Network,
    order::{Duty, Order, State},
    partner::Environment,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    OrderStuck,
    OrderWaits,
    WalletLow,
    WalletHigh,
    ChainLag,
    RailDown,
    WebhookFailing,
    WorkersBehind,
    BackupOld,
    BackupFailed,
    ChecklistRed,
    SanctionsOld,
    AuditBroken,
    AuditUnkept,
}

impl AlertKind {
    pub const ALL: [Self; 14] = [
        Self::OrderStuck,
        Self::OrderWaits,
        Self::WalletLow,
        Self::WalletHigh,
        Self::ChainLag,
        Self::RailDown,
        Self::WebhookFailing,
        Self::WorkersBehind,
        Self::BackupOld,
        Self::BackupFailed,
        Self::ChecklistRed,
        Self::SanctionsOld,
        Self::AuditBroken,
        Self::AuditUnkept,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::OrderStuck => "order_stuck",
            Self::OrderWaits => "order_waits",
            Self::WalletLow => "wallet_low",
            Self::WalletHigh => "wallet_high",
            Self::ChainLag => "chain_lag",
            Self::RailDown => "rail_down",
            Self::WebhookFailing => "webhook_failing",
            Self::WorkersBehind => "workers_behind",
            Self::BackupOld => "backup_old",
            Self::BackupFailed => "backup_failed",
            Self::ChecklistRed => "checklist_red",
            Self::SanctionsOld => "sanctions_old",
            Self::AuditBroken => "audit_broken",
            Self::AuditUnkept => "audit_unkept",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == text)
    }

    /// What somebody should do about it, in a sentence or two. Operations has more.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::OrderStuck => {
                "Open the order and look at its last event. The step is tried again by itself; if its provider answers, ask their support about our reference."
            }
            Self::OrderWaits => {
                "Open the order, read why it stopped, and decide. A second person has to say the same."
            }
            Self::WalletLow => {
                "Send coins to the hot wallet and book them. Until then buys of this asset may be answered out_of_stock."
            }
            Self::WalletHigh => {
                "The hot wallet keeps what should be cold. Mend what the reason says (most often limits.cold of the signer), and ask again with proof wallet cold."
            }
            Self::ChainLag => {
                "Look at the node and at a public explorer. Nothing is lost: deposits are read from where the server stopped."
            }
            Self::RailDown => {
                "Look at the provider's status page and at our connection to it. Orders wait and go on by themselves."
            }
            Self::WebhookFailing => {
                "Tell the partner. Events are tried for three days; they can be sent again from the partner's page."
            }
            Self::WorkersBehind => {
                "Look at the load of the server and of its database. If nothing moves at all, restart the server: nothing is lost."
            }
            Self::BackupOld => {
                "See why the server does not take backups: is it running, is the other place mounted? Take one by hand with proof backup."
            }
            Self::BackupFailed => {
                "Read the reason: the other place may be full, read-only or not mounted. The next try comes by itself."
            }
            Self::ChecklistRed => {
                "Tell the partner: the line says what was wrong and what to do. Nothing is taken away from them by itself."
            }
            Self::SanctionsOld => {
                "Fetch the file again, and rename it into place when it is whole. Until then names are compared with the lists from before."
            }
            Self::AuditBroken => {
                "Keep a copy of the database, and find out who wrote to it past the server. Was an older backup restored? Then name a new file in [audit], and keep this one."
            }
            Self::AuditUnkept => {
                "See whether the place is mounted, has room and can be written. The next try comes within ten minutes."
            }
        }
    }
}

/// One thing that is wrong, with what is known of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Alert {
    /// The server owes the order a step and does not get it done.
    OrderStuck {
        order: OrderId,
        state: String,
        since: Timestamp,
        /// What the last try failed of, when the alert was opened; none where nothing failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// Two people have to decide.
    OrderWaits { order: OrderId, since: Timestamp },
    WalletLow {
        environment: Environment,
        asset: Asset,
        /// Decimals.
        held: String,
        floor: String,
    },
    /// What a hot wallet has too much does not get into cold storage.
    WalletHigh {
        environment: Environment,
        asset: Asset,
        /// Decimals.
        amount: String,
        since: Timestamp,
        why: String,
    },
    /// The node has shown no new block since then.
    ChainLag {
        environment: Environment,
        network: Network,
        height: u64,
        since: Timestamp,
    },
    /// No call to a provider went well since then.
    RailDown {
        environment: Environment,
        rail: String,
        since: Timestamp,
    },
    WebhookFailing {
        partner: PartnerId,
        environment: Environment,
        endpoint: EndpointId,
        since: Timestamp,
        /// Nothing is sent any more.
        disabled: bool,
    },
    /// Work that fell due then has not been taken.
    WorkersBehind { work: String, since: Timestamp },
    BackupOld {
        /// `None`: there was never one.
        taken_at: Option<Timestamp>,
        every_minutes: u32,
    },
    /// What is committed has not come to the other place since then.
    BackupBehind {
        since: Timestamp,
        bound_seconds: u32,
    },
    /// The last try to take one, or to prove one.
    BackupFailed { at: Timestamp, problem: String },
    /// A line of a live partner's checklist is not what it was when live was opened.
    ChecklistRed { partner: PartnerId, line: String },
    /// Newer sanctions lists are there and cannot be used.
    SanctionsOld { since: Timestamp, problem: String },
    /// What people did is not what was kept of it elsewhere.
    AuditBroken { since: Timestamp, problem: String },
    /// The end of what people did cannot be kept elsewhere.
    AuditUnkept { since: Timestamp, problem: String },
}

impl Alert {
    pub const fn kind(&self) -> AlertKind {
        match self {
            Self::OrderStuck { .. } => AlertKind::OrderStuck,
            Self::OrderWaits { .. } => AlertKind::OrderWaits,
            Self::WalletLow { .. } => AlertKind::WalletLow,
            Self::WalletHigh { .. } => AlertKind::WalletHigh,
            Self::ChainLag { .. } => AlertKind::ChainLag,
            Self::RailDown { .. } => AlertKind::RailDown,
            Self::WebhookFailing { .. } => AlertKind::WebhookFailing,
            Self::WorkersBehind { .. } => AlertKind::WorkersBehind,
            Self::BackupOld { .. } | Self::BackupBehind { .. } => AlertKind::BackupOld,
            Self::BackupFailed { .. } => AlertKind::BackupFailed,
            Self::ChecklistRed { .. } => AlertKind::ChecklistRed,
            Self::SanctionsOld { .. } => AlertKind::SanctionsOld,
            Self::AuditBroken { .. } => AlertKind::AuditBroken,
            Self::AuditUnkept { .. } => AlertKind::AuditUnkept,
        }
    }

    /// With what the last try failed of, where something failed.
    #[must_use]
    pub fn because(mut self, said: Option<String>) -> Self {
        if let Self::OrderStuck { why, .. } = &mut self {
            *why = said;
        }
        self
    }

    /// What it is about: the same trouble has the same kind and subject at each look.
    pub fn subject(&self) -> String {
        match self {
            Self::OrderStuck { order, .. } | Self::OrderWaits { order, .. } => order.to_string(),
            Self::WalletLow {
                environment, asset, ..
            }
            | Self::WalletHigh {
                environment, asset, ..
            } => key_in(*environment, &asset.to_string()),
            Self::ChainLag {
                environment,
                network,
                ..
            } => chain_subject(*environment, *network),
            Self::RailDown {
                environment, rail, ..
            } => rail_subject(*environment, rail),
            Self::WebhookFailing { endpoint, .. } => endpoint.to_string(),
            Self::WorkersBehind { work, .. } => work.clone(),
            Self::BackupOld { .. } | Self::BackupFailed { .. } => "backup".to_owned(),
            Self::BackupBehind { .. } => "continuous backup".to_owned(),
            Self::ChecklistRed { partner, line } => format!("{partner} {line}"),
            Self::SanctionsOld { .. } => "sanctions lists".to_owned(),
            Self::AuditBroken { .. } | Self::AuditUnkept { .. } => "audit log".to_owned(),
        }
    }

    /// In words, for people.
    pub fn headline(&self) -> String {
        match self {
            Self::OrderStuck { state, why, .. } => {
                let from = state.replace('_', " ");
                match why {
                    Some(why) => {
                        let why = why.trim_end_matches('.');
                        format!("An order does not get on from {from}: {why}.")
                    }
                    None => format!("An order does not get on from {from}."),
                }
            }
            Self::OrderWaits { .. } => "An order waits for people to decide.".to_owned(),
            Self::WalletLow {
                environment,
                asset,
                held,
                floor,
            } => {
                let which = match environment {
                    Environment::Test => "hot wallet",
                    Environment::Live => "live hot wallet",
                };
                format!("The {which} has {held} {asset} free, less than {floor}.")
            }
            Self::WalletHigh {
                asset, amount, why, ..
            } => {
                format!("{amount} {asset} of the hot wallet do not get into cold storage: {why}.")
            }
            Self::ChainLag {
                network, height, ..
            } => format!("The node of {network} has shown no block after {height}."),
            Self::RailDown { rail, .. } => format!("No call to {rail} goes well."),
            Self::WebhookFailing {
                disabled: false, ..
            } => "A partner's webhook takes nothing.".to_owned(),
            Self::WebhookFailing { disabled: true, .. } => {
                "A partner's webhook was switched off.".to_owned()
            }
            Self::WorkersBehind { work, .. } => format!("Due work is not taken: {work}."),
            Self::BackupOld { taken_at: None, .. } => "There is no backup yet.".to_owned(),
            Self::BackupOld {
                taken_at: Some(at), ..
            } => format!("The last backup is of {}.", at.to_words()),
            Self::BackupBehind { since, .. } => format!(
                "What was committed since {} is on this machine only.",
                since.to_words()
            ),
            Self::BackupFailed { problem, .. } => format!("A backup failed: {problem}"),
            Self::ChecklistRed { line, .. } => {
                format!("{line} of a live partner's checklist has turned red.")
            }
            Self::SanctionsOld { problem, .. } => {
                format!("New sanctions lists cannot be used: {problem}")
            }
            Self::AuditBroken { problem, .. } => {
                format!("The audit log is not what was kept of it: {problem}.")
            }
            Self::AuditUnkept { problem, .. } => {
                format!("The end of the audit log cannot be kept elsewhere: {problem}.")
            }
        }
    }
}

pub fn chain_subject(environment: Environment, network: Network) -> String {
    format!("{} {network}", environment.name())
}

pub fn rail_subject(environment: Environment, rail: &str) -> String {
    format!("{} {rail}", environment.name())
}

/// One that is in the database and not closed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenAlert {
    pub id: AlertId,
    pub kind: AlertKind,
    pub subject: String,
}

/// What could not be looked at: it stays as it was.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Unseen {
    All(AlertKind),
    One(AlertKind, String),
}

/// What one look at everything saw.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Looked {
    pub wrong: Vec<Alert>,
    pub unseen: BTreeSet<Unseen>,
}

impl Looked {
    fn saw(&self, open: &OpenAlert) -> bool {
        !self.unseen.contains(&Unseen::All(open.kind))
            && !self
                .unseen
                .contains(&Unseen::One(open.kind, open.subject.clone()))
    }
}

/// The only two things that happen to an alert: none becomes an open one, and an open one is closed. A
/// closed one stays so; the same trouble later is another alert.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    Open(Alert),
    Close(AlertId),
}

pub fn changes(open: &[OpenAlert], looked: &Looked) -> Vec<Change> {
    let known: BTreeSet<(AlertKind, &str)> = open
        .iter()
        .map(|one| (one.kind, one.subject.as_str()))
        .collect();
    let mut wrong = BTreeSet::new();
    let mut changes = Vec::new();
    for alert in &looked.wrong {
        let key = (alert.kind(), alert.subject());
        let is_known = known.contains(&(key.0, key.1.as_str()));
        if wrong.insert(key) && !is_known {
            changes.push(Change::Open(alert.clone()));
        }
    }
    for one in open {
        let still = wrong.contains(&(one.kind, one.subject.clone()));
        if !still && looked.saw(one) {
            changes.push(Change::Close(one.id));
        }
    }
    changes
}

/// From when on something is told: `[alerts]` of the configuration.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// So long may a step towards a provider take.
    pub order_minutes: u32,
    /// So long may a transfer or a deposit wait for its chain.
    pub transfer_minutes: u32,
    /// So long may every call to a provider fail.
    pub rail_seconds: u32,
    /// So long may a partner's webhook fail.
    pub webhook_minutes: u32,
    /// So long may due work wait for a worker.
    pub jobs_minutes: u32,
    /// Without a new block, where it is not the network's own: [`quiet_seconds`].
    pub chain_seconds: BTreeMap<Network, u32>,
    /// What a hot wallet should have free, in decimals, where it is not the asset's own: [`floor`].
    pub wallets: BTreeMap<Asset, String>,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            order_minutes: 30,
            transfer_minutes: 120,
            rail_seconds: 120,
            webhook_minutes: 60,
            jobs_minutes: 5,
            chain_seconds: BTreeMap::new(),
            wallets: BTreeMap::new(),
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("[alerts] wallets: {0} is not an amount of {1}")]
pub struct NotAFloor(String, Asset);

impl Thresholds {
    /// Amounts are read once, when the server starts.
    pub fn check(&self) -> Result<(), NotAFloor> {
        for (asset, text) in &self.wallets {
            let read = Amount::parse(*asset, text);
            read.map_err(|_| NotAFloor(text.clone(), *asset))?;
        }
        Ok(())
    }

    /// What the hot wallet of an asset should have free.
    pub fn floor(&self, asset: Asset) -> Amount {
        let own = self.wallets.get(&asset);
        let own = own.and_then(|text| Amount::parse(asset, text).ok());
        own.unwrap_or_else(|| floor(asset))
    }

    pub fn quiet_seconds(&self, network: Network) -> u32 {
        let own = self.chain_seconds.get(&network).copied();
        own.unwrap_or_else(|| quiet_seconds(network))
    }
}

/// A few orders of a usual size, or the fees of a few dozen transfers.
fn floor(asset: Asset) -> Amount {
    let text = match asset.ticker() {
        "USDT" | "USDC" => "5000",
        "BTC" => "0.1",
        "ETH" | "BNB" => "1",
        "TRX" => "1000",
        "SOL" => "5",
        // Of a chain that a configuration has added: what a unit of it is worth is not known here.
        _ if asset == asset.network().native() => "1",
        _ => "0",
    };
    Amount::parse(asset, text).unwrap_or_else(|_| Amount::new(asset, 0))
}

/// Bitcoin's blocks come every ten minutes, and now and then one takes more than an hour.
const fn quiet_seconds(network: Network) -> u32 {
    match network {
        Network::Bitcoin => 2 * 3_600,
        Network::Trc20 | Network::Erc20 | Network::Bep20 | Network::Solana | Network::Evm(_) => {
            5 * 60
        }
    }
}

/// States in which the server may owe an order a step; the others wait for its user, or have ended.
pub const WORKED_STATES: [&str; 10] = [
    "authorised",
    "capturing",
    "voiding",
    "paid",
    "delivering",
    "refunding",
    "deposit_seen",
    "deposit_confirmed",
    "paying_out",
    "returning",
];

/// Whether an order that was last changed at `changed_at` needs somebody's eyes.
pub fn order_alert(
    order: &Order,
    changed_at: Timestamp,
    thresholds: &Thresholds,
    now: Timestamp,
) -> Option<Alert> {
    let since = match &order.state {
        // The identity provider's reviewer decides, or the order ends by itself.
        State::InReview(review) if matches!(review.from, State::Created) => return None,
        State::InReview(review) => {
            return Some(Alert::OrderWaits {
                order: order.id,
                since: review.since,
            });
        }
        // A first delivery that is held is not late before its time.
        State::Paid {
            held_until: Some(until),
            ..
        } => changed_at.max(*until),
        State::Created
        | State::AwaitingPayment { .. }
        | State::Authorising(_)
        | State::Authorised { .. }
        | State::Capturing { .. }
        | State::Voiding(_)
        | State::Paid { .. }
        | State::Delivering(_)
        | State::Refunding { .. }
        | State::AwaitingTerms { .. }
        | State::AwaitingDeposit
        | State::DepositSeen { .. }
        | State::DepositConfirmed { .. }
        | State::DepositLost { .. }
        | State::AwaitingChoice { .. }
        | State::PayingOut(_)
        | State::Returning(_)
        | State::Completed { .. }
        | State::Failed { .. }
        | State::Cancelled
        | State::Expired => changed_at,
    };
    let minutes = match order.duty(now) {
        // The user's time, which ends by itself.
        Duty::None | Duty::AskPayment | Duty::CloseWindow => return None,
        Duty::WatchTransfer(_) | Duty::WatchDeposits => thresholds.transfer_minutes,
        Duty::Authorise { .. }
        | Duty::ClosePayment
        | Duty::Assess { .. }
        | Duty::Capture
        | Duty::Void
        | Duty::PlanTransfer
        | Duty::Sign(_)
        | Duty::Broadcast(_)
        | Duty::PrepareRefund
        | Duty::Refund(_)
        | Duty::AssessSale
        | Duty::PreparePayout
        | Duty::PayOut => thresholds.order_minutes,
    };
    let late = since.plus_seconds(i64::from(minutes).saturating_mul(60)) <= now;
    late.then(|| Alert::OrderStuck {
        order: order.id,
        state: order.state.name().to_owned(),
        since,
        why: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const AT: Timestamp = Timestamp::FIRST;

    fn down(rail: &str) -> Alert {
        Alert::RailDown {
            environment: Environment::Test,
            rail: rail.to_owned(),
            since: AT,
        }
    }

    fn open(n: u128, alert: &Alert) -> OpenAlert {
        OpenAlert {
            id: AlertId::from_uuid(Uuid::from_u128(n)),
            kind: alert.kind(),
            subject: alert.subject(),
        }
    }

    #[test]
    fn the_same_trouble_opens_once_and_closes_when_it_is_gone() {
        let (cards, payouts) = (down("payments"), down("payouts"));
        let looked = |wrong: &[&Alert]| Looked {
            wrong: wrong.iter().map(|alert| (*alert).clone()).collect(),
            unseen: BTreeSet::new(),
        };
        let both = changes(&[], &looked(&[&cards, &payouts, &cards]));
        assert_eq!(
            both,
            [Change::Open(cards.clone()), Change::Open(payouts.clone())]
        );
        let kept = [open(1, &cards), open(2, &payouts)];
        assert_eq!(changes(&kept, &looked(&[&cards, &payouts])), []);
        assert_eq!(
            changes(&kept, &looked(&[&payouts])),
            [Change::Close(kept[0].id)]
        );
    }

    #[test]
    fn what_was_not_looked_at_stays_as_it_was() {
        let alert = down("payments");
        let kept = [open(1, &alert)];
        let unseen = |unseen| Looked {
            wrong: Vec::new(),
            unseen: [unseen].into(),
        };
        let all = unseen(Unseen::All(AlertKind::RailDown));
        assert_eq!(changes(&kept, &all), []);
        let one = unseen(Unseen::One(AlertKind::RailDown, alert.subject()));
        assert_eq!(changes(&kept, &one), []);
        let other = unseen(Unseen::One(AlertKind::RailDown, "test payouts".to_owned()));
        assert_eq!(changes(&kept, &other), [Change::Close(kept[0].id)]);
    }

    #[test]
    fn every_asset_has_a_floor_that_can_be_set() {
        for asset in Asset::all() {
            assert!(floor(asset).base() > 0, "{asset}");
        }
        let usdt: Asset = "USDT/TRC20".parse().unwrap();
        let own = |text: &str| Thresholds {
            wallets: [(usdt, text.to_owned())].into(),
            ..Thresholds::default()
        };
        assert_eq!(own("7.5").floor(usdt).base(), 7_500_000);
        assert_eq!(own("7.5").check(), Ok(()));
        assert!(own("seven").check().is_err());
    }

    #[test]
    fn names_read_back_and_facts_survive_the_database() {
        for kind in AlertKind::ALL {
            assert_eq!(AlertKind::parse(kind.name()), Some(kind));
            assert!(kind.advice().ends_with('.'));
        }
        let alert = down("payments");
        let text = serde_json::to_value(&alert).unwrap();
        assert_eq!(text["kind"], alert.kind().name());
        assert_eq!(serde_json::from_value::<Alert>(text).unwrap(), alert);
    }
}

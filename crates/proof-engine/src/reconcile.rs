//! Every night, and when an operator asks: the books against the providers' reports, the chains and
//! themselves. What does not agree is a finding: told once, kept until it agrees again.
//!
//! Nothing is ever corrected from here. A finding is a question for people.

use crate::{
    ApiError, Engine,
    deposit::{arrival, is_gone},
    worker::Outcome,
};
use proof_core::{
    Asset, Timestamp,
    finding::{Finding, FindingKind, Moved, WalletBooks, compare, compare_wallet},
    id::{FindingId, JobId, OrderId},
    ledger::{Account, Mismatch, Unit, key_in},
    money::Amount,
    order::Order,
    partner::Environment,
};
use proof_port::ReportLine;
use proof_store::{Failure, JobKind, KeptApart, OpenFinding, OrderPosting, Reported, Tx};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

/// At night, when the least is going on.
const HOUR_OF_DAY: i64 = 2;
const DAY_SECONDS: i64 = 24 * 3_600;

/// How long our books and a report may differ because one of them is on its way, unless a
/// configuration says otherwise.
pub const SETTLE_SECONDS: u32 = 15 * 60;

/// What was too young at the last run is looked at again.
const OVERLAP_SECONDS: i64 = 2 * 3_600;

const ORDERS_PER_PAGE: i64 = 500;
const ROWS_OF_ORDER_MAX: i64 = 500;
const FINDINGS_MAX: i64 = 10_000;

/// Balances may move while the chain is asked; then it is asked again.
const LOOKS_MAX: usize = 5;

/// What a run looked at, and what it found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Reconciled {
    pub report_lines: usize,
    pub orders: usize,
    pub wallets: usize,
    /// Of the open findings, those that nobody knew before this run.
    pub found: usize,
    pub open: Vec<FoundListed>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FoundListed {
    pub kind: String,
    pub subject: String,
    pub cause: String,
    pub found_at: String,
}

impl From<OpenFinding> for FoundListed {
    fn from(open: OpenFinding) -> Self {
        Self {
            kind: open.kind,
            subject: open.subject,
            cause: open.cause,
            found_at: open.found_at.to_contract(),
        }
    }
}

pub(crate) const fn environment_key(environment: Environment) -> Uuid {
    Uuid::from_u128(match environment {
        Environment::Test => 1,
        Environment::Live => 2,
    })
}

/// The next such hour, UTC.
fn next_night(now: Timestamp) -> Timestamp {
    let today = now.seconds().div_euclid(DAY_SECONDS) * DAY_SECONDS;
    let at = Timestamp::from_micros(0).plus_seconds(today + HOUR_OF_DAY * 3_600);
    if at > now {
        at
    } else {
        at.plus_seconds(DAY_SECONDS)
    }
}

impl Engine {
    /// Plans the nightly run of each environment that has rails, unless it is planned.
    pub(crate) async fn reconcile_begin(&self) -> Result<(), ApiError> {
        let at = next_night(self.now());
        self.looks_begin("reconcile_begin", JobKind::Reconcile, at)
            .await
    }

    /// Plans a job for each environment that has rails, unless it is planned.
    pub(crate) async fn looks_begin(
        &self,
        name: &'static str,
        kind: JobKind,
        at: Timestamp,
    ) -> Result<(), ApiError> {
        for environment in [Environment::Test, Environment::Live] {
            if self.rails(environment).is_err() {
                continue;
            }
            let job = JobId::new(self.now(), self.entropy.as_ref());
            self.db
                .write(name, move |tx: &mut Tx| {
                    Box::pin(async move {
                        let key = environment_key(environment);
                        tx.job_open(job, kind, key, at).await?;
                        Ok::<_, Failure<ApiError>>(())
                    })
                })
                .await?;
        }
        Ok(())
    }

    pub(crate) async fn reconcile_drive(&self, key: Uuid) -> Result<Outcome, ApiError> {
        for environment in [Environment::Test, Environment::Live] {
            if environment_key(environment) == key {
                self.reconcile(environment).await?;
            }
        }
        // A statement of the house then begins at yesterday instead of at the first entry.
        if let Err(error) = self.closings_keep().await {
            error.log(
                "what the accounts held last night could not be kept; the next night tries again",
            );
        }
        Ok(Outcome::Again(next_night(self.now())))
    }

    /// One whole run. If the world does not answer, nothing is concluded.
    pub async fn reconcile(&self, environment: Environment) -> Result<Reconciled, ApiError> {
        let started = self.now();
        let mut done = Reconciled {
            report_lines: self.reports_import(environment).await?,
            ..Reconciled::default()
        };
        let mut findings = Vec::new();
        for order in self.orders_moved(environment).await? {
            let found = self.order_compare(environment, order).await?;
            if !found.is_empty() {
                // A callback may have been lost: what the provider knows of it is asked.
                self.claims_ask(order).await?;
            }
            findings.extend(found);
            done.orders += 1;
        }
        let (strays, on_their_way) = self.strays_look(environment).await?;
        findings.extend(strays);
        for asset in Asset::all() {
            if self
                .rails(environment)?
                .chains
                .contains_key(&asset.network())
            {
                let unmatched = on_their_way.get(&asset).copied().unwrap_or(0);
                findings.extend(self.wallet_compare(environment, asset, unmatched).await?);
                done.wallets += 1;
            }
        }
        findings.extend(self.strangers(environment).await?);
        findings.extend(self.books_check().await?);
        done.found = self.findings_save(environment, findings, started).await?;
        done.open = self.findings(environment).await?;
        tracing::info!(
            environment = environment.name(),
            orders = done.orders,
            open = done.open.len(),
            "the books were compared with the world"
        );
        Ok(done)
    }

    /// What nobody has explained yet, the oldest first.
    pub async fn findings(&self, environment: Environment) -> Result<Vec<FoundListed>, ApiError> {
        let open = self
            .db
            .read("finding_open", move |tx: &mut Tx| {
                Box::pin(async move {
                    let open = tx.finding_open(environment, FINDINGS_MAX).await?;
                    Ok::<_, Failure<ApiError>>(open)
                })
            })
            .await?;
        Ok(open.into_iter().map(FoundListed::from).collect())
    }

    async fn reports_import(&self, environment: Environment) -> Result<usize, ApiError> {
        let rails = self.rails(environment)?;
        let mut lines = 0;
        let payments = format!("psp:{}", rails.payments.provider());
        let mut after = self.reported_last(environment, &payments).await?;
        loop {
            let page = rails.payments.report(after).await?;
            let Some(last) = next_line(after, &page)? else {
                break;
            };
            after = last;
            lines += page.len();
            self.lines_save(environment, &payments, page).await?;
        }
        let payouts = format!("payout:{}", rails.payouts.provider());
        let mut after = self.reported_last(environment, &payouts).await?;
        loop {
            let page = rails.payouts.report(after).await?;
            let Some(last) = next_line(after, &page)? else {
                break;
            };
            after = last;
            lines += page.len();
            self.lines_save(environment, &payouts, page).await?;
        }
        Ok(lines)
    }

    pub(crate) async fn reported_last(
        &self,
        environment: Environment,
        provider: &str,
    ) -> Result<u64, ApiError> {
        let provider = provider.to_owned();
        self.db
            .read("reported_last", move |tx: &mut Tx| {
                let provider = provider.clone();
                Box::pin(async move {
                    let last = tx.reported_last(environment, &provider).await?;
                    Ok::<_, Failure<ApiError>>(last)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    async fn lines_save(
        &self,
        environment: Environment,
        provider: &str,
        page: Vec<ReportLine>,
    ) -> Result<(), ApiError> {
        let (provider, now) = (provider.to_owned(), self.now());
        let lines = page.into_iter().map(|line| Reported {
            number: line.number,
            order: self.order_of_reference(&line.reference),
            reference: line.reference,
            movement: line.movement,
            amount: line.amount,
        });
        let lines: Vec<_> = lines.collect();
        self.db
            .write("reported_insert", move |tx: &mut Tx| {
                let (provider, lines) = (provider.clone(), lines.clone());
                Box::pin(async move {
                    for line in &lines {
                        tx.reported_insert(environment, &provider, line, now)
                            .await?;
                    }
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Orders whose money moved since the last run, and those of which something is unexplained.
    async fn orders_moved(&self, environment: Environment) -> Result<BTreeSet<OrderId>, ApiError> {
        let found = self
            .db
            .read("moved_orders", move |tx: &mut Tx| {
                Box::pin(async move {
                    let last = tx.reconciliation_last(environment).await?;
                    let since =
                        last.map_or(Timestamp::FIRST, |at| at.plus_seconds(-OVERLAP_SECONDS));
                    let mut orders = BTreeSet::new();
                    let mut after = OrderId::from_uuid(Uuid::nil());
                    loop {
                        let page = tx
                            .moved_orders(environment, since, after, ORDERS_PER_PAGE)
                            .await?;
                        let Some(last) = page.last() else { break };
                        after = *last;
                        orders.extend(page);
                    }
                    for open in tx.finding_open(environment, FINDINGS_MAX).await? {
                        let first = open.subject.split(' ').next().unwrap_or_default();
                        orders.extend(first.parse::<OrderId>());
                    }
                    Ok::<_, Failure<ApiError>>(orders)
                })
            })
            .await?;
        Ok(found)
    }

    async fn order_compare(
        &self,
        environment: Environment,
        id: OrderId,
    ) -> Result<Vec<Finding>, ApiError> {
        let (order, postings, reported, kept) = self
            .db
            .read("order_compare", move |tx: &mut Tx| {
                Box::pin(async move {
                    let kept = tx.kept_apart_of_order(environment, id).await?;
                    let order = tx.order_work(id).await?.map(|stored| stored.order);
                    let postings = tx.ledger_of_order(id, ROWS_OF_ORDER_MAX).await?;
                    let reported = tx
                        .reported_of_order(environment, id, ROWS_OF_ORDER_MAX)
                        .await?;
                    Ok::<_, Failure<ApiError>>((order, postings, reported, kept))
                })
            })
            .await?;
        let mut moved = Moved::new();
        for one in &reported {
            let minor = moved.entry((one.movement, one.amount.fiat())).or_default();
            *minor = minor.saturating_add(one.amount.minor());
        }
        let news = postings.iter().map(|posting| posting.posted_at);
        let news = news.chain(reported.iter().map(|one| one.imported_at)).max();
        // One side may be on its way to the other.
        let settled =
            news.is_none_or(|at| at.plus_seconds(self.settle_seconds.into()) <= self.now());
        if !settled {
            return Ok(Vec::new());
        }
        let mut booked = booked(&postings);
        kept_apart(&mut booked, &kept);
        let mut findings = compare(id, &booked, &moved);
        if let Some(order) = &order {
            findings.extend(self.deposit_compare(order).await?);
        }
        Ok(findings)
    }

    /// A deposit address may hold more than is booked: what is not final yet.
    async fn deposit_compare(&self, order: &Order) -> Result<Option<Finding>, ApiError> {
        let Some(sale) = &order.sale else {
            return Ok(None);
        };
        let asset = order.amount.asset();
        let account = format!("{}:{asset}", Account::Deposit(order.id));
        let key = key_in(order.environment, &account);
        let booked = self
            .db
            .read("deposit_compare", move |tx: &mut Tx| {
                let key = key.clone();
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.ledger_balance(&key).await?) })
            })
            .await?;
        let booked = booked.unwrap_or(0);
        let chain = self.chain_of(order.environment, asset.network())?;
        let owner = &sale.deposit_address;
        let keys = sale.held.iter().map(|held| held.deposit.key.clone());
        let mut there = chain.held(owner, asset, &keys.collect::<Vec<_>>()).await?;
        let is_enough = |there: Amount| i128::try_from(there.base()).is_ok_and(|it| it >= booked);
        if !is_enough(there) {
            // What came outside of the order may be booked there, too.
            there = chain.balance(owner, asset).await?;
        }
        let (enough, there) = (is_enough(there), there.base());
        if !enough && order.status().is_terminal() {
            for held in sale.held.iter().filter(|held| held.booked) {
                if is_gone(&arrival(chain, order, held).await?) {
                    self.case_gone(order.id, held).await?;
                }
            }
        }
        Ok((!enough).then(|| Finding {
            kind: FindingKind::DepositDiffers,
            subject: format!("{} deposit {asset}", order.id),
            cause: format!(
                "the books have {booked} and {} holds {there} base units of {asset}",
                sale.deposit_address
            ),
        }))
    }

    async fn wallet_compare(
        &self,
        environment: Environment,
        asset: Asset,
        unmatched: i128,
    ) -> Result<Option<Finding>, ApiError> {
        let owner = self
            .rails(environment)?
            .signer
            .wallet(asset.network())
            .await?;
        let chain = self.chain_of(environment, asset.network())?;
        let mut found = None;
        for _ in 0..LOOKS_MAX {
            let before = self.wallet_books(environment, asset).await?;
            let there: Amount = chain.balance(&owner, asset).await?;
            let books = WalletBooks {
                unmatched,
                ..before
            };
            found = compare_wallet(asset, books, there.base());
            if found.is_none() || self.wallet_books(environment, asset).await? == before {
                return Ok(found);
            }
        }
        Ok(found)
    }

    pub(crate) async fn wallet_books(
        &self,
        environment: Environment,
        asset: Asset,
    ) -> Result<WalletBooks, ApiError> {
        let unit = Unit::Crypto(asset);
        let key = |account: Account| key_in(environment, &format!("{account}:{unit}"));
        let keys = [Account::Wallet, Account::Reserved, Account::InTransit].map(key);
        // All three as of one moment.
        let [free, reserved, in_transit] = self
            .db
            .read("wallet_books", move |tx: &mut Tx| {
                let keys = keys.clone();
                Box::pin(async move {
                    let mut amounts = [0; 3];
                    for (amount, key) in amounts.iter_mut().zip(&keys) {
                        *amount = tx.ledger_balance(key).await?.unwrap_or(0);
                    }
                    Ok::<_, Failure<ApiError>>(amounts)
                })
            })
            .await?;
        Ok(WalletBooks {
            free,
            reserved,
            in_transit,
            unmatched: 0,
        })
    }

    async fn strangers(&self, environment: Environment) -> Result<Vec<Finding>, ApiError> {
        let references = self
            .db
            .read("reported_strangers", move |tx: &mut Tx| {
                Box::pin(async move {
                    let found = tx.reported_strangers(environment, FINDINGS_MAX).await?;
                    Ok::<_, Failure<ApiError>>(found)
                })
            })
            .await?;
        let finding = |reference: String| Finding {
            kind: FindingKind::StrangersReference,
            cause: format!(
                "the provider moved money under {reference}, which no order of ours has"
            ),
            subject: reference,
        };
        Ok(references.into_iter().map(finding).collect())
    }

    async fn books_check(&self) -> Result<Vec<Finding>, ApiError> {
        let audited = self.ledger_check().await?;
        let finding = |mismatch: &Mismatch| Finding {
            kind: FindingKind::BooksDiffer,
            subject: match mismatch {
                Mismatch::Entry { id, unit, .. } => format!("{id} {unit}"),
                Mismatch::Balance { account, .. } => account.clone(),
            },
            cause: mismatch.to_string(),
        };
        Ok(audited.mismatches.iter().map(finding).collect())
    }

    /// How many of them are new.
    async fn findings_save(
        &self,
        environment: Environment,
        findings: Vec<Finding>,
        started: Timestamp,
    ) -> Result<usize, ApiError> {
        let now = self.now();
        let with_id = |finding| (FindingId::new(now, self.entropy.as_ref()), finding);
        let findings: Vec<(FindingId, Finding)> = findings.into_iter().map(with_id).collect();
        let fresh = self
            .db
            .write("findings_save", move |tx: &mut Tx| {
                let findings = findings.clone();
                Box::pin(async move {
                    let mut fresh = Vec::new();
                    for (id, finding) in findings {
                        if tx.finding_save(environment, id, &finding, now).await? {
                            fresh.push(finding);
                        }
                    }
                    tx.finding_close(environment, started, now).await?;
                    tx.reconciliation_save(environment, started).await?;
                    Ok::<_, Failure<ApiError>>(fresh)
                })
            })
            .await?;
        for finding in &fresh {
            let (kind, subject) = (finding.kind.name(), finding.subject.as_str());
            tracing::error!(kind, subject, "books and world differ: {}", finding.cause);
        }
        Ok(fresh.len())
    }
}

/// Where to read on; `None` at the end. A report that does not get on would be read for ever.
pub(crate) fn next_line(after: u64, page: &[ReportLine]) -> Result<Option<u64>, ApiError> {
    match page.last().map(|line| line.number) {
        Some(last) if last <= after => Err(ApiError::unavailable(format!(
            "a settlement report does not get on after line {after}"
        ))),
        last => Ok(last),
    }
}

/// What the books say that providers moved. A refund by bank is not theirs.
fn booked(postings: &[OrderPosting]) -> Moved {
    use proof_core::finding::Movement;
    let mut moved = Moved::new();
    for posting in postings {
        let at_provider =
            posting.account.starts_with("psp:") || posting.account.starts_with("payout:");
        let movement = Movement::parse(&posting.kind).filter(|_| at_provider);
        let fiat = posting.account.rsplit(':').next().unwrap_or_default();
        if let (Some(movement), Ok(fiat)) = (movement, fiat.parse()) {
            let minor = moved.entry((movement, fiat)).or_default();
            *minor = minor.saturating_add(posting.amount.unsigned_abs());
        }
    }
    moved
}

/// What was booked without its order, because the database does not know it any more.
fn kept_apart(booked: &mut Moved, kept: &[KeptApart]) {
    for one in kept {
        let movement = proof_core::finding::Movement::parse(&one.kind);
        if let (Some(movement), Ok(fiat)) = (movement, one.unit.parse()) {
            let minor = booked.entry((movement, fiat)).or_default();
            *minor = minor.saturating_add(one.amount.unsigned_abs());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_night_is_always_ahead() {
        let at = |day: i64, second: i64| {
            Timestamp::from_micros(0).plus_seconds(day * DAY_SECONDS + second)
        };
        assert_eq!(next_night(at(3, 0)), at(3, 7_200));
        assert_eq!(next_night(at(3, 7_199)), at(3, 7_200));
        assert_eq!(next_night(at(3, 7_200)), at(4, 7_200));
        assert_eq!(next_night(at(3, 80_000)), at(4, 7_200));
    }
}

//! After a restore: what happened outside since the backup, and taking it over.
//!
//! References are derived from the installation, the order, the leg and the attempt, so everything that
//! the lost life did can be asked for. Most of it needs nothing: the step that an order owes asks the
//! same question again and hears what became of it. What no step would ever ask about is taken over by
//! a decision of the core, or booked and kept apart for people, when an owner accepts it.

mod accept;
mod find;
mod found;
mod recall;

use crate::{ApiError, Engine};
use found::Found;
use proof_core::{Timestamp, id::OrderId, partner::Environment, recovery::Life};
use proof_store::{Failure, KeptApart, RecoveryRow, Tx};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const KEPT_PER_PAGE: i64 = 500;

/// What an operator sees.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecoveryShown {
    /// `known`, `recovering` or `fenced`.
    pub life: String,
    pub epoch: i64,
    /// Names exactly what is shown, but for the wallets.
    pub digest: String,
    /// Orders of this database that are further outside.
    pub orders: Vec<OrderMoved>,
    /// Orders that this database does not know at all.
    pub unknown: Vec<UnknownOrder>,
    pub wallets: Vec<String>,
    /// The last restore that was accepted, and what is kept apart since.
    pub accepted: Option<RecoveryAccepted>,
    pub kept_apart: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OrderMoved {
    pub order: OrderId,
    pub what: String,
    /// Where the backup left it.
    pub state: String,
    pub outside: Vec<String>,
    /// What accepting does with it.
    pub then: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UnknownOrder {
    pub order: OrderId,
    pub outside: Vec<String>,
    pub then: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RecoveryAccepted {
    pub epoch: i64,
    pub by: String,
    pub at: String,
    pub digest: String,
}

impl From<RecoveryRow> for RecoveryAccepted {
    fn from(row: RecoveryRow) -> Self {
        Self {
            epoch: row.epoch,
            by: row.accepted_by.to_string(),
            at: row.accepted_at.to_contract(),
            digest: row.digest,
        }
    }
}

const ENVIRONMENTS: [Environment; 2] = [Environment::Test, Environment::Live];

impl Engine {
    pub(crate) async fn recovered_load(&self) -> Result<(), ApiError> {
        let last = self.recovery_last().await?;
        self.recovered_at
            .send_replace(last.map(|row| row.accepted_at));
        Ok(())
    }

    async fn recovery_last(&self) -> Result<Option<RecoveryRow>, ApiError> {
        self.db
            .read("recovery_last", |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.recovery_last().await?) })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Whether an order is from before the last restore, so that the world may know more about it.
    pub(crate) fn predates(&self, created_at: Timestamp) -> bool {
        self.recovered_at.borrow().is_some_and(|at| created_at < at)
    }

    /// What happened outside since the backup. In a server that is not in recovery: what was accepted.
    pub async fn recovery_show(&self) -> Result<RecoveryShown, ApiError> {
        let life = self.life_look().await?;
        let found = match life {
            Life::Recovering => self.recovery_find().await?,
            Life::Known | Life::Fenced => Vec::new(),
        };
        self.recovery_shown(&found).await
    }

    async fn recovery_find(&self) -> Result<Vec<Found>, ApiError> {
        let mut found = Vec::new();
        for environment in ENVIRONMENTS {
            if self.rails(environment).is_ok() {
                found.push(self.found_in(environment).await?);
            }
        }
        Ok(found)
    }

    async fn recovery_shown(&self, found: &[Found]) -> Result<RecoveryShown, ApiError> {
        let orders = found.iter().flat_map(|found| &found.moved);
        let orders: Vec<OrderMoved> = orders.map(|moved| moved.shown.clone()).collect();
        let unknown = found.iter().flat_map(|found| &found.strangers);
        let unknown: Vec<UnknownOrder> = unknown.map(|stranger| stranger.shown.clone()).collect();
        let named = serde_json::to_vec(&(self.installation.epoch, &orders, &unknown));
        let digest = Sha256::digest(named.map_err(ApiError::internal)?);
        let wallets = found.iter().flat_map(|found| found.wallets.clone());
        Ok(RecoveryShown {
            life: match self.life() {
                Life::Known => "known",
                Life::Recovering => "recovering",
                Life::Fenced => "fenced",
            }
            .to_owned(),
            epoch: self.installation.epoch,
            // As many as people compare.
            digest: hex::encode(&digest[..8]),
            orders,
            unknown,
            wallets: wallets.collect(),
            accepted: self.recovery_last().await?.map(RecoveryAccepted::from),
            kept_apart: self.kept_apart().await?,
        })
    }

    async fn kept_apart(&self) -> Result<Vec<String>, ApiError> {
        let mut lines = Vec::new();
        for environment in ENVIRONMENTS {
            let kept = self
                .db
                .read("kept_apart", move |tx: &mut Tx| {
                    Box::pin(async move {
                        let mut kept: Vec<KeptApart> = Vec::new();
                        loop {
                            let after = kept.last().map_or("", |last| last.subject.as_str());
                            let after = after.to_owned();
                            let page = tx.kept_apart_list(environment, &after, KEPT_PER_PAGE);
                            let page = page.await?;
                            if page.is_empty() {
                                return Ok::<_, Failure<ApiError>>(kept);
                            }
                            kept.extend(page);
                        }
                    })
                })
                .await?;
            lines.extend(kept.iter().map(|one| {
                let (order, kind, amount, unit) = (one.order, &one.kind, one.amount, &one.unit);
                format!(
                    "{order}  {kind} of {amount} {unit} (base units), {}",
                    one.subject
                )
            }));
        }
        Ok(lines)
    }
}

//! What the owner puts into the hot wallets, and the books as a whole.

use crate::{
    ApiError, Engine,
    error::{ledger_failed, refused},
};
use proof_core::{
    Address, Network,
    id::EntryId,
    ledger::{Audit, Audited, fund},
    money::Amount,
    partner::Environment,
};
use proof_store::{Balance, Db, Failure, Tx};
use uuid::Uuid;

const POSTINGS_PER_PAGE: i64 = 10_000;

impl Engine {
    /// Books coins that arrived in a hot wallet from the owner.
    pub async fn treasury_fund(
        &self,
        environment: Environment,
        amount: Amount,
    ) -> Result<(), ApiError> {
        let now = self.now();
        let id = EntryId::new(now, self.entropy.as_ref());
        let entry = fund(amount).map_err(ApiError::internal)?;
        self.db
            .write("treasury_fund", move |tx: &mut Tx| {
                let entry = entry.clone();
                Box::pin(async move {
                    tx.ledger_post(id, (environment, None), &entry, now)
                        .await
                        .map_err(ledger_failed)?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Every account's balance, for operators.
    pub async fn ledger_balances(&self) -> Result<Vec<Balance>, ApiError> {
        self.db
            .read("ledger_balances", move |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.ledger_balances().await?) })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Recomputes the books, all as of one moment.
    pub async fn ledger_check(&self) -> Result<Audited, ApiError> {
        ledger_audit(&self.db).await
    }

    /// The hot wallet of a network.
    pub async fn hot_wallet(
        &self,
        environment: Environment,
        network: Network,
    ) -> Result<Address, ApiError> {
        Ok(self.rails(environment)?.signer.wallet(network).await?)
    }
}

/// Recomputes the books of a database that nobody needs to work on.
pub async fn ledger_audit(db: &Db) -> Result<Audited, ApiError> {
    db.read("ledger_check", move |tx: &mut Tx| {
        Box::pin(async move {
            let mut audit = Audit::default();
            let mut after = (EntryId::from_uuid(Uuid::nil()), -1);
            loop {
                let page = tx.ledger_page(after, POSTINGS_PER_PAGE).await?;
                let Some(last) = page.last() else { break };
                after = (last.entry, last.line);
                for posting in &page {
                    audit
                        .take(posting.entry, &posting.account, posting.amount)
                        .map_err(|error| refused(ApiError::internal(error)))?;
                }
            }
            let kept = tx.ledger_balances().await?;
            let kept = kept.iter().map(|b| (b.key.as_str(), b.amount));
            Ok::<_, Failure<ApiError>>(audit.finish(kept))
        })
    })
    .await
    .map_err(ApiError::from)
}

//! The books as people look at them: the house's own accounts one by one, and what is held for orders in
//! sums, so that the answer is as long with a million of orders as with ten.

use crate::{ApiError, Engine, FoundListed, Page};
use proof_core::{ledger::key_alone, partner::Environment, statement::readable};
use proof_store::{Balance, Failure, HeldSum, Tx};
use serde::Serialize;

#[derive(Clone, Debug, Serialize)]
pub struct BalanceLine {
    pub account: String,
    pub amount: String,
    pub unit: String,
}

/// What the accounts of orders hold, of one kind and in one unit.
#[derive(Clone, Debug, Serialize)]
pub struct HeldLine {
    pub kind: String,
    pub accounts: i64,
    pub amount: String,
    pub unit: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct LedgerPage {
    pub balances: Vec<BalanceLine>,
    pub held: Vec<HeldLine>,
    pub findings: Vec<FoundListed>,
}

/// One order's account with something in it.
#[derive(Clone, Debug, Serialize)]
pub struct HeldAccount {
    #[serde(flatten)]
    pub balance: BalanceLine,
    pub order: Option<String>,
}

impl From<Balance> for BalanceLine {
    fn from(balance: Balance) -> Self {
        let (amount, unit) = readable(&balance.key, balance.amount);
        Self {
            account: balance.key,
            amount,
            unit,
        }
    }
}

impl From<Balance> for HeldAccount {
    fn from(balance: Balance) -> Self {
        let order = key_alone(&balance.key).split(':').nth(1);
        Self {
            order: order.map(str::to_owned),
            balance: balance.into(),
        }
    }
}

impl From<HeldSum> for HeldLine {
    fn from(sum: HeldSum) -> Self {
        // A unit is the end of an account's name.
        let (amount, unit) = readable(&sum.unit, sum.amount);
        Self {
            kind: sum.kind,
            accounts: sum.accounts,
            amount,
            unit,
        }
    }
}

impl Engine {
    /// The books of one of the two worlds.
    pub async fn ledger_page(&self, environment: Environment) -> Result<LedgerPage, ApiError> {
        let house = self
            .db
            .read("ledger_house", move |tx: &mut Tx| {
                Box::pin(async move {
                    let house = tx.ledger_house(environment).await?;
                    Ok::<_, Failure<ApiError>>(house)
                })
            })
            .await?;
        let held = self.ledger_order_sums(environment).await?;
        Ok(LedgerPage {
            balances: house.into_iter().map(BalanceLine::from).collect(),
            held: held.into_iter().map(HeldLine::from).collect(),
            findings: self.findings(environment).await?,
        })
    }

    pub(crate) async fn ledger_order_sums(
        &self,
        environment: Environment,
    ) -> Result<Vec<HeldSum>, ApiError> {
        self.db
            .read("ledger_order_sums", move |tx: &mut Tx| {
                Box::pin(async move {
                    let sums = tx.ledger_order_sums(environment).await?;
                    Ok::<_, Failure<ApiError>>(sums)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Accounts of orders with something in them, by name: those after one of them.
    pub async fn ledger_held(
        &self,
        environment: Environment,
        after: String,
        limit: i64,
    ) -> Result<Page<HeldAccount>, ApiError> {
        let found = self
            .db
            .read("ledger_held", move |tx: &mut Tx| {
                let after = after.clone();
                Box::pin(async move {
                    let page = tx
                        .ledger_order_page(environment, &after, limit.saturating_add(1))
                        .await?;
                    Ok::<_, Failure<ApiError>>(page)
                })
            })
            .await?;
        let page = Page::cut(found, limit, |last| last.key.clone());
        Ok(page.map(HeldAccount::from))
    }
}

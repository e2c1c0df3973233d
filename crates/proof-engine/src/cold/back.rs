//! What is in cold storage by the chain, and what came back from there.

use super::booked;
use crate::{ApiError, Engine};
use proof_core::{
    Address, Asset, Network,
    cold::{ColdMove, ColdState},
    deposit::DepositKey,
    ledger::Account,
    money::Amount,
    partner::Environment,
    stray::Stray,
};
use proof_store::{Failure, Tx};
use std::collections::BTreeSet;

const MOVES_PER_PAGE: i64 = 100;
/// Outputs in cold storage that a node is asked about for one figure.
const OUTPUTS_MAX: usize = 500;

impl Engine {
    /// Whether what came to our wallet comes from where our own coins were moved to, as far as the books have them there.
    pub(crate) async fn is_from_cold(&self, stray: &Stray) -> Result<bool, ApiError> {
        let asked = stray.clone();
        let known = self
            .db
            .read("is_from_cold", move |tx: &mut Tx| {
                let stray = asked.clone();
                Box::pin(async move {
                    let mut known = Vec::new();
                    for sender in &stray.deposit.senders {
                        let moves = tx.cold_to(stray.environment, sender, (None, 1)).await?;
                        known.extend((!moves.is_empty()).then(|| sender.clone()));
                    }
                    if !cold_has(tx, &stray).await? {
                        known.clear();
                    }
                    Ok::<_, Failure<ApiError>>(known)
                })
            })
            .await?;
        if known.is_empty() || stray.recipient.network() != Network::Bitcoin {
            return Ok(!known.is_empty());
        }
        self.is_all_from_cold(stray, &known).await
    }

    /// On Bitcoin a vault sends from many addresses, and a transaction may spend coins of several people. Each coin of
    /// ours that lies there has a name of its own: nothing else is spent by what came.
    async fn is_all_from_cold(&self, stray: &Stray, known: &[Address]) -> Result<bool, ApiError> {
        let mut ours = BTreeSet::new();
        for address in known {
            ours.extend(self.cold_outputs(stray.environment, address).await?);
        }
        let chain = self.chain_of(stray.environment, stray.recipient.network())?;
        let spent = chain.spends(&stray.deposit.key.hash).await?;
        Ok(!spent.is_empty() && spent.iter().all(|spent| ours.contains(spent)))
    }

    /// The outputs that moves which are done made at an address.
    pub(super) async fn cold_outputs(
        &self,
        environment: Environment,
        address: &Address,
    ) -> Result<Vec<DepositKey>, ApiError> {
        let (mut outputs, mut after) = (Vec::new(), None);
        loop {
            let address = address.clone();
            let page = self.db.read("cold_outputs", move |tx: &mut Tx| {
                let address = address.clone();
                Box::pin(async move {
                    let page = (after, MOVES_PER_PAGE);
                    Ok::<_, Failure<ApiError>>(tx.cold_to(environment, &address, page).await?)
                })
            });
            let page = page.await?;
            let Some(last) = page.last() else {
                return Ok(outputs);
            };
            after = Some(last.id);
            outputs.extend(page.iter().filter_map(output));
        }
    }

    /// What a node says is at the address; `None`: nobody can say. On Bitcoin, what of our own coins is still there: the
    /// address is not looked up among all.
    pub(crate) async fn cold_there(
        &self,
        environment: Environment,
        address: &Address,
        asset: Asset,
    ) -> Option<Amount> {
        let chain = self.chain_of(environment, asset.network()).ok()?;
        if asset.network() != Network::Bitcoin {
            return chain.balance(address, asset).await.ok();
        }
        let outputs = self.cold_outputs(environment, address).await.ok()?;
        if outputs.len() > OUTPUTS_MAX {
            return None;
        }
        chain.held(address, asset, &outputs).await.ok()
    }
}

/// Whether the books have as much there as came.
pub(crate) async fn cold_has(tx: &mut Tx, stray: &Stray) -> Result<bool, Failure<ApiError>> {
    let amount = stray.deposit.amount;
    let cold = booked(tx, stray.environment, Account::Cold, amount.asset()).await?;
    Ok(cold.base() >= amount.base())
}

/// What goes to the recipient is the first output of each of our transactions.
fn output(moved: &ColdMove) -> Option<DepositKey> {
    let out = moved.out.as_ref();
    let signed = out.and_then(|out| out.signed.as_ref());
    let signed = signed.filter(|_| moved.state == ColdState::Moved)?;
    Some(DepositKey {
        hash: signed.hash.clone(),
        index: 0,
    })
}

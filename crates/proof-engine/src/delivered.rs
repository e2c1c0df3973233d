//! What was delivered, once more: a chain may take back more blocks than count as final. Then the same signed bytes are
//! sent again, and people are told for as long as no block has them.

use crate::{
    ApiError, Engine,
    error::{ledger_failed, refused},
    order::{SaveIds, gone},
    transfer::Leg,
    worker::Outcome,
};
use proof_core::{
    Asset, ErrorCode, Timestamp,
    id::{EntryId, OrderId},
    ledger::{self, Account},
    money::Amount,
    order::{Order, State},
    transfer::TransferFact,
};
use proof_port::{Chain, IntentClass, SignedIntent, TransferStatus};
use proof_store::{Failure, StoreError, Tx};

/// It is looked at until it is so many times as deep as what counts as final.
const DEEPER: u64 = 6;
/// Of the chain's own pauses, between two looks; and what bounds them.
const POLLS: i64 = 20;
const PAUSE_MS_MIN: i64 = 10_000;
const PAUSE_MS_MAX: i64 = 600_000;
/// More than any order has.
const POSTINGS_MAX: i64 = 1_000;

impl Engine {
    /// From when on a delivery that is final is looked at; a simulated chain has nothing to take back then.
    pub(crate) fn delivered_look_at(
        &self,
        leg: Leg,
        fact: &TransferFact,
    ) -> Result<Option<Timestamp>, ApiError> {
        let is_delivery = leg.is_of_order() && leg.class == IntentClass::Deliver;
        if !is_delivery || !matches!(fact, TransferFact::Final { .. }) {
            return Ok(None);
        }
        let chain = self.chain_of(leg.environment, leg.asset.network())?;
        let is_real = chain.identity().is_some();
        Ok(is_real.then(|| self.delivered_again_at(&**chain)))
    }

    fn delivered_again_at(&self, chain: &dyn Chain) -> Timestamp {
        let pause = chain.poll_interval_ms().saturating_mul(POLLS);
        self.now()
            .plus_millis(pause.clamp(PAUSE_MS_MIN, PAUSE_MS_MAX))
    }

    pub(crate) async fn delivered_drive(&self, id: OrderId) -> Result<Outcome, ApiError> {
        let order = self.order_load(id).await?.order;
        let State::Completed { hash: Some(hash) } = &order.state else {
            return Ok(Outcome::Done);
        };
        let chain = self.chain_of(order.environment, order.amount.asset().network())?;
        match chain.transfer(hash).await {
            Ok(TransferStatus::Mined {
                confirmations, fee, ..
            }) => {
                self.delivered_cost(&order, fee).await?;
                Ok(self.delivered_deep(&**chain, confirmations))
            }
            Ok(
                TransferStatus::Unknown | TransferStatus::Waiting | TransferStatus::Failed { .. },
            ) => self.delivered_lost(&order, &**chain).await,
            // How the node does is told elsewhere, and says nothing about the delivery.
            Err(error) => {
                tracing::debug!(order = %id, "whether it is still delivered cannot be told: {error}");
                Ok(Outcome::Again(self.delivered_again_at(&**chain)))
            }
        }
    }

    /// In another block it may have cost something else than what is in the books.
    async fn delivered_cost(&self, order: &Order, fee: Amount) -> Result<(), ApiError> {
        let (id, environment, ids) = (order.id, order.environment, SaveIds::new(self, self.now()));
        if self.delivered_booked(id, fee.asset()).await? == Some(fee) {
            return Ok(());
        }
        self.db
            .write("delivered_cost", move |tx: &mut Tx| {
                let ids = ids.clone();
                Box::pin(async move {
                    tx.order_lock(id).await?.ok_or_else(gone)?;
                    let booked = gas_of(tx, id, fee.asset()).await?;
                    let booked = booked.ok_or_else(|| odd("gas below zero"))?;
                    let entry = ledger::mined_again(booked, fee).map_err(odd)?;
                    let Some(entry) = entry else { return Ok(()) };
                    let entry_id = EntryId::from_uuid(ids.uuid(1, 0));
                    tx.ledger_post(entry_id, (environment, Some(id)), &entry, ids.now())
                        .await
                        .map_err(ledger_failed)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    async fn delivered_booked(
        &self,
        order: OrderId,
        native: Asset,
    ) -> Result<Option<Amount>, ApiError> {
        self.db
            .read("delivered_booked", move |tx: &mut Tx| {
                Box::pin(
                    async move { Ok::<_, Failure<ApiError>>(gas_of(tx, order, native).await?) },
                )
            })
            .await
            .map_err(ApiError::from)
    }

    fn delivered_deep(&self, chain: &dyn Chain, confirmations: u64) -> Outcome {
        if confirmations >= chain.confirmations_final().saturating_mul(DEEPER) {
            return Outcome::Done;
        }
        Outcome::Again(self.delivered_again_at(chain))
    }

    /// Of all that was signed for it one alone can ever be in a block: another form will do as well.
    async fn delivered_lost(&self, order: &Order, chain: &dyn Chain) -> Result<Outcome, ApiError> {
        let promised = self.rails(order.environment)?.signer.promised(order.id);
        let signed = promised.await?.signed.into_iter();
        let ours: Vec<SignedIntent> = signed
            .filter(|given| given.intent.class == IntentClass::Deliver)
            .collect();
        for given in &ours {
            let status = chain.transfer(&given.signed.hash).await?;
            if let TransferStatus::Mined {
                confirmations, fee, ..
            } = status
            {
                self.delivered_cost(order, fee).await?;
                return Ok(self.delivered_deep(chain, confirmations));
            }
        }
        let mut told = "nodes have it again, and no block yet".to_owned();
        for given in &ours {
            if let Err(error) = chain.broadcast(&given.signed.signed_hex).await {
                told = format!("nodes do not take it again: {error}");
            }
        }
        tracing::error!(order = %order.id, "the chain has taken back a delivery that was final; {told}");
        let context = format!("the chain has taken back the delivery, which was final; {told}");
        Err(ApiError {
            context: Some(context),
            ..ApiError::new(
                ErrorCode::ProviderError,
                "A delivery is not on the chain any more.",
            )
        })
    }
}

/// What the books say that an order's transfers have cost.
async fn gas_of(tx: &mut Tx, order: OrderId, native: Asset) -> Result<Option<Amount>, StoreError> {
    let account = format!("{}:{native}", Account::Gas);
    let postings = tx.ledger_of_order(order, POSTINGS_MAX).await?;
    let gas = postings.iter().filter(|one| one.account == account);
    let sum: i128 = gas.map(|one| one.amount).sum();
    Ok(u128::try_from(sum)
        .ok()
        .map(|base| Amount::new(native, base)))
}

fn odd(error: impl ToString) -> Failure<ApiError> {
    refused(ApiError::internal(error))
}

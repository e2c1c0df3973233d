//! Emptying deposit addresses into the hot wallet. A sweep is begun by a look at the books ([`survey`]), and then is
//! transfers like all others: planned, signed, told and watched by the same code, the same way after a crash.

mod batch;
mod cost;
mod survey;

pub use survey::{SWEEP_LINES_MAX, SweepLine, SweepPage, Sweeping};

use crate::{
    ApiError, Engine,
    error::{ledger_failed, refused},
    order::{SaveIds, gone},
    reconcile::environment_key,
    transfer::{Leg, Source, fee_max},
    worker::Outcome,
};
use cost::{affordable, passage};
use proof_core::{
    Address, Asset, Timestamp,
    id::{EntryId, IntentId, JobId, OrderId, SweepId},
    ledger::{Account, key_in},
    money::Amount,
    order::POLL_MS,
    partner::Environment,
    sweep::{Sweep, SweepRefusal, SweepState},
    transfer::{SendingStep, TransferFact},
};
use proof_port::IntentClass;
use proof_store::{Failure, JobKind, Tx};
use uuid::Uuid;

/// What is too dear now, or has no price, is looked at again after so long.
pub(crate) const SWEEP_WAIT_SECONDS: i64 = 300;

/// Sweeps of one order that anybody looks at.
pub(crate) const SWEEPS_OF_ORDER_MAX: i64 = 1_000;

impl From<SweepRefusal> for ApiError {
    fn from(refusal: SweepRefusal) -> Self {
        match refusal {
            SweepRefusal::Unfit => Self::new(
                proof_core::ErrorCode::WrongState,
                "The sweep knows that already, or is about something else.",
            ),
            SweepRefusal::Money(error) => Self::internal(error),
        }
    }
}

/// Decides on a locked sweep and saves all of it. The order comes first among the locks.
pub(crate) async fn sweep_apply(
    tx: &mut Tx,
    order: OrderId,
    id: SweepId,
    fact: TransferFact,
    ids: &SaveIds,
) -> Result<(), Failure<ApiError>> {
    let now = ids.now();
    tx.order_lock(order).await?.ok_or_else(gone)?;
    let stored = tx.sweep_lock(id).await?.ok_or_else(gone)?;
    let (after, entries) = stored.sweep.decide(fact, now).map_err(refused)?;
    tx.sweep_save(&after, stored.version, now).await?;
    for (n, entry) in entries.iter().enumerate() {
        let entry_id = EntryId::from_uuid(ids.uuid(1, n));
        // The order has ended: what becomes of the coins is between our own wallets.
        tx.ledger_post(entry_id, (after.environment, None), entry, now)
            .await
            .map_err(ledger_failed)?;
    }
    if !after.state.is_open() {
        batch_close(tx, &after, now).await?;
        tx.job_delete(JobKind::Sweep, id.uuid()).await?;
        return Ok(());
    }
    let at = match after.sending().map(|sending| sending.step()) {
        Some(SendingStep::Plan(until)) => until,
        Some(SendingStep::Watch) => now.plus_millis(POLL_MS),
        Some(SendingStep::Sign | SendingStep::Broadcast) | None => now,
    };
    let job = JobId::from_uuid(ids.uuid(3, 0));
    tx.job_upsert(job, JobKind::Sweep, id.uuid(), at).await?;
    Ok(())
}

/// What became of its transfer became of all that share it.
async fn batch_close(tx: &mut Tx, leader: &Sweep, now: Timestamp) -> Result<(), Failure<ApiError>> {
    let parts = leader.batch.iter().flat_map(|batch| &batch.parts);
    for id in parts.filter_map(|part| part.sweep) {
        if id != leader.id {
            let stored = tx.sweep_lock(id).await?.ok_or_else(gone)?;
            let closed = Sweep {
                state: leader.state,
                ..stored.sweep
            };
            tx.sweep_save(&closed, stored.version, now).await?;
        }
    }
    Ok(())
}

/// Where the transfer that is due goes.
pub(crate) async fn sweep_outgoing(
    tx: &mut Tx,
    order: OrderId,
    id: SweepId,
    fee: Amount,
) -> Result<(Address, Amount), Failure<ApiError>> {
    tx.order_lock(order).await?.ok_or_else(gone)?;
    let sweep = tx.sweep_lock(id).await?.ok_or_else(gone)?.sweep;
    sweep.outgoing(fee).ok_or_else(gone)
}

/// What the books have of a coin at an order's deposit address.
pub(crate) async fn at_deposit(
    tx: &mut Tx,
    environment: Environment,
    order: OrderId,
    asset: Asset,
) -> Result<u128, Failure<ApiError>> {
    let key = format!("{}:{asset}", Account::Deposit(order));
    let booked = tx.ledger_balance(&key_in(environment, &key)).await?;
    // It has a floor.
    Ok(u128::try_from(booked.unwrap_or(0)).unwrap_or(0))
}

impl Engine {
    pub(crate) async fn sweep_drive(&self, key: Uuid) -> Result<Outcome, ApiError> {
        for environment in [Environment::Test, Environment::Live] {
            if environment_key(environment) == key {
                return self.sweep_look(environment).await;
            }
        }
        let id = SweepId::from_uuid(key);
        let Some(sweep) = self.sweep_load(id).await? else {
            return Ok(Outcome::Done);
        };
        if !sweep.state.is_open() {
            return Ok(Outcome::Done);
        }
        let leg = Leg::of_sweep(&sweep, self.sweep_intent(&sweep));
        let Some(sending) = sweep.sending() else {
            return self.transfer_plan(leg).await;
        };
        match sending.step() {
            SendingStep::Plan(until) if until > self.now() => Ok(Outcome::Again(until)),
            SendingStep::Plan(_) => self.transfer_plan(leg).await,
            SendingStep::Sign => self.transfer_sign(leg, sending).await,
            SendingStep::Broadcast => self.transfer_broadcast(leg, sending).await,
            SendingStep::Watch => self.transfer_watch(leg, sending).await,
        }
    }

    async fn sweep_load(&self, id: SweepId) -> Result<Option<Sweep>, ApiError> {
        self.db
            .read("sweep_find", move |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.sweep_find(id).await?) })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Of the transfer that is due. The same again after a restore: what the lost life signed is recognised by it.
    fn sweep_intent(&self, sweep: &Sweep) -> IntentId {
        if let Some(batch) = &sweep.batch {
            return batch.intent;
        }
        let name = match sweep.state {
            SweepState::ToppingUp => "top_up",
            SweepState::Sweeping | SweepState::Swept | SweepState::Refused => "sweep",
        };
        self.intent(
            sweep.order,
            &format!("{name} {}", sweep.asset()),
            sweep.number,
        )
    }

    /// What the transfer that is due spends; `None`: it is too dear now, or has no price, and waits.
    pub(crate) async fn sweep_source(&self, id: SweepId) -> Result<Option<Source>, ApiError> {
        let sweep = self.sweep_load(id).await?;
        let sweep = sweep.ok_or_else(|| ApiError::internal("a sweep that is not there"))?;
        if sweep.batch.is_some() {
            return self.batch_source(&sweep).await;
        }
        let (environment, asset) = (sweep.environment, sweep.asset());
        let network = asset.network();
        let chain = self.chain_of(environment, network)?;
        let cost = async || {
            let amount = sweep.amount;
            self.sweep_cost(environment, &sweep.source, amount).await
        };
        if sweep.state == SweepState::ToppingUp {
            // Asked first: gas above the operator's cap is no failure here.
            let Some(cost) = cost().await else {
                return Ok(None);
            };
            let source = Source::ask(&**chain, sweep.wallet.clone(), network.native()).await?;
            let gas = sweep
                .gas
                .map_or(Ok(source.fee()), |gas| gas.checked_add(source.fee()));
            let cost = cost.costing(gas.map_err(ApiError::internal)?);
            return Ok(cost.is_small_for(sweep.amount).then_some(source));
        }
        let way = (&sweep.source, &sweep.wallet);
        let Some(passage) = passage(&**chain, way, sweep.amount).await? else {
            return Ok(None);
        };
        let form = if asset == network.native() {
            let fee = fee_max(&passage.form, network)?;
            let cost = cost().await.map(|cost| cost.costing(fee));
            if !cost.is_some_and(|cost| cost.is_small_for(sweep.amount)) {
                return Ok(None);
            }
            passage.form
        } else {
            let Some(form) = affordable(passage, self.gas_there(&sweep).await?) else {
                return Ok(None);
            };
            form
        };
        let source = Source::with_form(&**chain, sweep.source.clone(), form).await?;
        Ok(Some(source))
    }

    /// What may be spent at the address for the sweep of a token.
    async fn gas_there(&self, sweep: &Sweep) -> Result<u128, ApiError> {
        let (environment, order) = (sweep.environment, sweep.order);
        let native = sweep.asset().network().native();
        let booked = self
            .db
            .read("sweep_gas", move |tx: &mut Tx| {
                Box::pin(async move { at_deposit(tx, environment, order, native).await })
            })
            .await?;
        // Set aside already for the transfer that is planned again.
        let before = sweep.out.as_ref();
        let before = before.map_or(0, |sending| sending.transfer.fee.base());
        Ok(booked.saturating_add(before))
    }

    /// Whether a transfer from our own wallet to an order's deposit address is the top-up of a sweep.
    pub(crate) async fn is_top_up(
        &self,
        environment: Environment,
        order: OrderId,
        hash: &str,
    ) -> Result<bool, ApiError> {
        let sweeps = self
            .db
            .read("sweep_of_order", move |tx: &mut Tx| {
                Box::pin(async move {
                    let sweeps = tx.sweep_of_order(order, SWEEPS_OF_ORDER_MAX).await?;
                    Ok::<_, Failure<ApiError>>(sweeps)
                })
            })
            .await?;
        if sweeps.iter().any(|sweep| sweep.knows(hash)) {
            return Ok(true);
        }
        // A restored database may have forgotten it; the signer has not.
        let promised = self.rails(environment)?.signer.promised(order).await?;
        let mut given = promised.signed.iter();
        Ok(
            given
                .any(|given| given.intent.class == IntentClass::TopUp && given.signed.hash == hash),
        )
    }
}

//! Writing down that the coins of several orders are brought together: a sweep for each, of which one leads.

use super::super::{
    SWEEPS_OF_ORDER_MAX, at_deposit,
    survey::{is_over, number},
};
use crate::{
    ApiError,
    error::refused,
    order::{SaveIds, gone},
};
use proof_core::{
    Address, Asset,
    id::{IntentId, JobId, OrderId, SweepId},
    money::Amount,
    partner::Environment,
    sweep::{Batch, Part, Sweep, SweepState},
    transfer::Coin,
};
use proof_store::{Failure, JobKind, Tx};

/// What is to be put down.
#[derive(Clone)]
pub(super) struct Begun {
    pub(super) intent: IntentId,
    pub(super) order: OrderId,
    /// Whose sweep leads.
    pub(super) host: OrderId,
    pub(super) wallet: Address,
    pub(super) environment: Environment,
    pub(super) asset: Asset,
    pub(super) parts: Vec<Wanted>,
}

#[derive(Clone)]
pub(super) struct Wanted {
    pub(super) order: OrderId,
    pub(super) coins: Vec<Coin>,
    /// What the books had and the how manieth sweep it is, where that was looked at before; else the books have to have
    /// what was signed.
    pub(super) booked: Option<(Amount, u32)>,
    pub(super) sweep: SweepId,
}

impl Begun {
    /// All or nothing. Orders are locked in their order, so that nobody waits in a circle.
    pub(super) async fn save(self, tx: &mut Tx, ids: &SaveIds) -> Result<bool, Failure<ApiError>> {
        let mut sorted: Vec<&Wanted> = self.parts.iter().collect();
        sorted.sort_unstable_by_key(|wanted| wanted.order);
        let mut made = Vec::new();
        for wanted in sorted {
            match self.made(tx, wanted, ids).await? {
                Made::Sweep(sweep) => made.push(*sweep),
                Made::Lost => {}
                Made::Unfit => return Ok(false),
            }
        }
        let known: Vec<SweepId> = made.iter().map(|sweep| sweep.id).collect();
        let leader = made.iter().find(|sweep| sweep.order == self.host);
        let leader = leader.map(|sweep| sweep.id).ok_or_else(gone)?;
        for mut sweep in made {
            let mut batch = Batch {
                intent: self.intent,
                order: self.order,
                leader,
                parts: Vec::new(),
            };
            if sweep.id == leader {
                batch.parts = self.parts.iter().map(Wanted::part).collect();
                for part in &mut batch.parts {
                    part.sweep = part.sweep.filter(|id| known.contains(id));
                }
            }
            sweep.batch = Some(Box::new(batch));
            if !tx.sweep_insert(&sweep).await? {
                let twice = "a deposit address is swept twice at a time";
                return Err(refused(ApiError::internal(twice)));
            }
        }
        let job = JobId::from_uuid(ids.uuid(3, 0));
        tx.job_upsert(job, JobKind::Sweep, leader.uuid(), ids.now())
            .await?;
        Ok(true)
    }

    /// One order's sweep, its order locked.
    async fn made(
        &self,
        tx: &mut Tx,
        wanted: &Wanted,
        ids: &SaveIds,
    ) -> Result<Made, Failure<ApiError>> {
        let stored = tx.order_lock(wanted.order).await?;
        let booked = at_deposit(tx, self.environment, wanted.order, self.asset).await?;
        let base = wanted.part().base();
        let base = base.map_err(|error| refused(ApiError::internal(error)))?;
        let Some(stored) = stored else {
            // What of it was swept was booked apart when the restore was accepted.
            let is_booked = wanted.booked.is_none() && booked >= base;
            return Ok(if is_booked { Made::Lost } else { Made::Unfit });
        };
        let sweeps = tx.sweep_of_order(wanted.order, SWEEPS_OF_ORDER_MAX).await?;
        let n = number(&sweeps, self.asset);
        let fits = match wanted.booked {
            Some((amount, number)) => booked == amount.base() && number == n,
            None => booked >= base,
        };
        let is_open = sweeps.iter().any(|sweep| sweep.state.is_open());
        let sale = stored.order.sale.as_ref();
        let Some(sale) = sale.filter(|_| fits && !is_open) else {
            return Ok(Made::Unfit);
        };
        if !is_over(tx, &stored.order).await? {
            return Ok(Made::Unfit);
        }
        Ok(Made::Sweep(Box::new(Sweep {
            id: wanted.sweep,
            environment: self.environment,
            order: wanted.order,
            number: n,
            amount: Amount::new(self.asset, base),
            source: sale.deposit_address.clone(),
            wallet: self.wallet.clone(),
            gas: None,
            top_up: None,
            out: None,
            state: SweepState::Sweeping,
            begun_at: ids.now(),
            batch: None,
            expired: false,
        })))
    }
}

enum Made {
    Sweep(Box<Sweep>),
    /// The database has forgotten the order.
    Lost,
    /// Something about it has changed.
    Unfit,
}

impl Wanted {
    fn part(&self) -> Part {
        Part {
            order: self.order,
            sweep: Some(self.sweep),
            coins: self.coins.clone(),
        }
    }
}

//! Emptying deposit addresses.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Versioned,
    statement::statements,
};
use proof_core::{
    Timestamp,
    id::{OrderId, SweepId},
    partner::Environment,
    sweep::Sweep,
};

statements! {
    SWEEP_INSERT = "INSERT INTO sweeps (id, environment, order_id, state, version, body, created_at, updated_at) VALUES ($1, $2, $3, $4, 1, $5, $6, $6) ON CONFLICT DO NOTHING";
    SWEEP_FIND = "SELECT id, version, body FROM sweeps WHERE id = $1";
    SWEEP_LOCK = "SELECT id, version, body FROM sweeps WHERE id = $1", lock = " FOR UPDATE";
    SWEEP_SAVE = "UPDATE sweeps SET version = version + 1, state = $1, body = $2, updated_at = $3 WHERE id = $4 AND version = $5";
    SWEEP_OF_ORDER = "SELECT id, version, body FROM sweeps WHERE order_id = $1 ORDER BY id LIMIT $2";
    SWEEP_OPEN = "SELECT id, version, body FROM sweeps WHERE environment = $1 AND state IN ('topping_up', 'sweeping') ORDER BY id LIMIT $2";
}

/// The version under which it was read comes with it.
#[derive(Clone, Debug)]
pub struct StoredSweep {
    pub sweep: Sweep,
    pub version: i64,
}

impl TryFrom<Versioned> for StoredSweep {
    type Error = StoreError;

    fn try_from(row: Versioned) -> Result<Self, StoreError> {
        let (sweep, version) = row.read("sweeps")?;
        Ok(Self { sweep, version })
    }
}

fn read(rows: Vec<Versioned>) -> Result<Vec<Sweep>, StoreError> {
    let stored = rows.into_iter().map(StoredSweep::try_from);
    stored.map(|stored| Ok(stored?.sweep)).collect()
}

impl Tx {
    /// `false`: another one of this address is under way.
    pub async fn sweep_insert(&mut self, sweep: &Sweep) -> Result<bool, StoreError> {
        let args = args![
            sweep.id.uuid(),
            sweep.environment.name(),
            sweep.order.uuid(),
            sweep.state.name(),
            serde_json::to_value(sweep).unwrap_or_default(),
            sweep.begun_at,
        ];
        Ok(self.execute(SWEEP_INSERT, args).await? == 1)
    }

    pub async fn sweep_find(&mut self, id: SweepId) -> Result<Option<Sweep>, StoreError> {
        let row: Option<Versioned> = self.fetch_optional(SWEEP_FIND, args![id.uuid()]).await?;
        let stored = row.map(StoredSweep::try_from).transpose()?;
        Ok(stored.map(|stored| stored.sweep))
    }

    /// Held until the end of this database transaction.
    pub async fn sweep_lock(&mut self, id: SweepId) -> Result<Option<StoredSweep>, StoreError> {
        let row: Option<Versioned> = self.fetch_optional(SWEEP_LOCK, args![id.uuid()]).await?;
        row.map(StoredSweep::try_from).transpose()
    }

    /// Saves over the version that was read; somebody else's save in between is an error.
    pub async fn sweep_save(
        &mut self,
        sweep: &Sweep,
        version: i64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let body = serde_json::to_value(sweep).unwrap_or_default();
        let args = args![sweep.state.name(), body, now, sweep.id.uuid(), version];
        self.execute_one("sweeps", SWEEP_SAVE, args).await
    }

    /// The oldest first.
    pub async fn sweep_of_order(
        &mut self,
        order: OrderId,
        limit: i64,
    ) -> Result<Vec<Sweep>, StoreError> {
        let args = args![order.uuid(), limit];
        read(self.fetch_all(SWEEP_OF_ORDER, args).await?)
    }

    /// What is under way.
    pub async fn sweep_open(
        &mut self,
        environment: Environment,
        limit: i64,
    ) -> Result<Vec<Sweep>, StoreError> {
        let args = args![environment.name(), limit];
        read(self.fetch_all(SWEEP_OPEN, args).await?)
    }
}

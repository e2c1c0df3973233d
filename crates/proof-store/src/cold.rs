//! Moving what a hot wallet has too much into cold storage.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Versioned,
    statement::statements,
};
use proof_core::{Address, Asset, Timestamp, cold::ColdMove, id::OrderId, partner::Environment};
use uuid::Uuid;

statements! {
    COLD_INSERT = "INSERT INTO cold_moves (id, environment, asset, number, state, address, version, body, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $8) ON CONFLICT DO NOTHING";
    COLD_FIND = "SELECT id, version, body FROM cold_moves WHERE id = $1";
    COLD_LOCK = "SELECT id, version, body FROM cold_moves WHERE id = $1", lock = " FOR UPDATE";
    COLD_SAVE = "UPDATE cold_moves SET version = version + 1, state = $1, body = $2, updated_at = $3 WHERE id = $4 AND version = $5";
    COLD_LAST = "SELECT id, version, body FROM cold_moves WHERE environment = $1 AND asset = $2 ORDER BY number DESC LIMIT 1";
    COLD_TO = "SELECT id, version, body FROM cold_moves WHERE environment = $1 AND address = $2 AND id > $3 ORDER BY id LIMIT $4";
}

/// The version under which it was read comes with it.
#[derive(Clone, Debug)]
pub struct StoredColdMove {
    pub moved: ColdMove,
    pub version: i64,
}

impl TryFrom<Versioned> for StoredColdMove {
    type Error = StoreError;

    fn try_from(row: Versioned) -> Result<Self, StoreError> {
        let (moved, version) = row.read("cold_moves")?;
        Ok(Self { moved, version })
    }
}

impl Tx {
    /// `false`: another one of this coin is under way, or it is there already.
    pub async fn cold_insert(&mut self, moved: &ColdMove) -> Result<bool, StoreError> {
        let args = args![
            moved.id.uuid(),
            moved.environment.name(),
            moved.asset().to_string(),
            i64::from(moved.number),
            moved.state.name(),
            moved.cold.as_str(),
            serde_json::to_value(moved).unwrap_or_default(),
            moved.begun_at,
        ];
        Ok(self.execute(COLD_INSERT, args).await? == 1)
    }

    pub async fn cold_find(&mut self, id: OrderId) -> Result<Option<ColdMove>, StoreError> {
        let row: Option<Versioned> = self.fetch_optional(COLD_FIND, args![id.uuid()]).await?;
        let stored = row.map(StoredColdMove::try_from).transpose()?;
        Ok(stored.map(|stored| stored.moved))
    }

    /// Held until the end of this database transaction.
    pub async fn cold_lock(&mut self, id: OrderId) -> Result<Option<StoredColdMove>, StoreError> {
        let row: Option<Versioned> = self.fetch_optional(COLD_LOCK, args![id.uuid()]).await?;
        row.map(StoredColdMove::try_from).transpose()
    }

    /// Saves over the version that was read; somebody else's save in between is an error.
    pub async fn cold_save(
        &mut self,
        moved: &ColdMove,
        version: i64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let body = serde_json::to_value(moved).unwrap_or_default();
        let args = args![moved.state.name(), body, now, moved.id.uuid(), version];
        self.execute_one("cold_moves", COLD_SAVE, args).await
    }

    /// The newest one of a coin.
    pub async fn cold_last(
        &mut self,
        environment: Environment,
        asset: Asset,
    ) -> Result<Option<ColdMove>, StoreError> {
        let args = args![environment.name(), asset.to_string()];
        let row: Option<Versioned> = self.fetch_optional(COLD_LAST, args).await?;
        let stored = row.map(StoredColdMove::try_from).transpose()?;
        Ok(stored.map(|stored| stored.moved))
    }

    /// What of ours was ever on its way to this address, by id after the one that is named.
    pub async fn cold_to(
        &mut self,
        environment: Environment,
        address: &Address,
        (after, limit): (Option<OrderId>, i64),
    ) -> Result<Vec<ColdMove>, StoreError> {
        let after = after.map_or(Uuid::nil(), OrderId::uuid);
        let args = args![environment.name(), address.as_str(), after, limit];
        let rows: Vec<Versioned> = self.fetch_all(COLD_TO, args).await?;
        let moves = rows.into_iter().map(StoredColdMove::try_from);
        moves.map(|stored| Ok(stored?.moved)).collect()
    }
}

//! Proofs that real networks work here.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Versioned,
    statement::statements,
};
use proof_core::{Network, Timestamp, id::OrderId, partner::Environment, proving::Proving};

statements! {
    PROVING_INSERT = "INSERT INTO provings (id, environment, network, address, version, body, created_at, updated_at) VALUES ($1, $2, $3, $4, 1, $5, $6, $6)";
    PROVING_LOCK = "SELECT id, version, body FROM provings WHERE id = $1", lock = " FOR UPDATE";
    PROVING_SAVE = "UPDATE provings SET version = version + 1, body = $1, updated_at = $2 WHERE id = $3 AND version = $4";
    PROVING_LAST = "SELECT id, version, body FROM provings WHERE environment = $1 AND network = $2 ORDER BY created_at DESC, id DESC LIMIT 1";
    PROVING_AT = "SELECT id, version, body FROM provings WHERE environment = $1 AND address = $2 AND network = $3";
}

/// The version under which it was read comes with it.
#[derive(Clone, Debug)]
pub struct StoredProving {
    pub proving: Proving,
    pub version: i64,
}

impl TryFrom<Versioned> for StoredProving {
    type Error = StoreError;

    fn try_from(row: Versioned) -> Result<Self, StoreError> {
        let (proving, version) = row.read("provings")?;
        Ok(Self { proving, version })
    }
}

impl Tx {
    pub async fn proving_insert(&mut self, proving: &Proving) -> Result<(), StoreError> {
        let args = args![
            proving.id.uuid(),
            proving.environment.name(),
            proving.network.name(),
            proving.address.as_str(),
            serde_json::to_value(proving).unwrap_or_default(),
            proving.begun_at,
        ];
        self.execute_one("provings", PROVING_INSERT, args).await
    }

    /// Held until the end of this database transaction.
    pub async fn proving_lock(&mut self, id: OrderId) -> Result<Option<StoredProving>, StoreError> {
        let row: Option<Versioned> = self.fetch_optional(PROVING_LOCK, args![id.uuid()]).await?;
        row.map(StoredProving::try_from).transpose()
    }

    /// Saves over the version that was read; somebody else's save in between is an error.
    pub async fn proving_save(
        &mut self,
        proving: &Proving,
        version: i64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let body = serde_json::to_value(proving).unwrap_or_default();
        let args = args![body, now, proving.id.uuid(), version];
        self.execute_one("provings", PROVING_SAVE, args).await
    }

    /// The one that counts: what was proven before it is void.
    pub async fn proving_last(
        &mut self,
        environment: Environment,
        network: Network,
    ) -> Result<Option<Proving>, StoreError> {
        let args = args![environment.name(), network.name()];
        let row: Option<Versioned> = self.fetch_optional(PROVING_LAST, args).await?;
        let stored = row.map(StoredProving::try_from).transpose()?;
        Ok(stored.map(|stored| stored.proving))
    }

    /// Whose address it is on this network.
    pub async fn proving_at(
        &mut self,
        environment: Environment,
        network: Network,
        address: &str,
    ) -> Result<Option<Proving>, StoreError> {
        let args = args![environment.name(), address, network.name()];
        let row: Option<Versioned> = self.fetch_optional(PROVING_AT, args).await?;
        let stored = row.map(StoredProving::try_from).transpose()?;
        Ok(stored.map(|stored| stored.proving))
    }
}

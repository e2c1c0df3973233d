//! Crypto that came to our own wallet and belongs to no order.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Versioned,
    statement::statements,
};
use proof_core::{
    Timestamp,
    id::DepositId,
    partner::Environment,
    stray::{Stray, StrayState},
};

statements! {
    STRAY_INSERT = "INSERT INTO strays (id, environment, subject, version, state, body, created_at, updated_at) VALUES ($1, $2, $3, 1, $4, $5, $6, $6) ON CONFLICT (environment, subject) DO NOTHING";
    STRAY_LOCK = "SELECT id, version, body FROM strays WHERE id = $1", lock = " FOR UPDATE";
    STRAY_SAVE = "UPDATE strays SET version = version + 1, subject = $1, state = $2, body = $3, updated_at = $4 WHERE id = $5 AND version = $6";
    STRAY_OPEN = "SELECT id, version, body FROM strays WHERE environment = $1 AND state IN ('seen', 'held') ORDER BY id LIMIT $2";
}

/// The version under which it was read comes with it.
#[derive(Clone, Debug)]
pub struct StoredStray {
    pub stray: Stray,
    pub version: i64,
}

impl TryFrom<Versioned> for StoredStray {
    type Error = StoreError;

    fn try_from(row: Versioned) -> Result<Self, StoreError> {
        let (stray, version) = row.read("strays")?;
        Ok(Self { stray, version })
    }
}

/// What the chain took back may come again, and is another one then.
fn subject(stray: &Stray) -> String {
    if stray.state == StrayState::Gone {
        return format!("gone:{}", stray.id);
    }
    let (network, key) = (stray.recipient.network(), &stray.deposit.key);
    format!("{network}:{}:{}", key.hash, key.index)
}

impl Tx {
    /// `false`: it is known already.
    pub async fn stray_insert(
        &mut self,
        stray: &Stray,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let args = args![
            stray.id.uuid(),
            stray.environment.name(),
            subject(stray),
            stray.state.name(),
            serde_json::to_value(stray).unwrap_or_default(),
            now,
        ];
        Ok(self.execute(STRAY_INSERT, args).await? == 1)
    }

    /// Held until the end of this database transaction.
    pub async fn stray_lock(&mut self, id: DepositId) -> Result<Option<StoredStray>, StoreError> {
        let row: Option<Versioned> = self.fetch_optional(STRAY_LOCK, args![id.uuid()]).await?;
        row.map(StoredStray::try_from).transpose()
    }

    /// Saves over the version that was read; somebody else's save in between is an error.
    pub async fn stray_save(
        &mut self,
        stray: &Stray,
        version: i64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let body = serde_json::to_value(stray).unwrap_or_default();
        let args = args![
            subject(stray),
            stray.state.name(),
            body,
            now,
            stray.id.uuid(),
            version
        ];
        self.execute_one("strays", STRAY_SAVE, args).await
    }

    /// What nobody has explained yet, the oldest first.
    pub async fn stray_open(
        &mut self,
        environment: Environment,
        limit: i64,
    ) -> Result<Vec<Stray>, StoreError> {
        let args = args![environment.name(), limit];
        let rows: Vec<Versioned> = self.fetch_all(STRAY_OPEN, args).await?;
        let stored = rows.into_iter().map(StoredStray::try_from);
        stored.map(|stored| Ok(stored?.stray)).collect()
    }
}

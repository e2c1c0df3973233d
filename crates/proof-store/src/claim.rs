//! Claims: cases about fiat.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Versioned,
    statement::statements,
};
use proof_core::{
    Timestamp,
    claim::Claim,
    id::{CaseId, OrderId},
};
use uuid::Uuid;

statements! {
    CLAIM_INSERT = "INSERT INTO claims (id, order_id, partner_id, environment, kind, name, version, state, body, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $9, $9) ON CONFLICT (order_id, kind, name) DO NOTHING";
    CLAIM_WORK = "SELECT id, version, body FROM claims WHERE id = $1";
    CLAIM_LOCK = "SELECT id, version, body FROM claims WHERE id = $1", lock = " FOR UPDATE";
    CLAIM_SAVE = "UPDATE claims SET version = version + 1, state = $1, body = $2, updated_at = $3 WHERE id = $4 AND version = $5";
    CLAIM_REVIEWED = "SELECT id, version, body FROM claims WHERE state = 'in_review' ORDER BY id LIMIT $1";
    CLAIM_STATE = "SELECT id, version, body FROM claims WHERE state = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    CLAIM_OF_ORDER = "SELECT id, version, body FROM claims WHERE order_id = $1 ORDER BY id LIMIT $2";
}

/// A page of claims is all that anybody reads at once.
const REVIEWED_MAX: i64 = 200;

/// A claim and the version under which it was read.
#[derive(Clone, Debug)]
pub struct StoredClaim {
    pub claim: Claim,
    pub version: i64,
}

impl TryFrom<Versioned> for StoredClaim {
    type Error = StoreError;

    fn try_from(row: Versioned) -> Result<Self, StoreError> {
        let (claim, version) = row.read("claims")?;
        Ok(Self { claim, version })
    }
}

impl Tx {
    /// `false`: there is a claim about this already.
    pub async fn claim_insert(&mut self, claim: &Claim) -> Result<bool, StoreError> {
        let args = args![
            claim.id.uuid(),
            claim.order.uuid(),
            claim.partner.uuid(),
            claim.environment.name(),
            claim.kind.name(),
            claim.name.as_str(),
            claim.state.name(),
            serde_json::to_value(claim).unwrap_or_default(),
            claim.opened_at,
        ];
        Ok(self.execute(CLAIM_INSERT, args).await? == 1)
    }

    /// For the workers.
    pub async fn claim_work(&mut self, id: CaseId) -> Result<Option<StoredClaim>, StoreError> {
        let row: Option<Versioned> = self.fetch_optional(CLAIM_WORK, args![id.uuid()]).await?;
        row.map(StoredClaim::try_from).transpose()
    }

    /// The same, held until the end of this transaction. Its order is locked first.
    pub async fn claim_lock(&mut self, id: CaseId) -> Result<Option<StoredClaim>, StoreError> {
        let row: Option<Versioned> = self.fetch_optional(CLAIM_LOCK, args![id.uuid()]).await?;
        row.map(StoredClaim::try_from).transpose()
    }

    /// Saves over the version that was read; somebody else's save in between is an error.
    pub async fn claim_save(
        &mut self,
        claim: &Claim,
        version: i64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let body = serde_json::to_value(claim).unwrap_or_default();
        let args = args![claim.state.name(), body, now, claim.id.uuid(), version];
        self.execute_one("claims", CLAIM_SAVE, args).await
    }

    /// For operators: what waits for people, the oldest first.
    pub async fn claim_reviewed(&mut self) -> Result<Vec<Claim>, StoreError> {
        let rows: Vec<Versioned> = self.fetch_all(CLAIM_REVIEWED, args![REVIEWED_MAX]).await?;
        let stored = rows.into_iter().map(StoredClaim::try_from);
        stored.map(|stored| Ok(stored?.claim)).collect()
    }

    /// In one state, the newest first: those before one of them.
    pub async fn claim_list(
        &mut self,
        state: &str,
        before: Option<CaseId>,
        limit: i64,
    ) -> Result<Vec<Claim>, StoreError> {
        let before = before.map_or(Uuid::max(), CaseId::uuid);
        let args = args![state, before, limit];
        let rows: Vec<Versioned> = self.fetch_all(CLAIM_STATE, args).await?;
        let stored = rows.into_iter().map(StoredClaim::try_from);
        stored.map(|stored| Ok(stored?.claim)).collect()
    }

    /// Oldest first.
    pub async fn claim_of_order(
        &mut self,
        order: OrderId,
        limit: i64,
    ) -> Result<Vec<Claim>, StoreError> {
        let rows: Vec<Versioned> = self
            .fetch_all(CLAIM_OF_ORDER, args![order.uuid(), limit])
            .await?;
        let stored = rows.into_iter().map(StoredClaim::try_from);
        stored.map(|stored| Ok(stored?.claim)).collect()
    }
}

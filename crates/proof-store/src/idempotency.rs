//! Answers that were given under a partner's idempotency key.

use crate::{
    db::{Tx, args},
    error::StoreError,
    statement::statements,
};
use proof_core::{Timestamp, id::PartnerId, partner::Environment};

statements! {
    IDEMPOTENCY_LOAD = "SELECT body_hash, response FROM idempotency WHERE partner_id = $1 AND environment = $2 AND route = $3 AND key = $4";
    IDEMPOTENCY_INSERT = "INSERT INTO idempotency (partner_id, environment, route, key, body_hash, response, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    IDEMPOTENCY_PURGE = "DELETE FROM idempotency WHERE created_at < $1";
}

#[derive(Clone, PartialEq, Eq, Debug, sqlx::FromRow)]
pub struct IdempotencyRow {
    pub body_hash: Vec<u8>,
    pub response: String,
}

/// Whose key, for which route.
#[derive(Clone, Copy)]
pub struct IdempotencyKey<'a> {
    pub partner: PartnerId,
    pub environment: Environment,
    pub route: &'a str,
    pub key: &'a str,
}

impl Tx {
    pub async fn idempotency_load(
        &mut self,
        key: IdempotencyKey<'_>,
    ) -> Result<Option<IdempotencyRow>, StoreError> {
        let args = args![
            key.partner.uuid(),
            key.environment.name(),
            key.route,
            key.key
        ];
        self.fetch_optional(IDEMPOTENCY_LOAD, args).await
    }

    /// Keeps an answer; `false` when somebody was faster with the same key.
    pub async fn idempotency_insert(
        &mut self,
        key: IdempotencyKey<'_>,
        row: &IdempotencyRow,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let args = args![
            key.partner.uuid(),
            key.environment.name(),
            key.route,
            key.key,
            row.body_hash.clone(),
            row.response.as_str(),
            now,
        ];
        Ok(self.execute(IDEMPOTENCY_INSERT, args).await? == 1)
    }

    /// Forgets answers from before a moment.
    pub async fn idempotency_purge(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        self.execute(IDEMPOTENCY_PURGE, args![before]).await
    }
}

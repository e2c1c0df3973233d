//! What is known of customers and cards when a payment is judged.

use crate::{
    claim::StoredClaim,
    db::{Tx, args},
    error::StoreError,
    order::StoredOrder,
    row::Versioned,
    statement::statements,
};
use proof_core::{Timestamp, claim::Claim, id::CustomerId, order::Order, partner::Environment};
use uuid::Uuid;

statements! {
    CUSTOMER_LOCK = "SELECT id FROM customers WHERE id = $1", lock = " FOR NO KEY UPDATE";
    ORDER_OF_CUSTOMER = "SELECT id, version, body FROM orders WHERE customer_id = $1 AND created_at >= $2 AND state <> 'created' ORDER BY id DESC LIMIT $3";
    ORDER_COMPLETED_COUNT = "SELECT COUNT(*) AS count FROM orders WHERE customer_id = $1 AND state = 'completed'";
    DISPUTE_OF_CUSTOMER = "SELECT c.id, c.version, c.body FROM claims c JOIN orders o ON o.id = c.order_id WHERE o.customer_id = $1 AND c.kind = 'dispute' ORDER BY c.id DESC LIMIT $2";
    CARD_USE_INSERT = "INSERT INTO card_uses (environment, fingerprint, customer_id, first_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    CARD_USE_COUNT = "SELECT COUNT(*) AS count FROM card_uses WHERE environment = $1 AND fingerprint = $2 AND customer_id <> $3";
}

#[derive(sqlx::FromRow)]
struct IdRow {
    #[expect(dead_code, reason = "only that it is held counts")]
    id: Uuid,
}

#[derive(sqlx::FromRow)]
struct CountRow {
    count: i64,
}

impl Tx {
    /// Held until the end of this database transaction, so that two orders of one customer are judged
    /// one after the other. An order's own lock comes first.
    pub async fn customer_lock(&mut self, id: CustomerId) -> Result<(), StoreError> {
        let _held: Option<IdRow> = self.fetch_optional(CUSTOMER_LOCK, args![id.uuid()]).await?;
        Ok(())
    }

    /// A customer's orders since then that came to a price, the newest first.
    pub async fn order_of_customer(
        &mut self,
        customer: CustomerId,
        since: Timestamp,
        limit: i64,
    ) -> Result<Vec<Order>, StoreError> {
        let args = args![customer.uuid(), since, limit];
        let rows: Vec<Versioned> = self.fetch_all(ORDER_OF_CUSTOMER, args).await?;
        let stored = rows.into_iter().map(StoredOrder::try_from);
        stored.map(|stored| Ok(stored?.order)).collect()
    }

    /// Whether an order of this customer was ever completed.
    pub async fn customer_is_known(&mut self, customer: CustomerId) -> Result<bool, StoreError> {
        let args = args![customer.uuid()];
        let row: Option<CountRow> = self.fetch_optional(ORDER_COMPLETED_COUNT, args).await?;
        Ok(row.is_some_and(|row| row.count > 0))
    }

    /// Disputes of a customer's payments, the newest first.
    pub async fn dispute_of_customer(
        &mut self,
        customer: CustomerId,
        limit: i64,
    ) -> Result<Vec<Claim>, StoreError> {
        let args = args![customer.uuid(), limit];
        let rows: Vec<Versioned> = self.fetch_all(DISPUTE_OF_CUSTOMER, args).await?;
        let stored = rows.into_iter().map(StoredClaim::try_from);
        stored.map(|stored| Ok(stored?.claim)).collect()
    }

    /// Remembers that a customer used a card, and says how many others did.
    pub async fn card_use(
        &mut self,
        environment: Environment,
        fingerprint: &str,
        customer: CustomerId,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let args = args![environment.name(), fingerprint, customer.uuid(), now];
        self.execute(CARD_USE_INSERT, args).await?;
        let args = args![environment.name(), fingerprint, customer.uuid()];
        let row: Option<CountRow> = self.fetch_optional(CARD_USE_COUNT, args).await?;
        let count = row.map_or(0, |row| row.count);
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

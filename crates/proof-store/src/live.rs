//! From the sandbox to real money: who opened it, and who watches the first orders.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Time,
    statement::statements,
};
use proof_core::{
    Timestamp,
    checklist::Opening,
    id::{OrderId, PartnerId},
    partner::Environment,
};

statements! {
    OPENING_PUT = "INSERT INTO live_openings (partner_id, by_name, override_reason, at) VALUES ($1, $2, $3, $4) ON CONFLICT (partner_id) DO UPDATE SET by_name = excluded.by_name, override_reason = excluded.override_reason, at = excluded.at";
    OPENING_LOAD = "SELECT by_name, override_reason, at FROM live_openings WHERE partner_id = $1";
    WATCH_PUT = "INSERT INTO watches (order_id, by_name, first_at, last_at) VALUES ($1, $2, $3, $3) ON CONFLICT (order_id, by_name) DO UPDATE SET last_at = excluded.last_at";
    WATCH_LATEST = "SELECT by_name, last_at AS at FROM watches WHERE order_id = $1 ORDER BY last_at DESC, by_name LIMIT 1";
    ORDER_ANY_OPEN = "SELECT COUNT(*) AS count FROM (SELECT id FROM orders WHERE partner_id = $1 AND environment = $2 AND status IN ('pending', 'processing') LIMIT 1) AS found";
    ORDER_MOVING = "SELECT COUNT(*) AS count FROM orders WHERE partner_id = $1 AND environment = $2 AND id <> $3 AND status IN ('pending', 'processing') AND state NOT IN ('created', 'awaiting_payment', 'awaiting_terms')";
}

#[derive(sqlx::FromRow)]
struct OpeningRow {
    by_name: String,
    override_reason: Option<String>,
    at: Time,
}

#[derive(sqlx::FromRow)]
struct WatchRow {
    by_name: String,
    at: Time,
}

#[derive(sqlx::FromRow)]
struct CountRow {
    count: i64,
}

impl Tx {
    pub async fn opening_put(
        &mut self,
        partner: PartnerId,
        opening: &Opening,
    ) -> Result<(), StoreError> {
        let args = args![
            partner.uuid(),
            opening.by.as_str(),
            opening.override_reason.clone(),
            opening.at,
        ];
        self.execute_one("live_openings", OPENING_PUT, args).await
    }

    pub async fn opening_load(
        &mut self,
        partner: PartnerId,
    ) -> Result<Option<Opening>, StoreError> {
        let row: Option<OpeningRow> = self
            .fetch_optional(OPENING_LOAD, args![partner.uuid()])
            .await?;
        Ok(row.map(|row| Opening {
            by: row.by_name,
            at: row.at.0,
            override_reason: row.override_reason,
        }))
    }

    /// Somebody's page shows this order.
    pub async fn watch_put(
        &mut self,
        order: OrderId,
        by: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute_one("watches", WATCH_PUT, args![order.uuid(), by, now])
            .await
    }

    /// Whose page showed this order last, and when.
    pub async fn watch_latest(
        &mut self,
        order: OrderId,
    ) -> Result<Option<(String, Timestamp)>, StoreError> {
        let row: Option<WatchRow> = self
            .fetch_optional(WATCH_LATEST, args![order.uuid()])
            .await?;
        Ok(row.map(|row| (row.by_name, row.at.0)))
    }

    /// Whether the partner has an order that has not ended.
    pub async fn order_any_open(
        &mut self,
        partner: PartnerId,
        environment: Environment,
    ) -> Result<bool, StoreError> {
        let args = args![partner.uuid(), environment.name()];
        let row: Option<CountRow> = self.fetch_optional(ORDER_ANY_OPEN, args).await?;
        Ok(row.is_some_and(|row| row.count > 0))
    }

    /// Other orders of the partner in which money is held, or may be.
    pub async fn order_moving(
        &mut self,
        partner: PartnerId,
        environment: Environment,
        but: OrderId,
    ) -> Result<i64, StoreError> {
        let args = args![partner.uuid(), environment.name(), but.uuid()];
        let row: Option<CountRow> = self.fetch_optional(ORDER_MOVING, args).await?;
        Ok(row.map_or(0, |row| row.count))
    }
}

//! Calls that were refused, counted: a partner's integration log.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Time,
    statement::statements,
};
use proof_core::{Timestamp, id::PartnerId, partner::Environment};

statements! {
    REFUSAL_ADD = "INSERT INTO refusals (partner_id, environment, route, code, field, origin, message, count, request_id, first_at, last_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (partner_id, environment, route, code, field, origin) DO UPDATE SET count = refusals.count + excluded.count, message = excluded.message, request_id = excluded.request_id, last_at = excluded.last_at";
    REFUSAL_LIST = "SELECT route, code, field, origin, message, count, request_id, first_at, last_at FROM refusals WHERE partner_id = $1 AND environment = $2 ORDER BY last_at DESC, route, code, field, origin LIMIT $3";
    REFUSAL_COUNT = "SELECT COUNT(*) AS count FROM refusals WHERE partner_id = $1 AND environment = $2";
    REFUSAL_PURGE = "DELETE FROM refusals WHERE last_at < $1";
}

/// Refused calls that are alike; a text that does not apply is empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefusalRow {
    pub route: String,
    pub code: String,
    pub field: String,
    pub origin: String,
    /// Of the latest one.
    pub message: String,
    pub count: i64,
    /// Of the latest one.
    pub request_id: String,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    route: String,
    code: String,
    field: String,
    origin: String,
    message: String,
    count: i64,
    request_id: String,
    first_at: Time,
    last_at: Time,
}

#[derive(sqlx::FromRow)]
struct CountRow {
    count: i64,
}

impl From<Row> for RefusalRow {
    fn from(row: Row) -> Self {
        Self {
            route: row.route,
            code: row.code,
            field: row.field,
            origin: row.origin,
            message: row.message,
            count: row.count,
            request_id: row.request_id,
            first_at: row.first_at.0,
            last_at: row.last_at.0,
        }
    }
}

impl Tx {
    /// Adds to what was counted of such calls before.
    pub async fn refusal_add(
        &mut self,
        partner: PartnerId,
        environment: Environment,
        row: &RefusalRow,
    ) -> Result<(), StoreError> {
        let args = args![
            partner.uuid(),
            environment.name(),
            row.route.as_str(),
            row.code.as_str(),
            row.field.as_str(),
            row.origin.as_str(),
            row.message.as_str(),
            row.count,
            row.request_id.as_str(),
            row.first_at,
            row.last_at,
        ];
        self.execute_one("refusals", REFUSAL_ADD, args).await
    }

    /// How many kinds of refused calls are kept of a partner.
    pub async fn refusal_count(
        &mut self,
        partner: PartnerId,
        environment: Environment,
    ) -> Result<i64, StoreError> {
        let args = args![partner.uuid(), environment.name()];
        let row: Option<CountRow> = self.fetch_optional(REFUSAL_COUNT, args).await?;
        Ok(row.map_or(0, |row| row.count))
    }

    /// A partner's refused calls, latest first.
    pub async fn refusal_list(
        &mut self,
        partner: PartnerId,
        environment: Environment,
        limit: i64,
    ) -> Result<Vec<RefusalRow>, StoreError> {
        let args = args![partner.uuid(), environment.name(), limit];
        let rows: Vec<Row> = self.fetch_all(REFUSAL_LIST, args).await?;
        Ok(rows.into_iter().map(RefusalRow::from).collect())
    }

    /// Forgets what has not happened since a moment.
    pub async fn refusal_purge(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        self.execute(REFUSAL_PURGE, args![before]).await
    }
}

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
    REFUSAL_ACKNOWLEDGE = "UPDATE refusals SET acknowledged_by = $1, acknowledged_at = $2, acknowledged_note = $3, acknowledged_count = count WHERE partner_id = $4 AND environment = $5 AND route = $6 AND code = $7 AND field = $8 AND origin = $9 AND acknowledged_count < count";
    REFUSAL_ACKNOWLEDGE_CODE = "UPDATE refusals SET acknowledged_by = $1, acknowledged_at = $2, acknowledged_note = $3, acknowledged_count = count WHERE partner_id = $4 AND environment = $5 AND code = $6 AND acknowledged_count < count";
    REFUSAL_LIST = "SELECT route, code, field, origin, message, count, request_id, first_at, last_at, acknowledged_by, acknowledged_at, acknowledged_note, acknowledged_count FROM refusals WHERE partner_id = $1 AND environment = $2 ORDER BY last_at DESC, route, code, field, origin LIMIT $3";
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
    /// Who last said that they have seen it; of the row itself, never written with it.
    pub acknowledged: Option<Acknowledged>,
}

/// Somebody has looked at so many of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Acknowledged {
    pub by: String,
    pub at: Timestamp,
    pub note: String,
    pub count: i64,
}

/// Which of a partner's refused calls somebody has looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RefusalsOf {
    /// Those that are alike.
    Kind {
        route: String,
        code: String,
        field: String,
        origin: String,
    },
    /// All with this code.
    Code(String),
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
    acknowledged_by: Option<String>,
    acknowledged_at: Option<Time>,
    acknowledged_note: Option<String>,
    acknowledged_count: i64,
}

#[derive(sqlx::FromRow)]
struct CountRow {
    count: i64,
}

impl From<Row> for RefusalRow {
    fn from(row: Row) -> Self {
        let said = row.acknowledged_by.zip(row.acknowledged_at);
        let acknowledged = said.map(|(by, at)| Acknowledged {
            by,
            at: at.0,
            note: row.acknowledged_note.unwrap_or_default(),
            count: row.acknowledged_count,
        });
        Self {
            acknowledged,
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

    /// Notes who has seen them, with a word about it; how many kinds that were not seen before.
    pub async fn refusal_acknowledge(
        &mut self,
        (partner, environment): (PartnerId, Environment),
        which: &RefusalsOf,
        (by, note): (&str, &str),
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let (partner, environment) = (partner.uuid(), environment.name());
        match which {
            RefusalsOf::Kind {
                route,
                code,
                field,
                origin,
            } => {
                let args = args![
                    by,
                    now,
                    note,
                    partner,
                    environment,
                    route.as_str(),
                    code.as_str(),
                    field.as_str(),
                    origin.as_str(),
                ];
                self.execute(REFUSAL_ACKNOWLEDGE, args).await
            }
            RefusalsOf::Code(code) => {
                let args = args![by, now, note, partner, environment, code.as_str()];
                self.execute(REFUSAL_ACKNOWLEDGE_CODE, args).await
            }
        }
    }

    /// Forgets what has not happened since a moment.
    pub async fn refusal_purge(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        self.execute(REFUSAL_PURGE, args![before]).await
    }
}

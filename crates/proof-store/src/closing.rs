//! What the books held when a day was over, and what they did on a day, of both worlds.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::{Time, Units},
    statement::statements,
};
use proof_core::{
    Timestamp,
    id::{EntryId, PartnerId},
    statement::{Day, Holdings},
};
use sqlx::types::Json;
use std::collections::BTreeMap;
use uuid::Uuid;

statements! {
    CLOSING_LATEST = "SELECT day, body FROM closings WHERE day <= $1 ORDER BY day DESC LIMIT 1";
    CLOSING_PUT = "INSERT INTO closings (day, body) VALUES ($1, $2) ON CONFLICT (day) DO NOTHING";
    POSTING_SINCE = "SELECT e.id AS entry_id, o.partner_id, e.kind, e.created_at, p.line, p.account_key, p.amount FROM entries e JOIN postings p ON p.entry_id = e.id LEFT JOIN orders o ON o.id = e.order_id WHERE e.created_at >= $1 AND e.created_at < $2 AND (e.created_at, e.id, p.line) > ($1, $3, $4) ORDER BY e.created_at, e.id, p.line LIMIT $5";
}

/// One line of the books, with the partner whose order it is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HousePosting {
    pub entry: EntryId,
    pub partner: Option<PartnerId>,
    pub kind: String,
    pub posted_at: Timestamp,
    pub line: i64,
    pub account: String,
    /// Debit positive, in base units.
    pub amount: i128,
}

/// Where a reader of the books has come to.
pub type BooksAt = (Timestamp, EntryId, i64);

#[derive(sqlx::FromRow)]
struct HouseRow {
    entry_id: Uuid,
    partner_id: Option<Uuid>,
    kind: String,
    created_at: Time,
    line: i64,
    account_key: String,
    amount: Units,
}

#[derive(sqlx::FromRow)]
struct ClosingRow {
    day: i64,
    body: Json<BTreeMap<String, String>>,
}

impl Tx {
    /// The latest that is kept of that day or one before it.
    pub async fn closing_latest(
        &mut self,
        day: Day,
    ) -> Result<Option<(Day, Holdings)>, StoreError> {
        let row: Option<ClosingRow> = self
            .fetch_optional(CLOSING_LATEST, args![day.number()])
            .await?;
        let Some(ClosingRow { day, body }) = row else {
            return Ok(None);
        };
        let read = body.0.into_iter().map(|(key, text)| {
            let amount = text.parse().map_err(|_| StoreError::Row {
                table: "closings",
                column: "body",
                id: day.to_string(),
            })?;
            Ok((key, amount))
        });
        let holdings = read.collect::<Result<_, StoreError>>()?;
        Ok(Some((Day::from_number(day), holdings)))
    }

    /// Whoever comes second writes the same.
    pub async fn closing_put(&mut self, day: Day, holdings: &Holdings) -> Result<(), StoreError> {
        // As text: an amount of coins is longer than what a reader of JSON keeps of a number.
        let held = holdings.iter().filter(|(_, amount)| **amount != 0);
        let body: BTreeMap<&str, String> = held
            .map(|(key, amount)| (key.as_str(), amount.to_string()))
            .collect();
        let body = serde_json::to_value(body).unwrap_or_default();
        self.execute(CLOSING_PUT, args![day.number(), body])
            .await
            .map(drop)
    }

    /// Lines that follow one, up to a moment.
    pub async fn ledger_since(
        &mut self,
        (at, entry, line): BooksAt,
        until: Timestamp,
        limit: i64,
    ) -> Result<Vec<HousePosting>, StoreError> {
        let args = args![at, until, entry.uuid(), line, limit];
        let rows: Vec<HouseRow> = self.fetch_all(POSTING_SINCE, args).await?;
        let posting = |row: HouseRow| HousePosting {
            entry: EntryId::from_uuid(row.entry_id),
            partner: row.partner_id.map(PartnerId::from_uuid),
            kind: row.kind,
            posted_at: row.created_at.0,
            line: row.line,
            account: row.account_key,
            amount: row.amount.0,
        };
        Ok(rows.into_iter().map(posting).collect())
    }
}

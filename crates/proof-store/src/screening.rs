//! The operator's list. It only grows; the last line about a thing counts.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Time,
    statement::statements,
};
use proof_core::{Timestamp, screening::ListedKind};

statements! {
    LISTING_INSERT = "INSERT INTO listings (line, kind, value, state, reason, said_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    LISTING_VERSION = "SELECT COALESCE(MAX(line), 0) AS line FROM listings";
    LISTING_FIND = "SELECT line, kind, value, state, reason, said_by, created_at FROM listings WHERE kind = $1 AND value = $2 ORDER BY line DESC LIMIT 1";
    LISTING_LIST = "SELECT line, kind, value, state, reason, said_by, created_at FROM listings ORDER BY line DESC LIMIT $1";
}

/// A line of the list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListLine {
    pub line: i64,
    pub kind: ListedKind,
    pub value: String,
    /// Otherwise it was taken off.
    pub is_listed: bool,
    pub reason: String,
    pub said_by: String,
    pub at: Timestamp,
}

/// What is to be written down.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListWord {
    pub kind: ListedKind,
    pub value: String,
    pub is_listed: bool,
    pub reason: String,
    pub said_by: String,
}

#[derive(sqlx::FromRow)]
struct VersionRow {
    line: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    line: i64,
    kind: String,
    value: String,
    state: String,
    reason: String,
    said_by: String,
    created_at: Time,
}

impl TryFrom<Row> for ListLine {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let kind = ListedKind::parse(&row.kind).ok_or(StoreError::Row {
            table: "listings",
            column: "kind",
            id: row.line.to_string(),
        })?;
        Ok(Self {
            line: row.line,
            kind,
            value: row.value,
            is_listed: row.state == "listed",
            reason: row.reason,
            said_by: row.said_by,
            at: row.created_at.0,
        })
    }
}

impl Tx {
    /// The number of the list's last line; zero while it is empty.
    pub async fn listing_version(&mut self) -> Result<i64, StoreError> {
        let row: Option<VersionRow> = self.fetch_optional(LISTING_VERSION, args![]).await?;
        Ok(row.map_or(0, |row| row.line))
    }

    /// `None`: nothing was ever said of it.
    pub async fn listing_find(
        &mut self,
        kind: ListedKind,
        value: &str,
    ) -> Result<Option<ListLine>, StoreError> {
        let row: Option<Row> = self
            .fetch_optional(LISTING_FIND, args![kind.name(), value])
            .await?;
        row.map(ListLine::try_from).transpose()
    }

    /// The newest first.
    pub async fn listing_list(&mut self, limit: i64) -> Result<Vec<ListLine>, StoreError> {
        let rows: Vec<Row> = self.fetch_all(LISTING_LIST, args![limit]).await?;
        rows.into_iter().map(ListLine::try_from).collect()
    }

    /// Nothing happens where that is what the list says already. Two at once: one of them fails on
    /// the line's number, and is tried again by whoever wanted it.
    pub async fn listing_say(&mut self, word: &ListWord, now: Timestamp) -> Result<(), StoreError> {
        let known = self.listing_find(word.kind, &word.value).await?;
        if known.is_some_and(|line| line.is_listed) == word.is_listed {
            return Ok(());
        }
        let line = self.listing_version().await?.saturating_add(1);
        let state = if word.is_listed { "listed" } else { "removed" };
        let args = args![
            line,
            word.kind.name(),
            word.value.as_str(),
            state,
            word.reason.as_str(),
            word.said_by.as_str(),
            now,
        ];
        self.execute_one("listings", LISTING_INSERT, args).await
    }
}

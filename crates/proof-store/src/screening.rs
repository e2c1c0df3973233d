//! The operator's list. It only grows; the last line about a thing counts.

use crate::{
    db::{Tx, args},
    error::StoreError,
    like::within,
    row::Time,
    statement::statements,
};
use proof_core::{Timestamp, screening::ListedKind};

statements! {
    LISTING_INSERT = "INSERT INTO listings (line, kind, value, state, reason, said_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    LISTING_VERSION = "SELECT COALESCE(MAX(line), 0) AS line FROM listings";
    LISTING_FIND = "SELECT line, kind, value, state, reason, said_by, created_at FROM listings WHERE kind = $1 AND value = $2 ORDER BY line DESC LIMIT 1";
    LISTING_LIST = "SELECT l.line, l.kind, l.value, l.state, l.reason, l.said_by, l.created_at, (SELECT COUNT(*) FROM listings n WHERE n.kind = l.kind AND n.value = l.value AND n.line > l.line) AS later FROM listings l WHERE l.line < $1 AND (l.kind = $2 OR $2 IS NULL) AND (l.state = $3 OR $3 IS NULL) AND (LOWER(l.value) LIKE LOWER($4) ESCAPE '\\' OR LOWER(l.reason) LIKE LOWER($4) ESCAPE '\\' OR LOWER(l.said_by) LIKE LOWER($4) ESCAPE '\\' OR $4 IS NULL) ORDER BY l.line DESC LIMIT $5";
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

/// What is looked for, the newest first.
#[derive(Clone, Debug)]
pub struct ListSearch {
    /// Within the value, the reason, or who said it.
    pub text: Option<String>,
    pub kind: Option<ListedKind>,
    pub is_listed: Option<bool>,
    pub before: i64,
    pub limit: i64,
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

#[derive(sqlx::FromRow)]
struct FoundRow {
    #[sqlx(flatten)]
    row: Row,
    later: i64,
}

const fn state_name(is_listed: bool) -> &'static str {
    if is_listed { "listed" } else { "removed" }
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

    /// The newest first, each with whether it is the last word about its thing.
    pub async fn listing_search(
        &mut self,
        search: &ListSearch,
    ) -> Result<Vec<(ListLine, bool)>, StoreError> {
        let args = args![
            search.before,
            search.kind.map(|kind| kind.name().to_owned()),
            search.is_listed.map(|is| state_name(is).to_owned()),
            within(search.text.as_deref()),
            search.limit,
        ];
        let rows: Vec<FoundRow> = self.fetch_all(LISTING_LIST, args).await?;
        let lines = rows.into_iter();
        lines
            .map(|found| Ok((ListLine::try_from(found.row)?, found.later == 0)))
            .collect()
    }

    /// Nothing happens where that is what the list says already. Two at once: one of them fails on
    /// the line's number, and is tried again by whoever wanted it.
    pub async fn listing_say(&mut self, word: &ListWord, now: Timestamp) -> Result<(), StoreError> {
        let known = self.listing_find(word.kind, &word.value).await?;
        if known.is_some_and(|line| line.is_listed) == word.is_listed {
            return Ok(());
        }
        let line = self.listing_version().await?.saturating_add(1);
        let state = state_name(word.is_listed);
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

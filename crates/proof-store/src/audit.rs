//! What people did, in a chain that only grows; and what one of them wants and another has to want,
//! too.

use crate::{
    db::{Tx, args},
    error::StoreError,
    like::within,
    statement::statements,
};
use proof_core::{
    Timestamp,
    audit::{Deed, Kept, Record, Walk, link},
};
use sqlx::types::Json;

statements! {
    AUDIT_HEAD = "SELECT number, hash FROM audit_head WHERE id = 1";
    AUDIT_HEAD_LOCK = "SELECT number, hash FROM audit_head WHERE id = 1", lock = " FOR UPDATE";
    AUDIT_HEAD_MOVE = "UPDATE audit_head SET number = $1, hash = $2 WHERE id = 1";
    AUDIT_INSERT = "INSERT INTO audit (number, at, by_name, act, subject, record, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    AUDIT_LIST = "SELECT number, by_name, act, subject, record, hash FROM audit WHERE number < $1 ORDER BY number DESC LIMIT $2";
    AUDIT_BY = "SELECT number, by_name, act, subject, record, hash FROM audit WHERE by_name = $3 AND (act = $4 OR $4 IS NULL) AND number < $1 ORDER BY number DESC LIMIT $2";
    AUDIT_ACT = "SELECT number, by_name, act, subject, record, hash FROM audit WHERE act = $3 AND number < $1 ORDER BY number DESC LIMIT $2";
    // The subjects are read from their index, which is a tenth of the table.
    AUDIT_FOUND = "SELECT number, by_name, act, subject, record, hash FROM audit WHERE number IN (SELECT number FROM audit WHERE LOWER(subject) LIKE LOWER($3) ESCAPE '\\') AND (by_name = $4 OR $4 IS NULL) AND (act = $5 OR $5 IS NULL) AND number < $1 ORDER BY number DESC LIMIT $2";
    // From one to the next in the index: as many steps as there are different ones.
    AUDIT_NAMES = "WITH RECURSIVE names(name) AS (SELECT MIN(by_name) FROM audit UNION ALL SELECT (SELECT MIN(by_name) FROM audit WHERE by_name > names.name) FROM names WHERE names.name IS NOT NULL) SELECT name FROM names WHERE name IS NOT NULL LIMIT $1";
    AUDIT_ACTS = "WITH RECURSIVE names(name) AS (SELECT MIN(act) FROM audit UNION ALL SELECT (SELECT MIN(act) FROM audit WHERE act > names.name) FROM names WHERE names.name IS NOT NULL) SELECT name FROM names WHERE name IS NOT NULL LIMIT $1";
    AUDIT_PAGE = "SELECT number, by_name, act, subject, record, hash FROM audit WHERE number > $1 ORDER BY number LIMIT $2";
    PROPOSAL_READ = "SELECT body FROM proposals WHERE subject = $1";
    PROPOSAL_LOAD = "SELECT body FROM proposals WHERE subject = $1", lock = " FOR UPDATE";
    PROPOSAL_PUT = "INSERT INTO proposals (subject, body, at) VALUES ($1, $2, $3) ON CONFLICT (subject) DO UPDATE SET body = excluded.body, at = excluded.at";
    PROPOSAL_LIST = "SELECT subject, body FROM proposals ORDER BY at, subject LIMIT $1";
    PROPOSAL_END = "DELETE FROM proposals WHERE subject = $1";
}

/// What is looked for, latest first.
#[derive(Clone, Debug)]
pub struct AuditSearch {
    /// Within what it was done to.
    pub text: Option<String>,
    pub by: Option<String>,
    pub act: Option<String>,
    pub before: i64,
    pub limit: i64,
}

#[derive(sqlx::FromRow)]
struct NameRow {
    name: String,
}

#[derive(sqlx::FromRow)]
struct HeadRow {
    number: i64,
    hash: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    number: i64,
    by_name: String,
    act: String,
    subject: String,
    record: String,
    hash: String,
}

#[derive(sqlx::FromRow)]
struct ProposalRow {
    body: Json<serde_json::Value>,
}

#[derive(sqlx::FromRow)]
struct StandingRow {
    subject: String,
    body: Json<serde_json::Value>,
}

impl From<Row> for Kept {
    fn from(row: Row) -> Self {
        Self {
            number: row.number,
            by: row.by_name,
            act: row.act,
            subject: row.subject,
            text: row.record,
            hash: row.hash,
        }
    }
}

fn no_head() -> StoreError {
    StoreError::Row {
        table: "audit_head",
        column: "id",
        id: "1".to_owned(),
    }
}

impl Tx {
    /// Adds to the chain, in the database transaction that does what is recorded. Whoever adds holds
    /// the end of the chain until then.
    pub async fn audit_add(&mut self, deed: &Deed, at: Timestamp) -> Result<i64, StoreError> {
        let head: Option<HeadRow> = self.fetch_optional(AUDIT_HEAD_LOCK, args![]).await?;
        let head = head.ok_or_else(no_head)?;
        let number = head.number.saturating_add(1);
        let record = Record::new(number, at, deed);
        let text = record.text();
        let hash = link(&head.hash, &text);
        let args = args![
            number,
            at,
            record.by.as_str(),
            record.act.as_str(),
            record.subject.as_str(),
            text,
            hash.as_str(),
        ];
        self.execute_one("audit", AUDIT_INSERT, args).await?;
        self.execute_one("audit_head", AUDIT_HEAD_MOVE, args![number, hash])
            .await?;
        Ok(number)
    }

    /// The end of the chain.
    pub async fn audit_head(&mut self) -> Result<Walk, StoreError> {
        let head: Option<HeadRow> = self.fetch_optional(AUDIT_HEAD, args![]).await?;
        let HeadRow { number, hash } = head.ok_or_else(no_head)?;
        Ok(Walk { number, hash })
    }

    /// Latest first, before a number.
    pub async fn audit_search(&mut self, search: &AuditSearch) -> Result<Vec<Kept>, StoreError> {
        let (before, limit) = (search.before, search.limit);
        let (by, act) = (search.by.clone(), search.act.clone());
        let rows: Vec<Row> = match (within(search.text.as_deref()), by, act) {
            (Some(text), by, act) => {
                let args = args![before, limit, text, by, act];
                self.fetch_all(AUDIT_FOUND, args).await?
            }
            (None, Some(by), act) => {
                let args = args![before, limit, by, act];
                self.fetch_all(AUDIT_BY, args).await?
            }
            (None, None, Some(act)) => {
                let args = args![before, limit, act];
                self.fetch_all(AUDIT_ACT, args).await?
            }
            (None, None, None) => self.fetch_all(AUDIT_LIST, args![before, limit]).await?,
        };
        Ok(rows.into_iter().map(Kept::from).collect())
    }

    /// Everybody who did something, and everything that was done: each once.
    pub async fn audit_names(
        &mut self,
        limit: i64,
    ) -> Result<(Vec<String>, Vec<String>), StoreError> {
        let by: Vec<NameRow> = self.fetch_all(AUDIT_NAMES, args![limit]).await?;
        let acts: Vec<NameRow> = self.fetch_all(AUDIT_ACTS, args![limit]).await?;
        let names = |rows: Vec<NameRow>| rows.into_iter().map(|row| row.name).collect();
        Ok((names(by), names(acts)))
    }

    /// In the chain's own order, after a number.
    pub async fn audit_page(&mut self, after: i64, limit: i64) -> Result<Vec<Kept>, StoreError> {
        let rows: Vec<Row> = self.fetch_all(AUDIT_PAGE, args![after, limit]).await?;
        Ok(rows.into_iter().map(Kept::from).collect())
    }

    /// What somebody wants about this subject, held until the end of this database transaction.
    pub async fn proposal_load(
        &mut self,
        subject: &str,
    ) -> Result<Option<serde_json::Value>, StoreError> {
        let row: Option<ProposalRow> = self.fetch_optional(PROPOSAL_LOAD, args![subject]).await?;
        Ok(row.map(|row| row.body.0))
    }

    /// The same, only to show it.
    pub async fn proposal_read(
        &mut self,
        subject: &str,
    ) -> Result<Option<serde_json::Value>, StoreError> {
        let row: Option<ProposalRow> = self.fetch_optional(PROPOSAL_READ, args![subject]).await?;
        Ok(row.map(|row| row.body.0))
    }

    /// All that stands, the oldest first, each with what it is about.
    pub async fn proposal_list(
        &mut self,
        limit: i64,
    ) -> Result<Vec<(String, serde_json::Value)>, StoreError> {
        let rows: Vec<StandingRow> = self.fetch_all(PROPOSAL_LIST, args![limit]).await?;
        let rows = rows.into_iter();
        Ok(rows.map(|row| (row.subject, row.body.0)).collect())
    }

    pub async fn proposal_put(
        &mut self,
        subject: &str,
        body: serde_json::Value,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute_one("proposals", PROPOSAL_PUT, args![subject, body, at])
            .await
    }

    pub async fn proposal_end(&mut self, subject: &str) -> Result<(), StoreError> {
        self.execute(PROPOSAL_END, args![subject]).await.map(drop)
    }
}

//! Cases: money outside of an order's happy path.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Versioned,
    statement::statements,
};
use proof_core::{
    Timestamp,
    case::{Case, CaseState, Settlement},
    id::{CaseId, OrderId},
};
use uuid::Uuid;

statements! {
    CASE_INSERT = "INSERT INTO cases (id, order_id, partner_id, environment, kind, subject, version, state, body, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $9, $9) ON CONFLICT (order_id, subject) DO NOTHING";
    CASE_WORK = "SELECT id, version, body FROM cases WHERE id = $1";
    CASE_LOCK = "SELECT id, version, body FROM cases WHERE id = $1", lock = " FOR UPDATE";
    CASE_SAVE = "UPDATE cases SET version = version + 1, subject = $1, state = $2, body = $3, updated_at = $4 WHERE id = $5 AND version = $6";
    CASE_REVIEWED = "SELECT id, version, body FROM cases WHERE state = 'in_review' ORDER BY id LIMIT $1";
    CASE_STATE = "SELECT id, version, body FROM cases WHERE state = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    REVIEWED_COUNT = "SELECT (SELECT COUNT(*) FROM orders WHERE state = 'in_review') AS orders, (SELECT COUNT(*) FROM cases WHERE state = 'in_review') + (SELECT COUNT(*) FROM claims WHERE state = 'in_review') AS cases";
    CASE_OF_ORDER = "SELECT id, version, body FROM cases WHERE order_id = $1 ORDER BY id LIMIT $2";
}

/// A page of cases is all that anybody reads at once.
const REVIEWED_MAX: i64 = 200;

/// A case and the version under which it was read.
#[derive(Clone, Debug)]
pub struct StoredCase {
    pub case: Case,
    pub version: i64,
}

impl TryFrom<Versioned> for StoredCase {
    type Error = StoreError;

    fn try_from(row: Versioned) -> Result<Self, StoreError> {
        let (case, version) = row.read("cases")?;
        Ok(Self { case, version })
    }
}

/// How many orders and cases wait for people.
#[derive(Clone, Copy, PartialEq, Eq, Debug, sqlx::FromRow)]
pub struct InReview {
    pub orders: i64,
    /// Those about crypto and those about fiat.
    pub cases: i64,
}

/// What a case is about: one output of one transfer, or what came beyond the amount. What the chain took
/// back may come again, and is another case then.
fn subject(case: &Case) -> String {
    let gone = case.state == CaseState::Settled(Settlement::Vanished);
    match &case.deposit {
        _ if gone => format!("gone:{}", case.id),
        Some(key) => format!(
            "{}:{}:{}",
            case.amount.asset().network(),
            key.hash,
            key.index
        ),
        None => case.kind.name().to_owned(),
    }
}

impl Tx {
    /// `false`: there is a case about this already.
    pub async fn case_insert(&mut self, case: &Case) -> Result<bool, StoreError> {
        let args = args![
            case.id.uuid(),
            case.order.uuid(),
            case.partner.uuid(),
            case.environment.name(),
            case.kind.name(),
            subject(case),
            case.state.name(),
            serde_json::to_value(case).unwrap_or_default(),
            case.opened_at,
        ];
        Ok(self.execute(CASE_INSERT, args).await? == 1)
    }

    /// For the workers.
    pub async fn case_work(&mut self, id: CaseId) -> Result<Option<StoredCase>, StoreError> {
        let row: Option<Versioned> = self.fetch_optional(CASE_WORK, args![id.uuid()]).await?;
        row.map(StoredCase::try_from).transpose()
    }

    /// The same, held until the end of this transaction. Its order is locked first.
    pub async fn case_lock(&mut self, id: CaseId) -> Result<Option<StoredCase>, StoreError> {
        let row: Option<Versioned> = self.fetch_optional(CASE_LOCK, args![id.uuid()]).await?;
        row.map(StoredCase::try_from).transpose()
    }

    /// Saves over the version that was read; somebody else's save in between is an error.
    pub async fn case_save(
        &mut self,
        case: &Case,
        version: i64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let body = serde_json::to_value(case).unwrap_or_default();
        let args = args![
            subject(case),
            case.state.name(),
            body,
            now,
            case.id.uuid(),
            version
        ];
        self.execute_one("cases", CASE_SAVE, args).await
    }

    /// For operators: what waits for people, the oldest first.
    pub async fn case_reviewed(&mut self) -> Result<Vec<Case>, StoreError> {
        let rows: Vec<Versioned> = self.fetch_all(CASE_REVIEWED, args![REVIEWED_MAX]).await?;
        let stored = rows.into_iter().map(StoredCase::try_from);
        stored.map(|stored| Ok(stored?.case)).collect()
    }

    /// All of them, however many are read at once.
    pub async fn reviewed_count(&mut self) -> Result<InReview, StoreError> {
        let row: Option<InReview> = self.fetch_optional(REVIEWED_COUNT, args![]).await?;
        Ok(row.unwrap_or(InReview {
            orders: 0,
            cases: 0,
        }))
    }

    /// In one state, the newest first: those before one of them.
    pub async fn case_list(
        &mut self,
        state: &str,
        before: Option<CaseId>,
        limit: i64,
    ) -> Result<Vec<Case>, StoreError> {
        let before = before.map_or(Uuid::max(), CaseId::uuid);
        let args = args![state, before, limit];
        let rows: Vec<Versioned> = self.fetch_all(CASE_STATE, args).await?;
        let stored = rows.into_iter().map(StoredCase::try_from);
        stored.map(|stored| Ok(stored?.case)).collect()
    }

    /// Oldest first.
    pub async fn case_of_order(
        &mut self,
        order: OrderId,
        limit: i64,
    ) -> Result<Vec<Case>, StoreError> {
        let rows: Vec<Versioned> = self
            .fetch_all(CASE_OF_ORDER, args![order.uuid(), limit])
            .await?;
        let stored = rows.into_iter().map(StoredCase::try_from);
        stored.map(|stored| Ok(stored?.case)).collect()
    }
}

//! What providers reported, and what does not agree with the books.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::{Time, Units},
    statement::statements,
};
use proof_core::{
    Fiat, Timestamp,
    finding::{Finding, Movement},
    id::{FindingId, OrderId},
    money::Money,
    partner::Environment,
};
use uuid::Uuid;

statements! {
    REPORTED_LAST = "SELECT number FROM reported WHERE environment = $1 AND provider = $2 ORDER BY number DESC LIMIT 1";
    REPORTED_INSERT = "INSERT INTO reported (environment, provider, number, reference, order_id, kind, fiat, amount, imported_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
    REPORTED_OF_ORDER = "SELECT kind, fiat, amount, imported_at FROM reported WHERE environment = $1 AND order_id = $2 LIMIT $3";
    REPORTED_STRANGERS = "SELECT reference FROM reported WHERE environment = $1 AND order_id IS NULL ORDER BY provider, number LIMIT $2";
    REPORTED_ORDERS = "SELECT DISTINCT order_id FROM reported WHERE environment = $1 AND imported_at >= $2 AND order_id > $3 ORDER BY order_id LIMIT $4";
    BOOKED_ORDERS = "SELECT DISTINCT e.order_id FROM entries e JOIN orders o ON o.id = e.order_id WHERE o.environment = $1 AND e.created_at >= $2 AND e.order_id > $3 ORDER BY e.order_id LIMIT $4";
    RECONCILIATION_LAST = "SELECT started_at FROM reconciliations WHERE environment = $1";
    RECONCILIATION_SAVE = "INSERT INTO reconciliations (environment, started_at) VALUES ($1, $2) ON CONFLICT (environment) DO UPDATE SET started_at = excluded.started_at";
    FINDING_FIND = "SELECT id FROM findings WHERE environment = $1 AND kind = $2 AND subject = $3 AND closed_at IS NULL";
    FINDING_SAVE = "INSERT INTO findings (id, environment, kind, subject, cause, found_at, seen_at) VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (environment, kind, subject) DO UPDATE SET cause = excluded.cause, seen_at = excluded.seen_at, closed_at = NULL";
    FINDING_CLOSE = "UPDATE findings SET closed_at = $1 WHERE environment = $2 AND closed_at IS NULL AND seen_at < $3";
    FINDING_OPEN = "SELECT kind, subject, cause, found_at FROM findings WHERE environment = $1 AND closed_at IS NULL ORDER BY found_at, kind, subject LIMIT $2";
}

/// A line of a provider's report, as it is kept.
#[derive(Clone, Debug)]
pub struct Reported {
    pub number: u64,
    pub reference: String,
    /// `None`: the reference is none of ours.
    pub order: Option<OrderId>,
    pub movement: Movement,
    pub amount: Money,
}

/// What a provider moved for one order.
#[derive(Clone, Debug)]
pub struct ReportedMovement {
    pub movement: Movement,
    pub amount: Money,
    pub imported_at: Timestamp,
}

/// A finding that nobody has explained yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenFinding {
    pub kind: String,
    pub subject: String,
    pub cause: String,
    pub found_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct NumberRow {
    number: i64,
}

#[derive(sqlx::FromRow)]
struct MovementRow {
    kind: String,
    fiat: String,
    amount: Units,
    imported_at: Time,
}

#[derive(sqlx::FromRow)]
struct ReferenceRow {
    reference: String,
}

#[derive(sqlx::FromRow)]
struct OrderRow {
    order_id: Uuid,
}

#[derive(sqlx::FromRow)]
struct StartedRow {
    started_at: Time,
}

#[derive(sqlx::FromRow)]
struct IdRow {
    #[expect(dead_code, reason = "only whether there is one counts")]
    id: Uuid,
}

#[derive(sqlx::FromRow)]
struct OpenRow {
    kind: String,
    subject: String,
    cause: String,
    found_at: Time,
}

impl TryFrom<MovementRow> for ReportedMovement {
    type Error = StoreError;

    fn try_from(row: MovementRow) -> Result<Self, StoreError> {
        let bad = |column| StoreError::Row {
            table: "reported",
            column,
            id: row.kind.clone(),
        };
        let fiat: Fiat = row.fiat.parse().map_err(|_| bad("fiat"))?;
        let minor = u128::try_from(row.amount.0).map_err(|_| bad("amount"))?;
        Ok(Self {
            movement: Movement::parse(&row.kind).ok_or_else(|| bad("kind"))?,
            amount: Money::new(fiat, minor),
            imported_at: row.imported_at.0,
        })
    }
}

impl Tx {
    /// The last line of a provider's report that was read.
    pub async fn reported_last(
        &mut self,
        environment: Environment,
        provider: &str,
    ) -> Result<u64, StoreError> {
        let args = args![environment.name(), provider];
        let row: Option<NumberRow> = self.fetch_optional(REPORTED_LAST, args).await?;
        Ok(row.map_or(0, |row| u64::try_from(row.number).unwrap_or(0)))
    }

    pub async fn reported_insert(
        &mut self,
        environment: Environment,
        provider: &str,
        line: &Reported,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let bad = |column| StoreError::Row {
            table: "reported",
            column,
            id: line.reference.clone(),
        };
        let args = args![
            environment.name(),
            provider,
            i64::try_from(line.number).map_err(|_| bad("number"))?,
            line.reference.as_str(),
            line.order.map(OrderId::uuid),
            line.movement.name(),
            line.amount.fiat().code(),
            i128::try_from(line.amount.minor()).map_err(|_| bad("amount"))?,
            now,
        ];
        self.execute(REPORTED_INSERT, args).await.map(drop)
    }

    pub async fn reported_of_order(
        &mut self,
        environment: Environment,
        order: OrderId,
        limit: i64,
    ) -> Result<Vec<ReportedMovement>, StoreError> {
        let args = args![environment.name(), order.uuid(), limit];
        let rows: Vec<MovementRow> = self.fetch_all(REPORTED_OF_ORDER, args).await?;
        rows.into_iter().map(ReportedMovement::try_from).collect()
    }

    /// References in the reports that no order of ours has.
    pub async fn reported_strangers(
        &mut self,
        environment: Environment,
        limit: i64,
    ) -> Result<Vec<String>, StoreError> {
        let args = args![environment.name(), limit];
        let rows: Vec<ReferenceRow> = self.fetch_all(REPORTED_STRANGERS, args).await?;
        Ok(rows.into_iter().map(|row| row.reference).collect())
    }

    /// Orders whose money moved since then, by the books or by a report, page by page.
    pub async fn moved_orders(
        &mut self,
        environment: Environment,
        since: Timestamp,
        after: OrderId,
        limit: i64,
    ) -> Result<Vec<OrderId>, StoreError> {
        let args = || args![environment.name(), since, after.uuid(), limit];
        let booked: Vec<OrderRow> = self.fetch_all(BOOKED_ORDERS, args()).await?;
        let reported: Vec<OrderRow> = self.fetch_all(REPORTED_ORDERS, args()).await?;
        let rows = booked.into_iter().chain(reported);
        let mut orders: Vec<_> = rows.map(|row| OrderId::from_uuid(row.order_id)).collect();
        orders.sort();
        orders.dedup();
        // What one list has beyond the other's page comes again on the next one.
        orders.truncate(usize::try_from(limit).unwrap_or(0));
        Ok(orders)
    }

    pub async fn reconciliation_last(
        &mut self,
        environment: Environment,
    ) -> Result<Option<Timestamp>, StoreError> {
        let args = args![environment.name()];
        let row: Option<StartedRow> = self.fetch_optional(RECONCILIATION_LAST, args).await?;
        Ok(row.map(|row| row.started_at.0))
    }

    pub async fn reconciliation_save(
        &mut self,
        environment: Environment,
        started: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute(RECONCILIATION_SAVE, args![environment.name(), started])
            .await
            .map(drop)
    }

    /// `true`: nobody knew of it.
    pub async fn finding_save(
        &mut self,
        environment: Environment,
        id: FindingId,
        finding: &Finding,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (kind, subject) = (finding.kind.name(), finding.subject.as_str());
        let args = args![environment.name(), kind, subject];
        let known: Option<IdRow> = self.fetch_optional(FINDING_FIND, args).await?;
        let cause = finding.cause.as_str();
        let args = args![id.uuid(), environment.name(), kind, subject, cause, now];
        self.execute(FINDING_SAVE, args).await?;
        Ok(known.is_none())
    }

    /// What was not seen again since then has been put right.
    pub async fn finding_close(
        &mut self,
        environment: Environment,
        unseen_since: Timestamp,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let args = args![now, environment.name(), unseen_since];
        self.execute(FINDING_CLOSE, args).await
    }

    pub async fn finding_open(
        &mut self,
        environment: Environment,
        limit: i64,
    ) -> Result<Vec<OpenFinding>, StoreError> {
        let args = args![environment.name(), limit];
        let rows: Vec<OpenRow> = self.fetch_all(FINDING_OPEN, args).await?;
        let open = |row: OpenRow| OpenFinding {
            kind: row.kind,
            subject: row.subject,
            cause: row.cause,
            found_at: row.found_at.0,
        };
        Ok(rows.into_iter().map(open).collect())
    }
}

//! Work that is due, one row per thing to look at, held by a lease while somebody works on it.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Time,
    statement::statements,
    wake::Topic,
};
use proof_core::{Timestamp, id::JobId};
use uuid::Uuid;

// `kind || ''` in the two that look at a whole pool: by its index on kinds SQLite would read every open order.
statements! {
    JOB_UPSERT = "INSERT INTO jobs (id, kind, key, run_at, generation, attempts) VALUES ($1, $2, $3, $4, 1, 0) ON CONFLICT (kind, key) DO UPDATE SET run_at = excluded.run_at, generation = jobs.generation + 1, attempts = 0, trouble = NULL";
    JOB_OPEN = "INSERT INTO jobs (id, kind, key, run_at, generation, attempts) VALUES ($1, $2, $3, $4, 1, 0) ON CONFLICT (kind, key) DO NOTHING";
    JOB_DELETE = "DELETE FROM jobs WHERE kind = $1 AND key = $2 AND lease_token IS NULL";
    JOB_CLAIM = "UPDATE jobs SET lease_token = $1, lease_until = $2, attempts = attempts + 1 WHERE id IN (SELECT id FROM jobs WHERE kind || '' IN ($5, $6, $7, $8, $9, $10, $11, $12, $13) AND run_at <= $3 AND (lease_until IS NULL OR lease_until <= $3) ORDER BY run_at, id LIMIT $4", lock = " FOR UPDATE SKIP LOCKED", tail = ") RETURNING id, kind, key, generation, attempts";
    JOB_FINISH = "DELETE FROM jobs WHERE id = $1 AND lease_token = $2 AND generation = $3";
    JOB_RESCHEDULE = "UPDATE jobs SET run_at = $1, attempts = $2, trouble = $3, lease_token = NULL, lease_until = NULL WHERE id = $4 AND lease_token = $5 AND generation = $6";
    JOB_RELEASE = "UPDATE jobs SET lease_token = NULL, lease_until = NULL WHERE id = $1 AND lease_token = $2";
    JOB_RELEASE_ALL = "UPDATE jobs SET lease_token = NULL, lease_until = NULL WHERE lease_until IS NOT NULL";
    JOB_NEXT = "SELECT MIN(at) AS at FROM (SELECT (SELECT run_at FROM jobs WHERE kind = $1 AND lease_until IS NULL ORDER BY run_at LIMIT 1) AS at UNION ALL SELECT (SELECT run_at FROM jobs WHERE kind = $2 AND lease_until IS NULL ORDER BY run_at LIMIT 1) UNION ALL SELECT (SELECT run_at FROM jobs WHERE kind = $3 AND lease_until IS NULL ORDER BY run_at LIMIT 1) UNION ALL SELECT (SELECT run_at FROM jobs WHERE kind = $4 AND lease_until IS NULL ORDER BY run_at LIMIT 1) UNION ALL SELECT (SELECT run_at FROM jobs WHERE kind = $5 AND lease_until IS NULL ORDER BY run_at LIMIT 1) UNION ALL SELECT (SELECT run_at FROM jobs WHERE kind = $6 AND lease_until IS NULL ORDER BY run_at LIMIT 1) UNION ALL SELECT (SELECT run_at FROM jobs WHERE kind = $7 AND lease_until IS NULL ORDER BY run_at LIMIT 1) UNION ALL SELECT (SELECT run_at FROM jobs WHERE kind = $8 AND lease_until IS NULL ORDER BY run_at LIMIT 1) UNION ALL SELECT (SELECT run_at FROM jobs WHERE kind = $9 AND lease_until IS NULL ORDER BY run_at LIMIT 1) UNION ALL SELECT (SELECT lease_until FROM jobs WHERE lease_until IS NOT NULL AND kind || '' IN ($1, $2, $3, $4, $5, $6, $7, $8, $9) ORDER BY lease_until LIMIT 1)) AS looks";
    JOB_NOTE = "UPDATE jobs SET trouble = $1 WHERE kind = $2 AND key = $3";
    JOB_TROUBLE = "SELECT key, attempts, trouble, run_at FROM jobs WHERE kind = $1 AND key = $2 AND trouble IS NOT NULL";
    JOB_TROUBLES = "SELECT key, attempts, trouble, run_at FROM jobs WHERE kind = $1 AND trouble IS NOT NULL ORDER BY key LIMIT $2";
    JOB_LIST = "SELECT id, kind, key, generation, attempts FROM jobs ORDER BY id LIMIT $1";
}

/// What kind of thing a job's key names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum JobKind {
    /// Drive an order to its next state.
    Order,
    /// Ask the identity provider about a verification.
    Identity,
    /// Deliver what an endpoint is owed.
    Delivery,
    /// Read the blocks of a network.
    Scan,
    /// Bring a case to its end.
    Case,
    /// Bring a claim to its end.
    Claim,
    /// Ask the provider about an order's payments: disputes, and money taken after the end.
    Payment,
    /// Compare the books with the world.
    Reconcile,
    /// Send a letter.
    Mail,
    /// Look for what is to be swept, or sweep one address.
    Sweep,
    /// Look for what a hot wallet has too much, or move it into cold storage.
    Cold,
    /// Look whether a chain keeps what was delivered.
    Delivered,
}

/// Jobs that share hands. A partner's endpoint that hangs may use up those of the deliveries, and a
/// mail server those of the mails, never those that move orders.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Pool {
    Orders,
    Deliveries,
    Mails,
    /// What takes long and is in no hurry.
    Nights,
}

impl Pool {
    pub const ALL: [Self; 4] = [Self::Orders, Self::Deliveries, Self::Mails, Self::Nights];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Deliveries => "deliveries",
            Self::Mails => "mails",
            Self::Nights => "nights",
        }
    }

    const fn kinds(self) -> [JobKind; 9] {
        match self {
            Self::Orders => [
                JobKind::Order,
                JobKind::Identity,
                JobKind::Scan,
                JobKind::Case,
                JobKind::Claim,
                JobKind::Payment,
                JobKind::Sweep,
                JobKind::Cold,
                JobKind::Delivered,
            ],
            Self::Deliveries => [JobKind::Delivery; 9],
            Self::Mails => [JobKind::Mail; 9],
            Self::Nights => [JobKind::Reconcile; 9],
        }
    }
}

impl JobKind {
    pub const ALL: [Self; 12] = [
        Self::Order,
        Self::Identity,
        Self::Delivery,
        Self::Scan,
        Self::Case,
        Self::Claim,
        Self::Payment,
        Self::Reconcile,
        Self::Mail,
        Self::Sweep,
        Self::Cold,
        Self::Delivered,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Identity => "identity",
            Self::Delivery => "delivery",
            Self::Scan => "scan",
            Self::Case => "case",
            Self::Claim => "claim",
            Self::Payment => "payment",
            Self::Reconcile => "reconcile",
            Self::Mail => "mail",
            Self::Sweep => "sweep",
            Self::Cold => "cold",
            Self::Delivered => "delivered",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == text)
    }

    pub const fn pool(self) -> Pool {
        match self {
            Self::Order
            | Self::Identity
            | Self::Scan
            | Self::Case
            | Self::Claim
            | Self::Payment
            | Self::Sweep
            | Self::Cold
            | Self::Delivered => Pool::Orders,
            Self::Reconcile => Pool::Nights,
            Self::Delivery => Pool::Deliveries,
            Self::Mail => Pool::Mails,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Job {
    pub id: JobId,
    pub kind: JobKind,
    pub key: Uuid,
    /// How often it was taken since it last went well or was asked for anew.
    pub attempts: i64,
    generation: i64,
}

/// The right to work on a job, until it runs out. Only a lease can be finished. A copy is the same
/// right: finishing twice finds the token gone.
#[derive(Clone, Debug)]
pub struct Lease {
    job: Job,
    token: Uuid,
}

impl Lease {
    pub const fn job(&self) -> &Job {
        &self.job
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    kind: String,
    key: Uuid,
    generation: i64,
    attempts: i64,
}

impl TryFrom<Row> for Job {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let kind = JobKind::parse(&row.kind).ok_or(StoreError::Row {
            table: "jobs",
            column: "kind",
            id: row.id.to_string(),
        })?;
        let (generation, attempts) = (row.generation, row.attempts);
        Ok(Self {
            id: JobId::from_uuid(row.id),
            kind,
            key: row.key,
            attempts,
            generation,
        })
    }
}

/// When a job is looked at again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Next {
    pub at: Timestamp,
    /// Tries that did not go well, in a row.
    pub attempts: i64,
    /// Why the last one did not.
    pub trouble: Option<String>,
}

/// A job whose last try failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trouble {
    pub key: Uuid,
    pub attempts: i64,
    pub why: String,
    pub again_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct TroubleRow {
    key: Uuid,
    attempts: i64,
    trouble: String,
    run_at: Time,
}

impl From<TroubleRow> for Trouble {
    fn from(row: TroubleRow) -> Self {
        Self {
            key: row.key,
            attempts: row.attempts,
            why: row.trouble,
            again_at: row.run_at.0,
        }
    }
}

#[derive(sqlx::FromRow)]
struct NextRow {
    at: Option<Time>,
}

impl Tx {
    /// Asks for work at `run_at`. Somebody who already works on it will find the new wish when done.
    pub async fn job_upsert(
        &mut self,
        fresh: JobId,
        kind: JobKind,
        key: Uuid,
        run_at: Timestamp,
    ) -> Result<(), StoreError> {
        let args = args![fresh.uuid(), kind.name(), key, run_at];
        self.execute(JOB_UPSERT, args).await?;
        self.wake(Topic::Jobs(kind.pool()));
        Ok(())
    }

    /// Asks for work that goes on for ever, unless it was asked for before.
    pub async fn job_open(
        &mut self,
        fresh: JobId,
        kind: JobKind,
        key: Uuid,
        run_at: Timestamp,
    ) -> Result<(), StoreError> {
        let args = args![fresh.uuid(), kind.name(), key, run_at];
        self.execute(JOB_OPEN, args).await?;
        self.wake(Topic::Jobs(kind.pool()));
        Ok(())
    }

    /// Nothing is left to do; a worker at it finishes by itself.
    pub async fn job_delete(&mut self, kind: JobKind, key: Uuid) -> Result<(), StoreError> {
        self.execute(JOB_DELETE, args![kind.name(), key])
            .await
            .map(drop)
    }

    /// Takes due jobs of a pool, oldest first.
    pub async fn job_claim(
        &mut self,
        pool: Pool,
        token: Uuid,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Lease>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let [a, b, c, d, e, f, g, h, i] = pool.kinds().map(JobKind::name);
        let rows: Vec<Row> = self
            .fetch_all(
                JOB_CLAIM,
                args![token, until, now, limit, a, b, c, d, e, f, g, h, i],
            )
            .await?;
        let mut jobs = rows
            .into_iter()
            .map(Job::try_from)
            .collect::<Result<Vec<_>, StoreError>>()?;
        // RETURNING promises no order.
        jobs.sort_by_key(|job| job.id);
        Ok(jobs.into_iter().map(|job| Lease { job, token }).collect())
    }

    /// Ends a lease: the job is looked at again, or never. If it was asked for anew in the
    /// meantime, that wish stands.
    pub async fn job_finish(&mut self, lease: Lease, next: Option<Next>) -> Result<(), StoreError> {
        let Job {
            id,
            kind,
            generation,
            ..
        } = lease.job;
        let done = match next {
            None => {
                self.execute(JOB_FINISH, args![id.uuid(), lease.token, generation])
                    .await?
            }
            Some(next) => {
                let (at, attempts, trouble) = (next.at, next.attempts, next.trouble);
                let args = args![at, attempts, trouble, id.uuid(), lease.token, generation];
                self.execute(JOB_RESCHEDULE, args).await?
            }
        };
        if done == 0 {
            self.execute(JOB_RELEASE, args![id.uuid(), lease.token])
                .await?;
        }
        self.wake(Topic::Jobs(kind.pool()));
        Ok(())
    }

    /// Ends every lease: for a process that knows that it is the only one, after a crash.
    pub async fn job_release_all(&mut self) -> Result<u64, StoreError> {
        self.execute(JOB_RELEASE_ALL, args![]).await
    }

    /// When the next job of a pool falls due, or the next lease runs out.
    pub async fn job_next(&mut self, pool: Pool) -> Result<Option<Timestamp>, StoreError> {
        let [a, b, c, d, e, f, g, h, i] = pool.kinds().map(JobKind::name);
        // One look into the index for each kind, since with hundreds of thousands of open orders that matters; all in
        // one statement, since this is asked more often than anything else.
        let row: Option<NextRow> = self
            .fetch_optional(JOB_NEXT, args![a, b, c, d, e, f, g, h, i])
            .await?;
        Ok(row.and_then(|row| row.at).map(|at| at.0))
    }

    /// Says why a job that was asked for waits.
    pub async fn job_note(
        &mut self,
        kind: JobKind,
        key: Uuid,
        why: &str,
    ) -> Result<(), StoreError> {
        let args = args![why, kind.name(), key];
        self.execute(JOB_NOTE, args).await.map(drop)
    }

    /// Why a job does not get on, if its last try failed.
    pub async fn job_trouble(
        &mut self,
        kind: JobKind,
        key: Uuid,
    ) -> Result<Option<Trouble>, StoreError> {
        let row: Option<TroubleRow> = self
            .fetch_optional(JOB_TROUBLE, args![kind.name(), key])
            .await?;
        Ok(row.map(Trouble::from))
    }

    /// The same of all of a kind.
    pub async fn job_troubles(
        &mut self,
        kind: JobKind,
        limit: i64,
    ) -> Result<Vec<Trouble>, StoreError> {
        let rows: Vec<TroubleRow> = self
            .fetch_all(JOB_TROUBLES, args![kind.name(), limit])
            .await?;
        Ok(rows.into_iter().map(Trouble::from).collect())
    }

    /// What is waiting, for operators and tests.
    pub async fn job_list(&mut self, limit: i64) -> Result<Vec<Job>, StoreError> {
        let rows: Vec<Row> = self.fetch_all(JOB_LIST, args![limit]).await?;
        rows.into_iter().map(Job::try_from).collect()
    }
}

#[cfg(test)]
mod tests;

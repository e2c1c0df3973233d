//! The handle: two engines, one way to write and one way to read.

use crate::{
    error::{Failure, StoreError},
    row::{Value, to_chrono, to_decimal},
    statement::{Statement, note},
    wake::{Topic, Wakes},
};
use futures::future::BoxFuture;
use sqlx::{
    FromRow, PgPool, Postgres, Sqlite, SqlitePool, Transaction,
    postgres::{PgArguments, PgListener, PgPoolOptions, PgRow},
    query::Query,
    sqlite::{
        SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow,
        SqliteSynchronous,
    },
};
use std::{path::Path, str::FromStr, time::Duration};

/// Runs of the same work before a conflict is given up as an error.
const RUNS_MAX: u32 = 8;

const SQLITE_READERS: u32 = 4;
const SQLITE_BUSY: Duration = Duration::from_secs(10);
const ACQUIRE: Duration = Duration::from_secs(10);
const NOTIFY_CHANNEL: &str = "proof";

/// How statements are waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Execution {
    /// Other tasks run meanwhile.
    Concurrent,
    /// Each database transaction is driven to its end in place: nothing else runs while one is
    /// open, so that a simulation has one history per seed (ADR "Store handle").
    InPlace,
}

#[derive(Clone, Debug)]
pub enum Engine {
    /// One writer connection and a few readers.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

#[derive(Clone, Debug)]
pub struct Db {
    engine: Engine,
    wakes: Wakes,
    execution: Execution,
}

/// One open database transaction.
pub struct Tx {
    inner: Inner,
    wakes: Vec<Topic>,
}

enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

pub(crate) trait Row:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{}

impl Db {
    /// Opens (and makes, and migrates) a SQLite file.
    pub async fn sqlite(path: &Path, execution: Execution) -> Result<Self, StoreError> {
        let durable = match execution {
            Execution::Concurrent => SqliteSynchronous::Full,
            // A simulation crashes processes, not disks.
            Execution::InPlace => SqliteSynchronous::Off,
        };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(durable)
            .foreign_keys(true)
            .busy_timeout(SQLITE_BUSY);
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .min_connections(1)
                .idle_timeout(None)
                .max_lifetime(None)
                .acquire_timeout(ACQUIRE)
        };
        let writer = pool(1).connect_with(options.clone()).await?;
        sqlx::migrate!("migrations/sqlite").run(&writer).await?;
        let readers = pool(SQLITE_READERS)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self {
            engine: Engine::Sqlite { writer, readers },
            wakes: Wakes::new(),
            execution,
        })
    }

    /// Connects to (and migrates) a PostgreSQL database.
    pub async fn postgres(url: &str, connections_max: u32) -> Result<Self, StoreError> {
        let options = sqlx::postgres::PgConnectOptions::from_str(url)?;
        let pool = PgPoolOptions::new()
            .max_connections(connections_max)
            .acquire_timeout(ACQUIRE)
            .connect_with(options)
            .await?;
        sqlx::migrate!("migrations/postgres").run(&pool).await?;
        let engine = Engine::Postgres(pool);
        Ok(Self {
            engine,
            wakes: Wakes::new(),
            execution: Execution::Concurrent,
        })
    }

    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    pub fn wakes(&self) -> &Wakes {
        &self.wakes
    }

    /// Carries other processes' hints into this one, until the connection fails. Only PostgreSQL
    /// has other processes; on SQLite this never returns.
    pub async fn listen(&self) -> Result<(), StoreError> {
        let Engine::Postgres(pool) = &self.engine else {
            return std::future::pending().await;
        };
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(NOTIFY_CHANNEL).await?;
        loop {
            if let Some(topic) = Topic::from_payload(listener.recv().await?.payload()) {
                self.wakes.publish(topic);
            }
        }
    }

    /// Runs `work` in one database transaction and commits it, again from the beginning if another
    /// writer was in the way. `name` is for logs.
    ///
    /// The work owns what it needs and may be run several times, so that later concurrent small
    /// writes can share one durable commit behind this same signature.
    pub async fn write<T, R, F>(&self, name: &'static str, work: F) -> Result<T, Failure<R>>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, Failure<R>>> + Send + Sync + 'static,
    {
        self.in_place(async {
            let mut run = 1;
            loop {
                match self.write_once(&work).await {
                    Err(Failure::Store(error)) if error.is_retryable() && run < RUNS_MAX => {
                        tracing::debug!(name, run, "a write is run again: {error}");
                        run += 1;
                    }
                    outcome => return outcome,
                }
            }
        })
        .await
    }

    async fn write_once<T, R, F>(&self, work: &F) -> Result<T, Failure<R>>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, Failure<R>>>,
    {
        let inner = match &self.engine {
            Engine::Sqlite { writer, .. } => Inner::Sqlite(
                writer
                    .begin_with("BEGIN IMMEDIATE")
                    .await
                    .map_err(StoreError::Sqlx)?,
            ),
            Engine::Postgres(pool) => {
                Inner::Postgres(pool.begin().await.map_err(StoreError::Sqlx)?)
            }
        };
        let mut tx = Tx {
            inner,
            wakes: Vec::new(),
        };
        let done = work(&mut tx).await?;
        let wakes = tx.commit().await?;
        for topic in wakes {
            self.wakes.publish(topic);
        }
        Ok(done)
    }

    /// Runs `work` on one consistent picture; whatever it writes is thrown away.
    pub async fn read<T, R, F>(&self, name: &'static str, work: F) -> Result<T, Failure<R>>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, Failure<R>>> + Send + Sync + 'static,
    {
        tracing::trace!(name, "read");
        self.in_place(async {
            let inner = match &self.engine {
                Engine::Sqlite { readers, .. } => {
                    Inner::Sqlite(readers.begin().await.map_err(StoreError::Sqlx)?)
                }
                Engine::Postgres(pool) => {
                    Inner::Postgres(pool.begin().await.map_err(StoreError::Sqlx)?)
                }
            };
            let mut tx = Tx {
                inner,
                wakes: Vec::new(),
            };
            let seen = work(&mut tx).await?;
            match tx.inner {
                Inner::Sqlite(tx) => tx.rollback().await,
                Inner::Postgres(tx) => tx.rollback().await,
            }
            .map_err(StoreError::Sqlx)?;
            Ok(seen)
        })
        .await
    }

    async fn in_place<T>(&self, work: impl Future<Output = T>) -> T {
        match self.execution {
            Execution::Concurrent => work.await,
            Execution::InPlace => pollster::block_on(work),
        }
    }

    /// Closes all connections; what was committed stays.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Engine::Postgres(pool) => pool.close().await,
        }
    }
}

macro_rules! bound {
    ($query:expr, $args:expr) => {{
        let mut query = $query;
        for value in $args {
            query = match value {
                Value::Uuid(v) => query.bind(v),
                Value::OptUuid(v) => query.bind(v),
                Value::Text(v) => query.bind(v),
                Value::OptText(v) => query.bind(v),
                Value::Int(v) => query.bind(v),
                Value::OptInt(v) => query.bind(v),
                Value::Json(v) => query.bind(sqlx::types::Json(v)),
                Value::Bytes(v) => query.bind(v),
                Value::Time(_) | Value::OptTime(_) | Value::Units(_) => bind_own(query, value),
            };
        }
        query
    }};
}

trait BindOwn: Sized {
    fn bind_own(self, value: Value) -> Self;
}

fn bind_own<Q: BindOwn>(query: Q, value: Value) -> Q {
    query.bind_own(value)
}

impl BindOwn for Query<'static, Sqlite, SqliteArguments> {
    fn bind_own(self, value: Value) -> Self {
        match value {
            Value::Time(v) => self.bind(v.micros()),
            Value::OptTime(v) => self.bind(v.map(|t| t.micros())),
            Value::Units(v) => self.bind(v.to_string()),
            _ => self,
        }
    }
}

impl BindOwn for Query<'static, Postgres, PgArguments> {
    fn bind_own(self, value: Value) -> Self {
        match value {
            Value::Time(v) => self.bind(to_chrono(v)),
            Value::OptTime(v) => self.bind(v.map(to_chrono)),
            Value::Units(v) => self.bind(to_decimal(v)),
            _ => self,
        }
    }
}

impl Tx {
    async fn commit(mut self) -> Result<Vec<Topic>, StoreError> {
        match self.inner {
            Inner::Sqlite(tx) => {
                tx.commit().await?;
                Ok(self.wakes)
            }
            Inner::Postgres(mut tx) => {
                for topic in self.wakes.drain(..) {
                    sqlx::query("SELECT pg_notify($1, $2)")
                        .bind(NOTIFY_CHANNEL)
                        .bind(topic.to_payload())
                        .execute(&mut *tx)
                        .await?;
                }
                tx.commit().await?;
                // The listener's own connection hears them, in this process too.
                Ok(Vec::new())
            }
        }
    }

    /// Publishes a hint when, and only when, this transaction commits.
    pub fn wake(&mut self, topic: Topic) {
        if !self.wakes.contains(&topic) {
            self.wakes.push(topic);
        }
    }

    pub(crate) async fn execute(
        &mut self,
        statement: Statement,
        args: Vec<Value>,
    ) -> Result<u64, StoreError> {
        note(&statement);
        let failed = |source| StoreError::Statement {
            statement: statement.name,
            source,
        };
        match &mut self.inner {
            Inner::Sqlite(tx) => {
                let query = bound!(sqlx::query(statement.sqlite), args);
                query
                    .execute(&mut **tx)
                    .await
                    .map(|r| r.rows_affected())
                    .map_err(failed)
            }
            Inner::Postgres(tx) => {
                let query = bound!(sqlx::query(statement.postgres), args);
                query
                    .execute(&mut **tx)
                    .await
                    .map(|r| r.rows_affected())
                    .map_err(failed)
            }
        }
    }

    pub(crate) async fn fetch_all<T: Row>(
        &mut self,
        statement: Statement,
        args: Vec<Value>,
    ) -> Result<Vec<T>, StoreError> {
        note(&statement);
        let failed = |source| StoreError::Statement {
            statement: statement.name,
            source,
        };
        match &mut self.inner {
            Inner::Sqlite(tx) => {
                let query = bound!(sqlx::query(statement.sqlite), args);
                let rows = query.fetch_all(&mut **tx).await.map_err(failed)?;
                rows.iter()
                    .map(|row| T::from_row(row).map_err(failed))
                    .collect()
            }
            Inner::Postgres(tx) => {
                let query = bound!(sqlx::query(statement.postgres), args);
                let rows = query.fetch_all(&mut **tx).await.map_err(failed)?;
                rows.iter()
                    .map(|row| T::from_row(row).map_err(failed))
                    .collect()
            }
        }
    }

    pub(crate) async fn fetch_optional<T: Row>(
        &mut self,
        statement: Statement,
        args: Vec<Value>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.fetch_all(statement, args).await?.into_iter().next())
    }

    /// Runs a statement that must touch exactly one row.
    pub(crate) async fn execute_one(
        &mut self,
        table: &'static str,
        statement: Statement,
        args: Vec<Value>,
    ) -> Result<(), StoreError> {
        match self.execute(statement, args).await? {
            1 => Ok(()),
            _ => Err(StoreError::Stale { table }),
        }
    }
}

/// Arguments of a statement, each turned into the column's type.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::row::Value::from($value)),*] };
}
pub(crate) use args;

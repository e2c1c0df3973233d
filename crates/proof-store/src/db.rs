//! The handle: two engines, one way to write and one way to read.

use crate::{
    coalesce::{Coalescer, Ground, RUNS_MAX},
    error::{Failure, StoreError},
    fate::Fate,
    meter::{Meter, Mode},
    mover::{Mover, PAGES_BY_SQLITE},
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
use std::{path::Path, pin::Pin, str::FromStr, sync::Arc, time::Duration};

const SQLITE_READERS: u32 = 4;
const SQLITE_BUSY: Duration = Duration::from_secs(10);
const ACQUIRE: Duration = Duration::from_secs(10);
const NOTIFY_CHANNEL: &str = "proof";

/// How statements are waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Execution {
    /// Other tasks run meanwhile, and small writes share commits.
    Concurrent,
    /// The same with a commit for each write: what sharing is measured against.
    Separate,
    /// Each database transaction is driven to its end in place: nothing else runs while one is
    /// open, so that a simulation has one history per seed (ADR "Store handle").
    InPlace,
}

/// Who moves what is committed from SQLite's write-ahead log into the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Checkpoints {
    /// A task beside whoever writes, where they [run at once](Execution::Concurrent); else SQLite itself, now and then.
    /// Closing the file moves the rest.
    ByItself,
    /// Nobody before [`Db::sqlite_checkpoint`] is called, also not who closes the file: the log is read by
    /// somebody else.
    Asked,
}

#[derive(Clone, Debug)]
pub enum Engine {
    /// One writer connection and a few readers.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
        mover: Option<Mover>,
    },
    Postgres(PgPool),
}

#[derive(Clone, Debug)]
pub struct Db {
    engine: Engine,
    wakes: Wakes,
    execution: Execution,
    checkpoints: Checkpoints,
    /// Where writes share commits; none where everything is driven in place.
    coalescer: Option<Coalescer<Tx>>,
    /// In a simulation.
    fate: Option<Arc<dyn Fate>>,
    meter: Option<Arc<dyn Meter>>,
}

/// One open database transaction.
pub struct Tx {
    pub(crate) inner: Inner,
    wakes: Vec<Topic>,
    /// Hints of the members before the savepoint.
    wakes_kept: usize,
    has_savepoint: bool,
    statements: u64,
    mover: Option<Mover>,
}

/// What the coalescer's batches run on.
struct Shared {
    engine: Engine,
    wakes: Wakes,
}

pub(crate) enum Inner {
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
        Self::sqlite_with(path, execution, Checkpoints::ByItself).await
    }

    pub async fn sqlite_with(
        path: &Path,
        execution: Execution,
        checkpoints: Checkpoints,
    ) -> Result<Self, StoreError> {
        let durable = match execution {
            Execution::Concurrent | Execution::Separate => SqliteSynchronous::Full,
            // A simulation crashes processes, not disks.
            Execution::InPlace => SqliteSynchronous::Off,
        };
        let mut options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(durable)
            .foreign_keys(true)
            .busy_timeout(SQLITE_BUSY);
        let is_moved = execution == Execution::Concurrent && checkpoints == Checkpoints::ByItself;
        if checkpoints == Checkpoints::Asked {
            options = options.pragma("wal_autocheckpoint", "0");
        } else if is_moved {
            options = options.pragma("wal_autocheckpoint", PAGES_BY_SQLITE);
        }
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
        let mover = if is_moved {
            let own = pool(1).connect_with(options.clone()).await?;
            Some(Mover::spawn(own, writer.clone()))
        } else {
            None
        };
        let readers = pool(SQLITE_READERS)
            .connect_with(options.read_only(true))
            .await?;
        let engine = Engine::Sqlite {
            writer,
            readers,
            mover,
        };
        let db = Self::new(engine, execution);
        Ok(Self { checkpoints, ..db })
    }

    /// Connects to (and migrates) a PostgreSQL database.
    pub async fn postgres(
        url: &str,
        connections_max: u32,
        execution: Execution,
    ) -> Result<Self, StoreError> {
        let options = sqlx::postgres::PgConnectOptions::from_str(url)?;
        let pool = PgPoolOptions::new()
            .max_connections(connections_max)
            .acquire_timeout(ACQUIRE)
            .connect_with(options)
            .await?;
        sqlx::migrate!("migrations/postgres").run(&pool).await?;
        Ok(Self::new(Engine::Postgres(pool), execution))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the writer's task ends when the last handle is dropped; nobody else may cancel it"
    )]
    pub(crate) fn new(engine: Engine, execution: Execution) -> Self {
        let wakes = Wakes::new();
        let coalescer = (execution == Execution::Concurrent).then(|| {
            let shared = Shared {
                engine: engine.clone(),
                wakes: wakes.clone(),
            };
            let (coalescer, writer) = Coalescer::new(shared);
            tokio::spawn(writer);
            coalescer
        });
        Self {
            engine,
            wakes,
            execution,
            checkpoints: Checkpoints::ByItself,
            coalescer,
            fate: None,
            meter: None,
        }
    }

    /// The same database, with somebody who measures how long it takes.
    #[must_use]
    pub fn with_meter(self, meter: Arc<dyn Meter>) -> Self {
        Self {
            meter: Some(meter),
            ..self
        }
    }

    /// The same database with somebody who decides about each commit. For simulations, which drive
    /// everything in place: a shared commit has no single owner to tell.
    #[must_use]
    pub fn with_fate(self, fate: Arc<dyn Fate>) -> Self {
        Self {
            coalescer: None,
            fate: Some(fate),
            ..self
        }
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
        // What was said before nobody has heard.
        self.wakes.publish_all();
        loop {
            if let Some(topic) = Topic::from_payload(listener.recv().await?.payload()) {
                self.wakes.publish(topic);
            }
        }
    }

    /// Runs `work` in one database transaction and commits it, again from the beginning if another
    /// writer was in the way. `name` is for logs.
    ///
    /// The work owns what it needs and may be run several times. On SQLite, with its one writer, it
    /// shares its durable commit with whatever is written at the same time.
    pub async fn write<T, R, F>(&self, name: &'static str, work: F) -> Result<T, Failure<R>>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, Failure<R>>> + Send + Sync + 'static,
        T: Send + 'static,
        R: Send + 'static,
    {
        match (&self.engine, &self.coalescer) {
            (Engine::Sqlite { .. }, Some(coalescer)) => {
                let measure = self.measure(Mode::Write);
                ended(measure, coalescer.write(work).await)
            }
            (Engine::Sqlite { .. } | Engine::Postgres(_), _) => self.write_alone(name, work).await,
        }
    }

    /// The same for work that locks nothing but rows that it inserts, or that nobody else writes:
    /// it shares its commit on PostgreSQL, too.
    pub async fn append<T, R, F>(&self, name: &'static str, work: F) -> Result<T, Failure<R>>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, Failure<R>>> + Send + Sync + 'static,
        T: Send + 'static,
        R: Send + 'static,
    {
        match &self.coalescer {
            Some(coalescer) => {
                let measure = self.measure(Mode::Write);
                ended(measure, coalescer.write(work).await)
            }
            None => self.write_alone(name, work).await,
        }
    }

    /// A database transaction of its own.
    pub async fn write_alone<T, R, F>(&self, name: &'static str, work: F) -> Result<T, Failure<R>>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, Failure<R>>> + Send + Sync + 'static,
    {
        if let Some(fate) = &self.fate {
            fate.before(name).await?;
        }
        let measure = self.measure(Mode::Write);
        let work = Box::pin(self.write_until_done(name, &work));
        let outcome = self.in_place(work).await;
        let outcome = ended(measure, outcome);
        if let (Some(fate), Ok(_)) = (&self.fate, &outcome) {
            fate.after(name).await?;
        }
        outcome
    }

    async fn write_until_done<T, R, F>(&self, name: &'static str, work: &F) -> Result<T, Failure<R>>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, Failure<R>>>,
    {
        let mut run = 1;
        loop {
            match self.write_once(work).await {
                Err(Failure::Store(error)) if error.is_retryable() && run < RUNS_MAX => {
                    tracing::debug!(name, run, "a write is run again: {error}");
                    run += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn write_once<T, R, F>(&self, work: &F) -> Result<T, Failure<R>>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, Failure<R>>>,
    {
        let mut tx = self.engine.begin().await?;
        let done = work(&mut tx).await?;
        let wakes = tx.commit().await?;
        for topic in wakes {
            self.wakes.publish(topic);
        }
        Ok(done)
    }

    /// Runs `work` on one consistent picture: what is committed meanwhile is not seen. It cannot write.
    pub async fn read<T, R, F>(&self, name: &'static str, work: F) -> Result<T, Failure<R>>
    where
        F: for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, Failure<R>>> + Send + Sync + 'static,
    {
        tracing::trace!(name, "read");
        let measure = self.measure(Mode::Read);
        let read = Box::pin(async {
            let inner = match &self.engine {
                Engine::Sqlite { readers, .. } => {
                    Inner::Sqlite(readers.begin().await.map_err(StoreError::Sqlx)?)
                }
                // By default each statement sees its own moment, and two of them a torn picture.
                Engine::Postgres(pool) => {
                    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                    Inner::Postgres(pool.begin_with(begin).await.map_err(StoreError::Sqlx)?)
                }
            };
            let mut tx = Tx::new(inner);
            let seen = work(&mut tx).await?;
            match tx.inner {
                Inner::Sqlite(tx) => tx.rollback().await,
                Inner::Postgres(tx) => tx.rollback().await,
            }
            .map_err(StoreError::Sqlx)?;
            Ok(seen)
        });
        let outcome = self.in_place(read).await;
        ended(measure, outcome)
    }

    fn measure(&self, mode: Mode) -> Option<Measure<'_>> {
        self.meter.as_deref().map(|meter| Measure {
            begun: meter.begun(mode),
            meter,
            mode,
            well: false,
        })
    }

    /// Boxed: sqlx's part alone takes seven kilobytes, twice here, and whatever awaits this would have them within itself.
    async fn in_place<T>(&self, work: Pin<Box<impl Future<Output = T>>>) -> T {
        match self.execution {
            Execution::Concurrent | Execution::Separate => work.await,
            Execution::InPlace => pollster::block_on(work),
        }
    }

    /// Whether all changes go through this process, so that its [`Wakes`] know of each before
    /// whoever made it does. Other processes' changes are heard of a little later.
    pub const fn is_alone(&self) -> bool {
        match self.engine {
            Engine::Sqlite { .. } => true,
            Engine::Postgres(_) => false,
        }
    }

    pub fn is_closed(&self) -> bool {
        match &self.engine {
            Engine::Sqlite { writer, .. } => writer.is_closed(),
            Engine::Postgres(pool) => pool.is_closed(),
        }
    }

    /// Closes all connections; what was committed stays.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite {
                writer,
                readers,
                mover,
            } => {
                if let Some(mover) = mover {
                    mover.close().await;
                }
                // The last one that closes moves the log, if it can write.
                let (first, last) = match self.checkpoints {
                    Checkpoints::ByItself => (readers, writer),
                    Checkpoints::Asked => (writer, readers),
                };
                first.close().await;
                last.close().await;
            }
            Engine::Postgres(pool) => pool.close().await,
        }
    }
}

/// Whoever stops waiting has not waited well, and is counted out all the same.
struct Measure<'a> {
    meter: &'a dyn Meter,
    mode: Mode,
    begun: i64,
    well: bool,
}

impl Drop for Measure<'_> {
    fn drop(&mut self) {
        self.meter.ended(self.mode, self.begun, self.well);
    }
}

/// A use case that refuses has been told by a database that is well.
fn ended<T, R>(
    measure: Option<Measure<'_>>,
    outcome: Result<T, Failure<R>>,
) -> Result<T, Failure<R>> {
    if let Some(mut measure) = measure {
        measure.well = !matches!(outcome, Err(Failure::Store(_)));
    }
    outcome
}

impl Engine {
    async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { writer, mover, .. } => {
                let inner = Inner::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?);
                let mover = mover.clone();
                Tx {
                    mover,
                    ..Tx::new(inner)
                }
            }
            Self::Postgres(pool) => Tx::new(Inner::Postgres(pool.begin().await?)),
        })
    }
}

impl Ground for Shared {
    type Tx = Tx;

    fn begin(&self) -> BoxFuture<'_, Result<Tx, StoreError>> {
        Box::pin(self.engine.begin())
    }

    fn savepoint<'a>(&'a self, tx: &'a mut Tx) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            tx.wakes_kept = tx.wakes.len();
            // One way to the database and back: there is one for each member of a batch.
            let sql = match std::mem::replace(&mut tx.has_savepoint, true) {
                true => "RELEASE SAVEPOINT member; SAVEPOINT member",
                false => "SAVEPOINT member",
            };
            tx.control(sql).await
        })
    }

    fn undo<'a>(&'a self, tx: &'a mut Tx) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            tx.wakes.truncate(tx.wakes_kept);
            tx.control("ROLLBACK TO SAVEPOINT member").await
        })
    }

    fn rollback(&self, tx: Tx) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // A failed rollback is one all the same: the connection is thrown away.
            let _rolled_back = match tx.inner {
                Inner::Sqlite(tx) => tx.rollback().await,
                Inner::Postgres(tx) => tx.rollback().await,
            };
        })
    }

    fn commit(&self, tx: Tx) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            for topic in tx.commit().await? {
                self.wakes.publish(topic);
            }
            Ok(())
        })
    }

    fn weight(&self, tx: &Tx) -> u64 {
        tx.statements
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
                Value::OptJson(v) => query.bind(v.map(sqlx::types::Json)),
                Value::Bytes(v) => query.bind(v),
                Value::OptBytes(v) => query.bind(v),
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
    const fn new(inner: Inner) -> Self {
        Self {
            inner,
            wakes: Vec::new(),
            wakes_kept: 0,
            has_savepoint: false,
            statements: 0,
            mover: None,
        }
    }

    /// Whether nobody else can write anything before this ends.
    pub(crate) const fn is_only_writer(&self) -> bool {
        matches!(self.inner, Inner::Sqlite(_))
    }

    /// A word to the database about the transaction itself.
    async fn control(&mut self, sql: &'static str) -> Result<(), StoreError> {
        match &mut self.inner {
            Inner::Sqlite(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop)?,
            Inner::Postgres(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop)?,
        }
        Ok(())
    }

    async fn commit(mut self) -> Result<Vec<Topic>, StoreError> {
        match self.inner {
            Inner::Sqlite(tx) => {
                tx.commit().await.map_err(StoreError::of_commit)?;
                if let Some(mover) = self.mover {
                    mover.tell(self.statements);
                }
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
                tx.commit().await.map_err(StoreError::of_commit)?;
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
        self.statements += 1;
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
        self.statements += 1;
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

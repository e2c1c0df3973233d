//! Copies of a whole database, and what is in one.
//!
//! What is said here to the database is about itself, in each engine's own words, and names tables
//! that only its schema knows; so none of it is a registered statement.

use crate::{
    db::{Db, Engine, Execution, Inner, Tx},
    error::StoreError,
};
use proof_core::Timestamp;
use sqlx::{
    AssertSqlSafe, Connection, PgPool, SqliteConnection,
    postgres::PgPoolOptions,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous},
};
use std::{collections::BTreeMap, path::Path, str::FromStr};

const SQLITE_COPY: &str = "VACUUM INTO $1";
const SQLITE_CHECK: &str = "PRAGMA integrity_check(10)";
const SQLITE_TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\' ORDER BY name";
const SQLITE_CHECKPOINT: &str = "PRAGMA wal_checkpoint(PASSIVE)";
/// Readers are not waited for longer than that while all writers wait.
const SQLITE_FULL: [&str; 3] = [
    "PRAGMA busy_timeout = 1000",
    "PRAGMA wal_checkpoint(FULL)",
    "PRAGMA busy_timeout = 10000",
];
const SQLITE_TRUNCATE: [&str; 3] = [
    "PRAGMA busy_timeout = 100",
    "PRAGMA wal_checkpoint(TRUNCATE)",
    "PRAGMA busy_timeout = 10000",
];
const POSTGRES_TABLES: &str = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name NOT LIKE '\\_sqlx%' ORDER BY table_name";
const POSTGRES_ARCHIVE: &str = "SELECT current_setting('archive_mode'), CAST(EXTRACT(EPOCH FROM now() - last_archived_time) AS BIGINT), last_failed_time IS NOT NULL AND last_failed_time > COALESCE(last_archived_time, '-infinity') FROM pg_stat_archiver";
const POSTGRES_SNAPSHOT: &str = "SELECT pg_export_snapshot()";
const SCHEMA: &str = "SELECT MAX(version) FROM _sqlx_migrations WHERE success";

/// Raises the epoch of a database that `pg_restore` has just filled, for whoever commits both.
pub fn postgres_epoch_raise(at: Timestamp) -> String {
    let at = at.micros();
    format!(
        "UPDATE public.installation SET epoch = CASE WHEN epoch < {at} THEN {at} ELSE epoch + 1 END;"
    )
}

/// How many rows each table has, and which schema they are in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contents {
    /// Number of the last migration.
    pub schema: i64,
    pub rows: BTreeMap<String, i64>,
}

/// The number of the last migration that this program knows.
pub fn schema_known() -> i64 {
    let migrator = sqlx::migrate!("migrations/sqlite");
    migrator.iter().map(|m| m.version).max().unwrap_or_default()
}

impl Db {
    /// A SQLite file as it is: nothing is made, migrated or written. Another process may use it.
    pub async fn sqlite_reading(path: &Path) -> Result<Self, StoreError> {
        Self::sqlite_read(SqliteConnectOptions::new().filename(path).read_only(true)).await
    }

    /// The same for a file that nobody writes: nothing is locked, and nothing is made beside it.
    pub async fn sqlite_still(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new().filename(path).read_only(true);
        Self::sqlite_read(options.immutable(true)).await
    }

    async fn sqlite_read(options: SqliteConnectOptions) -> Result<Self, StoreError> {
        let pool = SqlitePoolOptions::new().max_connections(1);
        let readers = pool.connect_with(options).await?;
        let writer = readers.clone();
        Ok(Self::new(
            Engine::Sqlite {
                writer,
                readers,
                mover: None,
            },
            Execution::Separate,
        ))
    }

    /// A PostgreSQL database as it is.
    pub async fn postgres_reading(url: &str) -> Result<Self, StoreError> {
        let options = sqlx::postgres::PgConnectOptions::from_str(url)?;
        let pool: PgPool = PgPoolOptions::new()
            .max_connections(2)
            .connect_with(options)
            .await?;
        Ok(Self::new(Engine::Postgres(pool), Execution::Separate))
    }

    /// A whole, consistent copy of a SQLite file that may be in use. `to` must not exist.
    pub async fn sqlite_copy(&self, to: &Path) -> Result<(), StoreError> {
        let Engine::Sqlite { readers, .. } = self.engine() else {
            return Err(not_sqlite());
        };
        let to = to.to_str().ok_or_else(|| {
            StoreError::Configuration("the path of a copy must be readable text".to_owned())
        })?;
        sqlx::query(SQLITE_COPY).bind(to).execute(readers).await?;
        Ok(())
    }

    /// Moves what is in the write-ahead log into the file, as far as readers allow. Nobody writes from before
    /// `ready` is asked until it is done; it is not done if that says no.
    pub async fn sqlite_checkpoint<E: From<StoreError>>(
        &self,
        readers: Readers,
        ready: impl FnOnce() -> Result<bool, E>,
    ) -> Result<Option<Moved>, E> {
        let Engine::Sqlite { writer, .. } = self.engine() else {
            return Err(not_sqlite().into());
        };
        let connection = writer.acquire().await;
        let mut connection = connection.map_err(|error| E::from(StoreError::Sqlx(error)))?;
        if !ready()? {
            return Ok(None);
        }
        let moved = match readers {
            Readers::Passed => moved(&mut connection).await?,
            Readers::Awaited => moved_whole(&mut connection).await?,
        };
        Ok(Some(moved))
    }

    /// Moves all of the write-ahead log and leaves an empty one, if no reader is in the way for long.
    pub async fn sqlite_log_empty(&self) -> Result<bool, StoreError> {
        let Engine::Sqlite { writer, .. } = self.engine() else {
            return Err(not_sqlite());
        };
        let mut connection = writer.acquire().await?;
        let (busy, _, _) = patiently(&mut connection, SQLITE_TRUNCATE).await?;
        Ok(busy == 0)
    }

    /// Has SQLite take over the write-ahead log that somebody laid beside a file that nobody uses.
    pub async fn sqlite_take_over(path: &Path) -> Result<Moved, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .synchronous(SqliteSynchronous::Full);
        let mut connection = <SqliteConnection as Connection>::connect_with(&options).await?;
        let moved = moved(&mut connection).await;
        connection.close().await?;
        moved
    }

    /// What is wrong with a SQLite file; nothing, if it is whole.
    pub async fn sqlite_damage(&self) -> Result<Option<String>, StoreError> {
        let Engine::Sqlite { readers, .. } = self.engine() else {
            return Err(not_sqlite());
        };
        let said: Vec<String> = sqlx::query_scalar(SQLITE_CHECK).fetch_all(readers).await?;
        let said = said.join("; ");
        Ok((said != "ok").then_some(said))
    }

    /// Whether PostgreSQL archives its own log; `None` for SQLite.
    pub async fn archiving(&self) -> Result<Option<Archiving>, StoreError> {
        let Engine::Postgres(pool) = self.engine() else {
            return Ok(None);
        };
        let (mode, last_seconds, fails): (String, Option<i64>, bool) =
            sqlx::query_as(POSTGRES_ARCHIVE).fetch_one(pool).await?;
        Ok(Some(Archiving {
            is_on: mode != "off",
            last_seconds,
            fails,
        }))
    }

    /// Tables of ours; none in a database that was never used.
    pub async fn tables(&self) -> Result<Vec<String>, StoreError> {
        Ok(match self.engine() {
            Engine::Sqlite { readers, .. } => {
                sqlx::query_scalar(SQLITE_TABLES).fetch_all(readers).await?
            }
            Engine::Postgres(pool) => sqlx::query_scalar(POSTGRES_TABLES).fetch_all(pool).await?,
        })
    }
}

/// What PostgreSQL says of its archive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Archiving {
    pub is_on: bool,
    /// Since a segment was last archived.
    pub last_seconds: Option<i64>,
    /// The last try went wrong.
    pub fails: bool,
}

/// Who reads an older state while the write-ahead log is moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Readers {
    /// What they hold back stays in the log. Of a page that changed twice SQLite then moves neither version, so that the
    /// file without its log is no state that ever was.
    Passed,
    /// For a second, and all writers with them: the file may have to be whole by itself.
    Awaited,
}

/// What became of the frames of a write-ahead log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moved {
    pub frames: u64,
    pub moved: u64,
}

impl Moved {
    /// The file has all of it.
    pub const fn is_whole(self) -> bool {
        self.frames == self.moved
    }
}

pub async fn moved(connection: &mut SqliteConnection) -> Result<Moved, StoreError> {
    let (busy, frames, moved): (i64, i64, i64) = sqlx::query_as(SQLITE_CHECKPOINT)
        .fetch_one(connection)
        .await?;
    if busy != 0 {
        return Err(somebody_else());
    }
    counted(frames, moved)
}

async fn moved_whole(connection: &mut SqliteConnection) -> Result<Moved, StoreError> {
    // Busy: a reader stayed, and the counts say so.
    let (_, frames, moved) = patiently(connection, SQLITE_FULL).await?;
    counted(frames, moved)
}

/// One of SQLite's ways to wait for readers, and what it says of it: busy, frames, and how many were moved.
async fn patiently(
    connection: &mut SqliteConnection,
    [patience, checkpoint, usual]: [&'static str; 3],
) -> Result<(i64, i64, i64), StoreError> {
    sqlx::query(patience).execute(&mut *connection).await?;
    let done = sqlx::query_as(checkpoint).fetch_one(&mut *connection).await;
    sqlx::query(usual).execute(connection).await?;
    Ok(done?)
}

fn counted(frames: i64, moved: i64) -> Result<Moved, StoreError> {
    match (u64::try_from(frames), u64::try_from(moved)) {
        (Ok(frames), Ok(moved)) => Ok(Moved { frames, moved }),
        // SQLite says −1 where it could not look.
        _ => Err(somebody_else()),
    }
}

fn somebody_else() -> StoreError {
    StoreError::Configuration("somebody else moves the write-ahead log".to_owned())
}

fn not_sqlite() -> StoreError {
    StoreError::Configuration("this is no SQLite file".to_owned())
}

impl Tx {
    /// The name under which another connection to PostgreSQL sees what this one sees.
    pub async fn snapshot_export(&mut self) -> Result<String, StoreError> {
        match &mut self.inner {
            Inner::Sqlite(_) => Err(StoreError::Configuration("SQLite copies itself".to_owned())),
            Inner::Postgres(tx) => Ok(sqlx::query_scalar(POSTGRES_SNAPSHOT)
                .fetch_one(&mut **tx)
                .await?),
        }
    }

    pub async fn contents(&mut self) -> Result<Contents, StoreError> {
        let tables: Vec<String> = match &mut self.inner {
            Inner::Sqlite(tx) => {
                let query = sqlx::query_scalar(SQLITE_TABLES);
                query.fetch_all(&mut **tx).await?
            }
            Inner::Postgres(tx) => {
                let query = sqlx::query_scalar(POSTGRES_TABLES);
                query.fetch_all(&mut **tx).await?
            }
        };
        let schema = self.number(SCHEMA.to_owned()).await?;
        let mut rows = BTreeMap::new();
        for table in tables {
            let count = format!("SELECT COUNT(*) FROM \"{}\"", table.replace('"', "\"\""));
            rows.insert(table, self.number(count).await?);
        }
        Ok(Contents { schema, rows })
    }

    async fn number(&mut self, sql: String) -> Result<i64, StoreError> {
        // Made of the schema's own names, quoted.
        let query = sqlx::query_scalar(AssertSqlSafe(sql.clone()));
        let number: Option<i64> = match &mut self.inner {
            Inner::Sqlite(tx) => query.fetch_one(&mut **tx).await?,
            Inner::Postgres(tx) => {
                let query = sqlx::query_scalar(AssertSqlSafe(sql));
                query.fetch_one(&mut **tx).await?
            }
        };
        Ok(number.unwrap_or_default())
    }
}

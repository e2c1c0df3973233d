//! What can go wrong with the database, and whether trying again may help.

/// A failed statement, or a row that makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("statement {statement} failed")]
    Statement {
        statement: &'static str,
        #[source]
        source: sqlx::Error,
    },
    #[error("database failed")]
    Sqlx(#[from] sqlx::Error),
    #[error("migration failed")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("impossible row in {table}, {column}, {id}")]
    Row {
        table: &'static str,
        column: &'static str,
        id: String,
    },
    #[error("a row of {table} changed under us")]
    Stale { table: &'static str },
    #[error("it is not known whether the commit took place")]
    InDoubt,
    #[error("a batch of writes was rolled back because of another of its members")]
    BatchLost,
    #[error("the work of a write panicked")]
    Panicked,
    #[error("the database handle is closed")]
    Closed,
    #[error("{0}")]
    Configuration(String),
}

impl StoreError {
    /// The same work may be run again: another writer won, or the connection was lost before the
    /// commit.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Stale { .. } | Self::BatchLost => true,
            Self::Statement { source, .. } | Self::Sqlx(source) => sqlx_is_retryable(source),
            Self::Migrate(_)
            | Self::Row { .. }
            | Self::InDoubt
            | Self::Panicked
            | Self::Closed
            | Self::Configuration(_) => false,
        }
    }

    /// What a failed commit means. The database said no: nothing was saved. It said nothing: nobody
    /// knows.
    pub(crate) fn of_commit(error: sqlx::Error) -> Self {
        if error.as_database_error().is_some() {
            Self::Sqlx(error)
        } else {
            Self::InDoubt
        }
    }

    /// The same for each member of a batch whose commit failed.
    pub(crate) const fn for_member(&self) -> Self {
        match self {
            Self::Sqlx(_) | Self::Statement { .. } | Self::BatchLost => Self::BatchLost,
            Self::Stale { .. }
            | Self::Migrate(_)
            | Self::Row { .. }
            | Self::InDoubt
            | Self::Panicked
            | Self::Closed
            | Self::Configuration(_) => Self::InDoubt,
        }
    }
}

fn sqlx_is_retryable(error: &sqlx::Error) -> bool {
    // 40001 serialisation, 40P01 deadlock; SQLite: 5 BUSY, 6 LOCKED and their extended forms.
    const CODES: [&str; 6] = ["40001", "40P01", "5", "6", "261", "517"];
    error
        .as_database_error()
        .and_then(|e| e.code())
        .is_some_and(|code| CODES.contains(&code.as_ref()))
}

/// Why work inside a database transaction ended without one: the database's fault, or its own wish.
/// Both roll back.
#[derive(Debug)]
pub enum Failure<R> {
    Store(StoreError),
    Refused(R),
}

impl<R> From<StoreError> for Failure<R> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

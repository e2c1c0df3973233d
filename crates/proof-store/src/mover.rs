//! Moves SQLite's write-ahead log into the file beside whoever writes. Left to SQLite, one commit in twenty or so waits until a
//! thousand pages are moved, and the larger the file, the further they lie apart.
//!
//! Before 3.51.3 SQLite could damage a file that one connection moved while another began the log anew
//! (<https://sqlite.org/wal.html#walresetbug>): a test holds that ours is no older.

use crate::{backup::moved, error::StoreError};
use sqlx::SqlitePool;
use std::sync::Arc;
use tokio::sync::watch;

/// Statements of committed work after which the log is moved: about as many as fill a thousand pages, SQLite's own measure.
const STATEMENTS: u64 = 300;
/// While somebody always writes, the log is never moved to its end, and SQLite begins it anew only then: at so many pages
/// (32 MB) the rest is moved while nobody writes.
const PAGES_MAX: u64 = 8_000;
/// Should nobody move it, whoever commits does, from so many pages on.
pub const PAGES_BY_SQLITE: &str = "16000";

/// Who tells the task that moves the log. It ends when the last of them is dropped.
#[derive(Clone, Debug)]
pub struct Mover {
    statements: Arc<watch::Sender<u64>>,
    own: SqlitePool,
}

impl Mover {
    /// `own`: one connection that does nothing else.
    #[expect(
        clippy::disallowed_methods,
        reason = "the task ends when the last handle is dropped; nobody else may cancel it"
    )]
    pub fn spawn(own: SqlitePool, writer: SqlitePool) -> Self {
        let (statements, written) = watch::channel(0);
        tokio::spawn(follow(written, own.clone(), writer));
        let statements = Arc::new(statements);
        Self { statements, own }
    }

    /// So many statements more are committed.
    pub fn tell(&self, more: u64) {
        self.statements.send_if_modified(|all| {
            let before = *all;
            *all += more;
            before / STATEMENTS != *all / STATEMENTS
        });
    }

    pub async fn close(&self) {
        self.own.close().await;
    }
}

async fn follow(mut written: watch::Receiver<u64>, own: SqlitePool, writer: SqlitePool) {
    while written.changed().await.is_ok() {
        match move_log(&own, &writer).await {
            Ok(()) => {}
            Err(StoreError::Sqlx(sqlx::Error::PoolClosed)) => return,
            // What stays is moved the next time.
            Err(error) => tracing::warn!("SQLite's log is not moved into the file: {error}"),
        }
    }
}

async fn move_log(own: &SqlitePool, writer: &SqlitePool) -> Result<(), StoreError> {
    let now = moved(&mut *own.acquire().await?).await?;
    // It says how much there was when it began; whoever writes may have gone on.
    if now.frames > PAGES_MAX {
        moved(&mut *writer.acquire().await?).await?;
    }
    Ok(())
}

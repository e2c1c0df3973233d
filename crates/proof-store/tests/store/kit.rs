//! Fresh databases.

use proof_core::{Entropy, Timestamp};
use proof_store::{Db, Engine, Execution, Failure};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::sync::atomic::{AtomicU64, Ordering};

pub const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_123_456);

pub type Done<T> = Result<T, Failure<&'static str>>;

/// Runs work that nobody refuses.
macro_rules! write {
    ($db:expr, |$tx:ident| $body:block) => { write!($db, [], |$tx| $body) };
    ($db:expr, [$($owned:ident),*], |$tx:ident| $body:block) => {
        $db.write("test", move |$tx: &mut proof_store::Tx| {
            $(let $owned = $owned.clone();)*
            Box::pin(async move {
                let done: $crate::kit::Done<_> = async { Ok($body) }.await;
                done
            })
        })
        .await
        .unwrap()
    };
}
pub(crate) use write;

/// Different bytes at every call, the same in every run.
#[derive(Default)]
pub struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let next = self
                .0
                .fetch_add(1, Ordering::Relaxed)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15);
            chunk.copy_from_slice(&next.to_be_bytes()[..chunk.len()]);
        }
    }
}

pub struct Fresh {
    pub db: Db,
    _dir: Option<tempfile::TempDir>,
}

pub async fn sqlite() -> Fresh {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::sqlite(&dir.path().join("proof.db"), Execution::Concurrent)
        .await
        .unwrap();
    Fresh {
        db,
        _dir: Some(dir),
    }
}

/// `None` where no cluster was given, unless one is required.
#[expect(
    clippy::disallowed_methods,
    reason = "the test run's own configuration"
)]
pub async fn postgres() -> Option<Fresh> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let Ok(url) = std::env::var("PROOF_TEST_POSTGRES_URL") else {
        let required = std::env::var("PROOF_TEST_REQUIRE_POSTGRES").is_ok();
        assert!(
            !required,
            "PostgreSQL is required here: run with ci/with-postgres"
        );
        println!("skipped on PostgreSQL: PROOF_TEST_POSTGRES_URL is not set");
        return None;
    };
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("store_{}_{number}", std::process::id());
    let mut admin = PgConnection::connect(&url).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut admin)
        .await
        .unwrap();
    let (base, _) = url.rsplit_once('/').unwrap();
    let url = format!("{base}/{name}");
    let db = Db::postgres(&url, 8, Execution::Concurrent).await.unwrap();
    Some(Fresh { db, _dir: None })
}

/// Both engines, as far as they are here.
pub async fn both() -> Vec<Fresh> {
    let mut fresh = vec![sqlite().await];
    fresh.extend(postgres().await);
    fresh
}

pub fn engine_name(db: &Db) -> &'static str {
    match db.engine() {
        Engine::Sqlite { .. } => "sqlite",
        Engine::Postgres(_) => "postgres",
    }
}

//! The database under a story, driven in place.

use proof_store::{Db, Execution};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

#[derive(Clone, Debug)]
pub enum Database {
    Sqlite,
    /// A cluster's URL; each story gets a database of its own.
    Postgres(String),
}

impl Database {
    /// The engines that are there; `ci/with-postgres` brings the second one and makes it required.
    pub fn all() -> Vec<Self> {
        let url = std::env::var_os("PROOF_TEST_POSTGRES_URL");
        let url = url.and_then(|url| url.into_string().ok());
        let required = std::env::var_os("PROOF_TEST_REQUIRE_POSTGRES").is_some();
        assert!(
            url.is_some() || !required,
            "PostgreSQL is required here: run with ci/with-postgres"
        );
        [Self::Sqlite]
            .into_iter()
            .chain(url.map(Self::Postgres))
            .collect()
    }

    pub fn open(&self, dir: &Path) -> Db {
        match self {
            Self::Sqlite => {
                let path = dir.join("proof.db");
                pollster::block_on(Db::sqlite(&path, Execution::InPlace)).unwrap()
            }
            Self::Postgres(url) => pollster::block_on(fresh(url)),
        }
    }
}

async fn fresh(url: &str) -> Db {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("sim_{}_{number}", std::process::id());
    let mut admin = PgConnection::connect(url).await.unwrap();
    let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::query(create).execute(&mut admin).await.unwrap();
    let (base, _) = url.rsplit_once('/').unwrap();
    let url = format!("{base}/{name}");
    Db::postgres(&url, 2, Execution::InPlace).await.unwrap()
}

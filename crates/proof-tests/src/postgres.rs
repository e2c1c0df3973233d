//! Databases in the cluster that `PROOF_TEST_POSTGRES_URL` names (`ci/with-postgres`).

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails where it is wrong, and reads its run's own configuration"
)]

use proof_store::{Db, Execution};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::sync::atomic::{AtomicU64, Ordering};

/// Migrated once: a copy of it is made in a fraction of the time that all migrations take.
const TEMPLATE: &str = "proof_template";

/// `None` where no cluster was given, unless one is required.
pub fn cluster() -> Option<String> {
    let url = std::env::var("PROOF_TEST_POSTGRES_URL").ok();
    let required = std::env::var_os("PROOF_TEST_REQUIRE_POSTGRES").is_some();
    assert!(
        url.is_some() || !required,
        "PostgreSQL is required here: run with ci/with-postgres"
    );
    url
}

/// A database of its own in the cluster of this URL, as the server's migrations leave it.
pub async fn fresh(url: &str) -> String {
    let (cluster, mut admin) = connect(url).await;
    template(&mut admin, cluster).await;
    let of = format!("TEMPLATE {TEMPLATE} STRATEGY file_copy");
    create(&mut admin, cluster, &of).await
}

/// One with nothing in it.
pub async fn empty(url: &str) -> String {
    let (cluster, mut admin) = connect(url).await;
    create(&mut admin, cluster, "").await
}

async fn connect(url: &str) -> (&str, PgConnection) {
    let (cluster, _) = url.rsplit_once('/').unwrap();
    let admin = PgConnection::connect(&format!("{cluster}/postgres")).await;
    (cluster, admin.unwrap())
}

async fn create(admin: &mut PgConnection, cluster: &str, of: &str) -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("proof_{}_{number}", std::process::id());
    run(admin, format!("CREATE DATABASE {name} {of}")).await;
    format!("{cluster}/{name}")
}

/// Whoever comes first makes it; the others wait.
async fn template(admin: &mut PgConnection, cluster: &str) {
    run(admin, "SELECT pg_advisory_lock(1)".to_owned()).await;
    let there = "SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate";
    let there = sqlx::query(there).bind(TEMPLATE);
    if there.fetch_optional(&mut *admin).await.unwrap().is_none() {
        run(admin, format!("DROP DATABASE IF EXISTS {TEMPLATE}")).await;
        run(admin, format!("CREATE DATABASE {TEMPLATE}")).await;
        let url = format!("{cluster}/{TEMPLATE}");
        let db = Db::postgres(&url, 1, Execution::InPlace).await.unwrap();
        db.close().await;
        run(admin, format!("ALTER DATABASE {TEMPLATE} IS_TEMPLATE true")).await;
    }
    run(admin, "SELECT pg_advisory_unlock(1)".to_owned()).await;
}

async fn run(admin: &mut PgConnection, statement: String) {
    let statement = sqlx::query(AssertSqlSafe(statement));
    statement.execute(admin).await.unwrap();
}

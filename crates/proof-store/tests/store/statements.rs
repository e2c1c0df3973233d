//! The registry of statements.

use crate::kit::{both, engine_name};
use proof_store::{Engine, registered};
use sqlx::{AssertSqlSafe, Executor, SqlSafeStr};
use std::collections::BTreeSet;

#[tokio::test]
async fn every_statement_prepares_on_every_engine() {
    for fresh in both().await {
        for statement in registered() {
            let prepared = match fresh.db.engine() {
                Engine::Sqlite { writer, .. } => {
                    let sql = AssertSqlSafe(statement.sqlite).into_sql_str();
                    writer.acquire().await.unwrap().prepare(sql).await.map(drop)
                }
                Engine::Postgres(pool) => {
                    let sql = AssertSqlSafe(statement.postgres).into_sql_str();
                    pool.acquire().await.unwrap().prepare(sql).await.map(drop)
                }
            };
            let engine = engine_name(&fresh.db);
            prepared.unwrap_or_else(|e| panic!("{} on {engine}: {e}", statement.name));
        }
    }
}

#[test]
fn names_are_unique_and_no_statement_asks_the_database_for_the_time() {
    let all = registered();
    let names: BTreeSet<&str> = all.iter().map(|s| s.name).collect();
    assert_eq!(names.len(), all.len());
    for statement in all {
        for sql in [statement.sqlite, statement.postgres] {
            let lower = sql.to_lowercase();
            for word in [
                "now()",
                "current_timestamp",
                "random(",
                "gen_random_uuid",
                "sum(",
            ] {
                assert!(!lower.contains(word), "{} says {word}", statement.name);
            }
        }
    }
}

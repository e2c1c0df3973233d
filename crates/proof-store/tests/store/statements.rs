//! The registry of statements.

use crate::kit::{both, engine_name};
use proof_store::{Engine, registered};
use sqlx::{AssertSqlSafe, Executor, Row, SqlSafeStr};
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

/// Of millions of rows: the statement, what its parameters may be, and the indexes that it has to go by.
const BY_INDEX: [(&str, &[&str], &[&str]); 15] = [
    ("ACCOUNT_HOUSE", &[], &["accounts_house"]),
    (
        "SEARCH_MARK",
        &["'ab'", "'test'", "100"],
        &["events_by_hash"],
    ),
    ("ENTRY_RETURNED", &OF_ALL_TIME, &["entries_returned"]),
    ("SEARCH_USER", &OF_A_USER, &["customers_by_user"]),
    ("SEARCH_EMAIL", &OF_A_USER, &["customers_by_email"]),
    ("SEARCH_DESTINATION", &OF_A_USER, &["orders_by_destination"]),
    ("VOLUME_ALL", &OF_COMPLETED, &["orders_completed "]),
    (
        "VOLUME_PARTNER",
        &OF_COMPLETED,
        &["orders_completed_partner"],
    ),
    ("POSTING_SINCE", &OF_A_DAY, &["entries_by_time"]),
    ("ORDER_ANY_OPEN", &OF_OPEN, &["orders_by_"]),
    ("DELIVERY_PACE", &OF_DELIVERIES, &["deliveries_by_endpoint"]),
    ("JOB_RELEASE_ALL", &[], &["jobs_leased"]),
    ("JOB_NEXT", &OF_KINDS, &["jobs_waiting", "jobs_leased"]),
    ("JOB_CLAIM", &OF_A_CLAIM, &["jobs_due"]),
    ("JOB_TROUBLES", &["'order'", "100"], &["jobs_in_trouble"]),
];

const OF_KINDS: [&str; 9] = ["'order'"; 9];

const OF_A_CLAIM: [&str; 13] = [
    "'00000000-0000-7000-8000-000000000000'",
    "'2026-11-24T00:01:00Z'::timestamptz",
    "'2026-11-24T00:00:00Z'::timestamptz",
    "10",
    "'order'",
    "'case'",
    "'identity'",
    "'claim'",
    "'payment'",
    "'sweep'",
    "'cold'",
    "'delivered'",
    "'scan'",
];

const OF_ALL_TIME: [&str; 3] = ["'ffffffff-ffff-7fff-bfff-ffffffffffff'", "'test'", "50"];

const OF_A_USER: [&str; 8] = [
    "'test'",
    "'ffffffff-ffff-7fff-bfff-ffffffffffff'",
    "'00000000-0000-7000-8000-000000000000'",
    "NULL::text",
    "50",
    "'ann'",
    "NULL::uuid",
    "NULL::text",
];

const OF_COMPLETED: [&str; 4] = [
    "'test'",
    "1767225600000000",
    "20001",
    "'00000000-0000-7000-8000-000000000000'",
];

const OF_A_DAY: [&str; 5] = [
    "'2026-11-24T00:00:00Z'::timestamptz",
    "'2026-11-25T00:00:00Z'::timestamptz",
    "'00000000-0000-7000-8000-000000000000'::uuid",
    "-1",
    "5000",
];

const OF_OPEN: [&str; 2] = ["'00000000-0000-7000-8000-000000000000'", "'test'"];

const OF_DELIVERIES: [&str; 4] = [
    "'00000000-0000-7000-8000-000000000000'",
    "'00000000-0000-7000-8000-000000000000'",
    "'ffffffff-ffff-7fff-bfff-ffffffffffff'",
    "1001",
];

#[tokio::test]
async fn what_is_rare_among_millions_is_found_by_an_index() {
    for fresh in both().await {
        for (name, values, indexes) in BY_INDEX {
            let statement = registered().into_iter().find(|s| s.name == name).unwrap();
            let plan: Vec<String> = match fresh.db.engine() {
                Engine::Sqlite { writer, .. } => {
                    let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", statement.sqlite));
                    let rows = sqlx::query(sql).fetch_all(writer).await.unwrap();
                    rows.iter().map(|row| row.get("detail")).collect()
                }
                Engine::Postgres(pool) => {
                    let mut tx = pool.begin().await.unwrap();
                    // Of a table this small no index is worth it.
                    let off = "SET LOCAL enable_seqscan = off";
                    sqlx::query(off).execute(&mut *tx).await.unwrap();
                    // The last one first: `$1` is the beginning of `$10`, too.
                    let values = (1..=values.len()).rev().zip(values.iter().rev());
                    let known = values.fold(statement.postgres.to_owned(), |sql, (n, value)| {
                        sql.replace(&format!("${n}"), value)
                    });
                    let sql = AssertSqlSafe(format!("EXPLAIN {known}"));
                    sqlx::query_scalar(sql).fetch_all(&mut *tx).await.unwrap()
                }
            };
            let plan = plan.join("\n");
            for index in indexes {
                assert!(plan.contains(index), "{name} without {index}:\n{plan}");
            }
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

//! Two folders of migrations, one schema.

use crate::kit::{postgres, sqlite};
use proof_store::Engine;
use sqlx::Row;
use std::collections::BTreeSet;

/// Table, column, whether it may be null, and its type as both engines' documents pair them.
type Columns = BTreeSet<(String, String, bool, &'static str)>;

async fn sqlite_columns(pool: &sqlx::SqlitePool) -> Columns {
    let rows = sqlx::query(
        "SELECT m.name, c.name, c.\"notnull\", c.pk, c.type FROM sqlite_schema m \
         JOIN pragma_table_info(m.name) c \
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '_sqlx%'",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    rows.iter()
        .map(|row| {
            let kind = match row.get::<String, _>(4).as_str() {
                "BLOB" => "bytes",
                "TEXT" => "text",
                "INTEGER" => "integer",
                other => panic!("unexpected type {other}"),
            };
            let not_null = row.get::<i64, _>(2) == 1 || row.get::<i64, _>(3) > 0;
            (row.get(0), row.get(1), !not_null, kind)
        })
        .collect()
}

async fn postgres_columns(pool: &sqlx::PgPool) -> Columns {
    let rows = sqlx::query(
        "SELECT table_name::text, column_name::text, is_nullable::text, data_type::text \
         FROM information_schema.columns \
         WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    rows.iter()
        .map(|row| {
            let kind = match row.get::<String, _>(3).as_str() {
                "uuid" | "bytea" => "bytes",
                "text" | "jsonb" | "numeric" => "text",
                "bigint" | "timestamp with time zone" => "integer",
                other => panic!("unexpected type {other}"),
            };
            (
                row.get(0),
                row.get(1),
                row.get::<String, _>(2) == "YES",
                kind,
            )
        })
        .collect()
}

#[tokio::test]
async fn both_schemas_have_the_same_columns() {
    let lite = sqlite().await;
    let Some(big) = postgres().await else { return };
    let (Engine::Sqlite { writer, .. }, Engine::Postgres(pool)) =
        (lite.db.engine(), big.db.engine())
    else {
        panic!("engines are mixed up")
    };
    let (lite, big) = (sqlite_columns(writer).await, postgres_columns(pool).await);
    assert!(lite.len() > 80, "only {} columns were read", lite.len());
    assert_eq!(lite, big);
}

#[tokio::test]
async fn every_sqlite_table_is_strict_and_every_foreign_key_has_an_index() {
    let fresh = sqlite().await;
    let Engine::Sqlite { writer, .. } = fresh.db.engine() else {
        panic!("not SQLite")
    };
    let loose: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0 \
         AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlx%'",
    )
    .fetch_all(writer)
    .await
    .unwrap();
    assert_eq!(loose, Vec::<String>::new());
    let bare: Vec<String> = sqlx::query_scalar(
        "SELECT m.name || '.' || f.\"from\" FROM sqlite_schema m \
         JOIN pragma_foreign_key_list(m.name) f \
         WHERE m.type = 'table' AND NOT EXISTS ( \
           SELECT 1 FROM pragma_index_list(m.name) i JOIN pragma_index_info(i.name) c \
           WHERE c.seqno = 0 AND c.name = f.\"from\")",
    )
    .fetch_all(writer)
    .await
    .unwrap();
    assert_eq!(bare, Vec::<String>::new(), "foreign keys without an index");
}

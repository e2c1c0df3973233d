//! The books, recomputed: whatever somebody wrote past us is found, once, by name.

use crate::kit::App;
use crate::on_both_engines;
use proof_core::ledger::Mismatch;
use proof_store::Engine as Database;
use sqlx::AssertSqlSafe;

on_both_engines!(planted_mismatches_are_each_found_once);

pub async fn plant(app: &App, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    let done = match app.db.engine() {
        Database::Sqlite { writer, .. } => {
            let done = sqlx::query(sql).execute(writer).await.unwrap();
            done.rows_affected()
        }
        Database::Postgres(pool) => {
            let done = sqlx::query(sql).execute(pool).await.unwrap();
            done.rows_affected()
        }
    };
    assert_eq!(done, 1);
}

async fn planted_mismatches_are_each_found_once(app: &App) {
    let clean = app.app.engine.ledger_check().await.unwrap();
    assert!(clean.entries > 0);
    assert_eq!(clean.mismatches, []);

    let key = "wallet:USDT/TRC20";
    let (kept, wrong) = (app.balance(key).await, app.balance(key).await + 7);
    let balance = |n: i128| format!("UPDATE accounts SET balance = '{n}' WHERE key = '{key}'");
    plant(app, &balance(wrong)).await;
    let found = app.app.engine.ledger_check().await.unwrap();
    let mismatch = Mismatch::Balance {
        account: key.to_owned(),
        kept: wrong,
        recomputed: kept,
    };
    assert_eq!(
        (found.mismatches_total, found.mismatches),
        (1, vec![mismatch])
    );
    plant(app, &balance(kept)).await;

    // One line of an entry: the entry does not balance, nor does its account.
    let line = |n: i128| {
        format!(
            "UPDATE postings SET amount = '{n}' WHERE account_key = '{key}' AND line = (SELECT max(line) FROM postings WHERE account_key = '{key}')"
        )
    };
    plant(app, &line(kept - 3)).await;
    let found = app.app.engine.ledger_check().await.unwrap();
    let (entries, accounts): (Vec<Mismatch>, Vec<Mismatch>) = found
        .mismatches
        .into_iter()
        .partition(|mismatch| matches!(mismatch, Mismatch::Entry { .. }));
    let mismatch = Mismatch::Balance {
        account: key.to_owned(),
        kept,
        recomputed: kept - 3,
    };
    assert_eq!(accounts, [mismatch]);
    assert!(
        matches!(&entries[..], [Mismatch::Entry { unit, sum: -3, .. }] if unit == "USDT/TRC20"),
        "{entries:?}"
    );
    plant(app, &line(kept)).await;
    assert_eq!(app.app.engine.ledger_check().await.unwrap(), clean);
}

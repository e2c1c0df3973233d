//! The books, recomputed: whatever somebody wrote past us is found, once, by name.

use crate::kit::App;
use crate::on_both_engines;
use crate::people::Person;
use proof_core::{ledger::Mismatch, member::Role};
use proof_store::Engine as Database;
use serde_json::json;
use sqlx::AssertSqlSafe;
use std::collections::BTreeSet;

on_both_engines!(
    planted_mismatches_are_each_found_once,
    the_books_are_no_longer_with_ten_thousand_orders,
);

/// Past everything that we promise; how many rows it was.
pub async fn written(app: &App, sql: &str) -> u64 {
    let sql = AssertSqlSafe(sql.to_owned());
    match app.db.engine() {
        Database::Sqlite { writer, .. } => {
            let done = sqlx::query(sql).execute(writer).await.unwrap();
            done.rows_affected()
        }
        Database::Postgres(pool) => {
            let done = sqlx::query(sql).execute(pool).await.unwrap();
            done.rows_affected()
        }
    }
}

pub async fn plant(app: &App, sql: &str) {
    assert_eq!(written(app, sql).await, 1);
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

async fn the_books_are_no_longer_with_ten_thousand_orders(app: &App) {
    const LENGTH_MAX: usize = 4_096;
    let ann = Person::join(app, "ann", Role::Owner).await;
    let before = ann.get("ledger").await;
    assert_eq!(before.json["held"], json!([]), "{}", before.text);
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) \
                INSERT INTO accounts (key, unit, balance) SELECT 'customer:ord_many' || i || ':EUR', 'EUR', '0' FROM n";
    assert_eq!(written(app, many).await, 10_000);
    let some = "UPDATE accounts SET balance = '-7' WHERE key LIKE 'customer:ord_many%00:EUR'";
    assert_eq!(written(app, some).await, 100);
    let deposit = "INSERT INTO accounts (key, unit, balance) VALUES ('deposit:ord_one:USDT/TRC20', 'USDT/TRC20', '2500000')";
    plant(app, deposit).await;

    let page = ann.get("ledger").await;
    assert_eq!(page.json["balances"], before.json["balances"]);
    let held = json!([
        { "kind": "customer", "accounts": 100, "amount": "-7.00", "unit": "EUR" },
        { "kind": "deposit", "accounts": 1, "amount": "2.50", "unit": "USDT/TRC20" },
    ]);
    assert_eq!(page.json["held"], held);
    assert!(page.text.len() < LENGTH_MAX, "{}", page.text.len());

    // One by one, page by page: those with something in them, each once.
    let (mut seen, mut after) = (BTreeSet::new(), String::new());
    loop {
        let page = ann
            .get(&format!("ledger/held?limit=40&after={after}"))
            .await;
        let rows = page.json["data"].as_array().unwrap();
        assert!(rows.len() <= 40 && page.text.len() < 3 * LENGTH_MAX);
        for row in rows {
            assert_ne!(row["amount"], "0.00");
            assert!(seen.insert(row["order"].as_str().unwrap().to_owned()));
        }
        let Some(next) = page.json["next_cursor"].as_str() else {
            break;
        };
        after = next.to_owned();
    }
    assert!(seen.len() == 101 && seen.contains("ord_one") && seen.contains("ord_many200"));
    let live = ann.get("ledger/held?environment=live").await;
    assert_eq!(live.json["data"], json!([]));
    // The suite looks at the books when a test ends.
    let gone = "DELETE FROM accounts WHERE key LIKE '%:ord_many%' OR key LIKE '%:ord_one:%'";
    assert_eq!(written(app, gone).await, 10_001);
}

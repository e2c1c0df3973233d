//! Alerts, copies of the database, and how much there is to do.

use crate::kit::{Counting, NOW, write};
use proof_core::{
    alert::Alert,
    id::{AlertId, BackupId},
    order::Order,
    partner::Environment,
};
use proof_store::{BackupRow, Db};

/// Runs every statement of these nouns.
pub async fn rows(db: &Db, entropy: &Counting, order: &Order) {
    alerts(db, entropy, order).await;
    backups(db, entropy).await;
    waiting(db, order).await;
}

async fn alerts(db: &Db, entropy: &Counting, order: &Order) {
    let alert = Alert::OrderWaits {
        order: order.id,
        since: NOW,
    };
    let rail = Alert::RailDown {
        environment: Environment::Test,
        rail: "payments".to_owned(),
        since: NOW,
    };
    let ids = [(); 4].map(|()| AlertId::new(NOW, entropy));
    write!(db, [alert, rail], |tx| {
        tx.heartbeat_save("server", NOW).await?;
        tx.heartbeat_save("server", NOW.plus_seconds(1)).await?;
        assert!(tx.alert_open(ids[0], &alert, NOW).await?);
        assert!(!tx.alert_open(ids[1], &alert, NOW).await?, "it is open");
        assert!(tx.alert_open(ids[2], &rail, NOW.plus_seconds(1)).await?);
        let open = tx.alerts_open(10).await?;
        assert_eq!(open.len(), 2);
        assert_eq!((open[0].id, &open[0].alert), (ids[0], &alert));
        assert_eq!(open[1].open().subject, "test payments");
        let said = ("ann", "I look.");
        assert!(tx.alert_acknowledge(ids[0], said, NOW).await?);
        let open = tx.alerts_open(10).await?;
        let hand = open[0].acknowledged.clone().unwrap();
        assert_eq!(
            (hand.by.as_str(), hand.note.as_str(), hand.at),
            ("ann", "I look.", NOW)
        );
        assert_eq!(open[1].acknowledged, None);
        assert!(tx.alert_close(ids[0], NOW.plus_seconds(5)).await?);
        assert!(
            !tx.alert_acknowledge(ids[0], said, NOW).await?,
            "it is over"
        );
        assert!(!tx.alert_close(ids[0], NOW.plus_seconds(9)).await?, "once");
        let closed = tx.alerts_closed(10).await?;
        assert_eq!(closed[0].closed_at, Some(NOW.plus_seconds(5)));
        // The same again is another one.
        assert!(tx.alert_open(ids[3], &alert, NOW.plus_seconds(6)).await?);
        assert_eq!(tx.alert_purge(NOW.plus_seconds(6)).await?, 1);
        let open = tx.alerts_open(10).await?;
        assert_eq!(open.len(), 2);
        assert!(open.iter().all(|one| one.acknowledged.is_none()));
    });
}

async fn backups(db: &Db, entropy: &Counting) {
    let row = |seconds, problem: Option<&str>| BackupRow {
        id: BackupId::new(NOW, entropy),
        place: "/elsewhere".to_owned(),
        taken_at: NOW.plus_seconds(seconds),
        finished_at: NOW.plus_seconds(seconds + 1),
        bytes: 7,
        verified_at: problem.is_none().then_some(NOW.plus_seconds(seconds + 1)),
        problem: problem.map(str::to_owned),
    };
    let rows = [row(0, None), row(60, None), row(120, Some("full"))];
    write!(db, [rows], |tx| {
        for row in &rows {
            tx.backup_insert(row).await?;
        }
        let [_, good, failed] = rows;
        assert_eq!(tx.backup_list(2).await?, [failed, good.clone()]);
        assert_eq!(tx.backup_good().await?, Some(good));
        assert_eq!(tx.backup_purge(NOW.plus_seconds(60)).await?, 1);
    });
}

async fn waiting(db: &Db, order: &Order) {
    let order = order.clone();
    write!(db, [order], |tx| {
        let later = NOW.plus_seconds(365 * 24 * 3_600);
        for of in tx.open_orders().await? {
            assert!(
                of.waiting.count > 0 && of.waiting.oldest.is_some(),
                "{of:?}"
            );
        }
        let quiet = tx.quiet_orders(order.state.name(), later, 10).await?;
        assert!(!quiet.is_empty());
        let none = tx.quiet_orders(order.state.name(), NOW.plus_seconds(-9_999_999), 10);
        assert_eq!(none.await?, []);
        tx.due_jobs(later).await?;
        tx.waiting_deliveries().await?;
        tx.failing_endpoints(later, 10).await?;
        tx.scan_places().await?;
        assert_eq!(tx.ledger_balance("nobody").await?, None);
    });
}

//! What was taken over after a restore.

use crate::kit::{Counting, NOW, write};
use proof_core::{
    Address, Network,
    id::{EntryId, IntentId, OrderId},
    ledger::fund,
    order::Order,
    partner::Environment,
};
use proof_store::{Db, KeptApart, RecoveryRow};
use uuid::Uuid;

pub async fn rows(db: &Db, entropy: &Counting, order: &Order) {
    word(db).await;
    apart(db, entropy, order).await;
    claims(db).await;
    let (id, test) = (order.id, Environment::Test);
    let (first, rest) = write!(db, |tx| {
        let nobody = OrderId::from_uuid(Uuid::nil());
        let first = tx.order_open_page(test, nobody, 10).await?;
        let last = first.last().map_or(nobody, |stored| stored.order.id);
        (first, tx.order_open_page(test, last, 10).await?.len())
    });
    assert!(first.iter().all(|stored| !stored.order.state.is_terminal()));
    assert!(first.iter().any(|stored| stored.order.id == id) || order.state.is_terminal());
    assert_eq!(rest, 0);
}

async fn word(db: &Db) {
    let row = RecoveryRow {
        epoch: 7,
        accepted_by: "alice".parse().unwrap(),
        accepted_at: NOW,
        digest: "d1".into(),
        report: serde_json::json!({ "orders": [] }),
    };
    let last = write!(db, [row], |tx| {
        assert!(tx.recovery_last().await?.is_none());
        tx.recovery_save(&row).await?;
        // After a crash before the signer heard of it, the same restore is accepted again.
        let again = RecoveryRow {
            digest: "d2".into(),
            ..row
        };
        tx.recovery_save(&again).await?;
        tx.recovery_last().await?
    });
    let last = last.unwrap();
    assert_eq!((last.epoch, last.digest.as_str()), (7, "d2"));
    assert_eq!(
        (last.accepted_by.as_str(), last.accepted_at),
        ("alice", NOW)
    );
}

async fn apart(db: &Db, entropy: &Counting, order: &Order) {
    let (test, entry) = (Environment::Test, EntryId::new(NOW, entropy));
    let booked = fund(order.amount).unwrap();
    let kept = KeptApart {
        subject: "card capture 7".into(),
        order: OrderId::new(NOW, entropy),
        kind: "capture".into(),
        unit: "EUR".into(),
        amount: 5_432,
    };
    let told = kept.clone();
    let (listed, after, of_order) = write!(db, [kept, booked], |tx| {
        tx.ledger_post(entry, (Environment::Test, None), &booked, NOW)
            .await
            .ok();
        tx.kept_apart_insert(test, &kept, entry, NOW).await?;
        let listed = tx.kept_apart_list(test, "", 10).await?;
        let after = tx.kept_apart_list(test, &kept.subject, 10).await?;
        (
            listed,
            after,
            tx.kept_apart_of_order(test, kept.order).await?,
        )
    });
    assert_eq!(listed, std::slice::from_ref(&told));
    assert!(after.is_empty());
    assert_eq!(of_order, [told]);
}

async fn claims(db: &Db) {
    let sender = Address::parse(Network::Trc20, "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t").unwrap();
    let intent = |n: u128| IntentId::from_uuid(Uuid::from_u128(0xc1a1_0000 | n));
    let next = write!(db, [sender], |tx| {
        // Far from what the other tests reserve. 900 was signed and 902, too; 901 got lost.
        tx.nonce_claim(&sender, 900, intent(1)).await?;
        tx.nonce_claim(&sender, 902, intent(2)).await?;
        for nonce in 900..902 {
            tx.nonce_fill(&sender, nonce).await?;
        }
        // The backup had promised 902 to somebody else, too.
        tx.nonce_claim(&sender, 902, intent(3)).await?;
        tx.coin_claim("BITCOIN", ("claimed", 1), intent(4)).await?;
        tx.coin_claim("BITCOIN", ("claimed", 1), intent(5)).await?;
        let hole = tx.nonce_reserve(&sender, 900, intent(6)).await?;
        (hole, tx.nonce_reserve(&sender, 900, intent(7)).await?)
    });
    assert_eq!(next, (901, 903));
}

//! Emptying deposit addresses.

use crate::kit::{Counting, NOW, write};
use proof_core::{
    Address, Asset, Network,
    id::{EntryId, OrderId, SweepId},
    ledger,
    money::Amount,
    partner::Environment,
    sweep::{Sweep, SweepState},
};
use proof_store::{Db, Failure};

pub async fn rows(db: &Db, entropy: &Counting, order: OrderId) {
    let address = Address::parse(Network::Trc20, "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t").unwrap();
    let begun = Sweep {
        id: SweepId::new(NOW, entropy),
        environment: Environment::Test,
        order,
        number: 1,
        amount: Amount::new(Asset::find("USDT", Network::Trc20).unwrap(), 5),
        source: address.clone(),
        wallet: address,
        gas: None,
        top_up: None,
        out: None,
        state: SweepState::Sweeping,
        begun_at: NOW,
        batch: None,
        expired: false,
    };
    let second = Sweep {
        id: SweepId::new(NOW, entropy),
        number: 2,
        ..begun.clone()
    };
    let swept = Sweep {
        state: SweepState::Swept,
        ..begun.clone()
    };
    let booked = ledger::deposit(order, begun.amount).unwrap();
    let key = format!("deposit:{order}:USDT/TRC20");
    let entry = EntryId::new(NOW, entropy);
    let expected = vec![swept.clone(), second.clone()];
    let mut found = write!(db, [begun, second, swept, booked, key], |tx| {
        assert!(tx.sweep_insert(&begun).await?);
        assert!(!tx.sweep_insert(&second).await?, "one at a time");
        assert_eq!(tx.sweep_find(begun.id).await?.as_ref(), Some(&begun));
        let test = Environment::Test;
        assert_eq!(tx.sweep_open(test, 9).await?.first(), Some(&begun));
        assert!(tx.sweep_open(Environment::Live, 9).await?.is_empty());
        let stored = tx.sweep_lock(begun.id).await?.unwrap();
        assert_eq!(stored.sweep, begun);
        tx.sweep_save(&swept, stored.version, NOW).await?;
        let overtaken = tx.sweep_save(&swept, stored.version, NOW).await;
        assert!(overtaken.is_err(), "overtaken");
        assert!(tx.sweep_insert(&second).await?, "the first is over");
        assert!(tx.ledger_deposits(test, "", 9).await?.is_empty());
        let place = (test, None);
        let posted = tx.ledger_post(entry, place, &booked, NOW).await;
        posted.map_err(|_| Failure::Refused("it is not posted"))?;
        let held = tx.ledger_deposits(test, "", 9).await?;
        assert_eq!(held.len(), 1);
        assert_eq!((&held[0].key, held[0].amount), (&key, 5));
        assert!(tx.ledger_deposits(test, &key, 9).await?.is_empty());
        let live = tx.ledger_deposits(Environment::Live, "", 9).await?;
        assert!(live.is_empty());
        tx.sweep_of_order(begun.order, 9).await?
    });
    // Made in the same moment, they come in any order.
    found.sort_by_key(|sweep| sweep.number);
    assert_eq!(found, expected);
}

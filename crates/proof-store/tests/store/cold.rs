//! Moving what a hot wallet has too much into cold storage.

use crate::kit::{NOW, write};
use proof_core::{
    Address, Asset, Network,
    cold::{ColdMove, ColdState},
    id::OrderId,
    money::Amount,
    partner::Environment,
};
use proof_store::Db;
use uuid::Uuid;

pub async fn rows(db: &Db) {
    let address = Address::parse(Network::Trc20, "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t").unwrap();
    let usdt = Asset::find("USDT", Network::Trc20).unwrap();
    let first = ColdMove {
        id: OrderId::from_uuid(Uuid::from_u128(71)),
        environment: Environment::Test,
        number: 1,
        amount: Amount::new(usdt, 5),
        cold: address.clone(),
        out: None,
        state: ColdState::Moving,
        why: None,
        begun_at: NOW,
    };
    let second = ColdMove {
        id: OrderId::from_uuid(Uuid::from_u128(72)),
        number: 2,
        ..first.clone()
    };
    let moved = ColdMove {
        state: ColdState::Moved,
        ..first.clone()
    };
    let last = second.clone();
    let found = write!(db, [first, second, moved, address], |tx| {
        let test = Environment::Test;
        assert_eq!(tx.cold_last(test, usdt).await?, None);
        assert_eq!(tx.cold_to(test, &address, (None, 9)).await?, []);
        assert!(tx.cold_insert(&first).await?);
        assert!(!tx.cold_insert(&second).await?, "one at a time");
        assert_eq!(tx.cold_find(first.id).await?.as_ref(), Some(&first));
        assert_eq!(tx.cold_find(second.id).await?, None);
        let stored = tx.cold_lock(first.id).await?.unwrap();
        assert_eq!(stored.moved, first);
        tx.cold_save(&moved, stored.version, NOW).await?;
        let overtaken = tx.cold_save(&moved, stored.version, NOW).await;
        assert!(overtaken.is_err(), "overtaken");
        assert!(!tx.cold_insert(&first).await?, "it was there");
        assert!(tx.cold_insert(&second).await?, "the first is over");
        let page = tx.cold_to(test, &address, (None, 1)).await?;
        assert_eq!(page, std::slice::from_ref(&moved));
        let next = (Some(moved.id), 9);
        let page = tx.cold_to(test, &address, next).await?;
        assert_eq!(page, std::slice::from_ref(&second));
        let live = Environment::Live;
        assert_eq!(tx.cold_to(live, &address, (None, 9)).await?, []);
        assert_eq!(tx.cold_last(Environment::Live, usdt).await?, None);
        tx.cold_last(test, usdt).await?
    });
    assert_eq!(found, Some(last));
}

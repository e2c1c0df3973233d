//! Proofs that networks work.

use crate::kit::{Counting, NOW, write};
use proof_core::{
    Address, Network,
    id::OrderId,
    partner::Environment,
    proving::{ChainIdentity, Proving},
};
use proof_store::Db;
use std::collections::BTreeMap;

pub async fn rows(db: &Db, entropy: &Counting) {
    let address = Address::parse(Network::Trc20, "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t").unwrap();
    let subject = ChainIdentity {
        adapter: "trx".to_owned(),
        chain_id: 1,
        contracts: BTreeMap::new(),
    };
    let place = (
        OrderId::new(NOW, entropy),
        Environment::Test,
        Network::Trc20,
    );
    let begun = Proving::new(place, subject, address, ("alice".to_owned(), NOW));
    let proven = Proving {
        proven_at: Some(NOW),
        ..begun.clone()
    };
    let expected = proven.clone();
    let found = write!(db, [begun, proven], |tx| {
        tx.proving_insert(&begun).await?;
        let stored = tx.proving_lock(begun.id).await?.unwrap();
        assert_eq!(stored.proving, begun);
        tx.proving_save(&proven, stored.version, NOW).await?;
        let overtaken = tx.proving_save(&proven, stored.version, NOW).await;
        assert!(overtaken.is_err(), "overtaken");
        let (test, at) = (Environment::Test, begun.address.as_str());
        assert!(tx.proving_at(test, Network::Bep20, at).await?.is_none());
        let last = tx.proving_last(Environment::Live, Network::Trc20).await?;
        assert!(last.is_none());
        (
            tx.proving_at(test, Network::Trc20, at).await?,
            tx.proving_last(test, Network::Trc20).await?,
        )
    });
    assert_eq!(found, (Some(expected.clone()), Some(expected)));
}

//! What came to our wallet and belongs to no order.

use crate::kit::{Counting, NOW, write};
use proof_core::{
    Address, Asset, Network,
    deposit::{Deposit, DepositKey},
    id::DepositId,
    money::Amount,
    partner::Environment,
    stray::{Stray, StrayCommand, StrayState},
};
use proof_store::Db;

pub async fn rows(db: &Db, entropy: &Counting) {
    let stray = Stray {
        id: DepositId::new(NOW, entropy),
        environment: Environment::Test,
        recipient: Address::parse(Network::Trc20, "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t").unwrap(),
        deposit: Deposit {
            key: DepositKey {
                hash: "s1".to_owned(),
                index: 0,
            },
            amount: Amount::new(Asset::find("USDT", Network::Trc20).unwrap(), 7),
            seen_at: NOW,
            senders: Vec::new(),
        },
        state: StrayState::Seen,
    };
    let again = Stray {
        id: DepositId::new(NOW, entropy),
        ..stray.clone()
    };
    let (held, entry) = stray.decide(StrayCommand::Final, NOW).unwrap();
    assert!(entry.is_some());
    let expected = held.clone();
    let listed = write!(db, [stray, again, held], |tx| {
        assert!(tx.stray_insert(&stray, NOW).await?);
        assert!(!tx.stray_insert(&again, NOW).await?, "one output, once");
        let stored = tx.stray_lock(stray.id).await?.unwrap();
        assert_eq!(stored.stray, stray);
        tx.stray_save(&held, stored.version, NOW).await?;
        assert!(
            tx.stray_save(&held, stored.version, NOW).await.is_err(),
            "overtaken"
        );
        let open = tx.stray_open(Environment::Test, 10).await?;
        let live = tx.stray_open(Environment::Live, 10).await?;
        (open, live.len())
    });
    assert_eq!(listed, (vec![expected], 0));
}

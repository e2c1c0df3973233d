//! Assets that a configuration has added.

use crate::kit::{NOW, write};
use proof_core::{Asset, Network};
use proof_store::Db;

pub async fn rows(db: &Db) {
    let kept = write!(db, |tx| {
        // In their order, whatever their names; and once, whoever was faster.
        for (ticker, network, place) in [
            ("USDT", Network::Erc20, 1),
            ("ETH", Network::Erc20, 0),
            ("ETH", Network::Erc20, 7),
        ] {
            let asset = Asset::find(ticker, network).unwrap();
            tx.catalogue_insert(asset, place, NOW).await?;
        }
        tx.catalogue_load().await?
    });
    let kept = kept.iter().map(|row| (&*row.ticker, row.decimals));
    assert_eq!(kept.collect::<Vec<_>>(), [("ETH", 18), ("USDT", 6)]);
}

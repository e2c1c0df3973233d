//! Assets that a configuration has added.

use crate::kit::{NOW, write};
use proof_core::{Asset, Network};
use proof_store::Db;

pub async fn rows(db: &Db) {
    let kept = write!(db, |tx| {
        // The network's own coin first, whatever came first; and once, whoever was faster.
        for ticker in ["USDC", "ETH", "ETH"] {
            let asset = Asset::find(ticker, Network::Erc20).unwrap();
            tx.catalogue_insert(asset, NOW).await?;
        }
        tx.catalogue_load().await?
    });
    let kept = kept.iter().map(|row| (&*row.ticker, row.decimals));
    assert_eq!(kept.collect::<Vec<_>>(), [("ETH", 18), ("USDC", 6)]);
}

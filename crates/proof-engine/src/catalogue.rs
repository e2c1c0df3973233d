//! What the configuration has added to the catalogue, and what it had added before.

use crate::ApiError;
use proof_core::{
    Network, Timestamp,
    catalogue::{NotAdded, add_network, add_token, added},
};
use proof_store::{AddedRow, Db, Failure, Tx};

/// The database keeps what was ever added: the books name it, though the configuration does so no more. A
/// configuration that makes another thing of it is an error.
pub(crate) async fn remember(db: &Db, now: Timestamp) -> Result<(), ApiError> {
    let rows = db
        .read("catalogue_load", |tx: &mut Tx| {
            Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.catalogue_load().await?) })
        })
        .await?;
    for row in &rows {
        recall(row).map_err(|error| {
            let AddedRow {
                network,
                ticker,
                decimals,
            } = row;
            ApiError::internal(format!(
                "the database knows {ticker}/{network} with {decimals} decimals, the configuration says otherwise: {error}"
            ))
        })?;
    }
    let is_kept = |ticker: &str, network: Network| {
        let is_it = |row: &AddedRow| row.ticker == ticker && row.network == network.name();
        rows.iter().any(is_it)
    };
    let mut fresh = added();
    fresh.retain(|asset| !is_kept(asset.ticker(), asset.network()));
    if fresh.is_empty() {
        return Ok(());
    }
    db.write("catalogue_insert", move |tx: &mut Tx| {
        let fresh = fresh.clone();
        Box::pin(async move {
            for asset in fresh {
                tx.catalogue_insert(asset, now).await?;
            }
            Ok::<_, Failure<ApiError>>(())
        })
    })
    .await?;
    Ok(())
}

/// The first of an unknown network is its own coin.
fn recall(row: &AddedRow) -> Result<(), NotAdded> {
    let network = match row.network.parse::<Network>() {
        Ok(known) => known,
        Err(_) => add_network(&row.network, &row.ticker)?,
    };
    let decimals = u8::try_from(row.decimals).unwrap_or(u8::MAX);
    add_token(network, &row.ticker, decimals).map(drop)
}

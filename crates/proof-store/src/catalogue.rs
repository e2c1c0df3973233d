//! Assets that a configuration has added: networks' own coins before tokens, whoever was faster.

use crate::{
    db::{Tx, args},
    error::StoreError,
    statement::statements,
};
use proof_core::{Asset, Timestamp};

statements! {
    CATALOGUE_INSERT = "INSERT INTO catalogue (network, ticker, decimals, place, added_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (network, ticker) DO NOTHING";
    CATALOGUE_LOAD = "SELECT network, ticker, decimals FROM catalogue ORDER BY place, network, ticker";
}

/// As it was when it was added: whether that still holds is for the reader to see.
#[derive(Clone, PartialEq, Eq, Debug, sqlx::FromRow)]
pub struct AddedRow {
    pub network: String,
    pub ticker: String,
    pub decimals: i64,
}

impl Tx {
    pub async fn catalogue_load(&mut self) -> Result<Vec<AddedRow>, StoreError> {
        self.fetch_all(CATALOGUE_LOAD, args![]).await
    }

    /// Also where another process was faster.
    pub async fn catalogue_insert(
        &mut self,
        asset: Asset,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let place = i64::from(asset != asset.network().native());
        let args = args![
            asset.network().name(),
            asset.ticker(),
            i64::from(asset.decimals()),
            place,
            now
        ];
        self.execute(CATALOGUE_INSERT, args).await.map(drop)
    }
}

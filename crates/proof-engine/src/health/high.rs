//! What should be in cold storage and does not get there.

use super::look::{Watched, minutes};
use proof_core::{
    alert::Alert,
    cold::ColdState,
    ledger::{Account, key_in},
    money::Amount,
};
use proof_store::{StoreError, Tx};

impl Watched {
    /// Moves into cold storage that were refused, while there still is too much, and those that do not get on.
    pub(super) async fn wallets_high(&self, tx: &mut Tx) -> Result<Vec<Alert>, StoreError> {
        let mut high = Vec::new();
        let late = self
            .now
            .plus_seconds(-minutes(self.watching.thresholds.order_minutes));
        for (environment, networks) in &self.networks {
            let bands = self.bands.iter();
            for (asset, band) in bands.filter(|(asset, _)| networks.contains(&asset.network())) {
                let Some(last) = tx.cold_last(*environment, *asset).await? else {
                    continue;
                };
                let key = format!("{}:{asset}", Account::Wallet);
                let free = tx.ledger_balance(&key_in(*environment, &key)).await?;
                let free = u128::try_from(free.unwrap_or(0)).unwrap_or(0);
                let is_wrong = match last.state {
                    ColdState::Moved => false,
                    ColdState::Refused => band.excess(Amount::new(*asset, free)).is_some(),
                    ColdState::Moving => last.begun_at <= late,
                };
                let dear = "it waits for cheaper fees, a price, or a block".to_owned();
                high.extend(is_wrong.then(|| Alert::WalletHigh {
                    environment: *environment,
                    asset: *asset,
                    amount: last.amount.to_decimal(),
                    since: last.begun_at,
                    why: last.why.unwrap_or(dear),
                }));
            }
        }
        Ok(high)
    }
}

//! What makes a transfer unique on its chain, promised to one intent before anything is signed.

use crate::{
    db::{Tx, args},
    error::StoreError,
    statement::statements,
};
use proof_core::{Address, id::IntentId, transfer::Coin};

statements! {
    NONCE_OF_INTENT = "SELECT nonce FROM nonces WHERE intent_id = $1";
    NONCE_FREE = "SELECT nonce FROM nonces WHERE network = $1 AND sender = $2 AND intent_id IS NULL AND nonce >= $3 ORDER BY nonce LIMIT 1", lock = " FOR UPDATE";
    NONCE_LAST = "SELECT nonce FROM nonces WHERE network = $1 AND sender = $2 ORDER BY nonce DESC LIMIT 1";
    NONCE_INSERT = "INSERT INTO nonces (network, sender, nonce, intent_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    NONCE_TAKE = "UPDATE nonces SET intent_id = $1 WHERE network = $2 AND sender = $3 AND nonce = $4 AND intent_id IS NULL";
    NONCE_RELEASE = "UPDATE nonces SET intent_id = NULL WHERE intent_id = $1";
    COIN_INSERT = "INSERT INTO coins (network, hash, position, intent_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    COIN_LIST = "SELECT hash, position FROM coins WHERE network = $1";
    COIN_RELEASE = "DELETE FROM coins WHERE intent_id = $1";
}

/// Somebody else was promised this coin in the meantime: choose again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoinTaken;

#[derive(sqlx::FromRow)]
struct NonceRow {
    nonce: i64,
}

#[derive(sqlx::FromRow)]
struct CoinRow {
    hash: String,
    position: i64,
}

impl Tx {
    /// The sender's next number for this intent; the same again for the same intent. `expected` is
    /// what the chain wants next: numbers below it are spent. A number that an intent gave back
    /// (it was never signed) is used first, since the chain accepts no gaps.
    pub async fn nonce_reserve(
        &mut self,
        sender: &Address,
        expected: u64,
        intent: IntentId,
    ) -> Result<u64, StoreError> {
        let bad = || StoreError::Row {
            table: "nonces",
            column: "nonce",
            id: sender.to_string(),
        };
        let network = sender.network().name();
        let expected = i64::try_from(expected).map_err(|_| bad())?;
        let own: Option<NonceRow> = self
            .fetch_optional(NONCE_OF_INTENT, args![intent.uuid()])
            .await?;
        if let Some(row) = own {
            return u64::try_from(row.nonce).map_err(|_| bad());
        }
        let free: Option<NonceRow> = self
            .fetch_optional(NONCE_FREE, args![network, sender.as_str(), expected])
            .await?;
        let nonce = if let Some(row) = free {
            let args = args![intent.uuid(), network, sender.as_str(), row.nonce];
            self.execute_one("nonces", NONCE_TAKE, args).await?;
            row.nonce
        } else {
            let last: Option<NonceRow> = self
                .fetch_optional(NONCE_LAST, args![network, sender.as_str()])
                .await?;
            let next = last.map_or(expected, |row| row.nonce.saturating_add(1).max(expected));
            let args = args![network, sender.as_str(), next, intent.uuid()];
            self.execute_one("nonces", NONCE_INSERT, args).await?;
            next
        };
        u64::try_from(nonce).map_err(|_| bad())
    }

    /// Coins of a network that are promised already.
    pub async fn coin_list(&mut self, network: &str) -> Result<Vec<(String, u32)>, StoreError> {
        let rows: Vec<CoinRow> = self.fetch_all(COIN_LIST, args![network]).await?;
        rows.into_iter()
            .map(|row| {
                let id = row.hash.clone();
                let position = u32::try_from(row.position).map_err(|_| StoreError::Row {
                    table: "coins",
                    column: "position",
                    id,
                })?;
                Ok((row.hash, position))
            })
            .collect()
    }

    pub async fn coins_reserve(
        &mut self,
        network: &str,
        coins: &[Coin],
        intent: IntentId,
    ) -> Result<Result<(), CoinTaken>, StoreError> {
        for coin in coins {
            let position = i64::from(coin.index);
            let args = args![network, coin.hash.as_str(), position, intent.uuid()];
            if self.execute(COIN_INSERT, args).await? == 0 {
                return Ok(Err(CoinTaken));
            }
        }
        Ok(Ok(()))
    }

    /// The signer closed an intent unsigned: what was promised to it is free again.
    pub async fn intent_release(&mut self, intent: IntentId) -> Result<(), StoreError> {
        self.execute(NONCE_RELEASE, args![intent.uuid()]).await?;
        self.execute(COIN_RELEASE, args![intent.uuid()]).await?;
        Ok(())
    }
}

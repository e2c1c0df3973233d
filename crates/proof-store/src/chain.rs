//! What makes a transfer unique on its chain, promised to one intent before anything is signed.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Value,
    statement::{Statement, statements},
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

/// The rows behind the allocator of numbers: statements here, and in the tests a table with the same
/// locks, on which every schedule can be tried.
trait NonceRows: Send {
    fn of_intent(&mut self) -> impl Future<Output = Result<Option<i64>, StoreError>> + Send;
    /// The lowest number from here on that was given back, locked.
    fn free(&mut self, from: i64) -> impl Future<Output = Result<Option<i64>, StoreError>> + Send;
    fn last(&mut self) -> impl Future<Output = Result<Option<i64>, StoreError>> + Send;
    /// An error if somebody else was promised it in the meantime.
    fn take(&mut self, nonce: i64) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// The same.
    fn insert(&mut self, nonce: i64) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// The same again for the same intent; else one that was given back, and only then a new one.
async fn promise(rows: &mut impl NonceRows, expected: i64) -> Result<i64, StoreError> {
    if let Some(own) = rows.of_intent().await? {
        return Ok(own);
    }
    if let Some(free) = rows.free(expected).await? {
        rows.take(free).await?;
        return Ok(free);
    }
    let last = rows.last().await?;
    let next = last.map_or(expected, |last| last.saturating_add(1).max(expected));
    rows.insert(next).await?;
    Ok(next)
}

/// A sender's numbers in the database, for one intent.
struct Stored<'a> {
    tx: &'a mut Tx,
    sender: &'a Address,
    intent: IntentId,
}

impl Stored<'_> {
    async fn one(
        &mut self,
        statement: Statement,
        args: Vec<Value>,
    ) -> Result<Option<i64>, StoreError> {
        let row: Option<NonceRow> = self.tx.fetch_optional(statement, args).await?;
        Ok(row.map(|row| row.nonce))
    }
}

impl NonceRows for Stored<'_> {
    async fn of_intent(&mut self) -> Result<Option<i64>, StoreError> {
        let args = args![self.intent.uuid()];
        self.one(NONCE_OF_INTENT, args).await
    }

    async fn free(&mut self, from: i64) -> Result<Option<i64>, StoreError> {
        let args = args![self.sender.network().name(), self.sender.as_str(), from];
        self.one(NONCE_FREE, args).await
    }

    async fn last(&mut self) -> Result<Option<i64>, StoreError> {
        let args = args![self.sender.network().name(), self.sender.as_str()];
        self.one(NONCE_LAST, args).await
    }

    async fn take(&mut self, nonce: i64) -> Result<(), StoreError> {
        let (intent, network) = (self.intent.uuid(), self.sender.network().name());
        let args = args![intent, network, self.sender.as_str(), nonce];
        self.tx.execute_one("nonces", NONCE_TAKE, args).await
    }

    async fn insert(&mut self, nonce: i64) -> Result<(), StoreError> {
        let (intent, network) = (self.intent.uuid(), self.sender.network().name());
        let args = args![network, self.sender.as_str(), nonce, intent];
        self.tx.execute_one("nonces", NONCE_INSERT, args).await
    }
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
        let expected = i64::try_from(expected).map_err(|_| bad())?;
        let mut rows = Stored {
            tx: self,
            sender,
            intent,
        };
        let nonce = promise(&mut rows, expected).await?;
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

#[cfg(test)]
mod tests;

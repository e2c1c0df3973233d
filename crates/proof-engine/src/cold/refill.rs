//! Coins of Bitcoin that come back from cold storage: a transaction for the vault's own wallet to sign. Nothing is saved;
//! what comes of it is seen on the chain.

use crate::{ApiError, Engine};
use proof_core::{ErrorCode, Network, money::Amount, partner::Environment};
use proof_port::Coin;
use serde::{Deserialize, Serialize};

/// Coins in one transaction. A wallet is handed all of what made them, too.
const COINS_MAX: usize = 50;
/// Outputs that nodes are asked about, the newest ones.
const OUTPUTS_MAX: usize = 500;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refill {
    /// By BIP-174, in hex.
    pub psbt: String,
    /// As wallets of that chain write them.
    pub from: String,
    pub to: String,
    /// `transaction:index`, and what it is worth.
    pub coins: Vec<(String, String)>,
    pub arrives: String,
    pub fee: String,
    /// The hot wallet has too much then, and it goes there again.
    pub above_ceiling: bool,
}

impl Engine {
    /// Writes down how coins of at least this amount come back, whole, less what that costs. The coins are our own moves',
    /// so that what comes is known by itself.
    pub async fn cold_refill(
        &self,
        environment: Environment,
        amount: &str,
    ) -> Result<Refill, ApiError> {
        let asset = Network::Bitcoin.native();
        let asked = Amount::parse(asset, amount).ok();
        let asked = asked.filter(|asked| asked.base() > 0).ok_or_else(|| {
            let message = "An amount of bitcoin is above zero and has at most 8 decimals.";
            ApiError::field(ErrorCode::ValidationError, "amount", message)
        })?;
        let signer = &self.rails(environment)?.signer;
        let vault = signer.cold(asset.network()).await?.ok_or_else(|| {
            wrong("The signer has no address of cold storage for Bitcoin: [cold] in its own file names it.")
        })?;
        let chain = self.chain_of(environment, asset.network())?;
        let outputs = self.cold_outputs(environment, &vault).await?;
        let newest = outputs.get(outputs.len().saturating_sub(OUTPUTS_MAX)..);
        let there = chain
            .coins_among(&vault, newest.unwrap_or_default())
            .await?;
        let coins = chosen(there, asked.base()).map_err(|have| {
            let have = Amount::new(asset, have).to_decimal();
            wrong(format!(
                "{have} BTC of what was moved to {vault} can come back in one transaction now; ask for no more than that."
            ))
        })?;
        let wallet = self.hot_wallet(environment, asset.network()).await?;
        let unsigned = chain.unsigned(&vault, &coins, &wallet).await?;
        let unsigned = unsigned
            .ok_or_else(|| wrong("Bitcoin is simulated here: no wallet could sign for it."))?;
        let arrives = total(&coins).saturating_sub(unsigned.fee.base());
        let free = self.cold_free(environment, asset).await?;
        let then = Amount::new(asset, free.base().saturating_add(arrives));
        let band = self.cold.bands.get(&asset);
        Ok(Refill {
            psbt: hex::encode(unsigned.bytes),
            from: chain.spelt(&vault),
            to: chain.spelt(&wallet),
            coins: coins.iter().map(named).collect(),
            arrives: Amount::new(asset, arrives).to_decimal(),
            fee: unsigned.fee.to_decimal(),
            above_ceiling: band.is_some_and(|band| band.excess(then).is_some()),
        })
    }
}

fn wrong(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::WrongState, message)
}

fn named(coin: &Coin) -> (String, String) {
    let amount = Amount::new(Network::Bitcoin.native(), coin.base);
    (format!("{}:{}", coin.hash, coin.index), amount.to_decimal())
}

fn total(coins: &[Coin]) -> u128 {
    coins.iter().map(|coin| coin.base).sum()
}

/// The smallest coin that is enough; else the largest ones until they are. `Err`: so much can come at most.
fn chosen(mut coins: Vec<Coin>, wanted: u128) -> Result<Vec<Coin>, u128> {
    coins.sort_unstable_by(|one, other| {
        let place = |coin: &Coin| (coin.hash.clone(), coin.index);
        (one.base, place(one)).cmp(&(other.base, place(other)))
    });
    if let Some(enough) = coins.iter().position(|coin| coin.base >= wanted) {
        return Ok(vec![coins.swap_remove(enough)]);
    }
    let mut taken = Vec::new();
    for coin in coins.into_iter().rev().take(COINS_MAX) {
        taken.push(coin);
        if total(&taken) >= wanted {
            return Ok(taken);
        }
    }
    Err(total(&taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_coin_that_is_enough_comes_alone_else_the_largest_ones() {
        let coin = |base: u128| Coin {
            hash: format!("{base:064x}"),
            index: 0,
            base,
        };
        let coins = || [5, 1, 9, 3].map(coin).to_vec();
        let bases = |wanted| {
            let chosen = chosen(coins(), wanted);
            chosen.map(|chosen| chosen.iter().map(|coin| coin.base).collect::<Vec<_>>())
        };
        assert_eq!(bases(1), Ok(vec![1]));
        assert_eq!(bases(4), Ok(vec![5]));
        assert_eq!(bases(9), Ok(vec![9]));
        assert_eq!(bases(10), Ok(vec![9, 5]));
        assert_eq!(bases(18), Ok(vec![9, 5, 3, 1]));
        assert_eq!(bases(19), Err(18));
        assert_eq!(chosen(Vec::new(), 1), Err(0));
        let many = vec![coin(2); COINS_MAX + 1];
        let most = 2 * COINS_MAX as u128;
        assert_eq!(
            chosen(many.clone(), most).map(|coins| coins.len()),
            Ok(COINS_MAX)
        );
        assert_eq!(chosen(many, most + 1), Err(most));
    }
}

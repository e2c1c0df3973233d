//! Bitcoin: what a move costs depends on its coins. Coin and fee are one asset, so that no price is asked for.

use crate::{ApiError, Engine, transfer::Source};
use proof_core::{
    Address,
    money::Amount,
    partner::Environment,
    sweep::is_worth,
    transfer::{Form, UnsignedFrom, UnsignedTransfer},
};
use proof_store::{Failure, Tx};

/// What a move would spend now.
pub(super) enum Coins {
    Enough(Source),
    /// It costs more than its share, or than the operator allows.
    Dear,
    /// Those that are deep enough and promised to nobody are not enough.
    Few,
}

impl Engine {
    pub(super) async fn cold_coins(
        &self,
        environment: Environment,
        (cold, amount): (&Address, Amount),
    ) -> Result<Coins, ApiError> {
        let Some(market) = self.coin_market(environment).await? else {
            return Ok(Coins::Dear);
        };
        let network = amount.asset().network();
        let wallet = self.hot_wallet(environment, network).await?;
        let chain = self.chain_of(environment, network)?;
        let form = Form::Bitcoin(Box::new(market.form));
        let source = Source::with_form(&**chain, wallet, form).await?;
        let cold = cold.clone();
        let chosen = self.db.read("cold_coins", move |tx: &mut Tx| {
            let (source, cold) = (source.clone(), cold.clone());
            Box::pin(async move {
                let chosen = source.chosen(tx, (&cold, amount)).await?;
                Ok::<_, Failure<ApiError>>(chosen)
            })
        });
        let Some(source) = chosen.await? else {
            return Ok(Coins::Few);
        };
        let fee = source.fee();
        let is_small = fee.base() <= market.fee_max && self.cold_share(amount, fee);
        Ok(if is_small {
            Coins::Enough(source)
        } else {
            Coins::Dear
        })
    }

    /// Whether a transfer of coins may be raised to this. On other networks a number that no block takes would hold up
    /// those after it, so that there it may cost what they may.
    pub(crate) fn cold_may_cost(&self, transfer: &UnsignedTransfer) -> bool {
        let has_coins = matches!(transfer.from, UnsignedFrom::Coins(_));
        !has_coins || self.cold_share(transfer.amount, transfer.fee)
    }

    fn cold_share(&self, amount: Amount, fee: Amount) -> bool {
        is_worth(amount.base(), fee.base(), self.cold.share).unwrap_or(false)
    }
}

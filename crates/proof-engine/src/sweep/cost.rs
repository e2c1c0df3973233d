//! What a sweep would cost now, and whether that is little.

use crate::{ApiError, Engine, transfer::fee_max};
use proof_core::{
    Asset, Fiat, Network,
    money::{Amount, Bps, Rate, Rounding},
    partner::Environment,
    quote::RATE_AGE_SECONDS_MAX,
    sweep::is_worth,
    transfer::{EvmForm, Form},
};
use proof_port::{Chain, PortError};

/// What moving the native coin to a wallet without code costs, on every EVM chain of ours. Nothing is left over then
/// but what the block does not ask for.
const GAS_NATIVE: u64 = 21_000;

/// Values are compared in this currency; any would do.
const FIAT: Fiat = Fiat::Eur;

/// What sweeping a coin costs at most, and what is too little for that.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    /// Of the sweep itself.
    pub(crate) fee: Amount,
    /// With the transfer that brings it there, where a token is swept.
    pub(super) total: Amount,
    coin: Rate,
    native: Rate,
    share: Bps,
}

impl Cost {
    /// The same at what it turns out to cost.
    pub(super) fn costing(self, total: Amount) -> Self {
        Self { total, ..self }
    }

    /// The value is rounded down and the cost up.
    pub(crate) fn is_small_for(&self, amount: Amount) -> bool {
        let value = self.coin.price(amount.base(), Rounding::Down);
        let cost = self.native.price(self.total.base(), Rounding::Up);
        let (Ok(value), Ok(cost)) = (value, cost) else {
            return false;
        };
        is_worth(value, cost, self.share).unwrap_or(false)
    }
}

impl Engine {
    /// What sweeping a coin costs at most now; `None`: nobody can say, or it is more than the operator allows.
    pub(super) async fn sweep_cost(&self, environment: Environment, asset: Asset) -> Option<Cost> {
        let network = asset.network();
        let native = network.native();
        let chain = self.chain_of(environment, network).ok()?;
        // Simulated chains have no form, and are not swept.
        let fee = market(&**chain, asset).await.ok()??.fee(network)?;
        let top_up = if asset == native {
            None
        } else {
            match chain.form(native).await.ok()?? {
                Form::Evm(form) => Some(Amount::new(native, form.fee_max()?)),
                Form::Tron(_) | Form::Bitcoin(_) => return None,
            }
        };
        let total = top_up.map_or(Some(fee), |more| fee.checked_add(more).ok())?;
        Some(Cost {
            fee,
            total,
            coin: self.sweep_rate(environment, asset).await?,
            native: self.sweep_rate(environment, native).await?,
            share: self.sweeping.share,
        })
    }

    /// The same of a transfer from the hot wallet into cold storage.
    pub(crate) async fn cold_cost(&self, environment: Environment, asset: Asset) -> Option<Cost> {
        let network = asset.network();
        let chain = self.chain_of(environment, network).ok()?;
        let form = chain.form(asset).await.ok()??;
        let fee = fee_max(&form, network).ok()?;
        Some(Cost {
            fee,
            total: fee,
            coin: self.sweep_rate(environment, asset).await?,
            native: self.sweep_rate(environment, network.native()).await?,
            share: self.cold.share,
        })
    }

    async fn sweep_rate(&self, environment: Environment, asset: Asset) -> Option<Rate> {
        let (rate, at) = self.mid(environment, asset, FIAT).await.ok()?;
        let is_fresh = self.now().millis_since(at) <= RATE_AGE_SECONDS_MAX * 1_000;
        is_fresh.then_some(rate)
    }
}

/// How a network writes a sweep now, and what the next block takes for a unit of gas.
pub(super) struct Market {
    pub(super) form: EvmForm,
    pub(super) block: u128,
}

impl Market {
    pub(super) fn fee(&self, network: Network) -> Option<Amount> {
        let most = self.form.fee_max()?;
        Some(Amount::new(network.native(), most))
    }
}

/// `None`: more than the operator allows, or a network on which nothing is swept.
pub(super) async fn market(chain: &dyn Chain, asset: Asset) -> Result<Option<Market>, ApiError> {
    let asked = async { Ok((chain.form(asset).await?, chain.gas_price().await?)) };
    let (form, price) = match asked.await {
        Ok((Some(Form::Evm(form)), Some(price))) => (*form, price),
        Ok(_) => return Ok(None),
        Err(error) => {
            let error: PortError = error;
            return if error.answered {
                Ok(None)
            } else {
                Err(error.into())
            };
        }
    };
    let gas_limit = if asset == asset.network().native() {
        GAS_NATIVE
    } else {
        form.gas_limit
    };
    Ok(Some(Market {
        form: EvmForm { gas_limit, ..form },
        block: price.block,
    }))
}

/// The form that `have` pays for, if the next block would take it.
pub(super) fn affordable(market: &Market, have: u128) -> Option<EvmForm> {
    let most = have.checked_div(u128::from(market.form.gas_limit))?;
    let fee_per_gas_max = market.form.fee_per_gas_max.min(most);
    (fee_per_gas_max >= market.block).then(|| EvmForm {
        fee_per_gas_max,
        tip_per_gas_max: market.form.tip_per_gas_max.min(fee_per_gas_max),
        ..market.form.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_offers_what_is_there_for_it_or_waits() {
        let market = Market {
            form: EvmForm {
                chain_id: 1,
                gas_limit: 100,
                fee_per_gas_max: 21,
                tip_per_gas_max: 1,
                token: None,
            },
            block: 11,
        };
        let offered = |have| affordable(&market, have).map(|form| form.fee_per_gas_max);
        assert_eq!(offered(5_000), Some(21));
        assert_eq!(offered(2_100), Some(21));
        assert_eq!(offered(2_099), Some(20));
        assert_eq!(offered(1_100), Some(11));
        assert_eq!(offered(1_099), None, "no block takes it now");
    }
}

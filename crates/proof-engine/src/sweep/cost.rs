//! What a sweep would cost now, and whether that is little.

use crate::{ApiError, Engine, transfer::fee_max};
use proof_core::{
    Address, Asset, Fiat,
    money::{Amount, Bps, Rate, Rounding},
    partner::Environment,
    quote::RATE_AGE_SECONDS_MAX,
    sweep::is_worth,
    transfer::{EvmForm, Form, TronForm},
};
use proof_port::{Chain, Passage};

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
    /// What emptying an address costs at most now; `None`: nobody can say, or it is more than the operator allows.
    pub(super) async fn sweep_cost(
        &self,
        environment: Environment,
        from: &Address,
        amount: Amount,
    ) -> Option<Cost> {
        let asset = amount.asset();
        let (network, native) = (asset.network(), asset.network().native());
        let chain = self.chain_of(environment, network).ok()?;
        let wallet = self.hot_wallet(environment, network).await.ok()?;
        // Simulated chains have none, and are not swept.
        let passage = passage(&**chain, (from, &wallet), amount).await.ok()??;
        let fee = fee_max(&passage.form, network).ok()?;
        let total = if asset == native {
            fee
        } else {
            let top_up = fee_max(&chain.form(native).await.ok()??, network).ok()?;
            fee.checked_add(top_up).ok()?
        };
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

/// `None`: more than the operator allows, or a network on which nothing is swept like this.
pub(super) async fn passage(
    chain: &dyn Chain,
    (from, to): (&Address, &Address),
    amount: Amount,
) -> Result<Option<Passage>, ApiError> {
    match chain.passage(from, to, amount).await {
        Ok(passage) => Ok(passage),
        Err(error) if error.answered => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The form that `have` pays for, if that is enough now.
pub(super) fn affordable(passage: Passage, have: u128) -> Option<Form> {
    let form = match passage.form {
        Form::Evm(form) => {
            let most = have.checked_div(u128::from(form.gas_limit))?;
            let fee_per_gas_max = form.fee_per_gas_max.min(most);
            Form::Evm(Box::new(EvmForm {
                fee_per_gas_max,
                tip_per_gas_max: form.tip_per_gas_max.min(fee_per_gas_max),
                ..*form
            }))
        }
        Form::Tron(form) => {
            let most = have.checked_sub(form.burn_max.into())?;
            let most = u64::try_from(most).unwrap_or(u64::MAX);
            Form::Tron(Box::new(TronForm {
                fee_limit: form.fee_limit.min(most),
                ..*form
            }))
        }
        Form::Bitcoin(_) => return None,
    };
    (form.fee_max()? >= passage.least).then_some(form)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(form: Form, least: u128, have: u128) -> Option<u128> {
        affordable(Passage { form, least }, have).map(|form| form.fee_max().unwrap())
    }

    #[test]
    fn a_sweep_offers_what_is_there_for_it_or_waits() {
        let form = Form::Evm(Box::new(EvmForm {
            chain_id: 1,
            gas_limit: 100,
            fee_per_gas_max: 21,
            tip_per_gas_max: 1,
            token: None,
        }));
        let offered = |have| offered(form.clone(), 1_100, have);
        assert_eq!(offered(5_000), Some(2_100));
        assert_eq!(offered(2_100), Some(2_100));
        assert_eq!(offered(2_099), Some(2_000));
        assert_eq!(offered(1_100), Some(1_100));
        assert_eq!(offered(1_099), None, "no block takes it now");
    }

    #[test]
    fn on_tron_it_offers_less_room_and_never_less_than_its_work_takes() {
        let form = Form::Tron(Box::new(TronForm {
            ref_block: String::new(),
            expires_ms: 1,
            fee_limit: 1_250,
            burn_max: 500,
            token: None,
        }));
        let offered = |have| offered(form.clone(), 1_500, have);
        assert_eq!(offered(9_000), Some(1_750));
        assert_eq!(offered(1_750), Some(1_750));
        assert_eq!(offered(1_749), Some(1_749));
        assert_eq!(offered(1_500), Some(1_500));
        assert_eq!(
            offered(1_499),
            None,
            "its energy would be out before the end"
        );
        assert_eq!(offered(499), None);
    }
}

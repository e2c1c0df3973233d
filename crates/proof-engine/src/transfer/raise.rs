//! A transfer whose fee has become too small: the same again, in its place, with a higher one.

use super::{Leg, fee_max};
use crate::{ApiError, Engine, payment::is_final};
use proof_core::{
    money::Amount,
    transfer::{BitcoinForm, EvmForm, Form, Sending, TransferFact, UnsignedFrom, UnsignedTransfer},
};
use proof_port::{Chain, IntentClass, SigningIntent};

/// The network asks for more than the transfer offers for so long, before it is replaced. Fees go up and down within
/// minutes, and a replacement may cost more.
const PATIENCE_SECONDS: i64 = 300;

/// What nodes want of a replacement on Bitcoin for being passed on, in satoshi for a thousand bytes.
const RELAY_PER_KVB: u64 = 1_000;

impl Engine {
    /// What the signer has signed beyond what this database knows: it may be from before a restore.
    pub(super) async fn transfer_learnt(
        &self,
        leg: Leg,
        sending: &Sending,
    ) -> Result<Option<TransferFact>, ApiError> {
        if self.recovered_at.borrow().is_none() || sending.transfer.form.is_none() {
            return Ok(None);
        }
        let signer = &self.rails(leg.environment)?.signer;
        let promised = signer.promised(leg.asked).await?.signed;
        let given = promised
            .into_iter()
            .filter(|given| given.intent.intent == sending.intent);
        let known = |hash: &str| {
            let mut all = sending.others.iter().chain(&sending.signed);
            all.any(|signed| signed.hash == hash)
        };
        let Some(unknown) = given.into_iter().find(|given| !known(&given.signed.hash)) else {
            return Ok(None);
        };
        Ok(Some(match &sending.higher {
            Some(higher) if **higher == unknown.intent.transfer => TransferFact::Replaced {
                signed: unknown.signed,
            },
            // As far as the signer went, the same way again.
            Some(_) => TransferFact::Kept { since: self.now() },
            None => TransferFact::Raised {
                transfer: unknown.intent.transfer,
            },
        }))
    }

    /// Looks whether a transfer that waits offers too little, and has it replaced when it did for long.
    pub(super) async fn transfer_raise(
        &self,
        leg: Leg,
        sending: &Sending,
        chain: &dyn Chain,
    ) -> Result<Option<TransferFact>, ApiError> {
        // What is at the address pays for its fee, and there is no more of it: it waits until fees fall. A batch of coins
        // has less to bring then.
        let is_batch = matches!(sending.transfer.from, UnsignedFrom::Deposits(_));
        if leg.class == IntentClass::Sweep && !is_batch {
            return Ok(None);
        }
        if let Some(higher) = &sending.higher {
            return self.transfer_replace(leg, sending, higher).await.map(Some);
        }
        let Some(offered) = sending.transfer.form.as_ref().and_then(offer) else {
            return Ok(None);
        };
        // A price above the operator's cap is no answer here: the transfer waits until it falls.
        let Ok(Some(price)) = chain.gas_price().await else {
            return Ok(None);
        };
        if price.block <= offered {
            return Ok(sending.low_since.map(|_| TransferFact::Enough));
        }
        let now = self.now();
        let Some(since) = sending.low_since else {
            return Ok(Some(TransferFact::Low { since: now }));
        };
        if now < since.plus_seconds(PATIENCE_SECONDS) {
            return Ok(None);
        }
        let Ok(Some(market)) = chain.form(leg.asset).await else {
            return Ok(None);
        };
        let Some(transfer) = dearer(&sending.transfer, &market, price.most)? else {
            return Ok(None);
        };
        let is_dear = is_batch && !self.batch_is_worth(&transfer)
            || leg.is_cold() && !self.cold_may_cost(&transfer);
        if is_dear {
            return Ok(None);
        }
        Ok(Some(TransferFact::Raised { transfer }))
    }

    async fn transfer_replace(
        &self,
        leg: Leg,
        sending: &Sending,
        higher: &UnsignedTransfer,
    ) -> Result<TransferFact, ApiError> {
        let signer = &self.rails(leg.environment)?.signer;
        let intent = SigningIntent {
            intent: sending.intent,
            class: leg.class,
            order: leg.asked,
            transfer: higher.clone(),
        };
        match signer.sign(self.epoch(), &intent).await {
            Ok(signed) => Ok(TransferFact::Replaced { signed }),
            // What was signed before stays, and may be mined: nothing turns round.
            Err(error) if is_final(&error) => {
                tracing::warn!(order = %leg.order, "the signer does not raise a fee: {error}");
                Ok(TransferFact::Kept { since: self.now() })
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// What a transfer offers for a unit of room in a block, where it offers anything.
fn offer(form: &Form) -> Option<u128> {
    match form {
        Form::Evm(form) => Some(form.fee_per_gas_max),
        Form::Bitcoin(form) => Some(form.fee_per_kvb.into()),
        Form::Tron(_) => None,
    }
}

/// The same with a higher fee. `None`: that would be above what the operator allows, or its coins do not pay for it.
fn dearer(
    ours: &UnsignedTransfer,
    market: &Form,
    most: u128,
) -> Result<Option<UnsignedTransfer>, ApiError> {
    let native = ours.fee.asset();
    let raised = match (&ours.form, market) {
        (Some(Form::Evm(form)), Form::Evm(market)) => match raised(form, market, most) {
            Some(raised) => {
                let form = Form::Evm(Box::new(raised));
                Some((fee_max(&form, native.network())?, form))
            }
            None => None,
        },
        (Some(Form::Bitcoin(form)), Form::Bitcoin(market)) => {
            raised_coins(ours, form, market, most).map(|(fee, form)| {
                let form = Form::Bitcoin(Box::new(form));
                (Amount::new(native, fee), form)
            })
        }
        _ => None,
    };
    Ok(raised.and_then(|(fee, form)| ours.costing(fee, Some(form))))
}

/// Nodes take a replacement that offers a satoshi for each byte more. It comes out of what goes back to us, or comes to
/// us.
fn raised_coins(
    ours: &UnsignedTransfer,
    form: &BitcoinForm,
    market: &BitcoinForm,
    most: u128,
) -> Option<(u128, BitcoinForm)> {
    let before = form.fee_per_kvb;
    let least = before.checked_add(before.div_ceil(8).max(RELAY_PER_KVB))?;
    let raised = BitcoinForm {
        fee_per_kvb: market.fee_per_kvb.max(least),
        ..form.clone()
    };
    let fee = match &ours.from {
        UnsignedFrom::Nonce(_) => return None,
        UnsignedFrom::Coins(coins) => raised.fee(coins, &ours.recipient, ours.amount.base())?,
        UnsignedFrom::Deposits(deposits) => raised.fee_sweep(deposits.len())?,
    };
    let is_dearer = u128::from(raised.fee_per_kvb) <= most && fee > ours.fee.base();
    is_dearer.then_some((fee, raised))
}

/// Nodes take a replacement that offers a tenth more, in both. `None`: that would be above what the operator allows.
fn raised(ours: &EvmForm, market: &EvmForm, most: u128) -> Option<EvmForm> {
    let more = |before: u128, now: u128| now.max(before.saturating_add(before.div_ceil(8)));
    let raised = EvmForm {
        fee_per_gas_max: more(ours.fee_per_gas_max, market.fee_per_gas_max),
        tip_per_gas_max: more(ours.tip_per_gas_max, market.tip_per_gas_max),
        ..ours.clone()
    };
    (raised.fee_per_gas_max <= most).then_some(raised)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fee_per_gas_max: u128, tip_per_gas_max: u128) -> EvmForm {
        EvmForm {
            chain_id: 1,
            gas_limit: 21_000,
            fee_per_gas_max,
            tip_per_gas_max,
            token: None,
        }
    }

    #[test]
    fn a_raise_is_an_eighth_at_least_and_never_above_what_the_operator_allows() {
        let ours = form(80, 8);
        assert_eq!(raised(&ours, &form(81, 8), 100), Some(form(90, 9)));
        assert_eq!(raised(&ours, &form(100, 20), 100), Some(form(100, 20)));
        assert_eq!(raised(&ours, &form(81, 8), 90), Some(form(90, 9)));
        assert_eq!(raised(&ours, &form(81, 8), 89), None);
        assert_eq!(raised(&form(95, 1), &form(100, 1), 100), None);
    }
}

//! What a transfer spends: the sender's next number, coins that cover amount and fee, or those of a sweep.

use super::fee_max;
use crate::{ApiError, error::refused, quote::with_margin};
use proof_core::{
    Address, Asset, Network,
    id::IntentId,
    money::Amount,
    transfer::{
        BitcoinForm, Coin, DepositCoin, Form, UnsignedFrom, UnsignedTransfer, bitcoin::INPUTS_MAX,
    },
};
use proof_port::Chain;
use proof_store::{Failure, Tx};

/// A transfer takes coins with which its fee could be so many times as high, if there are some: it may have to be raised.
const FEE_ROOM: u64 = 4;

/// What the chain says about our wallet before a transfer is planned, and what it costs now.
#[derive(Clone)]
pub(crate) struct Source {
    sender: Address,
    from: From,
    pub(crate) form: Option<Form>,
    fee: Amount,
}

#[derive(Clone)]
enum From {
    Nonce {
        expected: u64,
    },
    Coins {
        unspent: Vec<Coin>,
        /// Somebody has found this little enough, and more is not.
        fee_max: Option<u128>,
    },
    Deposits(Vec<DepositCoin>),
}

impl Source {
    pub(crate) async fn ask(
        chain: &dyn Chain,
        sender: Address,
        asset: Asset,
    ) -> Result<Self, ApiError> {
        let form = chain.form(asset).await?;
        Self::of(chain, sender, form).await
    }

    /// In this form.
    pub(crate) async fn with_form(
        chain: &dyn Chain,
        sender: Address,
        form: Form,
    ) -> Result<Self, ApiError> {
        Self::of(chain, sender, Some(form)).await
    }

    /// These coins and no others, at what that costs.
    pub(crate) fn of_deposits(
        sender: Address,
        deposits: Vec<DepositCoin>,
        (form, fee): (Form, Amount),
    ) -> Self {
        Self {
            sender,
            from: From::Deposits(deposits),
            form: Some(form),
            fee,
        }
    }

    /// The most that it may cost.
    pub(crate) const fn fee(&self) -> Amount {
        self.fee
    }

    async fn of(chain: &dyn Chain, sender: Address, form: Option<Form>) -> Result<Self, ApiError> {
        let fee = match &form {
            Some(form) => fee_max(form, chain.network())?,
            None => with_margin(chain.fee().await?)?,
        };
        let from = match chain.network() {
            Network::Bitcoin => From::Coins {
                unspent: chain.coins(&sender).await?,
                fee_max: None,
            },
            Network::Trc20
            | Network::Erc20
            | Network::Bep20
            | Network::Solana
            | Network::Evm(_) => From::Nonce {
                expected: chain.nonce(&sender).await?,
            },
        };
        Ok(Self {
            sender,
            from,
            form,
            fee,
        })
    }

    /// With those coins alone that it would take now, at what they cost. `None`: the free ones are not enough.
    pub(crate) async fn chosen(
        mut self,
        tx: &mut Tx,
        (recipient, amount): (&Address, Amount),
    ) -> Result<Option<Self>, Failure<ApiError>> {
        let From::Coins { unspent, .. } = &self.from else {
            return Ok(Some(self));
        };
        let price = Price {
            form: self.form.as_ref(),
            fee: self.fee.base(),
            recipient,
            amount: amount.base(),
        };
        let Some((coins, fee)) = choose(tx, unspent, &price).await? else {
            return Ok(None);
        };
        self.fee = Amount::new(self.fee.asset(), fee);
        self.from = From::Coins {
            unspent: coins,
            fee_max: Some(fee),
        };
        Ok(Some(self))
    }

    /// Fixes the transfer, and promises the sender's next number, or coins, to its intent.
    pub(crate) async fn take(
        self,
        tx: &mut Tx,
        (recipient, amount): (Address, Amount),
        intent: IntentId,
    ) -> Result<UnsignedTransfer, Failure<ApiError>> {
        let (from, fee) = match self.from {
            From::Nonce { expected } => {
                let nonce = tx.nonce_reserve(&self.sender, expected, intent).await?;
                (UnsignedFrom::Nonce(nonce), self.fee)
            }
            From::Coins { unspent, fee_max } => {
                let price = Price {
                    form: self.form.as_ref(),
                    fee: self.fee.base(),
                    recipient: &recipient,
                    amount: amount.base(),
                };
                let chosen = choose(tx, &unspent, &price).await?;
                let chosen = chosen.filter(|(_, fee)| fee_max.is_none_or(|most| *fee <= most));
                let (coins, fee) = chosen.ok_or_else(|| refused(no_coins()))?;
                (
                    UnsignedFrom::Coins(coins),
                    Amount::new(self.fee.asset(), fee),
                )
            }
            From::Deposits(deposits) => (UnsignedFrom::Deposits(deposits), self.fee),
        };
        let coins: Vec<Coin> = from.coins().cloned().collect();
        let network = self.sender.network().name();
        let taken = tx.coins_reserve(network, &coins, intent).await?;
        taken.map_err(|_| refused(no_coins()))?;
        Ok(UnsignedTransfer {
            sender: self.sender,
            recipient,
            amount,
            from,
            fee,
            form: self.form,
        })
    }
}

/// What coins have to cover.
struct Price<'a> {
    form: Option<&'a Form>,
    fee: u128,
    recipient: &'a Address,
    amount: u128,
}

impl Price<'_> {
    /// What the transfer costs with these coins; `None`: they are not enough.
    fn with(&self, coins: &[Coin], times: u64) -> Option<u128> {
        let Some(Form::Bitcoin(form)) = self.form else {
            let have = coins.iter().map(|coin| coin.base);
            let have = have.fold(0_u128, u128::saturating_add);
            return (have >= self.amount.checked_add(self.fee)?).then_some(self.fee);
        };
        let form = BitcoinForm {
            fee_per_kvb: form.fee_per_kvb.checked_mul(times)?,
            ..(**form).clone()
        };
        form.fee(coins, self.recipient, self.amount)
    }
}

fn no_coins() -> ApiError {
    ApiError::unavailable("the hot wallet has no free coins for this amount".into())
}

/// Free coins that cover the amount, and what they cost: largest first, few inputs, a small fee. The same again where it
/// may choose among those alone. `None`: there are not enough.
async fn choose(
    tx: &mut Tx,
    unspent: &[Coin],
    price: &Price<'_>,
) -> Result<Option<(Vec<Coin>, u128)>, Failure<ApiError>> {
    let promised = tx.coin_list(Network::Bitcoin.name()).await?;
    let is_promised = |coin: &Coin| {
        let mut promised = promised.iter();
        promised.any(|(hash, index)| *hash == coin.hash && *index == coin.index)
    };
    let mut free: Vec<Coin> = unspent
        .iter()
        .filter(|coin| !is_promised(coin))
        .cloned()
        .collect();
    free.sort_by(|a, b| b.base.cmp(&a.base).then_with(|| a.cmp(b)));
    Ok([FEE_ROOM, 1].into_iter().find_map(|times| {
        let enough = (1..=free.len().min(INPUTS_MAX)).find_map(|n| {
            let coins = free.get(..n)?;
            price.with(coins, times).map(|_| coins)
        })?;
        Some((enough.to_vec(), price.with(enough, 1)?))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulated_coin_covers_amount_and_fee_and_a_real_one_what_its_form_says() {
        let recipient = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
        let recipient = Address::parse(Network::Bitcoin, recipient).unwrap();
        let coins = [Coin {
            hash: "a".to_owned(),
            index: 0,
            base: 10_000,
        }];
        let form = Form::Bitcoin(Box::new(BitcoinForm {
            chain_id: 1,
            fee_per_kvb: 1_000,
        }));
        let price = |form, amount| Price {
            form,
            fee: 500,
            recipient: &recipient,
            amount,
        };
        assert_eq!(price(None, 9_500).with(&coins, 1), Some(500));
        assert_eq!(price(None, 9_501).with(&coins, 1), None);
        let form = Some(&form);
        assert_eq!(price(form, 9_000).with(&coins, 1), Some(143));
        assert_eq!(price(form, 9_000).with(&coins, FEE_ROOM), Some(570));
        assert_eq!(price(form, 9_800).with(&coins, 1), Some(200), "no change");
        assert_eq!(price(form, 9_800).with(&coins, FEE_ROOM), None);
    }
}

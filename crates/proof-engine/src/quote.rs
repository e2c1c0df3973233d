//! Locking a price.

use crate::{
    ApiError, Engine, View,
    view::{PriceView, price_view},
};
use proof_core::{
    Asset, ErrorCode, Fiat, Network, Timestamp,
    id::{OrderId, QuoteId},
    money::{Amount, Money, Rate, Rounding},
    order::{Command, Order, State},
    partner::{Environment, Partner, Side},
    quote::{Quote, QuoteRequest, quote_buy, quote_sell},
};

/// The chain's fee is quoted with this margin, since it may rise until the transfer is sent.
const NETWORK_FEE_MARGIN_BPS: u16 = 2_500;

impl Engine {
    /// Locks today's price for 60 s, in the currency that the user chose.
    pub async fn quote_lock(&self, id: OrderId, wanted: Option<Fiat>) -> Result<View, ApiError> {
        let order = self.order_load(id).await?.order;
        let quote = self.quote_wanted(&order, wanted).await?;
        self.order_apply("quote_lock", id, Command::QuoteLock { quote })
            .await?;
        self.view(id).await
    }

    /// Today's price, for whoever has yet to show who they are: nothing is saved, and nobody is bound by it.
    pub async fn estimate(&self, id: OrderId, wanted: Option<Fiat>) -> Result<PriceView, ApiError> {
        let order = self.order_load(id).await?.order;
        if !matches!(order.state, State::Created) {
            let message = "The order is past its first steps: ask for a quote.";
            return Err(ApiError::new(ErrorCode::WrongState, message));
        }
        price_view(&self.quote_wanted(&order, wanted).await?)
    }

    /// In the order's own currency, or another one that the partner offers.
    async fn quote_wanted(&self, order: &Order, wanted: Option<Fiat>) -> Result<Quote, ApiError> {
        let partner = self.partner_of(order).await?;
        let fiat = wanted.unwrap_or(order.fiat);
        if !partner.policy.fiats.contains(&fiat) {
            let message = format!("{fiat} is not offered for this order; choose one of the list.");
            return Err(ApiError::field(
                ErrorCode::ValidationError,
                "fiat_currency",
                message,
            ));
        }
        self.quote_of(order, &partner, order.amount, fiat).await
    }

    /// Today's price of an amount, on the terms of an order.
    pub(crate) async fn quote_of(
        &self,
        order: &Order,
        partner: &Partner,
        crypto: Amount,
        fiat: Fiat,
    ) -> Result<Quote, ApiError> {
        self.price(order.environment, partner, order.side, crypto, fiat)
            .await
    }

    /// Today's price of an amount, on a partner's terms.
    pub(crate) async fn price(
        &self,
        environment: Environment,
        partner: &Partner,
        side: Side,
        crypto: Amount,
        fiat: Fiat,
    ) -> Result<Quote, ApiError> {
        let asset = crypto.asset();
        let (mid, rate_at) = self.mid(environment, asset, fiat).await?;
        let request = QuoteRequest {
            id: QuoteId::new(self.now(), self.entropy.as_ref()),
            crypto,
            fiat,
            mid,
            rate_at,
            network: self.network_fee(environment, asset.network(), fiat).await?,
            fees: partner.policy.fees_of(asset),
            now: self.now(),
        };
        let quote = match side {
            Side::Buy => quote_buy(&request),
            Side::Sell => quote_sell(&request),
        };
        Ok(quote?)
    }

    pub(crate) async fn mid(
        &self,
        environment: Environment,
        asset: Asset,
        fiat: Fiat,
    ) -> Result<(Rate, Timestamp), ApiError> {
        let mid = self.rails(environment)?.rates.mid(asset, fiat).await?;
        let rate = Rate::from_price(&mid.price, asset.decimals(), fiat.decimals())
            .map_err(|e| ApiError::unavailable(format!("unreadable rate for {asset}: {e}")))?;
        Ok((rate, mid.at))
    }

    /// What the transfer will cost us, in the currency that the user pays.
    pub(crate) async fn network_fee(
        &self,
        environment: Environment,
        network: Network,
        fiat: Fiat,
    ) -> Result<Money, ApiError> {
        let fee = self.chain_of(environment, network)?.fee().await?;
        let (rate, _) = self.mid(environment, network.native(), fiat).await?;
        let with_margin = with_margin(fee)?;
        let minor = rate.price(with_margin.base(), Rounding::HalfEven);
        Ok(Money::new(fiat, minor.map_err(ApiError::internal)?))
    }
}

/// A fee with room to rise: also the most that the transfer may spend.
pub(crate) fn with_margin(fee: Amount) -> Result<Amount, ApiError> {
    let bps = u128::from(NETWORK_FEE_MARGIN_BPS);
    let more = proof_core::money::mul_div(fee.base(), bps, 10_000, Rounding::Up);
    fee.checked_add(Amount::new(fee.asset(), more.map_err(ApiError::internal)?))
        .map_err(ApiError::internal)
}

//! Today's prices, as an operator looks at them: the market's, the chains' fees, and what a user would pay.

use crate::{ApiError, Engine, error::refused, treasury::ASKED_AT_ONCE};
use futures::{StreamExt, stream};
use proof_core::{
    Asset, ErrorCode, Fiat, Network,
    id::PartnerId,
    money::Amount,
    partner::{Environment, Partner, Side},
    quote::{Line, LineCode, Quote, RATE_AGE_SECONDS_MAX},
};
use proof_store::{Failure, Tx};
use serde::Serialize;
use std::collections::BTreeSet;

/// Prices of one page: every coin in every currency is less.
const PRICES_MAX: usize = 200;

#[derive(Clone, Debug, Serialize)]
pub struct MarketRate {
    pub currency: &'static str,
    pub network: &'static str,
    pub fiat_currency: &'static str,
    /// Of one coin, halfway between bid and ask; `None` where there is none.
    pub price: Option<String>,
    pub at: Option<String>,
    /// `fresh`, `stale`: too old to be used, or `missing`.
    pub state: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub struct NetworkFee {
    pub network: &'static str,
    pub fiat_currency: &'static str,
    /// With the margin that quotes have; `None` where node or price are missing.
    pub fee: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct RatePage {
    pub environment: Environment,
    /// Older prices are not used.
    pub age_seconds_max: i64,
    pub rates: Vec<MarketRate>,
    pub fees: Vec<NetworkFee>,
}

#[derive(Clone, Debug, Serialize)]
pub struct PriceLine {
    pub code: LineCode,
    pub amount: String,
}

/// What a user of a partner would be quoted now.
#[derive(Clone, Debug, Serialize)]
pub struct PriceCheck {
    pub fiat_currency: &'static str,
    pub total: String,
    /// At the market's price, without spread and fees.
    pub mid: String,
    pub unit_price: String,
    pub lines: Vec<PriceLine>,
}

/// What is asked of [`Engine::price_check`].
#[derive(Clone, Debug)]
pub struct PriceQuestion {
    pub environment: Environment,
    pub partner: PartnerId,
    pub side: Side,
    pub asset: Asset,
    pub amount: String,
    pub fiat: Fiat,
}

impl Engine {
    /// The prices of what partners sell and buy, in the currencies that they offer.
    pub async fn rate_page(&self, environment: Environment) -> Result<RatePage, ApiError> {
        let networks = self.networks_of(environment);
        let partners = self.partners_priced().await?;
        let mut prices: BTreeSet<(Asset, Fiat)> = BTreeSet::new();
        for partner in &partners {
            let assets = partner.policy.pairs.iter().map(|pair| pair.asset);
            let assets = assets.filter(|asset| networks.contains(&asset.network()));
            let fiats = &partner.policy.fiats;
            prices.extend(assets.flat_map(|asset| fiats.iter().map(move |fiat| (asset, *fiat))));
        }
        let fees: BTreeSet<(Network, Fiat)> = prices
            .iter()
            .map(|(asset, fiat)| (asset.network(), *fiat))
            .collect();
        let rates = prices.into_iter().take(PRICES_MAX);
        let rates = rates.map(|(asset, fiat)| self.market_rate(environment, asset, fiat));
        let fees = fees.into_iter().take(PRICES_MAX);
        let fees = fees.map(|(network, fiat)| self.fee_now(environment, network, fiat));
        Ok(RatePage {
            environment,
            age_seconds_max: RATE_AGE_SECONDS_MAX,
            rates: stream::iter(rates).buffered(ASKED_AT_ONCE).collect().await,
            fees: stream::iter(fees).buffered(ASKED_AT_ONCE).collect().await,
        })
    }

    async fn partners_priced(&self) -> Result<Vec<Partner>, ApiError> {
        self.db
            .read("partner_list", |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.partner_all().await?) })
            })
            .await
            .map_err(ApiError::from)
    }

    async fn market_rate(&self, environment: Environment, asset: Asset, fiat: Fiat) -> MarketRate {
        let told = match self.rails(environment) {
            Ok(rails) => rails.rates.mid(asset, fiat).await.ok(),
            Err(_) => None,
        };
        let age_ms = told.as_ref().map(|mid| self.now().millis_since(mid.at));
        MarketRate {
            currency: asset.ticker(),
            network: asset.network().name(),
            fiat_currency: fiat.code(),
            at: told.as_ref().map(|mid| mid.at.to_contract()),
            price: told.map(|mid| mid.price),
            state: match age_ms {
                None => "missing",
                Some(age_ms) if age_ms > RATE_AGE_SECONDS_MAX * 1_000 => "stale",
                Some(_) => "fresh",
            },
        }
    }

    async fn fee_now(&self, environment: Environment, network: Network, fiat: Fiat) -> NetworkFee {
        let fee = self.network_fee(environment, network, fiat).await.ok();
        NetworkFee {
            network: network.name(),
            fiat_currency: fiat.code(),
            fee: fee.map(|fee| fee.to_decimal()),
        }
    }

    /// The price of an amount on a partner's terms; nothing is locked.
    pub async fn price_check(&self, asked: PriceQuestion) -> Result<PriceCheck, ApiError> {
        let id = asked.partner;
        let partner = self
            .db
            .read("partner_load", move |tx: &mut Tx| {
                Box::pin(async move {
                    let found = tx.partner_load(id).await?;
                    found.ok_or_else(|| refused(ApiError::nobody("partner")))
                })
            })
            .await?;
        let invalid =
            |field, message: String| ApiError::field(ErrorCode::ValidationError, field, message);
        let amount = Amount::parse(asked.asset, &asked.amount)
            .map_err(|error| invalid("amount", format!("This amount cannot be used: {error}.")))?;
        if amount.base() == 0 {
            return Err(invalid("amount", "An amount is above zero.".to_owned()));
        }
        let quote = self
            .price(asked.environment, &partner, asked.side, amount, asked.fiat)
            .await?;
        PriceCheck::new(&quote)
    }
}

impl PriceCheck {
    fn new(quote: &Quote) -> Result<Self, ApiError> {
        let line = |line: &Line| PriceLine {
            code: line.code,
            amount: line.amount.to_decimal(),
        };
        Ok(Self {
            fiat_currency: quote.fiat().code(),
            total: quote.total.to_decimal(),
            mid: quote.mid.to_decimal(),
            unit_price: quote.unit_price().map_err(ApiError::internal)?,
            lines: quote.lines.iter().map(line).collect(),
        })
    }
}

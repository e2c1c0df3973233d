//! What an operator decides about a partner: what its users may buy and sell, for what fees, within
//! which limits.

use super::{AccidentPolicy, Side};
use crate::{
    asset::{Asset, Fiat},
    deposit::DEPOSIT_WINDOW_SECONDS,
    money::{Amount, Bps},
    quote::FeePolicy,
    risk::RiskPolicy,
};
use serde::{Deserialize, Serialize};

/// A deposit window that nobody can meet is a mistake, and so is one that outlives memory.
const WINDOW_SECONDS_MIN: i64 = 60;
const WINDOW_SECONDS_MAX: i64 = 7 * 24 * 3_600;

/// A deposit that vanished is waited for at least so long: a chain has to agree again first.
const REORGED_SECONDS_MIN: i64 = 600;

/// Beyond that it is no dust.
const DUST_PERCENT_MAX: u32 = 1_000;

/// A customer's first delivery is held no longer than an authorisation would last.
const DELAY_SECONDS_MAX: u32 = 3 * 24 * 3_600;

/// An asset that a partner's users may buy or sell, and how much of it in one order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Pair {
    pub asset: Asset,
    pub min: Amount,
    pub max: Amount,
    #[serde(default = "yes")]
    pub buys: bool,
    #[serde(default)]
    pub sells: bool,
    /// Where they differ from the partner's.
    #[serde(default)]
    pub fees: Option<FeePolicy>,
}

const fn yes() -> bool {
    true
}

impl Pair {
    pub const fn allows(&self, side: Side) -> bool {
        match side {
            Side::Buy => self.buys,
            Side::Sell => self.sells,
        }
    }
}

/// How long a sell waits, and what it does when the market runs away meanwhile.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SellPolicy {
    /// How long a deposit may take to be seen.
    pub window_seconds: i64,
    /// How long the locked price stands for coins that are not stable; for stable ones it is the
    /// whole window.
    pub hold_seconds: i64,
    /// How far the market may move before the user is asked again.
    pub slippage: Bps,
    #[serde(default)]
    pub accidents: AccidentPolicy,
}

impl Default for SellPolicy {
    fn default() -> Self {
        Self {
            window_seconds: DEPOSIT_WINDOW_SECONDS,
            hold_seconds: 30 * 60,
            slippage: Bps::new(500).unwrap_or(Bps::ZERO),
            accidents: AccidentPolicy::default(),
        }
    }
}

impl SellPolicy {
    pub fn hold_of(&self, asset: Asset) -> i64 {
        if asset.is_stable() {
            self.window_seconds
        } else {
            self.hold_seconds.min(self.window_seconds)
        }
    }
}

/// How the widget starts when a session does not say otherwise.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct WidgetConfig {
    #[serde(rename = "type")]
    pub side: Option<Side>,
    pub lang: Option<String>,
    pub theme: Option<String>,
    pub redirect_url: Option<String>,
}

/// Everything an operator decides about a partner. A change is a new version; each decision says by
/// which it was made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Policy {
    #[serde(default = "first")]
    pub version: u32,
    pub pairs: Vec<Pair>,
    /// The first is the default.
    pub fiats: Vec<Fiat>,
    pub fees: FeePolicy,
    #[serde(default)]
    pub sell: SellPolicy,
    #[serde(default)]
    pub risk: RiskPolicy,
    pub widget: WidgetConfig,
}

const fn first() -> u32 {
    1
}

/// What no policy may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error("Name at least one pair and one currency.")]
    Empty,
    #[error("A pair or a currency is named twice.")]
    Twice,
    #[error("Each pair needs amounts of its own asset, `min` above zero and not above `max`.")]
    Amounts,
    #[error("Percentage fees must leave something of the price: below 100 % together.")]
    Fees,
    #[error(
        "The deposit window must be from {WINDOW_SECONDS_MIN} to {WINDOW_SECONDS_MAX} seconds, and a price may hold from 0 seconds on."
    )]
    Window,
    #[error(
        "A deposit that vanished is waited for from {REORGED_SECONDS_MIN} to {WINDOW_SECONDS_MAX} seconds, and dust is at most {DUST_PERCENT_MAX} % of the fee."
    )]
    Accidents,
    #[error(
        "A limit of a month is never below that of a day, and a first delivery is held for at most {DELAY_SECONDS_MAX} seconds."
    )]
    Risk,
}

impl PolicyError {
    /// The part of the policy that it is about.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Empty | Self::Twice | Self::Amounts => "pairs",
            Self::Fees => "fees",
            Self::Window | Self::Accidents => "sell",
            Self::Risk => "risk",
        }
    }
}

impl Policy {
    pub fn pair(&self, asset: Asset) -> Option<&Pair> {
        self.pairs.iter().find(|p| p.asset == asset)
    }

    pub fn fiat_default(&self) -> Fiat {
        self.fiats.first().copied().unwrap_or(Fiat::Eur)
    }

    /// The pair's own fees, or the partner's.
    pub fn fees_of(&self, asset: Asset) -> &FeePolicy {
        let own = self.pair(asset).and_then(|pair| pair.fees.as_ref());
        own.unwrap_or(&self.fees)
    }

    /// Whether a deposit could be sold by itself, as a session for it could be made today.
    pub fn sells(&self, amount: Amount) -> bool {
        let fits = |pair: &Pair| {
            let limits = pair.min.base()..=pair.max.base();
            pair.sells && limits.contains(&amount.base())
        };
        self.pair(amount.asset()).is_some_and(fits)
    }

    /// What an operator may have mistyped.
    pub fn check(&self) -> Result<(), PolicyError> {
        if self.pairs.is_empty() || self.fiats.is_empty() {
            return Err(PolicyError::Empty);
        }
        if is_twice(self.pairs.iter().map(|pair| pair.asset))
            || is_twice(self.fiats.iter().copied())
        {
            return Err(PolicyError::Twice);
        }
        if !self.pairs.iter().all(Pair::is_sound) {
            return Err(PolicyError::Amounts);
        }
        let own = self.pairs.iter().filter_map(|pair| pair.fees.as_ref());
        if !own.chain([&self.fees]).all(FeePolicy::is_sound) {
            return Err(PolicyError::Fees);
        }
        self.sell.check()?;
        let delays = self.risk.first_delivery_seconds <= DELAY_SECONDS_MAX;
        if !(delays && self.risk.is_sound()) {
            return Err(PolicyError::Risk);
        }
        Ok(())
    }
}

impl Pair {
    fn is_sound(&self) -> bool {
        self.min.asset() == self.asset
            && self.max.asset() == self.asset
            && !self.min.is_zero()
            && self.min.base() <= self.max.base()
    }
}

impl SellPolicy {
    pub fn check(&self) -> Result<(), PolicyError> {
        let window = WINDOW_SECONDS_MIN..=WINDOW_SECONDS_MAX;
        let holds = 0..=WINDOW_SECONDS_MAX;
        if !window.contains(&self.window_seconds) || !holds.contains(&self.hold_seconds) {
            return Err(PolicyError::Window);
        }
        let waits = REORGED_SECONDS_MIN..=WINDOW_SECONDS_MAX;
        if !waits.contains(&self.accidents.reorged_seconds)
            || self.accidents.dust_percent_of_fee > DUST_PERCENT_MAX
        {
            return Err(PolicyError::Accidents);
        }
        Ok(())
    }
}

fn is_twice<T: Ord>(names: impl Iterator<Item = T>) -> bool {
    let mut names: Vec<T> = names.collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

#[cfg(test)]
mod tests;

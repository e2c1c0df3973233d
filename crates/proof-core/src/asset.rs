//! What can be bought, and what it is paid with.

use crate::{catalogue, network::Network};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr};

/// The text names no network or asset that this product knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what}")]
pub struct UnknownName {
    pub what: &'static str,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct AssetSpec {
    ticker: &'static str,
    network: Network,
    decimals: u8,
}

impl AssetSpec {
    pub const fn new(ticker: &'static str, network: Network, decimals: u8) -> Self {
        Self {
            ticker,
            network,
            decimals,
        }
    }

    /// Whether both are the same ticker on the same network.
    pub fn is_of(&self, other: &Self) -> bool {
        self.ticker == other.ticker && self.network == other.network
    }

    pub const fn names(&self) -> [&'static str; 2] {
        [self.ticker, self.network.name()]
    }
}

/// Decimals follow the token contracts: USDT has 6 on Tron and Ethereum and 18 on BNB Chain.
pub(crate) static CATALOGUE: [AssetSpec; 12] = [
    AssetSpec::new("USDT", Network::Trc20, 6),
    AssetSpec::new("TRX", Network::Trc20, 6),
    AssetSpec::new("USDT", Network::Erc20, 6),
    AssetSpec::new("USDC", Network::Erc20, 6),
    AssetSpec::new("ETH", Network::Erc20, 18),
    AssetSpec::new("USDT", Network::Bep20, 18),
    AssetSpec::new("USDC", Network::Bep20, 18),
    AssetSpec::new("BNB", Network::Bep20, 18),
    AssetSpec::new("BTC", Network::Bitcoin, 8),
    AssetSpec::new("SOL", Network::Solana, 9),
    AssetSpec::new("USDT", Network::Solana, 6),
    AssetSpec::new("USDC", Network::Solana, 6),
];

/// A crypto asset: USDT on TRC20 and USDT on BEP20 are two.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asset(&'static AssetSpec);

impl Asset {
    pub(crate) const fn of(spec: &'static AssetSpec) -> Self {
        Self(spec)
    }

    pub fn find(ticker: &str, network: Network) -> Option<Self> {
        let is_it = |spec: &&AssetSpec| spec.ticker == ticker && spec.network == network;
        let known = CATALOGUE.iter().find(is_it);
        known
            .map(Self)
            .or_else(|| catalogue::asset(ticker, network))
    }

    /// Those that are known without any configuration come first.
    pub fn all() -> impl Iterator<Item = Self> {
        CATALOGUE.iter().map(Self).chain(catalogue::added())
    }

    /// The coin in which a network takes its fees.
    pub(crate) fn native_of(network: Network) -> Self {
        let ticker = match network {
            Network::Trc20 => "TRX",
            Network::Erc20 => "ETH",
            Network::Bep20 => "BNB",
            Network::Bitcoin => "BTC",
            Network::Solana => "SOL",
            // The first that was added of it.
            Network::Evm(_) => {
                let mut added = catalogue::added().into_iter();
                let native = added.find(|asset| asset.network() == network);
                return native.unwrap_or(Self(&CATALOGUE[0]));
            }
        };
        // Every network's native coin is a row of the catalogue; the test below holds it.
        Self::find(ticker, network).unwrap_or(Self(&CATALOGUE[0]))
    }

    pub const fn ticker(self) -> &'static str {
        self.0.ticker
    }

    pub const fn network(self) -> Network {
        self.0.network
    }

    pub const fn decimals(self) -> u8 {
        self.0.decimals
    }

    /// Whether it follows a currency.
    pub fn is_stable(self) -> bool {
        matches!(self.ticker(), "USDT" | "USDC")
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0.ticker, self.0.network)
    }
}

impl fmt::Debug for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Asset {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let unknown = UnknownName { what: "asset" };
        let (ticker, network) = text.split_once('/').ok_or(unknown.clone())?;
        Self::find(ticker, network.parse()?).ok_or(unknown)
    }
}

impl Serialize for Asset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Asset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

/// A currency of cards and banks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Fiat {
    Eur,
    Usd,
    Gbp,
    Jpy,
}

impl Fiat {
    pub const ALL: [Self; 4] = [Self::Eur, Self::Usd, Self::Gbp, Self::Jpy];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Eur => "EUR",
            Self::Usd => "USD",
            Self::Gbp => "GBP",
            Self::Jpy => "JPY",
        }
    }

    /// Digits after the point, by ISO 4217.
    pub const fn decimals(self) -> u8 {
        match self {
            Self::Eur | Self::Usd | Self::Gbp => 2,
            Self::Jpy => 0,
        }
    }
}

impl fmt::Display for Fiat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Fiat {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|f| f.code() == text)
            .ok_or(UnknownName {
                what: "fiat currency",
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_has_its_native_coin() {
        for network in Network::BUILT_IN {
            assert_eq!(network.native().network(), network);
        }
    }

    #[test]
    fn printed_assets_read_back() {
        for asset in Asset::all() {
            assert_eq!(asset.to_string().parse(), Ok(asset));
        }
    }
}

//! What can be bought, and what it is paid with.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr};

/// A chain, under the name that the partner contract gives it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Network {
    Trc20,
    Erc20,
    Bep20,
    Bitcoin,
    Solana,
}

impl Network {
    pub const ALL: [Self; 5] = [
        Self::Trc20,
        Self::Erc20,
        Self::Bep20,
        Self::Bitcoin,
        Self::Solana,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Trc20 => "TRC20",
            Self::Erc20 => "ERC20",
            Self::Bep20 => "BEP20",
            Self::Bitcoin => "BITCOIN",
            Self::Solana => "SOLANA",
        }
    }

    /// The coin in which this chain takes its fees.
    pub fn native(self) -> Asset {
        let ticker = match self {
            Self::Trc20 => "TRX",
            Self::Erc20 => "ETH",
            Self::Bep20 => "BNB",
            Self::Bitcoin => "BTC",
            Self::Solana => "SOL",
        };
        // Every network's native coin is a row of the catalogue; the test below holds it.
        Asset::find(ticker, self).unwrap_or(Asset(&CATALOGUE[0]))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no network or asset that this product knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what}")]
pub struct UnknownName {
    pub what: &'static str,
}

impl FromStr for Network {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|n| n.name() == text)
            .ok_or(UnknownName { what: "network" })
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct AssetSpec {
    ticker: &'static str,
    network: Network,
    decimals: u8,
}

const fn spec(ticker: &'static str, network: Network, decimals: u8) -> AssetSpec {
    AssetSpec {
        ticker,
        network,
        decimals,
    }
}

/// Decimals follow the token contracts: USDT has 6 on Tron and Ethereum and 18 on BNB Chain.
static CATALOGUE: [AssetSpec; 12] = [
    spec("USDT", Network::Trc20, 6),
    spec("TRX", Network::Trc20, 6),
    spec("USDT", Network::Erc20, 6),
    spec("USDC", Network::Erc20, 6),
    spec("ETH", Network::Erc20, 18),
    spec("USDT", Network::Bep20, 18),
    spec("USDC", Network::Bep20, 18),
    spec("BNB", Network::Bep20, 18),
    spec("BTC", Network::Bitcoin, 8),
    spec("SOL", Network::Solana, 9),
    spec("USDT", Network::Solana, 6),
    spec("USDC", Network::Solana, 6),
];

/// A crypto asset: USDT on TRC20 and USDT on BEP20 are two.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asset(&'static AssetSpec);

impl Asset {
    pub fn find(ticker: &str, network: Network) -> Option<Self> {
        CATALOGUE
            .iter()
            .find(|s| s.ticker == ticker && s.network == network)
            .map(Self)
    }

    pub fn all() -> impl Iterator<Item = Self> {
        CATALOGUE.iter().map(Self)
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
        for network in Network::ALL {
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

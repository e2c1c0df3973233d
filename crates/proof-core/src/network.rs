//! Chains, under the names that the partner contract gives them.

use crate::asset::{Asset, UnknownName};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr};

/// A chain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Network {
    Trc20,
    Erc20,
    Bep20,
    Bitcoin,
    Solana,
    /// An EVM chain that the operator's configuration has added.
    Evm(AddedEvm),
}

/// The name of a network in [`crate::catalogue`]: nobody else makes one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AddedEvm(pub(crate) &'static str);

impl Network {
    /// Those that are known without any configuration.
    pub const BUILT_IN: [Self; 5] = [
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
            Self::Evm(added) => added.0,
        }
    }

    /// Whether it speaks Ethereum's protocol, and has its addresses.
    pub const fn is_evm(self) -> bool {
        match self {
            Self::Erc20 | Self::Bep20 | Self::Evm(_) => true,
            Self::Trc20 | Self::Bitcoin | Self::Solana => false,
        }
    }

    /// The coin in which this chain takes its fees.
    pub fn native(self) -> Asset {
        Asset::native_of(self)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Network {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let built_in = Self::BUILT_IN.into_iter().find(|n| n.name() == text);
        built_in
            .or_else(|| crate::catalogue::network(text))
            .ok_or(UnknownName { what: "network" })
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

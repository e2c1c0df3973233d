//! How deep is deep enough: more blocks for more money.

use proof_core::{Asset, Network, money::Amount};
use serde::Deserialize;

/// What the operator says: so much of a coin, or more, waits for so many blocks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deeper {
    pub currency: String,
    /// A decimal amount of it.
    pub from: String,
    pub confirmations: u64,
}

/// Blocks after which what came counts as final.
#[derive(Clone, Debug)]
pub struct Depth {
    usual: u64,
    deeper: Vec<(Amount, u64)>,
}

impl Depth {
    pub fn read(network: Network, usual: u64, deeper: &[Deeper]) -> Result<Self, String> {
        if usual == 0 {
            return Err("confirmations must be above zero".to_owned());
        }
        let mut read: Vec<(Amount, u64)> = Vec::new();
        for Deeper {
            currency,
            from,
            confirmations,
        } in deeper
        {
            let asset = Asset::find(currency, network)
                .ok_or_else(|| format!("deeper: {network} has no {currency}"))?;
            let from = Amount::parse(asset, from)
                .map_err(|error| format!("deeper: {from} {currency}: {error}"))?;
            let before = read.iter().rev().find(|(least, _)| least.asset() == asset);
            let (least, fewer) = before.map_or((0, usual), |(least, fewer)| (least.base(), *fewer));
            if from.base() <= least || *confirmations <= fewer {
                return Err(format!(
                    "deeper: each line of {currency} has a larger amount and more confirmations than the one before"
                ));
            }
            read.push((from, *confirmations));
        }
        Ok(Self {
            usual,
            deeper: read,
        })
    }

    pub const fn usual(&self) -> u64 {
        self.usual
    }

    pub fn of(&self, amount: Amount) -> u64 {
        let reached = |(from, _): &&(Amount, u64)| {
            from.asset() == amount.asset() && amount.base() >= from.base()
        };
        let last = self.deeper.iter().rev().find(reached);
        last.map_or(self.usual, |(_, confirmations)| *confirmations)
    }
}

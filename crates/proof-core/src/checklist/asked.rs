//! What a partner's users will ask for, as the partner's own people list it.

use super::Facts;
use crate::{asset::Asset, partner::Side, time::Timestamp};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};

/// A pair, and which way users want to trade it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct AskedPair {
    pub pair: Asset,
    pub side: Side,
}

impl fmt::Display for AskedPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.side.name(), self.pair)
    }
}

/// The list, under the name of who made it. An empty one was taken back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Asked {
    pub pairs: BTreeSet<AskedPair>,
    pub by: String,
    pub at: Timestamp,
}

impl Facts {
    pub(super) fn asked_pairs(&self) -> BTreeSet<AskedPair> {
        let asked = self.asked.as_ref();
        asked.map(|asked| asked.pairs.clone()).unwrap_or_default()
    }

    pub(super) fn enabled_pairs(&self) -> BTreeSet<AskedPair> {
        let pairs = self.partner.policy.pairs.iter();
        let ways = pairs.flat_map(|pair| {
            [Side::Buy, Side::Sell]
                .into_iter()
                .filter(|side| pair.allows(*side))
                .map(|side| AskedPair {
                    pair: pair.asset,
                    side,
                })
        });
        ways.collect()
    }
}
